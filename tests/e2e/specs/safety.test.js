// From an empty database to daily use with a second factor required: the printed link, an app with codes, recovery codes,
// passkeys, the lock, a fresh proof, other sessions, a forgotten password. And what the pages are like in three languages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES, settled } from '../helpers/stage.js';
import { authenticator, codeOf, nextCode, startService } from '../helpers/service.js';
import { letterTo } from '../helpers/readers.js';
import { tell } from '../helpers/placement.js';
import { words } from '../helpers/words.js';

const EMAIL = 'sitora@operator.example';
const PASSWORDS = ['four walnuts under a roof', 'a kettle sings on the stove', 'seven swallows over Khujand'];
const used = new Set();
const say = words('en');

let service;
/** The first administrator's browser, page and secrets; each test goes on where the one before ended. */
let hers;
let page;
let secret;
let codes;
let password = PASSWORDS[0];
before(async () => (service = await startService()));
after(() => service?.close());

const button = (name, on = page) => on.getByRole('button', { name: say(name), exact: true });
const passwordField = (on = page) => on.locator('input[type="password"]');
const codeField = (on = page) => on.locator('input[autocomplete="one-time-code"]');
const inside = (on = page) => on.locator('nav.tabs').waitFor();
const status = (on, route) => on.evaluate(async (at) => (await fetch(`/api/v1${at}`)).status, route);

async function typePassword(on = page, email = EMAIL) {
  const field = on.locator('input[type="email"]').last();
  if (!(await field.inputValue())) await field.fill(email);
  await passwordField(on).fill(password);
  await passwordField(on).press('Enter');
}
/** Where the account has several ways, one is chosen by its name. */
async function byCode(on = page, code) {
  const other = button('door.by_totp', on);
  await codeField(on).or(other).first().waitFor();
  if (await other.isVisible()) await other.click();
  await codeField(on).fill(code ?? (await nextCode(secret, used)));
  await codeField(on).press('Enter');
}
async function signIn(on = page) {
  await typePassword(on);
  await byCode(on);
  await inside(on);
}
async function signOut(on = page) {
  await on.locator('details.menu summary').click();
  await button('app.signout', on).click();
  await on.locator('input[type="email"]').waitFor();
}

test('the printed link makes the first administrator, who sets up an app before anything else', async () => {
  hers = await service.browserOf({ width: 320 });
  page = await service.open(hers, service.link);
  await passwordField().waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the address does not keep the link');
  await service.check(page);

  await page.getByLabel(say('door.name')).fill('Sitora');
  await page.getByLabel(say('app.email')).fill(EMAIL);
  await passwordField().fill('short');
  await button('door.use').click();
  await page.getByText(say('fault.too_short')).waitFor();
  await passwordField().fill(password);
  await button('door.use').click();

  await page.getByRole('heading', { name: say('safety.enrol'), level: 1 }).waitFor();
  assert.equal(await page.locator('nav.tabs').count(), 0);
  assert.equal(await status(page, '/users'), 403);
  assert.equal(await status(page, '/me/factors'), 200);
  await service.check(page);

  await button('safety.by_totp').click();
  await page.getByRole('img', { name: say('safety.picture') }).waitFor();
  await page.getByText(say('safety.by_hand'), { exact: true }).click();
  secret = await page.locator('.secret').innerText();
  await service.check(page);
  await codeField().fill('000000');
  await codeField().press('Enter');
  await page.locator('[role="alert"], .wrong').first().waitFor();
  await codeField().fill(await nextCode(secret, used));
  await codeField().press('Enter');

  await page.getByRole('heading', { name: say('safety.codes') }).waitFor();
  codes = await page.locator('ol li').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  assert.ok(await button('safety.go_on').isDisabled(), 'codes come before all else');
  await service.check(page);
  await page.getByLabel(say('safety.kept')).check();
  await button('safety.go_on').click();
  await inside();
});

test('the link serves once', async () => {
  const again = await service.open(await service.browserOf(), service.link);
  await again.getByText(say('door.dead_link')).waitFor();
  await service.check(again);
  await again.context().close();
});

test('a password alone opens nothing, and no code opens twice', async () => {
  await signOut();
  assert.equal(await status(page, '/me'), 401);
  await typePassword();
  await codeField().waitFor();
  assert.equal(await status(page, '/me'), 401);
  const [last] = [...used].slice(-1);
  await codeField().fill(last);
  await codeField().press('Enter');
  await page.getByText(say('problem.wrong_code')).waitFor();
  await service.check(page);
  await byCode();
  await inside();
});

