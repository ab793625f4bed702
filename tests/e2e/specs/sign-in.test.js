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

test('Shift three times leaves at once: another page stands there, the session has ended, and the way back shows nothing', async () => {
  const page = await stage.signIn('officer', { fresh: true });
  const context = page.context();
  await context.route('https://*.wikipedia.org/**', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Elsewhere</h1>' }));
  assert.equal((await context.request.get('/api/v1/me')).status(), 200);
  for (let pressed = 0; pressed < 3; pressed += 1) await page.keyboard.press('Shift');
  await page.getByRole('heading', { name: 'Elsewhere' }).waitFor();
  const deadline = Date.now() + 10_000;
  while ((await context.request.get('/api/v1/me')).status() !== 401) assert.ok(Date.now() < deadline, 'the session goes on');
  // The page was replaced in the history; what stood before it is the door.
  await page.goBack().catch(() => null);
  if (page.url().startsWith(stage.url)) await page.locator('input[type="password"]').waitFor();
  assert.equal(await page.locator('details.menu').count(), 0);
  // Not `stage.leave`: this page went elsewhere on purpose.
  await context.close();
});
