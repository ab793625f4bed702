// What the map of a transfer plan shows: how much goes from which district to which.

import type { Journey } from '../wire';
import type { Disc } from '../plans/apart';

export interface Flow { from: string; to: string; kg: number; journeys: number }
/** A district of the plan: `n` journeys begin or end in it; `gives` when more goes out than comes in. */
export interface Stop { code: string; n: number; gives: boolean }

/** Journeys between the same two districts are one flow; the heaviest first. */
export function flowsOf(journeys: readonly Journey[]): Flow[] {
  const by = new Map<string, Flow>();
  for (const { from, to, weight_kg } of journeys) {
    const key = `${from.district} ${to.district}`;
    const flow = by.get(key) ?? { from: from.district, to: to.district, kg: 0, journeys: 0 };
    by.set(key, { ...flow, kg: flow.kg + weight_kg, journeys: flow.journeys + 1 });
  }
  return [...by.values()].sort((a, b) => b.kg - a.kg);
}

export function stopsOf(flows: readonly Flow[]): Stop[] {
  const by = new Map<string, { n: number; net: number }>();
  const add = (code: string, n: number, kg: number) => {
    const stop = by.get(code) ?? { n: 0, net: 0 };
    by.set(code, { n: stop.n + n, net: stop.net + kg });
  };
  for (const { from, to, kg, journeys } of flows) {
    add(from, from === to ? 0 : journeys, -kg);
    add(to, journeys, kg);
  }
  return [...by].map(([code, { n, net }]) => ({ code, n, gives: net < 0 }));
}

/** A bent line from disc to disc, from rim to rim, so that there and back are two lines. */
export function arrow(a: Disc, b: Disc): string {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  if (length <= a.r + b.r) return '';
  const [ux, uy] = [dx / length, dy / length];
  const bend = length * 0.16;
  const middle = [(a.x + b.x) / 2 - uy * bend, (a.y + b.y) / 2 + ux * bend] as const;
  const rim = (disc: Disc, gap: number) => {
    const [tx, ty] = [middle[0] - disc.x, middle[1] - disc.y];
    const way = Math.hypot(tx, ty);
    return [disc.x + (tx / way) * (disc.r + gap), disc.y + (ty / way) * (disc.r + gap)] as const;
  };
  const at = (point: readonly [number, number]) => `${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
  return `M${at(rim(a, 2))}Q${at(middle)} ${at(rim(b, 14))}`;
}