test('a recovery code stands in for the phone, once', async () => {
  for (const works of [true, false]) {
    await signOut();
    await typePassword();
    await button('door.by_recovery_code').click();
    await page.getByLabel(say('door.recovery')).fill(codes[0]);
    await button('app.signin').click();
    if (works) await inside();
    else await page.getByText(say('problem.wrong_code')).waitFor();
  }
  await byCode();
  await inside();
});

test('a passkey is added, opens the account, and may be declined', async () => {
  const device = await authenticator(page);
  await page.goto('/safety');
  await button('safety.add_more').click();
  await page.getByLabel(say('safety.name')).fill('Desk');
  await button('safety.by_passkey').click();
  await page.getByText('Desk').first().waitFor();
  await service.check(page);

  await signOut();
  await typePassword();
  await button('door.passkey_use').waitFor();
  await device.refuse();
  await button('door.passkey_use').click();
  await page.getByText(say('door.passkey_refused')).waitFor();
  await device.refuse(false);
  await button('door.passkey_use').click();
  await inside();
});

test('the lock hides all tabs at once and ends the session; what was typed is there afterwards', async () => {
  await page.goto('/organisations');
  await settled(page);
  const typed = page.locator('main input').first();
  const words = 'half a sentence';
  await page.evaluate(() => document.querySelectorAll('main details').forEach((one) => (one.open = true)));
  await typed.fill(words);
  const other = await service.open(hers, '/');
  await inside(other);

  await button('app.lock').click();
  assert.equal(await page.locator('main').isVisible(), false);
  for (const tab of [page, other]) {
    await tab.getByRole('heading', { name: say('door.locked') }).waitFor();
    assert.equal(await tab.locator('main').isVisible(), false);
    assert.equal(await tab.locator('header').isVisible(), false);
    // Not hidden: gone, so that nobody finds it with the browser's own tools.
    assert.deepEqual(await tab.evaluate(() => [...document.querySelectorAll('#app > *')].map((one) => one.localName)), ['dialog']);
  }
  await page.waitForFunction(async () => (await fetch('/api/v1/me')).status === 401);
  // Escape, however often, opens nothing.
  for (let pressed = 0; pressed < 3; pressed += 1) await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor();
  assert.equal(await page.locator('main').isVisible(), false);
  await service.check(page);

  await typePassword();
  await button('door.passkey_use').click();
  await typed.waitFor();
  assert.equal(await typed.inputValue(), words);
  // The other tab hears of it.
  await other.locator('main').waitFor();
  await other.close();
});

test('a locked page that is loaded again is a door', async () => {
  await button('app.lock').click();
  await page.getByRole('heading', { name: say('door.locked') }).waitFor();
  await page.reload();
  await passwordField().waitFor();
  assert.equal(await page.locator('dialog').isVisible(), false);
  await signIn();
});

test('what is guarded asks once who one is, and then happens', async () => {
  await page.goto('/safety');
  await button('safety.codes_new').waitFor();
  let refused = 0;
  // As it is a quarter of an hour later.
  await page.route('**/api/v1/me/recovery-codes', (route) => {
    refused += 1;
    if (refused > 1) return route.continue();
    return route.fulfill({ status: 403, json: { status: 403, code: 'proof_needed', title: '', ways: ['totp', 'passkey', 'recovery_code'] }, contentType: 'application/problem+json' });
  });
  const renew = async () => {
    await button('safety.codes_new').click();
    await page.getByRole('group').getByRole('button', { name: say('safety.codes_new') }).click();
    await page.getByRole('heading', { name: say('door.proof') }).waitFor();
  };
  await renew();
  await service.check(page);
  await button('app.back', page.getByRole('dialog')).click();
  await page.getByText(say('problem.proof_needed')).waitFor();

  refused = 0;
  const before = (await hers.cookies()).find(({ name }) => name.startsWith('__Host-') && !name.includes('device')).value;
  await renew();
  await byCode();
  await page.getByRole('heading', { name: say('safety.codes') }).waitFor();
  const fresh = await page.locator('ol li').allInnerTexts();
  assert.equal(fresh.filter((code) => codes.includes(code)).length, 0);
  codes = fresh;
  const after = (await hers.cookies()).find(({ name }) => name.startsWith('__Host-') && !name.includes('device')).value;
  assert.notEqual(before, after, 'the session goes on under another token');
  await page.getByLabel(say('safety.kept')).check();
  await button('safety.go_on').click();
  await page.unroute('**/api/v1/me/recovery-codes');
});

