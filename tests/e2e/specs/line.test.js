// The manager's report on a bad line: each report lands exactly once, whatever the line, the browser or another phone do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cutting, startLine } from '../helpers/line.js';
import { takePhone } from '../helpers/phone.js';
import { ask, tell } from '../helpers/placement.js';
import { letterTo } from '../helpers/readers.js';
import { fillInSignIn, setStage, settled } from '../helpers/stage.js';
import { words } from '../helpers/words.js';

const language = 'tg';
const say = words(language);
const look = { width: 320, language };
const RATE = 50_000 / 8;
let stage;
let lines = [];
before(async () => (stage = await setStage(['--seed', '17'])));
after(async () => {
  await Promise.all(lines.map((line) => line.close()));
  await stage?.close();
});

async function aLine(seed) {
  const line = await startLine({ to: stage.url, seed });
  lines.push(line);
  return line;
}

/** A manager's page behind a line, and the shelter it is about. */
async function managerBehind(line, more = {}) {
  const page = await stage.signIn('manager', { ...look, origin: line.url, ...more });
  await page.getByRole('button', { name: say('today.confirm') }).waitFor();
  const [shelter] = (await ask(page, '/me')).shelters;
  return { page, shelter: shelter.id };
}

/** The shelter's history as the server has it, newest first, over no line. */
async function history(viewer, shelter) {
  const items = [];
  let cursor = '';
  do {
    const page = await ask(viewer, `/shelters/${shelter}/reports?limit=50${cursor}`);
    items.push(...page.items);
    cursor = page.next_cursor ? `&cursor=${encodeURIComponent(page.next_cursor)}` : '';
  } while (cursor && items.length < 300);
  return items;
}
/** Beds taken, room by room in the order of the page: of a report, or of a state. */
const occupiedOf = ({ lines, rooms }, order = rooms) =>
  order.map(({ room_id }) => (lines ?? rooms).find((line) => line.room_id === room_id).occupied_beds);
/** What has landed since, oldest first. */
const since = async (viewer, shelter, before) =>
  (await history(viewer, shelter)).filter(({ id }) => !before.has(id)).sort((a, b) => Date.parse(a.observed_at) - Date.parse(b.observed_at));
const counters = (page) => page.locator('form .step input');
const saveButton = (page) => page.getByRole('button', { name: say('today.save') });

/** Types a number as a thumb does, and leaves the field. */
async function type(input, number) {
  await input.fill(String(number));
  await input.blur();
}

/** Writes these numbers into the form and saves. */
async function report(page, numbers) {
  const inputs = counters(page);
  for (const [at, number] of numbers.entries()) {
    if ((await inputs.nth(at).inputValue()) !== String(number)) await type(inputs.nth(at), number);
  }
  await page.locator('form button.btn').last().click();
  await page.locator('form .step.changed').first().waitFor({ state: 'detached' });
}

/** Presses "send now" as somebody does who waits, until nothing waits any more. */
async function impatiently(page, within) {
  const deadline = Date.now() + within;
  const waiting = page.getByRole('button', { name: say('kept.try') });
  while (Date.now() < deadline) {
    if (await page.getByText(say('today.received')).first().isVisible()) return;
    if (await waiting.first().isVisible()) await waiting.first().click({ timeout: 1000 }).catch(() => undefined);
    await page.waitForTimeout(200);
  }
  assert.fail(`not all received within ${within / 1000} s: ${await page.locator('#now').innerText()}`);
}

/** Saves that many reports, no two alike and the first unlike the rooms now. @returns the numbers of each */
async function manyReports(page, rooms, many) {
  const sent = [];
  for (let n = 1; sent.length < many; n += 1) {
    let rest = n;
    const numbers = rooms.map(({ beds }) => {
      const number = rest % (beds + 1);
      rest = Math.floor(rest / (beds + 1));
      return number;
    });
    if (sent.length === 0 && rooms.every((room, at) => room.occupied_beds === numbers[at])) continue;
    await report(page, numbers);
    sent.push(numbers);
  }
  return sent;
}

/** Looks at the shelter from a desk with a good line. */
const viewer = (account = 0) => stage.signIn('manager', { width: 1280, language, account });

test('fifty reports through a line that cuts every third exchange: each lands once, in order', async () => {
  const line = await aLine(50);
  const { page, shelter } = await managerBehind(line);
  const desk = await viewer();
  const { rooms } = await ask(desk, `/shelters/${shelter}/state`);
  const before = new Set((await history(desk, shelter)).map(({ id }) => id));
  // The rate in full; half the delay of the line it stands for, and the whole of it with E2E_SLOW.
  const slow = process.env.E2E_SLOW ? 1 : 2;
  line.quality = { rate: RATE, delay: [250 / slow, 400 / slow] };
  line.cut = cutting(1 / 3);
  const sent = await manyReports(page, rooms, 50);
  await impatiently(page, 240_000);
  line.cut = () => null;
  line.quality = {};

  const landed = await since(desk, shelter, before);
  assert.deepEqual(landed.map((one) => occupiedOf(one, rooms)), sent, 'each once, in the order in which they were saved');
  const state = await ask(desk, `/shelters/${shelter}/state`);
  assert.deepEqual(occupiedOf(state), sent.at(-1));
  assert.ok(line.cuts.length >= 15, `${line.cuts.length} exchanges were cut`);
  assert.equal(new Set(line.cuts.map(({ moment }) => moment)).size, 3);
  for (const one of [page, desk]) await stage.leave(one);
});

