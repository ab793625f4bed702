// How the app is built: one stylesheet, one chunk per role, and for every language one chunk of messages per role.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { minify } from 'terser';
import { defineConfig, type Plugin } from 'vite';
import { areaOf, areas, languages } from './src/messages/areas';

/**
 * `virtual:messages/<language>/<area>`: the part of a message file that one area of the app needs.
 * Translators keep one file per language; a manager on a slow line downloads only her words.
 */
function messageParts(): Plugin {
  const prefix = 'virtual:messages/';
  const file = (language: string) => fileURLToPath(new URL(`./src/messages/${language}.json`, import.meta.url));
  return {
    name: 'message-parts',
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}.js` : null),
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) return null;
      const [language = '', area = ''] = id.slice(prefix.length + 1, -3).split('/');
      if (!languages.includes(language as never) || !areas.includes(area as never)) return null;
      this.addWatchFile(file(language));
      const all = JSON.parse(readFileSync(file(language), 'utf8')) as Record<string, string>;
      const part = Object.fromEntries(Object.entries(all).filter(([key]) => areaOf(key).includes(area as never)));
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(part))})`;
    },
  };
}

/**
 * Nothing here is rendered on a server, and every component uses runes. Svelte marks the code for the other cases with
 * flags that Rollup finds to be constant; Rolldown does not see it yet, so the flags are made constant here.
 * A flag that moved to another place in a newer Svelte stops the build.
 */
function constantFlags(): Plugin {
  const flags: Record<string, RegExp> = {
    'svelte/src/internal/client/dom/hydration.js': /export let (hydrating) = false;|\bhydrating = value;/g,
    'svelte/src/internal/flags/index.js': /export let (\w+_flag) = false;|\b\w+_flag = (?:true|false);/g,
  };
  return {
    name: 'constant-flags',
    apply: 'build',
    transform(code, id) {
      const file = Object.keys(flags).find((end) => id.split('?')[0]?.endsWith(end));
      if (!file || !flags[file]) return null;
      let found = 0;
      const out = code.replace(flags[file], (_, name?: string) => {
        found += 1;
        return name ? `export const ${name} = false;` : '';
      });
      if (found < 2) this.error(`no flags found in ${file}`);
      return { code: out, map: null };
    },
  };
}

/** Terser before the bundler's own minifier: three passes find what one does not, about 2 % of what a phone downloads. */
function squeeze(): Plugin {
  return {
    name: 'squeeze',
    apply: 'build',
    async renderChunk(code) {
      const { code: out } = await minify(code, { module: true, ecma: 2020, compress: { passes: 3, pure_getters: true }, mangle: true });
      return { code: out ?? code, map: null };
    },
  };
}

const api = process.env.PANOH_API ?? 'http://127.0.0.1:8787';

export default defineConfig({
  plugins: [svelte(), messageParts(), constantFlags(), squeeze()],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    manifest: 'manifest.json',
    rolldownOptions: {
      treeshake: { moduleSideEffects: [{ test: /svelte\/src\/internal\/client\/dom\/elements\/bindings/, sideEffects: false }] },
      optimization: { inlineConst: { mode: 'all', pass: 2 } },
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            // Two-way bindings serve the long forms only: they must not ride along in the entry.
            { name: 'forms', test: /svelte\/src\/internal\/client\/dom\/elements\/bindings\/(input|select)|parts\/Field/, priority: 3 },
            { name: 'core', tags: ['$initial'], priority: 2 },
            // Small parts that most pages use: one file compresses better than six.
            { name: 'parts', test: /\/src\/(parts\/(State|Stepper|active)|lib\/(live|tick)|manager\/here)/, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': api, '/healthz': api } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
