// The three main tasks by keyboard alone with the focus in sight, on a desk and at 200 %, and what a screen reader is
// told of their pages in Tajik.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { enter, reach } from '../helpers/keyboard.js';
import { ask } from '../helpers/placement.js';
import { assertReadable, spoken } from '../helpers/reading.js';
import { repository } from '../helpers/server.js';
import { setStage, settled } from '../helpers/stage.js';
import { assertNoSidewaysScroll } from '../helpers/watch.js';
import { words } from '../helpers/words.js';

const language = 'tg';
const say = words(language);
let stage;
before(async () => (stage = await setStage(['--seed', '13'])));
after(() => stage?.close());

/** A new page stands: it is whole at this size, and its heading has the focus. */
async function arrived(page) {
  await settled(page);
  await assertNoSidewaysScroll(page);
  await assertReadable(page);
}

const TASKS = {
  'a manager confirms an unchanged day, and corrects one number': async (look) => {
    const page = await stage.signIn('manager', { ...look, language });
    await arrived(page);
    const [shelter] = (await ask(page, '/me')).shelters;
    const reports = async () => (await ask(page, `/shelters/${shelter.id}/reports?limit=2`)).items;
    const [before] = await reports();
    await enter(page, page.getByRole('button', { name: say('today.confirm') }));
    await page.getByText(say('today.received')).first().waitFor();
    const [confirmed] = await reports();
    assert.notEqual(confirmed.id, before.id);
    const beds = page.locator('.step input').first();
    const taken = Number(await beds.inputValue());
    await reach(page, beds);
    await page.keyboard.press(taken ? 'ArrowDown' : 'ArrowUp');
    await enter(page, page.getByRole('button', { name: say('today.save') }));
    await page.getByRole('button', { name: say('today.save') }).waitFor({ state: 'detached' });
    await page.getByText(say('today.received')).first().waitFor();
    const [corrected] = await reports();
    assert.notEqual(corrected.id, confirmed.id);
    await stage.leave(page);
  },
  'an officer goes from the household to a held place': async (look) => {
    const page = await stage.signIn('officer', { ...look, language });
    await arrived(page);
    await reach(page, page.getByLabel(say('find.from'), { exact: true }).last());
    for (let down = 0; down < 3; down += 1) await page.keyboard.press('ArrowDown');
    await enter(page, page.getByRole('button', { name: say('find.show') }));
    await page.getByRole('heading', { name: say('places.title'), level: 1 }).waitFor();
    await arrived(page);
    await enter(page, page.locator('article').first().getByRole('button'));
    await page.getByRole('heading', { name: say('find.check'), level: 1 }).waitFor();
    await arrived(page);
    await enter(page, page.getByRole('button', { name: say('find.send') }));
    await page.getByText(say('hold.asked')).first().waitFor();
    await arrived(page);
    await stage.leave(page);
  },
  'the Committee opens the latest digest': async (look) => {
    const page = await stage.signIn('committee', { ...look, language });
    await arrived(page);
    await enter(page, page.getByRole('link', { name: say('digests.tab') }));
    await arrived(page);
    await enter(page, page.locator('main a[href^="/digests/"]').first());
    await page.locator('main iframe, main .letter, main article').first().waitFor();
    await arrived(page);
    await stage.leave(page);
  },
};

for (const [name, task] of Object.entries(TASKS)) {
  for (const [size, look] of [['on a desk', { width: 1280 }], ['on a phone', { width: 320 }], ['at 200 %', { zoomed: true }]]) {
    test(`${name}, by keyboard alone, ${size}`, () => task(look));
  }
}

// The names themselves are in specs/spoken, one line a control, in the order of the page; E2E_WRITE=1 writes them anew, for
// somebody to read and to take out what is there on some days only (somebody waits, a shelter is silent).
for (const [role, name] of [['manager', 'today'], ['officer', 'find'], ['committee', 'national']]) {
  test(`what a screen reader says of the page "${name}", ${language}`, async () => {
    const page = await stage.signIn(role, { width: 320, language });
    await settled(page);
    await page.locator('main :is(button, table)').first().waitFor();
    const controls = (await spoken(page)).filter(({ role: is }) => CONTROLS.has(is));
    // Numbers, and the words that go with them, are another day's tomorrow.
    const told = controls.map(({ role: is, name: said }) => `${is}: ${said.replace(/\d+/g, '#').replace(/#, \p{L}+(?=;|$)/gu, '#')}`);
    const file = path.join(repository, `tests/e2e/specs/spoken/${name}.${language}.txt`);
    if (process.env.E2E_WRITE) {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, told.join('\n') + '\n');
    }
    let at = 0;
    for (const line of (await readFile(file, 'utf8')).trimEnd().split('\n')) {
      const found = told.indexOf(line, at);
      assert.notEqual(found, -1, `"${line}" is not said after "${told[at - 1] ?? ''}":\n${told.slice(at).join('\n')}`);
      at = found + 1;
    }
    await stage.leave(page);
  });
}

const CONTROLS = new Set(['heading', 'button', 'link', 'textbox', 'searchbox', 'spinbutton', 'combobox', 'MenuListPopup', 'checkbox', 'radio', 'radiogroup', 'group', 'navigation', 'main', 'region', 'table', 'DisclosureTriangle', 'timer', 'status', 'image']);
