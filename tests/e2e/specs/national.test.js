// The national picture as the Committee reads it: trend and outlook with their numbers, periods compared, closed months,
// letters in their frame, all of it on paper, and the glossary, which asks nobody who they are.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES, setStage, settled } from '../helpers/stage.js';
import { ask } from '../helpers/placement.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '7'])));
after(() => stage?.close());

const ready = (page) => page.waitForFunction(() => document.querySelector('main h2') && !document.querySelector('main .spin, main [aria-busy="true"]'));
/** A whole number as it is printed, in any language. */
const number = (text) => Number(text.replace(/[\s\u00a0,]/g, '').replace('−', '-').match(/-?\d+/)?.[0]);
/** What a link of the page leads to. */
const fetched = (page, link) =>
  link.evaluate(async (element) => {
    const answer = await fetch(element.href);
    return { status: answer.status, type: answer.headers.get('content-type'), start: (await answer.text()).slice(0, 300) };
  });

for (const language of LANGUAGES) {
  const say = words(language);

  test(`trend and outlook, ${language}`, async () => {
    const page = await stage.signIn('committee', { width: language === 'en' ? 1280 : 320, language });
    await ready(page);
    const card = page.locator('section', { has: page.getByRole('heading', { name: say('outlook.title') }) });
    await card.getByText(say('outlook.numbers'), { exact: true }).click();

    // The numbers behind the switch are those of the server, for a region too.
    for (const [measure, field] of [['outlook.family_places', 'family_places'], ['outlook.free', 'free']]) {
      await card.getByRole('button', { name: say(measure), exact: true }).click();
      await assertTable(page, card, '', field);
    }
    const { regions } = await ask(page, '/geography');
    await card.locator('select').selectOption(regions[1].code);
    await card.locator('figcaption').getByText(regions[1].names[language]).waitFor();
    await assertTable(page, card, regions[1].code, 'free');
    await card.getByRole('button', { name: say('outlook.reported'), exact: true }).click();
    assert.equal(await card.getByRole('img').count(), 1, 'nobody forecasts who will report, and no weekday stands for it');
    await stage.check(page, `national-outlook-${language}`);

    const table = await fetched(page, card.getByRole('link', { name: say('outlook.csv') }));
    assert.equal(table.status, 200);
    assert.match(table.type, /^text\/csv/);
    await stage.leave(page);
  });

  test(`two periods beside each other, ${language}`, async () => {
    const page = await stage.signIn('committee', { width: language === 'ru' ? 1280 : 320, language });
    await page.goto('/compare');
    await page.getByRole('table').waitFor();
    const chips = page.getByRole('group', { name: say('compare.spans') }).getByRole('button');
    await chips.nth(1).click();
    const [from, to, withFrom, withTo] = await page.locator('input[type="date"]').evaluateAll((inputs) => inputs.map(({ value }) => value));
    const said = await ask(page, `/statistics/compare?from=${from}&to=${to}&with_from=${withFrom}&with_to=${withTo}`);
    await page.locator('dd', { hasText: `${said.now.days} ` }).first().waitFor();
    const row = await page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: say('measure.free'), exact: true }) }).locator('td').allTextContents();
    const printed = row.map((text) => Number(text.replace(/[^\d.,−]/g, '').replace(',', '.').replace('−', '-')));
    assert.deepEqual(printed, [said.before.means.free, said.now.means.free, said.difference.free]);
    await stage.check(page, `compare-${language}`);

    // A period that ends before it begins is refused where it was typed.
    stage.expectRefusal(page, '422 /api/v1/statistics/compare');
    await page.locator('input[type="date"]').nth(0).fill(to);
    await page.locator('input[type="date"]').nth(1).fill(from);
    await page.locator('[aria-invalid="true"]').first().waitFor();
    await stage.check(page, `compare-refused-${language}`);
    await stage.leave(page);
  });

  test(`closed months, ${language}`, async () => {
    const page = await stage.signIn('committee', { width: 320, language });
    await page.goto('/unmet');
    await page.getByRole('table').first().waitFor();
    // The answer to what is chosen names other months than the one before, and so does its table.
    const table = page.getByRole('link', { name: say('outlook.csv') }).first();
    const before = await table.getAttribute('href');
    await page.getByRole('group', { name: say('ledger.span') }).getByRole('button').last().click();
    await page.waitForFunction(([link, href]) => link.getAttribute('href') !== href, [await table.elementHandle(), before]);
    const { months } = await ask(page, `/statistics/demand?${await page.getByRole('link', { name: say('outlook.csv') }).first().evaluate((link) => new URL(link.href).search.slice(1).replace(/&?format=csv/, ''))}`);
    assert.ok(months.length >= 1, 'the demo has closed months');
    const rows = page.getByRole('table').first().locator('tbody tr');
    await page.waitForFunction((n) => document.querySelector('main table tbody').rows.length === n, months.length);
    for (const [at, month] of months.entries()) {
      const cells = await rows.nth(at).locator('td').allTextContents();
      for (const [n, field] of ['opened', 'unmet', 'placed', 'other'].entries()) {
        if (typeof month[field] === 'number') assert.equal(number(cells[n]), month[field]);
        // A sign says nothing to who cannot see it: words go with it.
        else assert.ok(cells[n].startsWith(month[field]) && cells[n].length > month[field].length, cells[n]);
      }
    }
    for (const link of await page.getByRole('link', { name: say('outlook.csv') }).all()) assert.equal((await fetched(page, link)).status, 200);
    await stage.check(page, `unmet-${language}`);
    await stage.leave(page);
  });

  test(`a digest in its frame, ${language}`, async () => {
    const page = await stage.signIn('committee', { width: language === 'tg' ? 1280 : 320, language });
    await page.goto('/digests');
    await page.locator('main .list a').first().click();
    const frame = page.frameLocator('main iframe');
    await frame.locator('body').waitFor();
    const { items } = await ask(page, '/digests?limit=1');
    const digest = await ask(page, `/digests/${items[0].id}?language=${language}`);
    await page.getByRole('heading', { name: digest.subject }).waitFor();
    // It looks as it was made, though the page forbids styles inside HTML, and nothing is wider than its frame.
    const looks = await frame.locator('body').evaluate((body) => ({
      styled: [...body.querySelectorAll('[data-look]')].every((element) => element.style.length > 0 || !element.dataset.look.trim()),
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      broken: [...body.querySelectorAll('img')].filter((image) => !image.naturalWidth).length,
    }));
    assert.deepEqual(looks, { styled: true, over: 0, broken: 0 });
    const sandbox = await page.locator('main iframe').getAttribute('sandbox');
    assert.ok(!sandbox.includes('allow-scripts'));
    await stage.check(page, `digest-letter-${language}`);
    await page.getByRole('button', { name: say('letter.text') }).click();
    assert.equal((await page.locator('pre.letter').textContent()).trim(), digest.text.trim());
    // The tables that were frozen with it, and no link to one that was not.
    const links = page.locator('main a[download]');
    assert.equal(await links.count(), digest.tables.length);
    for (const link of await links.all()) assert.equal((await fetched(page, link)).status, 200);
    await stage.leave(page);
  });

  test(`the glossary without signing in, ${language}`, async () => {
    const page = await stage.visit('/glossary#family_places', { width: 320, language });
    await page.locator('#family_places').waitFor();
    const place = await page.locator('#family_places').boundingBox();
    assert.ok(place.y >= 0 && place.y < 740, `the term that the link names is in sight: ${place.y}`);
    await page.getByRole('heading', { name: say('glossary.title'), level: 1 }).waitFor();
    await stage.check(page, `glossary-${language}`);
    await stage.leave(page);
  });
}

