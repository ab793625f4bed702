// A digest from its schedule to its reader, as administrators and readers live it: what it would send is shown before it
// is kept, nobody is written to before two administrators and she herself agreed, and she can leave by a link.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { letterTo, lettersTo } from '../helpers/readers.js';
import { ask, tell } from '../helpers/placement.js';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '11'])));
after(() => stage?.close());

const isDigest = ({ list }) => list.startsWith('<digest.');

for (const language of LANGUAGES) {
  test(`a schedule, its reader and her letters, ${language}`, () => wholeWay(language));
}

async function wholeWay(language) {
  const say = words(language);
  const width = language === 'en' ? 1280 : 320;
  const reader = { name: `Reader ${language}`, email: `reader.${language}@committee.example` };
  const admin = await stage.signIn('admin', { width, language });

  const name = `Thursdays ${language}`;
  await typed(admin, say, name);
  await stage.check(admin, `schedule-new-${language}`);
  await admin.getByRole('button', { name: say('app.save') }).click();
  await admin.getByRole('heading', { name, level: 1 }).waitFor();
  const schedule = (await ask(admin, '/digest-schedules')).items.find((one) => one.name === name);
  assert.deepEqual([schedule.cadence, schedule.weekday, schedule.time], ['weekly', 'thursday', '07:45']);

  await agreed(admin, say, { schedule, reader, language, width });
  await tried(admin, say, { schedule, language });
  await sentByHand(admin, say, { schedule, reader, language });
  await left(admin, say, { reader, language });
  await rested(admin, say, { schedule, language });
  await stage.leave(admin);
}

