// Modules that the build makes out of the message files.
declare module 'virtual:messages/*' {
  const messages: Record<string, string>;
  export default messages;
}
// What lists need of each language, from data/language/languages.json.
declare module 'virtual:language/lists' {
  const rows: Record<import('./messages/areas').Language, import('./lib/language').Lists>;
  export default rows;
}
// The folding of names, from data/language/fold.json.
declare module 'virtual:language/fold' {
  const replacements: [from: string, to: string][];
  export default replacements;
}
