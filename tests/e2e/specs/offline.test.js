// A manager's phone on a bad line: what she saved lands exactly once, whatever happens to the line, the browser or the
// session in between; nobody else's report is touched; a new release waits until she asks for it.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { ask, tell } from '../helpers/placement.js';
import { takePhone } from '../helpers/phone.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '7'])));
after(() => stage?.close());

const manager = (which = 0) => stage.server.accounts.filter(({ role }) => role === 'manager')[which];
const shelterOf = (which = 0) => manager(which).shelter_ids[0];
/** How many reports the server has of her shelter, as another session of hers sees it. */
async function reports(which = 0) {
  const page = await stage.signIn('manager', { account: which });
  const { items } = await ask(page, `/shelters/${shelterOf(which)}/reports?limit=50`);
  await page.context().close();
  return items;
}
/** A phone on which a manager has signed in and the app is whole. */
async function herPhone(look = {}, which = 0) {
  const phone = await takePhone(stage, look);
  await phone.open();
  await phone.signIn(manager(which));
  await phone.kept();
  await phone.page.locator('#now').waitFor();
  return phone;
}
const confirm = (page, say) => page.locator('#now').getByRole('button', { name: say('today.confirm') });
/** One bed fewer in the first room that has somebody, so that no number is unusual. */
const change = async (page, say) => page.locator('section.room').getByRole('button', { name: say('app.less'), disabled: false }).first().click();
/** A browser that was killed asks for the password again. */
async function signInAgain(phone, which) {
  await phone.page.locator('input[type="password"]').waitFor();
  await phone.signIn(manager(which));
}
const save = (page, say) => page.locator('form').getByRole('button', { name: say('today.save') });

for (const [which, language] of LANGUAGES.entries()) {
  test(`saved without a line, browser killed, opened again: one report, ${language}`, async () => {
    const say = words(language);
    const phone = await herPhone({ language }, which);
    const before = await reports(which);
    await phone.offline();
    await change(phone.page, say);
    await save(phone.page, say).click();
    await phone.page.getByText(say('kept.kept')).waitFor();
    await stage.look(phone.page, `offline-kept-${language}`);
    await phone.kill();

    // Still no line: the app opens from the phone, and the report is there.
    await phone.open({ offline: true });
    await phone.page.getByText(say('kept.kept')).waitFor();
    await phone.page.getByText(say('today.offline')).first().waitFor();
    await stage.look(phone.page, `offline-opened-${language}`);
    await phone.kill();

    await phone.open();
    await signInAgain(phone, which);
    await phone.page.getByText(say('today.received')).waitFor();
    await phone.page.reload();
    await phone.page.locator('#now').waitFor();
    const after = await reports(which);
    assert.equal(after.length, before.length + 1);
    assert.notEqual(after[0].observed_at, before[0].observed_at);
    await phone.away();
  });
}

