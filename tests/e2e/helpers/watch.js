// What must hold on every page whatever it shows: nothing asked of a foreign server, no error in the console, no answer
// 5xx, no scroll bar sideways, nothing that axe objects to.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const axeSource = createRequire(import.meta.url)('axe-core').source;
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

// Good practice that no success criterion asks for in so many words.
const BEYOND = Object.fromEntries(
  ['heading-order', 'page-has-heading-one', 'empty-heading', 'empty-table-header', 'landmark-one-main', 'label-title-only', 'scope-attr-valid', 'tabindex'].map((rule) => [rule, { enabled: true }]),
);

/**
 * Notes everything from now on that a page must not do.
 * A refusal that the test provokes is named in `expected` ("409 /api/v1/referrals"): status and the beginning of the path.
 * @param {import('playwright-core').Page} page
 * @param {string} origin
 * @param {{ lineMayBreak?: boolean }} [how] `lineMayBreak`: the browser reports each request that found no line as an error
 */
export function watch(page, origin, { lineMayBreak = false } = {}) {
  const noted = [];
  // Asking who one is before signing in is answered 401, and the browser reports each refusal as an error.
  const expected = ['401 /api/v1/me', '401 /api/v1/session'];
  const isExpected = (status, url) =>
    expected.some((one) => `${status} ${new URL(url, origin).pathname}`.startsWith(one));

  page.on('request', (request) => {
    const url = request.url();
    if (!/^(data|blob|about):/.test(url) && new URL(url).origin !== origin) noted.push(`foreign request: ${url}`);
  });
  page.on('response', (response) => {
    const known = isExpected(response.status(), response.url());
    if (response.status() >= 400 && !known) noted.push(`answer ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    // The answer itself has been judged above.
    if (/^Failed to load resource: the server responded with a status of \d+/.test(message.text())) return;
    // A script whose headers were cut off in the middle has no type.
    if (lineMayBreak && /net::ERR_|MIME type of ""/.test(message.text())) return;
    noted.push(`console: ${message.text()} (${message.location().url}:${message.location().lineNumber})`);
  });
  page.on('pageerror', (error) => noted.push(`uncaught: ${error.stack ?? error}`));
  return {
    expect: (refusal) => expected.push(refusal),
    assertClean: () => assert.deepEqual(noted, [], `the page did what it must not:\n${noted.join('\n')}`),
  };
}

/** What axe objects to, in words. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function objections(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const found = await page.evaluate(
    ({ tags, rules }) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'] }),
    { tags: AXE_TAGS, rules: BEYOND },
  );
  return found.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id} (${violation.impact}) at ${node.target.join(' ')}: ${node.failureSummary}`),
  );
}

/** @param {import('playwright-core').Page} page */
export async function assertAccessible(page) {
  const told = await objections(page);
  assert.deepEqual(told, [], `axe objects on ${page.url()}:\n${told.join('\n')}`);
}

/** What is wider than the window, in words. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function sidewaysScroll(page) {
  const { content, window: width, widest } = await page.evaluate(() => {
    const root = document.documentElement;
    const outside = [...document.body.querySelectorAll('*')].filter(
      (element) => element.getBoundingClientRect().right > root.clientWidth + 1,
    );
    const named = outside.slice(0, 5).map((element) => `${element.tagName.toLowerCase()}.${element.className}`);
    return { content: root.scrollWidth, window: root.clientWidth, widest: named };
  });
  return content <= width ? [] : [`${content} px wide in a window of ${width} px: ${widest.join(', ')}`];
}

/** @param {import('playwright-core').Page} page */
export async function assertNoSidewaysScroll(page) {
  const told = await sidewaysScroll(page);
  assert.deepEqual(told, [], `${page.url()} is ${told}`);
}
