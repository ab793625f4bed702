// Every page of every role, in three languages, by day and by night, on the smallest phone and on a desk: nothing that
// axe objects to, no text cut, no sideways scroll, a name on everything that can be used.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES, ROLES, WIDTHS, setStage, settled } from '../helpers/stage.js';
import { PAGES, pagesInSources, unfold } from '../helpers/pages.js';
import { findUnreadable, spoken } from '../helpers/reading.js';
import { objections, sidewaysScroll } from '../helpers/watch.js';
import { words } from '../helpers/words.js';

/** What takes the focus when a page opens, and is no control. */
const FOCUSED_BY_US = new Set(['RootWebArea', 'main', 'heading', 'generic', 'DescriptionList']);

let stage;
before(async () => (stage = await setStage(['--seed', '3'])));
after(() => stage?.close());

test('every page of the sources is looked at here', () => {
  assert.deepEqual([...new Set(PAGES.map(({ file }) => file).filter(Boolean))].sort(), pagesInSources());
});

for (const role of ROLES) {
  test(`pages of the ${role}`, async (t) => {
    const page = await stage.signIn(role, { width: 320, language: 'en' });
    for (const { name, arrange } of PAGES.filter((one) => one.role === role)) {
      await t.test(name, async () => {
        await stage.dress(page, { language: 'en' });
        await arrange(page);
        await settled(page);
        await unfold(page);
        const told = await inEveryLook(page, `${role}-${name}`);
        assert.deepEqual(told, [], told.join('\n'));
      });
    }
    await stage.leave(page);
  });
}

for (const { name, arrange } of PAGES.filter(({ role }) => role === 'nobody')) {
  test(`${name}, before signing in`, async () => {
    const page = await stage.visit('/', { width: 320, language: 'en' });
    await arrange(page);
    await settled(page);
    await page.waitForFunction(() => !document.querySelector('main .spin'));
    const told = await inEveryLook(page, `nobody-${name}`);
    assert.deepEqual(told, [], told.join('\n'));
    await stage.leave(page);
  });
}

/** What is wrong with the page, in all of its twelve looks. */
async function inEveryLook(page, name) {
  const told = [];
  for (const language of LANGUAGES) {
    await stage.dress(page, { language });
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    assert.equal(await page.locator('.skip').textContent(), words(language)('app.skip'), 'words of one language only');
    for (const width of WIDTHS) {
      for (const dark of [false, true]) {
        const look = `${language}-${width}-${dark ? 'dark' : 'light'}`;
        await stage.dress(page, { width, dark });
        const found = await objections(page);
        // Colours move no letters.
        if (!dark) found.push(...(await findUnreadable(page)), ...(await sidewaysScroll(page)));
        told.push(...found.map((one) => `${look}: ${one}`));
        if (process.env.E2E_PICTURES) await stage.picture(page, `access-${name}-${look}`);
      }
    }
    const nameless = (await spoken(page)).filter(({ focusable, name: said, role }) => focusable && !said.trim() && !FOCUSED_BY_US.has(role));
    told.push(...nameless.map(({ role }) => `${language}: a ${role} without a name`));
  }
  return told;
}