for (const moment of ['request', 'answer', 'middle']) {
  test(`a report cut once (${moment}) is sent again by itself, and is there once`, async () => {
    const line = await aLine(3);
    const { page, shelter } = await managerBehind(line);
    const desk = await viewer();
    const before = await history(desk, shelter);
    // The middle of an answer: after its headers.
    const cut = { moment, how: 'rst', ...(moment === 'middle' && { part: 0.95 }) };
    line.cutNext({ beginning: `POST /api/v1/shelters/${shelter}/reports`, ...cut });
    await page.getByRole('button', { name: say('today.confirm') }).click();
    // On a connection used before, Chromium itself asks again unless the headers had come: then the page has to.
    if (moment === 'middle') await page.getByText(say('kept.kept')).first().waitFor();
    await page.getByText(say('today.received')).first().waitFor();
    assert.equal((await history(desk, shelter)).length, before.length + 1);
    assert.deepEqual(line.cuts, [cut]);
    for (const one of [page, desk]) await stage.leave(one);
  });
}

test('one report weighs at most 2 kB each way', async (t) => {
  const line = await aLine(1);
  const { page } = await managerBehind(line);
  for (const round of [0, 1]) {
    const was = Number(await counters(page).first().inputValue());
    await type(counters(page).first(), was ? was - 1 : was + 1);
    await saveButton(page).click();
    await page.getByText(say('today.received')).first().waitFor();
    await page.waitForTimeout(round ? 0 : 300);
  }
  const reports = line.exchanges.filter(({ beginning }) => /^POST .*\/reports /.test(beginning));
  assert.equal(reports.length, 2);
  for (const { toServer, toClient } of reports) {
    t.diagnostic(`a report: ${toServer} bytes there, ${toClient} back`);
    assert.ok(toServer <= 2000, `${toServer} bytes to the server`);
    assert.ok(toClient <= 2000, `${toClient} bytes back`);
  }
  await stage.leave(page);
});

test('the browser is killed with a full queue and opened again: everything lands once', async () => {
  const line = await aLine(9);
  const phone = await takePhone(stage, { language, url: line.url });
  await phone.open();
  await phone.signIn(stage.account('manager', 1));
  await phone.kept();
  await counters(phone.page).first().waitFor();
  const desk = await viewer(1);
  const [{ id: shelter }] = (await ask(desk, '/me')).shelters;
  const { rooms } = await ask(desk, `/shelters/${shelter}/state`);
  const before = new Set((await history(desk, shelter)).map(({ id }) => id));
  line.fall();
  const sent = await manyReports(phone.page, rooms, 8);
  await phone.page.locator('#now .state').filter({ hasText: '(8)' }).waitFor();
  await phone.kill();

  // Some of what a browser writes down late may be lost with it, her session too: the queue is not.
  line.rise();
  await phone.open();
  const [password, received] = [phone.page.locator('input[type="password"]'), phone.page.getByText(say('today.received')).first()];
  await password.or(received).first().waitFor();
  if (await password.isVisible()) await phone.signIn(stage.account('manager', 1));
  await received.waitFor();
  const landed = await since(desk, shelter, before);
  assert.deepEqual(landed.map((one) => occupiedOf(one, rooms)), sent);
  await phone.away();
  await stage.leave(desk);
});

