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
