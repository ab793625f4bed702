// The order of names in a language: by its own alphabet, the same as the server's (src/domain/language/order.rs).
// `localeCompare` would be wrong: Chromium knows no Tajik.

type Rank = [kind: number, place: number];

/** First what is neither letter nor digit, digits, the language's letters, other letters by code point. */
function ranks(alphabet: string, name: string): Rank[] {
  return Array.from(name.normalize('NFC').toLowerCase(), (letter) => {
    const at = alphabet.indexOf(letter);
    if (at >= 0) return [2, at];
    return [/\p{Alphabetic}/u.test(letter) ? 3 : /\p{N}/u.test(letter) ? 1 : 0, letter.codePointAt(0) ?? 0];
  });
}

function order<T>(a: T[], b: T[], step: (a: T, b: T) => number): number {
  for (const [at, one] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const turn = step(one, other);
    if (turn) return turn;
  }
  return a.length - b.length;
}

/** Compares two names; those that differ only in case are told apart by code point, so that the order is total. */
export function compare(alphabet: string, a: string, b: string): number {
  const points = (name: string) => Array.from(name, (letter) => letter.codePointAt(0) ?? 0);
  return (
    order(ranks(alphabet, a), ranks(alphabet, b), ([kind, at], [other, place]) => kind - other || at - place) || order(points(a), points(b), (x, y) => x - y)
  );
}
