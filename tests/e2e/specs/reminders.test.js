// How a manager chooses to be reminded: in this browser, and by text message. The browser's push service is on the
// internet, so what it would give is given here; so is what a gateway for text messages would say.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask } from '../helpers/placement.js';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '5'])));
after(() => stage?.close());

/** In the page: a service worker whose push service is at hand. The keys are those of the example of RFC 8291. */
function subscribeHere(endpoint) {
  const keys = { p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4', auth: 'BTBZMqHH6r4Tts7J_aSIgg' };
  let subscription = null;
  const registration = {
    pushManager: {
      getSubscription: async () => subscription,
      subscribe: async (options) => {
        window.asked = { ...options, applicationServerKey: Array.from(options.applicationServerKey) };
        subscription = { options, toJSON: () => ({ endpoint, expirationTime: null, keys }), unsubscribe: async () => ((subscription = null), true) };
        return subscription;
      },
    },
  };
  Object.defineProperty(navigator.serviceWorker, 'ready', { get: () => Promise.resolve(registration) });
  navigator.serviceWorker.getRegistration = async () => registration;
}

/** A gateway at +992 900 00 00 01 that connects a phone when the test says so. */
async function gateway(page) {
  const state = { items: [], send_to: ['+992900000001'] };
  const later = new Date(Date.now() + 10 * 60_000).toISOString();
  await page.route('**/api/v1/me/phones**', async (route) => {
    const method = route.request().method();
    if (method === 'POST') {
      state.items.push({ id: 'one', state: 'waiting', ending: null, created_at: new Date().toISOString(), connected_at: null, code_until: later });
      return route.fulfill({ status: 201, json: { id: 'one', code: '483120', code_until: later, send_to: state.send_to } });
    }
    if (method === 'DELETE') {
      state.items = [];
      return route.fulfill({ status: 204 });
    }
    return route.fulfill({ json: state });
  });
  return {
    connect: () => Object.assign(state.items[0], { state: 'connected', ending: '12', connected_at: new Date().toISOString(), code_until: null }),
  };
}

for (const [account, language] of LANGUAGES.entries()) {
  const say = words(language);

  test(`reminders are shown in this browser when she wants them, ${language}`, async () => {
    const page = await stage.signIn('manager', { width: 320, language, account });
    await gateway(page);
    await page.addInitScript(subscribeHere, `https://updates.push.services.mozilla.com/wpush/v2/${language}`);
    await page.reload();
    await page.getByRole('link', { name: say('tab.history') }).click();
    await page.getByRole('link', { name: say('remind.title') }).click();
    await page.getByRole('heading', { name: say('remind.title'), level: 1 }).waitFor();
    await page.getByRole('heading', { name: say('remind.here') }).waitFor();
    const due = (await ask(page, `/shelters/${(await ask(page, '/me')).shelters[0].id}/state`)).due_at;
    await page.getByText(new Date(due).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Dushanbe' })).first().waitFor();

    // The browser says no.
    await page.getByRole('button', { name: say('remind.here_on') }).click();
    await page.getByText(say('remind.denied')).waitFor();
    await stage.check(page, `reminders-denied-${language}`);
    assert.deepEqual((await ask(page, '/me/push')).items, []);

    // It says yes: our server's key is what it subscribes under, and the server can write to it.
    await page.context().grantPermissions(['notifications']);
    await page.getByRole('button', { name: say('remind.here_on') }).click();
    await page.getByText(say('remind.here_is_on')).waitFor();
    const { public_key: key, items } = await ask(page, '/me/push');
    const asked = await page.evaluate(() => window.asked);
    assert.equal(Buffer.from(asked.applicationServerKey).toString('base64url'), key);
    assert.equal(asked.userVisibleOnly, true);
    assert.equal(items.length, 1);
    await stage.check(page, `reminders-on-${language}`);

    // What another device sees of it, and the end of it.
    await page.evaluate(() => localStorage.removeItem('push'));
    await page.reload();
    await page.getByRole('heading', { name: say('remind.others') }).waitFor();
    await stage.check(page, `reminders-others-${language}`);
    await page.getByRole('button', { name: say('app.remove') }).click();
    await page.getByRole('heading', { name: say('remind.others') }).waitFor({ state: 'detached' });
    assert.deepEqual((await ask(page, '/me/push')).items, []);
    await page.getByRole('button', { name: say('remind.here_on') }).click();
    await page.getByRole('button', { name: say('remind.here_off') }).click();
    await page.getByRole('button', { name: say('remind.here_on') }).waitFor();
    assert.deepEqual((await ask(page, '/me/push')).items, []);
    await stage.leave(page);
  });

  test(`a phone is connected with a code and let go again, ${language}`, async () => {
    const page = await stage.signIn('manager', { width: 320, language, account });
    const sms = await gateway(page);
    await page.goto('/reminders');
    await page.getByRole('button', { name: say('remind.connect') }).click();
    await page.getByText('483120', { exact: true }).waitFor();
    await page.getByText('+992900000001').waitFor();
    await stage.check(page, `phone-code-${language}`);
    sms.connect();
    await page.getByText(say('remind.connected', { ending: '12' })).first().waitFor();
    assert.equal(await page.getByText('483120').count(), 0, 'the code has gone');
    await stage.check(page, `phone-connected-${language}`);
    await page.getByRole('button', { name: say('remind.disconnect') }).click();
    await page.getByRole('button', { name: say('remind.disconnect') }).waitFor({ state: 'detached' });
    await stage.leave(page);
  });
}

test('operators see who was reminded and is still silent', async () => {
  const page = await stage.signIn('admin', { language: 'en' });
  const rows = (await ask(page, '/shelters?limit=50')).items;
  const silent = rows.filter((row) => Date.now() - Date.parse(row.last_report_at) > 3 * 86_400_000);
  assert.equal(silent.length, 1, 'one shelter of the demo has gone silent');
  await page.goto('/shelters');
  const line = page.locator('li', { hasText: silent[0].code });
  await line.getByText('last report:').waitFor();
  const shown = await line.getByText('reminded:').count();
  assert.equal(shown, silent[0].reminders ? 1 : 0);
  await stage.check(page, 'shelters-reminded');
  await stage.leave(page);
});