describe('without a line', () => {
  const say = words('en');

  test('undoing is a new version of what is kept', async () => {
    const phone = await herPhone({}, 3);
    const before = await reports(3);
    await phone.offline();
    await change(phone.page, say);
    await save(phone.page, say).click();
    await phone.page.getByRole('button', { name: say('today.undo') }).click();
    await phone.page.getByText(`${say('kept.kept')} (2)`).waitFor();
    await phone.offline(false);
    await phone.page.getByText(say('today.received')).waitFor();
    const after = await reports(3);
    assert.equal(after.length, before.length + 2);
    assert.deepEqual(taken(after[0]), taken(before[0]));
    assert.notDeepEqual(taken(after[1]), taken(before[0]));
    await phone.away();
  });

  test('supplies and seldom numbers unfold, and everything counted is one tick', async () => {
    const phone = await herPhone({}, 4);
    await phone.page.locator('summary', { hasText: say('stock.title') }).click();
    await phone.page.getByText(say('stock.counted')).waitFor();
    // Closed, not killed: the catalogue is in the page's small storage, which Chromium writes down once a minute or on leaving.
    await phone.context.close();
    await phone.open({ offline: true });
    const { page } = phone;
    await page.locator('summary', { hasText: say('stock.title') }).click();
    await page.getByLabel(say('stock.counted')).check();
    await page.locator('section.room summary').first().click();
    await page.getByText(say('room.out_of_service'), { exact: true }).first().waitFor();
    await stage.look(page, 'offline-unfolded');
    await save(page, say).click();
    await page.getByText(say('kept.kept')).waitFor();
    const request = page.waitForRequest((one) => one.url().endsWith('/reports') && one.method() === 'POST');
    await phone.offline(false);
    const body = (await request).postDataJSON();
    assert.ok(body.stock.length > 1, 'all lines are sent');
    await signInAgain(phone, 4);
    await page.getByText(say('today.received')).waitFor();
    await phone.away();
  });

  test('the other pages say that they need the line', async () => {
    const phone = await herPhone({}, 5);
    await phone.offline();
    for (const tab of ['tab.requests', 'tab.history']) {
      await phone.page.getByRole('link', { name: say(tab) }).first().click();
      if (tab === 'tab.history') await phone.page.getByText(say('problem.offline')).waitFor();
      await stage.look(phone.page, `offline-${tab}`);
    }
    await phone.away();
  });
});

describe('whose report it is', () => {
  const say = words('en');

  test('the session ends while there is no line: she signs in again and the report goes', async () => {
    const phone = await herPhone({}, 0);
    const before = await reports(0);
    await phone.offline();
    await confirm(phone.page, say).click();
    await phone.page.getByText(say('kept.kept')).waitFor();
    await phone.context.clearCookies();
    phone.expectRefusal('401 /api/v1/');
    await phone.offline(false);
    await phone.page.getByRole('heading', { name: say('app.session_over') }).waitFor();
    await stage.look(phone.page, 'offline-session-over');
    await phone.signIn(manager(0));
    await phone.page.getByText(say('today.received')).waitFor();
    assert.equal((await reports(0)).length, before.length + 1);
    await phone.away();
  });

  test('signing out loses nothing: after signing in again it is sent', async () => {
    const phone = await herPhone({}, 1);
    const before = await reports(1);
    await phone.offline();
    await confirm(phone.page, say).click();
    await phone.page.getByText(say('kept.kept')).waitFor();
    await signOut(phone.page, say);
    const left = await phone.page.evaluate(() => Object.keys(localStorage));
    assert.deepEqual(left.filter((key) => key === 'who' || key.startsWith('sheet:')), []);
    await phone.offline(false);
    await phone.page.locator('input[type="password"]').waitFor();
    await phone.signIn(manager(1));
    await phone.page.getByText(say('today.received')).waitFor();
    assert.equal((await reports(1)).length, before.length + 1);
    await phone.away();
  });

  test("another account on the same phone neither sees nor sends it", async () => {
    const phone = await herPhone({}, 2);
    const before = await reports(2);
    await phone.offline();
    await confirm(phone.page, say).click();
    await phone.page.getByText(say('kept.kept')).waitFor();
    await signOut(phone.page, say);
    await phone.offline(false);
    await phone.page.locator('input[type="password"]').waitFor();
    await phone.signIn(manager(3));
    await phone.page.getByText(say('kept.others#one')).waitFor();
    await stage.look(phone.page, 'offline-other-account');
    assert.equal(await phone.page.getByText(say('kept.kept')).count(), 0);
    assert.equal((await reports(2)).length, before.length);
    await signOut(phone.page, say);
    await phone.page.locator('input[type="password"]').waitFor();
    await phone.signIn(manager(2));
    await phone.page.getByText(say('today.received')).waitFor();
    assert.equal((await reports(2)).length, before.length + 1);
    await phone.away();
  });
});

