// How the app is built: one stylesheet, one chunk per role, and for every language one chunk of messages per role.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { minify } from 'terser';
import { defineConfig, transformWithOxc, type Plugin } from 'vite';
import { areaOf, areas, languages } from './src/messages/areas';

const inData = (name: string) => fileURLToPath(new URL(`../data/language/${name}.json`, import.meta.url));
/** The fields of a language's row that `lib/figures` reads, and nothing that the daily report needs. */
const ofLists = ['percent', 'interval', 'comma', 'and', 'alphabet'];
const json = (value: unknown) => `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;

/**
 * `virtual:messages/<language>/<area>`: the part of a message file that one area of the app needs; with the base part
 * comes the language's row of the table that the server reads too, but for what only lists need (`virtual:language/lists`).
 * Translators keep one file per language; a manager on a slow line downloads only her words. `virtual:language/fold`: the
 * table of folding, for pages with a search.
 */
export function messageParts(): Plugin {
  const prefix = 'virtual:messages/';
  const file = (language: string) => fileURLToPath(new URL(`./src/messages/${language}.json`, import.meta.url));
  return {
    name: 'message-parts',
    resolveId: (id) => (/^virtual:(messages|language)\//.test(id) ? `\0${id}.js` : null),
    load(id) {
      const data = (name: string) => {
        this.addWatchFile(inData(name));
        return JSON.parse(readFileSync(inData(name), 'utf8')) as Record<string, Record<string, unknown>>;
      };
      if (id === '\0virtual:language/fold.js') return `export default ${json(data('fold'))}`;
      if (id === '\0virtual:language/lists.js') {
        const rows = Object.entries(data('languages')).map(([language, row]) => [language, Object.fromEntries(ofLists.map((field) => [field, row[field]]))]);
        return `export default ${json(Object.fromEntries(rows))}`;
      }
      if (!id.startsWith(`\0${prefix}`)) return null;
      const [language = '', area = ''] = id.slice(prefix.length + 1, -3).split('/');
      if (!languages.includes(language as never) || !areas.includes(area as never)) return null;
      this.addWatchFile(file(language));
      const all = JSON.parse(readFileSync(file(language), 'utf8')) as Record<string, string>;
      const part = Object.fromEntries(Object.entries(all).filter(([key]) => areaOf(key).includes(area as never)));
      if (area !== 'base') return `export default ${json(part)}`;
      const table = Object.fromEntries(Object.entries(data('languages')[language] ?? {}).filter(([field]) => !ofLists.includes(field)));
      return `export default ${json(part)};export const table = ${json(table)}`;
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

/**
 * No component here awaits in its markup and none has an error boundary of its own, which Svelte finds out only while
 * running. Said beforehand, the code for it goes: 1 kB of the first load. What moved in a newer Svelte stops the build.
 */
function neverAsync(): Plugin {
  const client = 'svelte/src/internal/client';
  const said: Record<string, [string, string][]> = {
    [`${client}/reactivity/async.js`]: [['if (async.length === 0 && pending.length === 0) {', 'if (true) {']],
    [`${client}/dom/blocks/boundary.js`]: [
      ['if (this.#pending_count > 0) {', 'if (false) {'],
      ['\t#update_pending_count(d, batch) {\n', '\t#update_pending_count(d, batch) {\nreturn;\n'],
      ['\tupdate_pending_count(d, batch) {\n', '\tupdate_pending_count(d, batch) {\nreturn;\n'],
      ['get_effect_pending() {\n', 'get_effect_pending() {\nreturn 0;\n'],
      ['= createSubscriber(() => {', '= null && createSubscriber(() => {'],
      ['if (!this.#props.onerror && !this.#props.failed) {', 'if (true) {'],
    ],
  };
  return {
    name: 'never-async',
    apply: 'build',
    transform(code, id) {
      const file = Object.keys(said).find((end) => id.split('?')[0]?.endsWith(end));
      if (!file) return null;
      const out = (said[file] ?? []).reduce((text, [from, to]) => {
        if (!text.includes(from)) this.error(`not found in ${file}: ${from}`);
        return text.replace(from, to);
      }, code);
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

/**
 * Around each `import()` Vite puts a call that would fetch stylesheets and further files ahead. There are none: one
 * stylesheet, and no preloading (see below). So the calls go, and what they call. Where they are written differently in
 * a newer Vite, the build stops.
 */
function plainImports(): Plugin {
  return {
    name: 'plain-imports',
    apply: 'build',
    transform: (_, id) => (id.includes('vite/preload-helper') ? { code: 'export const __vitePreload = (load) => load();', map: null } : null),
    renderChunk(code) {
      const plain = code.replace(/__vitePreload\((.*?), __VITE_PRELOAD__\)/gs, '($1)()');
      if (plain.includes('__VITE_PRELOAD__')) this.error('an import() is wrapped in another way than it was');
      return { code: plain, map: null };
    },
  };
}

/** The service worker is one file without imports, at the root, under the same name for ever. */
function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    async generateBundle() {
      const file = fileURLToPath(new URL('./src/sw/sw.ts', import.meta.url));
      const { code } = await transformWithOxc(readFileSync(file, 'utf8'), file);
      const { code: small } = await minify(code, { toplevel: true, ecma: 2020, compress: { passes: 3 }, mangle: true });
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: small ?? code });
    },
  };
}

/** The bundler's few lines that most chunks lean on are a file of their own: asked for with the first, not after the last. */
function runtimeAhead(): Plugin {
  return {
    name: 'runtime-ahead',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const file = Object.keys(bundle ?? {}).find((name) => name.includes('rolldown-runtime'));
        return file ? [{ tag: 'link', attrs: { rel: 'modulepreload', href: `/${file}` }, injectTo: 'head' }] : [];
      },
    },
  };
}

const api = process.env.PANOH_API ?? 'http://127.0.0.1:8787';

export default defineConfig({
  plugins: [svelte(), messageParts(), constantFlags(), neverAsync(), plainImports(), squeeze(), runtimeAhead(), serviceWorker()],
  build: {
    target: 'es2022',
    // One chunk a role and one for all: there is next to nothing to fetch ahead, and the code that does it weighs 0.8 kB.
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    manifest: 'manifest.json',
    rolldownOptions: {
      treeshake: {
        moduleSideEffects: [
          { test: /svelte\/src\/internal\/client\/dom\/elements\/bindings/, sideEffects: false },
          // Named in main.ts to ride in the first file; without this the bare import would be dropped.
          { test: /src\/parts\/active/, sideEffects: true },
        ],
      },
      optimization: { inlineConst: { mode: 'all', pass: 2 } },
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            // Two-way bindings serve the long forms only: they must not ride along in the entry.
            { name: 'forms', test: /svelte\/src\/internal\/client\/dom\/elements\/bindings\/(input|select)|parts\/Field/, priority: 3 },
            { name: 'core', tags: ['$initial'], priority: 2 },
            { name: 'door', test: /\/src\/shell\/(Door|SignIn)/, priority: 2 },
            // The manager's first screen is one file, though her other pages share parts of it.
            { name: 'manager', test: /\/src\/manager\/(here|kept|draft|written|late\.ts|Picker|Today|Free|RoomCard|SaveState|Nav|View)/, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': api, '/healthz': api } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
