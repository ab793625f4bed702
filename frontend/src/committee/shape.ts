// Where on a drawn region its number stands: inside the largest outline, even where that outline is bent.

import type { Region } from '../wire';

interface Point {
  x: number;
  y: number;
}

/** The closed outlines of a path made of absolute or relative M, L, H, V and Z. */
export function outlines(shape: string): Point[][] {
  const rings: Point[][] = [];
  let ring: Point[] = [];
  let at: Point = { x: 0, y: 0 };
  for (const [, command = 'Z', rest = ''] of shape.matchAll(/([MLHVZmlhvz])([^MLHVZmlhvz]*)/g)) {
    const numbers = (rest.match(/-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?/g) ?? []).map(Number);
    const relative = command === command.toLowerCase();
    const kind = command.toUpperCase();
    if (kind === 'Z') {
      at = ring[0] ?? at;
      continue;
    }
    if (kind === 'H' || kind === 'V') {
      for (const n of numbers) {
        at = kind === 'H' ? { x: (relative ? at.x : 0) + n, y: at.y } : { x: at.x, y: (relative ? at.y : 0) + n };
        ring.push(at);
      }
      continue;
    }
    for (let i = 0; i + 1 < numbers.length; i += 2) {
      at = { x: (relative ? at.x : 0) + (numbers[i] ?? 0), y: (relative ? at.y : 0) + (numbers[i + 1] ?? 0) };
      if (kind === 'M' && i === 0) rings.push((ring = []));
      ring.push(at);
    }
  }
  return rings;
}

const area = (ring: Point[]): number =>
  Math.abs(ring.reduce((sum, p, i) => { const q = ring[(i + 1) % ring.length] ?? p; return sum + p.x * q.y - q.x * p.y; }, 0) / 2);

/** The middle of the widest stretch inside an outline, tried on a few horizontal lines around its middle. */
export function inside(ring: Point[]): Point {
  const ys = ring.map(({ y }) => y);
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  let best = { x: ring[0]?.x ?? 0, y: ring[0]?.y ?? 0, score: -1 };
  for (const share of [0.3, 0.4, 0.5, 0.6, 0.7]) {
    const y = top + (bottom - top) * share;
    const cuts = ring
      .flatMap((p, i) => {
        const q = ring[(i + 1) % ring.length] ?? p;
        return p.y <= y !== q.y <= y ? [p.x + ((y - p.y) / (q.y - p.y)) * (q.x - p.x)] : [];
      })
      .sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      const [left = 0, right = 0] = [cuts[i], cuts[i + 1]];
      const score = (right - left) * (1 - Math.abs(share - 0.5));
      if (score > best.score) best = { x: (left + right) / 2, y, score };
    }
  }
  return { x: best.x, y: best.y };
}

export function labelPoints(regions: Region[]): Map<string, Point> {
  const points = new Map<string, Point>();
  for (const region of regions) {
    const largest = outlines(region.shape).sort((a, b) => area(b) - area(a))[0];
    if (largest) points.set(region.code, inside(largest));
  }
  return points;
}
