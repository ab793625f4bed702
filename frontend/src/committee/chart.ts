// Geometry of the charts: where a figure lies on a scale, and the paths through figures. It knows neither words nor
// colours, and a day without a figure is a gap, never a guess.

/** A figure of one day, or null where none is known. */
export type Figure = number | null;

export interface Scale {
  /** The highest figure the scale has room for. */
  top: number;
  /** Whole figures worth saying, from zero up. */
  ticks: number[];
}

/** A scale from zero to at least `most`, in about `wanted` whole steps of 1, 2 or 5 times a power of ten. */
export function scaleTo(most: number, wanted = 4): Scale {
  const rough = Math.max(1, most) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough);
  const steps = Math.max(1, Math.ceil(most / step));
  return { top: steps * step, ticks: Array.from({ length: steps + 1 }, (_, n) => n * step) };
}

type Place = (n: number) => number;
const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** A line through the figures; it breaks where one is missing. */
export function linePath(figures: readonly Figure[], x: Place, y: Place): string {
  let path = '';
  figures.forEach((figure, n) => {
    if (figure !== null) path += `${n > 0 && figures[n - 1] != null ? 'L' : 'M'}${at(x(n), y(figure))}`;
  });
  return path;
}

/** Figures with nothing known beside them: a line would not show them. */
export const lonely = (figures: readonly Figure[]): number[] =>
  figures.flatMap((figure, n) => (figure !== null && figures[n - 1] == null && figures[n + 1] == null ? [n] : []));

/** The area between the lowest and the highest of each day; `from`: the place of the first. */
export function bandPath(days: readonly { low: number; high: number }[], from: number, x: Place, y: Place): string {
  if (!days.length) return '';
  const over = days.map(({ high }, n) => at(x(from + n), y(high)));
  const under = days.map(({ low }, n) => at(x(from + n), y(low))).reverse();
  return `M${[...over, ...under].join('L')}Z`;
}

/** Which places get a label: the last of the known days, and others in whole weeks from it, as many as there is room for. */
export function labelled(count: number, anchor: number, room: number): Set<number> {
  const weeks = Math.max(1, Math.ceil(count / 7 / Math.max(1, room)));
  const found = new Set<number>();
  for (let n = anchor; n >= 0; n -= 7 * weeks) found.add(n);
  for (let n = anchor; n < count; n += 7 * weeks) found.add(n);
  return found;
}