/** What is typed is answered with the next three sends; nothing is kept before it is saved. */
async function typed(admin, say, name) {
  const before = (await ask(admin, '/digest-schedules')).items.length;
  await admin.goto('/digest-schedules');
  await admin.getByRole('link', { name: say('schedule.new') }).click();
  await admin.getByLabel(say('schedule.cadence'), { exact: true }).selectOption('weekly');
  await admin.getByLabel(say('schedule.weekday'), { exact: true }).selectOption('thursday');
  await admin.getByLabel(say('schedule.time'), { exact: true }).fill('07:45');

  // A line that cannot be is refused at its field while it is typed.
  stage.expectRefusal(admin, '422 /api/v1/digest-schedules/next');
  await admin.getByLabel(say('schedule.cadence'), { exact: true }).selectOption('cron');
  const line = admin.getByLabel(say('schedule.cron'), { exact: true });
  await line.fill('0 8 * * 1');
  await admin.locator('[aria-invalid="true"]').waitFor();
  assert.equal(await admin.locator('[aria-invalid="true"]').inputValue(), '0 8 * * 1');
  await line.fill('0 8 * * mon');
  await admin.locator('[aria-invalid="true"]').waitFor({ state: 'detached' });

  // What was chosen for a week is still there.
  await admin.getByLabel(say('schedule.cadence'), { exact: true }).selectOption('weekly');
  const body = { name: '–', cadence: 'weekly', weekday: 'thursday', time: '07:45' };
  const { next_sends: next } = (await tell(admin, '/digest-schedules/next', body)).body;
  assert.equal(next.length, 3);
  for (const [at, { at: instant, covers }] of next.entries()) {
    assert.equal(new Date(instant).toLocaleString('en-GB', { weekday: 'long', hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Dushanbe' }), 'Thursday 07:45');
    const row = admin.locator('form .list > li').nth(at);
    await row.getByText('07:45').waitFor();
    await row.getByText(String(Number(covers.from.slice(8)))).first().waitFor();
  }
  assert.equal(await admin.locator('form .list > li').count(), 3);
  await admin.getByLabel(say('schedule.name'), { exact: true }).fill(name);
  assert.equal((await ask(admin, '/digest-schedules')).items.length, before);
}

/** One administrator names her, another approves, she agrees by the link in her letter; nothing goes out before. */
async function agreed(admin, say, { schedule, reader, language, width }) {
  await admin.locator('summary', { hasText: say('schedule.add_recipient') }).click();
  const form = admin.locator('details form');
  await form.getByLabel(say('user.name'), { exact: true }).fill(reader.name);
  await form.getByLabel(say('app.email'), { exact: true }).fill(reader.email);
  await form.getByLabel(say('letter.language'), { exact: true }).selectOption(language);
  await form.getByRole('button').click();
  await admin.getByText(say('reader.state_waiting_approval'), { exact: true }).waitFor();
  await admin.getByText(say('reader.needs_other')).waitFor();
  assert.equal(await admin.getByRole('button', { name: say('reader.approve') }).count(), 0, 'not by the one who named her');
  assert.ok(await admin.getByRole('button', { name: say('send.now') }).isDisabled(), 'to nobody');
  await stage.check(admin, `schedule-named-${language}`);

  const other = stage.account('admin', 1);
  await letterTo(stage.server.mailDir, other.email);
  const second = await stage.signIn('admin', { account: 1, width, language });
  await second.goto(`/digest-schedules/${schedule.id}`);
  await second.getByRole('button', { name: say('reader.approve') }).click();
  await second.getByText(say('reader.state_waiting_confirmation'), { exact: true }).waitFor();
  await stage.check(second, `schedule-approved-${language}`);
  await stage.leave(second);

  const asking = await letterTo(stage.server.mailDir, reader.email);
  const link = /https?:\/\/\S+\/confirm\?\S+/.exec(asking.text)?.[0];
  assert.ok(link, asking.text);
  const page = await stage.visit(link, { width, language });
  await stage.look(page, `reader-confirm-${language}`);
  await page.getByRole('button').click();
  await page.getByRole('button').waitFor({ state: 'detached' });
  await stage.look(page, `reader-confirmed-${language}`);
  await stage.leave(page);
  await admin.reload();
  await admin.getByText(say('reader.state_active'), { exact: true }).waitFor();
  assert.equal((await lettersTo(stage.server.mailDir, reader.email)).filter(isDigest).length, 0);
}

/** The letter is looked at, as mail and as text, and tried out on oneself. */
async function tried(admin, say, { schedule, language }) {
  await admin.getByRole('button', { name: say('schedule.preview_show') }).click();
  const letter = admin.frameLocator('iframe');
  await letter.locator('h1').first().waitFor();
  assert.equal(await admin.locator('iframe').getAttribute('lang'), language);
  await stage.check(admin, `schedule-letter-${language}`);
  await admin.getByRole('button', { name: say('letter.text') }).click();
  await admin.locator('pre.letter').waitFor();

  const mine = stage.account('admin').email;
  const before = (await lettersTo(stage.server.mailDir, mine)).filter(isDigest).length;
  await admin.getByRole('button', { name: say('send.test') }).click();
  await admin.getByText(say('send.test_done')).waitFor();
  await until(async () => (await lettersTo(stage.server.mailDir, mine)).filter(isDigest).length > before);
  const [run] = (await ask(admin, `/digests?schedule_id=${schedule.id}`)).items;
  assert.equal(run.kind, 'test');
}

/** Sending to all asks once; the history tells what the mail server answered, and one letter goes again. */
async function sentByHand(admin, say, { schedule, reader, language }) {
  const runs = async () => (await ask(admin, `/digests?schedule_id=${schedule.id}&kind=now`)).items;
  await admin.getByRole('button', { name: say('send.now') }).click();
  await admin.getByText(say('send.ask')).waitFor();
  await admin.getByRole('button', { name: say('app.back') }).click();
  assert.deepEqual(await runs(), []);
  await admin.getByRole('button', { name: say('send.now') }).click();
  await admin.getByRole('button', { name: say('send.yes') }).click();
  await admin.getByText(say('send.done')).waitFor();
  await letterTo(stage.server.mailDir, reader.email, isDigest);

  const [run] = await runs();
  const letters = async () => (await ask(admin, `/digests/${run.id}?language=${language}`)).letters_list;
  await until(async () => (await letters())[0].state === 'sent');
  await admin.reload();
  const history = admin.locator('section', { has: admin.getByRole('heading', { name: say('run.history') }) });
  await history.getByText(say('run.now')).first().waitFor();
  await history.getByText(say('run.test')).first().waitFor();
  const row = history.locator('li', { hasText: say('run.now') }).first();
  await row.locator('summary').click();
  await row.getByText(reader.email).first().waitFor();
  await row.getByText((await letters())[0].answer).first().waitFor();
  await stage.check(admin, `schedule-history-${language}`);
  const { attempts } = (await letters())[0];
  await row.getByRole('button', { name: say('letter.resend') }).click();
  await until(async () => (await letters())[0].attempts > attempts || (await letters())[0].state === 'queued');
}

/** She leaves by the link of her letter, and the page of administration says so. */
async function left(admin, say, { reader, language }) {
  const { unsubscribe } = await letterTo(stage.server.mailDir, reader.email, isDigest);
  assert.match(unsubscribe, /\/letters\/[^/]+\/unsubscribe\?/);
  const page = await stage.visit(unsubscribe, { width: 320, language });
  await stage.look(page, `reader-leave-${language}`);
  await page.getByRole('button').click();
  await page.getByRole('button').waitFor({ state: 'detached' });
  await stage.look(page, `reader-left-${language}`);
  await stage.leave(page);
  await admin.reload();
  await admin.getByText(say('reader.state_ended'), { exact: true }).waitFor();
}

/** A schedule rests and says so. */
async function rested(admin, say, { schedule, language }) {
  await admin.getByLabel(say('schedule.active')).uncheck();
  await admin.getByText(say('schedule.next_paused')).waitFor();
  await admin.getByRole('button', { name: say('app.save') }).click();
  await admin.getByText(say('app.saved')).waitFor();
  assert.equal((await ask(admin, `/digest-schedules/${schedule.id}`)).active, false);
  await admin.getByRole('link', { name: say('schedule.all') }).click();
  await admin.locator('li', { hasText: schedule.name }).getByText(say('schedule.off'), { exact: true }).waitFor();
  await stage.check(admin, `schedules-${language}`);
}

test('troubles with letters stand on every page of administration', async () => {
  const say = words('en');
  const admin = await stage.signIn('admin', { width: 320, language: 'en' });
  const [schedule] = (await ask(admin, '/digest-schedules')).items;
  const trouble = { code: 'digest_overdue', schedule_id: schedule.id, schedule_name: schedule.name, period: '2026-11-23', digest_id: null, count: null, since: new Date().toISOString() };
  await admin.route('**/api/v1/troubles', (route) => route.fulfill({ json: { items: [trouble], next_cursor: null } }));
  for (const route of ['/users', '/audit', '/catalogue']) {
    await admin.goto(route);
    await admin.getByRole('alert').getByRole('link').waitFor();
  }
  await stage.check(admin, 'trouble');
  await admin.getByRole('alert').getByRole('link').click();
  await admin.getByRole('heading', { name: schedule.name, level: 1 }).waitFor();
  await admin.unroute('**/api/v1/troubles');
  await admin.getByRole('link', { name: say('audit.tab') }).click();
  await admin.getByRole('alert').waitFor({ state: 'detached' });
  await stage.leave(admin);
});

for (const role of ['committee', 'admin']) {
  test(`the ${role} chooses what to hear of between digests`, async () => {
    const say = words('en');
    const page = await stage.signIn(role, { width: 320, language: 'en' });
    await page.getByRole('link', { name: say('alert.tab') }).click();
    await page.getByRole('heading', { name: say('alert.title'), level: 1 }).waitFor();
    await page.getByLabel(say('alert.silent')).check();
    assert.equal(await page.getByLabel(say('alert.hold_unanswered')).count(), role === 'admin' ? 1 : 0);

    // Half of the quiet hours is no quiet hours: said at the field.
    stage.expectRefusal(page, '422 /api/v1/me/alerts');
    await page.getByLabel(say('alert.quiet_from'), { exact: true }).fill('21:00');
    await page.getByLabel(say('alert.quiet_until'), { exact: true }).fill('');
    await page.getByRole('button', { name: say('app.save') }).click();
    await page.locator('[aria-invalid="true"]').waitFor();
    await page.getByLabel(say('alert.quiet_until'), { exact: true }).fill('07:00');
    await page.getByRole('button', { name: say('app.save') }).click();
    await page.getByText(say('app.saved')).waitFor();
    await stage.check(page, `alerts-${role}`);
    await page.reload();
    await page.getByLabel(say('alert.silent')).waitFor();
    assert.ok(await page.getByLabel(say('alert.silent')).isChecked());
    const { kinds, quiet_from: from, quiet_until: to } = await ask(page, '/me/alerts');
    assert.deepEqual([kinds.includes('silent'), from, to], [true, '21:00', '07:00']);
    await stage.leave(page);
  });
}

/** Waits for what the program does by itself. */
async function until(itIsSo) {
  for (const since = Date.now(); Date.now() - since < 60_000; await wait(500)) if (await itIsSo()) return;
  throw new Error('it did not come to be within a minute');
}