for (const [which, language] of LANGUAGES.entries()) {
  test(`two reports that disagree are both shown, and nothing is chosen beforehand, ${language}`, async () => {
    const say = words(language);
    const look = { language, width: which === 1 ? 1280 : 320 };
    const phone = await herPhone(look, which + 5);
    await phone.offline();
    await change(phone.page, say);
    await save(phone.page, say).click();
    await phone.page.getByText(say('kept.kept')).waitFor();

    // Meanwhile somebody else reports other figures of the same shelter.
    const other = await stage.signIn('manager', { account: which + 5 });
    const state = await ask(other, `/shelters/${shelterOf(which + 5)}/state`);
    const rooms = state.rooms.map(({ room_id, beds }) => ({ room_id, occupied_beds: beds }));
    const told = await tell(other, `/shelters/${shelterOf(which + 5)}/reports`, { observed_at: new Date().toISOString(), rooms, based_on: state.report_id });
    assert.equal(told.status, 201);
    await other.context().close();

    await phone.offline(false);
    await phone.page.getByText(say('conflict.title')).waitFor();
    await stage.look(phone.page, `conflict-${language}`);
    await phone.page.reload();
    await phone.page.getByText(say('conflict.title')).waitFor();
    const before = await reports(which + 5);
    await phone.page.getByRole('button', { name: say('conflict.choose_hers') }).click();
    await phone.page.getByText(say('conflict.title')).waitFor({ state: 'detached' });
    await phone.page.getByText(say('today.received')).waitFor();
    const after = await reports(which + 5);
    assert.equal(after.length, before.length + 1, 'choosing is a new version');
    assert.deepEqual(taken(after[0]), taken(before.find(({ id }) => id !== told.body.id)));
    await phone.away();
  });
}
const taken = (report) => report.lines.map((line) => line.occupied_beds);

async function signOut(page, say) {
  await page.getByText(say('app.menu'), { exact: true }).click();
  await page.getByRole('button', { name: say('app.signout') }).first().click();
  await page.waitForFunction(() => !document.querySelector('#now'));
}

test('a new release waits until she asks for it, and a draft survives it', async () => {
  const say = words('en');
  const changing = await serveInFront(stage.url);
  const phone = await takePhone(stage, { url: changing.url });
  const { page } = Object.assign(phone, { page: await phone.open() });
  await phone.signIn(manager(4));
  await phone.kept();
  await change(page, say);
  const typed = await page.locator('.step.changed input').first().inputValue();
  changing.release = 'next';
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
  await page.getByText(say('app.renewed')).waitFor();
  await stage.look(page, 'offline-renewed');
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: say('app.reload') }).click();
  await loaded;
  await page.locator('#now').waitFor();
  assert.equal(await page.locator('.step.changed input').first().inputValue(), typed);
  assert.equal(await page.getByText(say('app.renewed')).count(), 0);
  await phone.away();
  await changing.stop();
});

/** The same server, of which the service worker can change: what a new release looks like to a page that is open. */
async function serveInFront(url) {
  const front = { release: '' };
  const server = http.createServer((request, response) => {
    const { 'if-none-match': _known, ...asked } = request.headers;
    const onward = http.request(url + request.url, { method: request.method, headers: { ...asked, 'accept-encoding': 'identity' } }, (answer) => {
      const headers = { ...answer.headers };
      const next = request.url === '/sw.js' && front.release;
      if (next) for (const name of ['content-length', 'etag']) delete headers[name];
      response.writeHead(answer.statusCode, headers);
      answer.pipe(response, { end: !next });
      if (next) answer.on('end', () => response.end(`\n// ${front.release}`));
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  front.url = `http://127.0.0.1:${server.address().port}`;
  front.stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return front;
}

test('the app can be installed, under a neutral name', async () => {
  const page = await stage.visit('/');
  const manifest = await page.evaluate(async () => (await fetch(document.querySelector('link[rel=manifest]').href)).json());
  assert.equal(manifest.name, 'Panoh');
  for (const { src } of manifest.icons) assert.equal((await page.request.get(src)).status(), 200);
  const worker = await page.request.get('/sw.js');
  assert.match(worker.headers()['cache-control'], /no-cache/);
  assert.doesNotMatch(await worker.text(), /__RELEASE__/);
  await stage.leave(page);
});