test('on paper nothing is cut off', async () => {
  const page = await stage.signIn('committee', { width: 1280, language: 'ru', dark: true });
  await ready(page);
  await page.emulateMedia({ media: 'print' });
  // The width of a sheet of A4 between its margins.
  await page.setViewportSize({ width: 688, height: 1000 });
  const cut = await page.evaluate(() => {
    const wide = [...document.querySelectorAll('main *')].filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('svg'));
    const controls = [...document.querySelectorAll('button, select, nav')].filter((element) => element.checkVisibility());
    return { wide: wide.map(({ tagName, textContent }) => `${tagName} ${textContent?.trim().slice(0, 40)}`), controls: controls.length, paper: getComputedStyle(document.body).backgroundColor };
  });
  assert.deepEqual(cut, { wide: [], controls: 0, paper: 'rgb(255, 255, 255)' });
  await page.emulateMedia({ media: null });
  const pages = (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type\s*\/Page\b/g).length;
  assert.ok(pages <= 5, `${pages} sheets`);
  await stage.leave(page);
});

/** The table of the card says what the server says, day by day, and what is expected. */
async function assertTable(page, card, region, field) {
  const where = region && `region=${region}&`;
  const links = await card.locator('a[download]').evaluate((link) => new URL(link.href).search.slice(1));
  const asked = new URLSearchParams(links);
  const { days } = await ask(page, `/statistics/occupancy?${where}from=${asked.get('from')}&to=${asked.get('to')}`);
  const { days: ahead } = await ask(page, `/statistics/forecast${region && `?region=${region}`}`);
  const cells = (await card.locator('tbody tr').allInnerTexts()).map((text) => text.split('\t'));
  assert.ok(cells.length >= days.length + ahead.length, `${cells.length} rows of ${days.length} and ${ahead.length} days`);
  const printed = cells.map(([, figure]) => figure.trim()).filter((figure) => /\d/.test(figure)).map(number);
  const figure = (day) => (region ? day.regions.find((entry) => entry.region === region) : day.national)[field];
  // The newest first, as the table has it.
  const said = [...days.map(figure), ...ahead.map((day) => day[field].expected)].reverse();
  assert.deepEqual(printed, said);
}
