// Paths against patterns.

/** `match('/referrals/:id', path)` gives `{id}` or null. */
export function match(pattern: string, actual: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = actual.replace(/(.)\/$/, '$1').split('/');
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [at, word] of wanted.entries()) {
    const value = given[at] ?? '';
    if (word.startsWith(':')) found[word.slice(1)] = decodeURIComponent(value);
    else if (word !== value) return null;
  }
  return found;
}
