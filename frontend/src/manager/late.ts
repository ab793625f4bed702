// The door to what is fetched when first opened: none of it, nor where it lies, is in the first load.
type Later = typeof import('./later');
const doors: Partial<Later> = {};

/** How a page or part is fetched: one function for a name, or each look at it would fetch it again. */
export const late = <K extends keyof Later>(name: K): Later[K] =>
  (doors[name] ??= (() => import('./later').then((later): unknown => later[name]())) as Later[K]);
