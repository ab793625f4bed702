/** Runes everywhere; a warning of the compiler (most are about access) stops the build in `npm run check`. */
export default { compilerOptions: { runes: true } };
