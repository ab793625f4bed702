// Modules that the build makes out of the message files.
declare module 'virtual:messages/*' {
  const messages: Record<string, string>;
  export default messages;
}
