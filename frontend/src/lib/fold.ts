// Folding of names for search: Tajik is typed with its own letters, with Russian ones, in Latin, and in the code points
// of legacy fonts. Two spellings of one place fold to the same string. Old names are a table of their own.

const letters: Record<string, string> = {
  ғ: 'г', ѓ: 'г', ӣ: 'и', й: 'и', ы: 'и', қ: 'к', ќ: 'к', ӯ: 'у', ў: 'у', ҳ: 'х', њ: 'х', ҷ: 'ч', љ: 'ч', ё: 'е', э: 'е', щ: 'ш', ъ: '', ь: '',
};
// Latin digraphs first, the longest first; `j`, `dzh`, `дж` and `ч` all stand for ҷ in one spelling or another.
const latin: [RegExp, string][] = [
  [/shch/g, 'ш'], [/dzh/g, 'ч'], [/kh/g, 'х'], [/gh/g, 'г'], [/zh/g, 'ж'], [/sh/g, 'ш'], [/ch/g, 'ч'], [/ts/g, 'ц'],
  [/yo/g, 'е'], [/ya/g, 'а'], [/yu/g, 'у'], [/ye/g, 'е'],
];
const single: Record<string, string> = {
  a: 'а', b: 'б', c: 'к', d: 'д', e: 'е', f: 'ф', g: 'г', h: 'х', i: 'и', j: 'ч', k: 'к', l: 'л', m: 'м', n: 'н', o: 'о', p: 'п', q: 'к', r: 'р',
  s: 'с', t: 'т', u: 'у', v: 'в', w: 'в', x: 'х', y: 'и', z: 'з',
};
const oldNames: Record<string, string> = {
  гиссар: 'хисор', кулаб: 'кулоб', кургантубе: 'бохтар', кургантюбе: 'бохтар', кургонтеппа: 'бохтар', пенчикент: 'панчакент',
  ходжент: 'хучанд', худчанд: 'хучанд', ленинабад: 'хучанд', хорог: 'хоруг', авон: 'евон', аван: 'евон', шахртуз: 'шахритус', кайраккум: 'гулистон',
};

export function fold(text: string): string {
  let out = text.toLowerCase().normalize('NFC').replace(/[^\p{L}\p{N}]+/gu, '');
  for (const [pattern, to] of latin) out = out.replace(pattern, to);
  out = Array.from(out, (letter) => single[letter] ?? letter).join('');
  out = out.replace(/дж/g, 'ч').replace(/йо|ьо/g, 'е').replace(/я/g, 'а').replace(/ю/g, 'у');
  out = Array.from(out, (letter) => letters[letter] ?? letter).join('');
  return oldNames[out] ?? out;
}

/** Whether what was typed is the beginning or a part of one of the names. */
export function matches(typed: string, names: string[]): boolean {
  const wanted = fold(typed);
  return wanted === '' || names.some((name) => fold(name).includes(wanted));
}