test('the app opens without a line, a report is kept, and the session that ended meanwhile loses nothing', async () => {
  const line = await aLine(5);
  const { page, shelter } = await managerBehind(line, { account: 2, fresh: true });
  // The worker keeps the app for a start without a line.
  await page.evaluate(() => navigator.serviceWorker.ready);
  const desk = await viewer(2);
  const before = await history(desk, shelter);
  line.fall();
  await page.reload();
  await settled(page);
  await page.getByText(say('today.offline')).first().waitFor();
  const was = Number(await counters(page).first().inputValue());
  await type(counters(page).first(), was ? was - 1 : was + 1);
  await saveButton(page).click();
  await page.getByText(say('kept.kept')).first().waitFor();
  await stage.check(page, `line-kept-${language}`);

  // Her session ends on the server while she is away.
  const cookies = (await page.context().cookies(line.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const ended = await fetch(`${stage.url}/api/v1/session`, { method: 'DELETE', headers: { cookie: cookies } });
  assert.equal(ended.status, 204);
  stage.expectRefusal(page, '401 /api/v1/');
  line.rise();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  const dialog = page.getByRole('dialog');
  await dialog.getByText(say('app.session_over')).waitFor();
  await stage.check(page, `line-session-over-${language}`);
  assert.equal((await history(desk, shelter)).length, before.length, 'nothing is taken without a session');
  await fillInSignIn(page, stage.account('manager', 2));
  await page.getByText(say('today.received')).first().waitFor();
  const now = await history(desk, shelter);
  assert.equal(now.length, before.length + 1);
  assert.equal(occupiedOf(await ask(desk, `/shelters/${shelter}/state`))[0], was ? was - 1 : was + 1);
  for (const one of [page, desk]) await stage.leave(one);
});

/** Another manager of the same shelter, with her own account. */
async function colleague(shelter, name) {
  const admin = await stage.signIn('admin', { width: 1280, language });
  const email = `${name}@demo.example`;
  const password = 'a walk up the hill by the river';
  const { organisation } = await ask(await viewer(3), '/me');
  const { status, body } = await tell(admin, '/users', { email, name: 'Ҷамила Р.', role: 'manager', language, organisation_id: organisation.id, shelter_ids: [shelter] });
  assert.equal(status, 201, JSON.stringify(body));
  const { text } = await letterTo(stage.server.mailDir, email);
  const chosen = await tell(admin, '/tickets/use', { token: /\/welcome#(\S+)/.exec(text)[1], password });
  assert.equal(chosen.status, 204, JSON.stringify(chosen.body));
  stage.server.accounts.push({ role: 'manager', email, password, organisation: null, shelter_ids: [shelter] });
  return stage.server.accounts.filter((one) => one.role === 'manager').length - 1;
}

for (const order of ['older', 'later']) {
  const what = order === 'older' ? 'an older offline edit meets a newer value' : 'a later edit was made on an old sheet';
  test(`two devices: ${what}; both are shown and the choice holds`, async () => {
    const line = await aLine(7);
    const { page: away, shelter } = await managerBehind(line, { account: 3 });
    const other = await stage.signIn('manager', { ...look, account: await colleague(shelter, `jamila-${order}`) });
    await counters(other).first().waitFor();
    const { rooms } = await ask(other, `/shelters/${shelter}/state`);
    const was = rooms.map((room) => room.occupied_beds);
    const [hers, others] = was[0] >= 2 ? [was[0] - 1, was[0] - 2] : [was[0] + 1, was[0] + 2];
    const change = async (page, number, until) => {
      await type(counters(page).first(), number);
      await saveButton(page).click();
      await page.getByText(say(until)).first().waitFor();
    };

    // The app is whole on the phone, so that every part of the page opens without a line.
    await away.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
    });
    line.fall();
    const edits = [() => change(away, hers, 'kept.kept'), () => change(other, others, 'today.received')];
    const [earlier, later] = order === 'older' ? edits : edits.toReversed();
    await earlier();
    // A phone knows the server's clock to a second or so: the two edits are to be farther apart than that.
    await away.waitForTimeout(2500);
    await later();
    line.rise();
    await away.evaluate(() => dispatchEvent(new Event('online')));

    const both = away.locator('section.urgent', { hasText: say('conflict.title') });
    await both.waitFor();
    await both.getByText('Ҷамила Р.').waitFor();
    await both.getByText(say('conflict.hers'), { exact: true }).waitFor();
    const times = await both.locator('.soft').allInnerTexts();
    assert.ok(times.filter((text) => /\d\d:\d\d/.test(text)).length >= 2, `both with their time: ${times}`);
    assert.deepEqual((await both.locator('strong').allInnerTexts()).map(Number), [hers, others]);
    assert.equal(await both.locator('[aria-pressed="true"], :checked, [aria-selected="true"]').count(), 0, 'nothing is chosen beforehand');
    const buttons = [say('conflict.choose_hers'), say('conflict.choose_other')].map((name) => both.getByRole('button', { name }));
    const looks = await Promise.all(buttons.map((button) => button.getAttribute('class')));
    assert.equal(looks[0], looks[1], 'neither button is the main one');
    await stage.check(away, `line-conflict-${order}-${language}`);

    // By the rule of time the later one is in force until somebody says otherwise; the choice here is against it.
    const inForce = async () => occupiedOf(await ask(other, `/shelters/${shelter}/state`))[0];
    assert.equal(await inForce(), order === 'older' ? others : hers);
    const count = (await history(other, shelter)).length;
    await buttons[order === 'older' ? 0 : 1].click();
    await both.waitFor({ state: 'detached' });
    await away.getByText(say('today.received')).first().waitFor();
    assert.equal(await inForce(), order === 'older' ? hers : others);
    assert.equal((await history(other, shelter)).length, count + 1, 'a new version; both of the old ones stay');
    for (const page of [away, other]) await stage.leave(page);
  });
}
