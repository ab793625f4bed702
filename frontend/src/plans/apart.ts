// Discs that cover one another are pushed apart, so that each number can be read. Only for the eye.

export interface Disc {
  x: number;
  y: number;
  r: number;
}

/** The same discs in the same order, moved as little as a few rounds of pushing need. */
export function apart<T extends Disc>(discs: readonly T[]): T[] {
  const moved = discs.map((disc) => ({ ...disc }));
  for (let round = 0; round < 40; round += 1) {
    let still = true;
    for (const [at, a] of moved.entries()) {
      for (const b of moved.slice(at + 1)) {
        const [dx, dy] = [b.x - a.x, b.y - a.y];
        const distance = Math.hypot(dx, dy);
        const push = (a.r + b.r + 2 - distance) / 2;
        if (push <= 0.5) continue;
        still = false;
        // Two on one spot go sideways.
        const [ux, uy] = distance > 0.01 ? [dx / distance, dy / distance] : [1, 0];
        [a.x, a.y, b.x, b.y] = [a.x - ux * push, a.y - uy * push, b.x + ux * push, b.y + uy * push];
      }
    }
    if (still) break;
  }
  return moved;
}
