// The way in. (How its page looks, in every look: access.test.js.)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setStage, settled } from '../helpers/stage.js';

let stage;
before(async () => (stage = await setStage()));
after(() => stage?.close());

test('a wrong password is refused in words, and the address stays typed', async () => {
  const page = await stage.visit('/', { width: 320 });
  const { email } = stage.account('manager');
  await page.locator('input[type="email"], input[autocomplete="username"]').first().fill(email);
  await page.locator('input[type="password"]').fill('not the password of anybody');
  await page.locator('form:has(input[type="password"]) button:not([type="button"])').click();
  await page.locator('[role="alert"]').first().waitFor();
  assert.equal(await page.locator('input[type="email"], input[autocomplete="username"]').first().inputValue(), email);
  await stage.check(page, 'sign-in-refused');
  await stage.leave(page);
});

test('one signs in by keyboard alone', async () => {
  const page = await stage.visit('/', { width: 320 });
  const { email, password } = stage.account('committee');
  await settled(page);
  await page.locator('input[type="email"], input[autocomplete="username"]').first().focus();
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.locator('input[type="password"]').waitFor({ state: 'detached' });
  await settled(page);
  await stage.leave(page);
});

/** An officer's page before a Wikipedia that answers when it is let. */
async function onTheWayOut(look = {}) {
  const page = await stage.signIn('officer', { fresh: true, ...look });
  const context = page.context();
  let answer;
  const allowed = new Promise((resolve) => (answer = resolve));
  await context.route('https://*.wikipedia.org/**', async (route) => {
    await allowed;
    await route.fulfill({ contentType: 'text/html', body: '<h1>Elsewhere</h1>' });
  });
  assert.equal((await context.request.get('/api/v1/me')).status(), 200);
  return { page, context, answer };
}

const blank = (page) => page.evaluate(() => [document.body.getBoundingClientRect().height, document.title]);

/** The screen is blank before the other page is there, nothing of ours is behind it, and the session has ended. */
async function assertLeft({ page, context, answer }) {
  assert.deepEqual(await blank(page), [0, '…']);
  answer();
  await page.getByRole('heading', { name: 'Elsewhere' }).waitFor();
  const deadline = Date.now() + 10_000;
  while ((await context.request.get('/api/v1/me')).status() !== 401) assert.ok(Date.now() < deadline, 'the session goes on');
  // The page was replaced in the history; what stood before it is the door.
  await page.goBack().catch(() => null);
  if (page.url().startsWith(stage.url)) await page.locator('input[type="password"]').waitFor();
  assert.equal(await page.locator('details.menu').count(), 0);
  // Not `stage.leave`: this page went elsewhere on purpose.
  await context.close();
}

test('Shift three times leaves at once: another page stands there, the session has ended, and the way back shows nothing', async () => {
  const out = await onTheWayOut();
  for (let pressed = 0; pressed < 3; pressed += 1) await out.page.keyboard.press('Shift');
  await assertLeft(out);
});

test('the button leaves as well, on a telephone', async () => {
  const out = await onTheWayOut({ width: 320 });
  await out.page.locator('header button', { hasText: '✕' }).click();
  await assertLeft(out);
});

test('by keyboard the second stop of every page leaves, and is seen when it is reached', async () => {
  const out = await onTheWayOut();
  await out.page.evaluate(() => document.activeElement?.blur());
  const way = out.page.locator('button.skip');
  assert.ok((await way.boundingBox()).y < 0, 'hidden until it is reached');
  await way.focus();
  assert.ok((await way.boundingBox()).y >= 0);
  assert.equal(await out.page.evaluate(() => [...document.querySelectorAll('a[href], button')].indexOf(document.querySelector('button.skip'))), 1);
  await out.page.keyboard.press('Enter');
  await assertLeft(out);
});

test('Shift as one types it leaves nothing: three presses in more than five seconds, or with a letter between them', async () => {
  const page = await stage.signIn('officer', { fresh: true });
  const press = (at) =>
    page.evaluate((at) => {
      const event = new KeyboardEvent('keyup', { key: 'Shift', bubbles: true });
      Object.defineProperty(event, 'timeStamp', { value: at });
      dispatchEvent(event);
    }, at);
  for (const at of [10_000, 12_500, 15_001]) await press(at);
  assert.notEqual((await blank(page))[1], '…');
  for (const key of ['Shift', 'a', 'Shift', 'b', 'Shift']) await page.keyboard.press(key);
  assert.notEqual((await blank(page))[1], '…');
  await stage.leave(page);
});
