// A page of the release before this one, while the server moves on to this one: it goes on working, says that a new
// version is here, and loses nothing when it is taken.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startLine } from '../helpers/line.js';
import { takePhone } from '../helpers/phone.js';
import { ask } from '../helpers/placement.js';
import { startFront } from '../helpers/release.js';
import { setStage, settled } from '../helpers/stage.js';
import { words } from '../helpers/words.js';

const language = 'ru';
const say = words(language);
let stage;
let front;
before(async () => (stage = await setStage(['--seed', '19'])));
after(async () => {
  await front?.close();
  await stage?.close();
});
/** The program with the older release in front of it. */
async function older() {
  await front?.close();
  front = await startFront(stage.url);
}
const reports = (page, shelter) => ask(page, `/shelters/${shelter}/reports?limit=50`).then(({ items }) => items);
const first = (page) => page.locator('form .step input').first();
async function type(page, number) {
  await first(page).fill(String(number));
  await first(page).blur();
}
const tab = (page, key) => page.getByRole('navigation').getByRole('link', { name: say(key) });

test('with its worker the old page opens what it had not opened yet, sends, and moves over when asked', async () => {
  await older();
  const line = await startLine({ to: front.url });
  const phone = await takePhone(stage, { language, url: line.url });
  await phone.open();
  await phone.signIn(stage.account('manager', 0));
  await phone.kept();
  const { page } = phone;
  await first(page).waitFor();
  assert.ok(await front.isOlder(page), 'the page is of the older release');

  front.renew();
  const desk = await stage.signIn('manager', { width: 1280, language, account: 0 });
  assert.ok(!(await front.isOlder(desk)), 'the server is of this release');
  const [{ id: shelter }] = (await ask(desk, '/me')).shelters;
  const before = await reports(desk, shelter);

  // Pages that were never opened, from the worker; and a report.
  for (const [key, title] of [['tab.history', 'history.title'], ['tab.contact', 'contact.title'], ['tab.requests', 'holds.title'], ['today.tab', 'today.title']]) {
    await tab(page, key).click();
    await page.getByRole('heading', { name: say(title), level: 1 }).waitFor();
    await settled(page);
    assert.equal(await page.getByRole('alert').count(), 0);
  }
  await page.getByRole('button', { name: say('today.confirm') }).click();
  await page.getByText(say('today.received')).first().waitFor();
  assert.equal((await reports(desk, shelter)).length, before.length + 1);
  assert.ok(await front.isOlder(page));

  // Loaded again it is still its own release, and now it hears of the new one.
  await page.reload();
  await first(page).waitFor();
  assert.ok(await front.isOlder(page), 'nobody is moved over without asking');
  await page.getByText(say('app.renewed')).waitFor();
  await stage.look(page, 'release-offered');

  // One report waits on the phone, another is half written: both are there after the move.
  const was = Number(await first(page).inputValue());
  const [kept, written] = was >= 2 ? [was - 1, was - 2] : [was + 1, was + 2];
  line.cut = () => ({ moment: 'request', how: 'rst' });
  await type(page, kept);
  await page.locator('form').getByRole('button', { name: say('today.save') }).click();
  await page.getByText(say('kept.kept')).first().waitFor();
  await type(page, written);
  line.cut = () => null;
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: say('app.reload') }).click();
  await loaded;
  await first(page).waitFor();
  assert.ok(!(await front.isOlder(page)), 'the page is of this release');
  await page.getByText(say('today.received')).first().waitFor();
  assert.equal(Number(await first(page).inputValue()), written);
  assert.equal(await page.getByText(say('app.renewed')).count(), 0);
  const now = await reports(desk, shelter);
  assert.equal(now.length, before.length + 2);
  const state = await ask(desk, `/shelters/${shelter}/state`);
  assert.equal(state.rooms[0].occupied_beds, kept);
  await stage.leave(desk);
  await phone.away();
  await line.close();
});

test('without a worker the old page says in words that a file of it is gone, and that nothing saved is', async () => {
  await older();
  const page = await stage.signIn('manager', { width: 320, language, origin: front.url, workers: false, account: 1 });
  await first(page).waitFor();
  assert.ok(await front.isOlder(page));
  front.renew();
  stage.expectRefusal(page, '404 /assets/');
  await tab(page, 'tab.contact').click();
  await page.getByText(say('problem.renewed')).waitFor();
  await stage.check(page, 'release-file-gone');
  await page.getByRole('button', { name: say('app.again') }).click();
  await page.getByRole('heading', { name: say('contact.title'), level: 1 }).waitFor();
  assert.ok(!(await front.isOlder(page)));
  await stage.leave(page);
});