test('another sign-in is seen and ended', async () => {
  const elsewhere = await service.browserOf();
  const theirs = await service.open(elsewhere);
  await signIn(theirs);
  await page.goto('/safety');
  const end = page.getByRole('button', { name: new RegExp(`^${say('safety.end')}`) });
  await end.first().waitFor();
  await button('safety.end_others').click();
  await end.first().waitFor({ state: 'detached' });
  await theirs.waitForFunction(async () => (await fetch('/api/v1/me')).status === 401);
  await elsewhere.close();
  assert.equal(await status(page, '/me'), 200);
});

test('a changed password ends all other sign-ins and this one goes on', async () => {
  const elsewhere = await service.browserOf();
  const theirs = await service.open(elsewhere);
  await signIn(theirs);
  await page.goto('/safety');
  await page.getByText(say('safety.password_change')).first().click();
  await page.getByLabel(say('safety.password_now')).fill('not it at all, not it');
  await page.getByLabel(say('door.new_password')).fill(PASSWORDS[1]);
  await button('safety.password_change').click();
  await page.getByText(say('fault.wrong')).waitFor();
  await page.getByLabel(say('safety.password_now')).fill(password);
  await button('safety.password_change').click();
  await page.getByText(say('safety.password_done')).waitFor();
  password = PASSWORDS[1];
  await theirs.waitForFunction(async () => (await fetch('/api/v1/me')).status === 401);
  assert.equal(await status(page, '/me'), 200);
  await elsewhere.close();
});

test('a forgotten password: a letter, a new password, the same second factor', async () => {
  const elsewhere = await service.browserOf({ width: 320 });
  const theirs = await service.open(elsewhere);
  await theirs.getByText(say('app.forgotten')).click();
  for (const email of ['nobody@operator.example', EMAIL]) {
    await theirs.goto('/reset');
    await theirs.locator('input[type="email"]').fill(email);
    await button('door.reset_send', theirs).click();
    await theirs.getByText(say('door.reset_sent')).waitFor();
  }
  const letter = await letterTo(service.mailDir, EMAIL, ({ text }) => text.includes('/welcome#'));
  await theirs.goto(/https?:\S+\/welcome#[\w-]+/.exec(letter.text)[0]);
  await passwordField(theirs).fill(PASSWORDS[2]);
  await button('door.use', theirs).click();
  password = PASSWORDS[2];
  await byCode(theirs);
  await inside(theirs);
  assert.equal(new URL(theirs.url()).pathname, '/');
  await elsewhere.close();
});

for (const [at, language] of LANGUAGES.entries()) {
  test(`an invitation is taken, ${language}`, async () => {
    const theirWords = words(language);
    if (!(await status(page, '/me').then((code) => code === 200))) {
      await page.goto('/');
      await signIn();
    }
    const email = `guest${at}@operator.example`;
    const organisation = await organisationOfAny();
    const { status: made } = await tell(page, '/users', { email, name: 'Ганҷина', role: 'officer', organisation_id: organisation, shelter_ids: [], language });
    assert.equal(made, 201);
    const letter = await letterTo(service.mailDir, email, ({ text }) => text.includes('/welcome#'));
    const theirs = await service.browserOf({ language: 'en', width: at % 2 ? 1280 : 320 });
    const guest = await service.open(theirs, /https?:\S+\/welcome#[\w-]+/.exec(letter.text)[0]);
    await guest.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
    await passwordField(guest).fill(`${PASSWORDS[0]} ${at}`);
    await service.check(guest);
    await guest.getByRole('button', { name: theirWords('door.use') }).click();
    await guest.getByRole('button', { name: theirWords('safety.by_totp') }).click();
    await guest.getByText(theirWords('safety.by_hand'), { exact: true }).click();
    const own = await guest.locator('.secret').innerText();
    await codeField(guest).fill(codeOf(own));
    await codeField(guest).press('Enter');
    await guest.locator('ol li').first().waitFor();
    await service.check(guest);
    await guest.locator('.tick input').check();
    await guest.getByRole('button', { name: theirWords('safety.go_on') }).click();
    await inside(guest);
    await theirs.close();
  });
}

/** The organisation that officers of these tests belong to. */
async function organisationOfAny() {
  const known = await page.evaluate(async () => (await (await fetch('/api/v1/organisations')).json()).items);
  if (known.length) return known[0].id;
  const { body } = await tell(page, '/organisations', { code: 'OP-1', name: 'Office', refers: true, operates: false });
  return body.id;
}

test('the help is there for somebody who cannot sign in, in each language', async () => {
  const elsewhere = await service.browserOf({ width: 320 });
  const theirs = await service.open(elsewhere, '/help');
  for (const language of LANGUAGES) {
    await theirs.locator(`button[lang="${language}"]`).click();
    await theirs.getByRole('heading', { name: words(language)('help.lost') }).waitFor();
    await service.check(theirs);
  }
  await elsewhere.close();
});
