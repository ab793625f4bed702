// Everybody's first page after signing in: whole, readable and without objections in each language, by day and by
// night, on the smallest phone and on a desk.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LANGUAGES, ROLES, WIDTHS, setStage, settled } from '../helpers/stage.js';

let stage;
before(async () => (stage = await setStage()));
after(() => stage?.close());

for (const language of LANGUAGES) {
  for (const width of WIDTHS) {
    for (const dark of [false, true]) {
      const look = `${language}-${width}-${dark ? 'dark' : 'light'}`;

      test(`sign-in page, ${look}`, async () => {
        const page = await stage.visit('/', { language, width, dark });
        await stage.check(page, `sign-in-${look}`);
        await stage.leave(page);
      });

      for (const role of ROLES) {
        test(`start page of the ${role}, ${look}`, async () => {
          const page = await stage.signIn(role, { language, width, dark });
          assert.equal(await page.locator('html').getAttribute('lang'), language);
          assert.equal(await page.locator('h1').count(), 1, 'one main heading');
          await stage.check(page, `start-${role}-${look}`);
          await stage.leave(page);
        });
      }
    }
  }
}

describe('sign-in', () => {
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

  test('by keyboard alone', async () => {
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
});
