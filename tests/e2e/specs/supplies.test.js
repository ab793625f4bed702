// Supplies end to end: a count shows a shortage, a plan moves what is spare, it leaves, it arrives with a difference, and
// the country's balance closes to the unit.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES, setStage, settled } from '../helpers/stage.js';
import { ask, managerOf } from '../helpers/placement.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '5'])));
after(() => stage?.close());

/** Each language moves an item of its own, so that one run does not disturb the next. */
const ITEM = { tg: 'soap', ru: 'laundry_soap', en: 'toothpaste' };
const named = async (page, language, code) => (await ask(page, '/items')).items.find((item) => item.code === code).names[language];

/** Unfolds the shelf and opens the count of an item, which may never have been counted here. */
async function countOf(page, say, name, code) {
  await page.goto('/stock');
  await settled(page);
  await page.getByText(say('shelf.title'), { exact: true }).click();
  const row = page.locator('details[open] li', { hasText: name });
  await page.locator('#shelf-add, details[open] li').first().waitFor();
  if (await row.count()) await row.getByRole('button', { name: say('shelf.count') }).click();
  else await page.locator('#shelf-add').selectOption(code);
  return page.locator('details[open] form').last();
}

async function count(page, say, name, code, packs, loose) {
  stage.expectRefusal(page, '422 /api/v1/shelters/');
  const form = await countOf(page, say, name, code);
  await form.getByLabel(say('book.packs')).fill(String(packs));
  await form.getByLabel(say('book.loose')).fill(String(loose));
  await form.getByRole('button', { name: say('app.save') }).click();
  const sure = form.getByRole('button', { name: say('today.sure') });
  const said = page.getByText(say('shelf.counted'));
  await sure.or(said).first().waitFor();
  if (await sure.isVisible()) await sure.click();
  await said.waitFor();
}

for (const language of LANGUAGES) {
  const say = words(language);
  const code = ITEM[language];

  test(`count, shortage, request, plan, transfer, a difference, balance, ${language}`, async () => {
    const admin = await stage.signIn('admin', { width: 1280, language });
    const name = await named(admin, language, code);
    const { items: shelters } = await ask(admin, '/shelters?limit=50');
    const managed = shelters.filter(({ id }) => stage.server.accounts.some((account) => account.role === 'manager' && account.shelter_ids.includes(id)));
    const [poor, rich] = managed.map(({ id }) => id);

    // One shelter has almost none left, the other plenty: the number far from usual is asked about once.
    const giver = await managerOf(stage, rich, { width: 320, language });
    await count(giver, say, name, code, 200, 0);
    const taker = await managerOf(stage, poor, { width: 320, language });
    await count(taker, say, name, code, 0, 1);
    await taker.getByText(say('shelf.title'), { exact: true }).click();
    const short = taker.locator('li', { hasText: name }).filter({ hasText: say('stock.critical') }).first();
    await short.waitFor();
    await stage.check(taker, `supplies-short-${language}`);

    // A request is two taps.
    await short.getByRole('button', { name: say('ask.more') }).click();
    await stage.check(taker, `supplies-ask-${language}`);
    await short.getByRole('button', { name: say('ask.send') }).click();
    await taker.getByText(say('ask.open'), { exact: true }).waitFor();
    const asked = (await ask(taker, '/supply-requests?state=open')).items.find(({ item, shelter_id }) => item === code && shelter_id === poor);
    assert.ok(asked.quantity > 0);

    // The board says it, a plan mends it.
    await admin.goto('/supplies');
    await admin.getByLabel(say('board.item')).selectOption(code);
    await admin.locator('.board li', { hasText: shelters.find(({ id }) => id === poor).code }).waitFor();
    await stage.check(admin, `supplies-board-${language}`);
    await admin.getByRole('link', { name: say('move.new') }).click();
    await admin.getByLabel(say('move.target')).fill('90');
    await admin.getByText(say('move.which'), { exact: true }).click();
    await admin.getByLabel(name, { exact: true }).check();
    await stage.check(admin, `supplies-wish-${language}`);
    await admin.getByRole('button', { name: say('plan.make') }).click();
    await admin.getByRole('heading', { name: say('move.title'), level: 1 }).waitFor();
    await admin.getByRole('heading', { name: say('move.map') }).waitFor();
    await stage.check(admin, `supplies-plan-${language}`);
    const id = new URL(admin.url()).pathname.split('/').pop();
    const plan = await ask(admin, `/plans/transfers/${id}`);
    assert.ok(plan.journeys.some(({ to }) => to.shelter_id === poor), 'the shelter without any is given some');

    // A pack less on one line, and the rest of the plan stays as it was.
    const values = await admin.locator('td input').evaluateAll((inputs) => inputs.map((input) => Number(input.value)));
    const at = values.findIndex((value) => value > 1);
    assert.notEqual(at, -1);
    await admin.locator('td input').nth(at).fill(String(values[at] - 1));
    await admin.locator('td input').nth(at).blur();
    await admin.locator('.end button').first().click();
    await admin.getByText(say('app.saved')).waitFor();
    const packs = ({ journeys }) => journeys.flatMap(({ lines }) => lines).reduce((sum, line) => sum + line.packs, 0);
    assert.equal(packs(await ask(admin, `/plans/transfers/${id}`)), packs(plan) - 1);

    await admin.getByRole('button', { name: say('move.apply'), exact: true }).click();
    await stage.check(admin, `supplies-sure-${language}`);
    await admin.getByRole('button', { name: say('move.apply_yes') }).click();
    await admin.getByText(say('move.applied_hint')).waitFor();
    const transfer = (await ask(admin, '/transfers?state=approved')).items.find(({ plan_id, to }) => plan_id === id && to.shelter_id === poor);
    assert.ok(transfer, 'the plan has become transfers');

    // It leaves.
    const sender = transfer.from.shelter_id === rich ? giver : await managerOf(stage, transfer.from.shelter_id, { width: 320, language });
    await sender.goto('/stock');
    const load = sender.locator('article', { hasText: transfer.code });
    await load.waitFor();
    await stage.check(sender, `supplies-send-${language}`);
    await load.getByRole('button', { name: say('transfer.dispatch'), exact: true }).click();
    await sender.getByText(say('transfer.dispatched_done')).waitFor();

    // It arrives, one short; a difference wants its reason.
    await taker.goto('/stock');
    const cargo = taker.locator('article', { hasText: transfer.code });
    await cargo.getByRole('button', { name: say('transfer.receive_all') }).waitFor();
    await cargo.getByRole('button', { name: say('app.less') }).first().click();
    await cargo.getByRole('button', { name: say('transfer.receive_less') }).click();
    await cargo.getByRole('alert').waitFor();
    await stage.check(taker, `supplies-receive-${language}`);
    await cargo.locator('select').selectOption('lost');
    await cargo.getByRole('button', { name: say('transfer.receive_less') }).click();
    await taker.getByText(say('transfer.received_done')).waitFor();
    const done = await ask(admin, `/transfers/${transfer.id}`);
    assert.equal(done.state, 'received');
    assert.equal(done.lines.reduce((sum, { missing }) => sum + missing, 0), 1);
    await admin.goto(`/supplies/transfers/${transfer.id}`);
    await admin.getByText(say('transfer.missing_short')).waitFor();
    await stage.check(admin, `supplies-transfer-${language}`);

    // To the unit.
    await admin.goto('/supplies/balance');
    await admin.getByText(say('balance.closes')).waitFor();
    await stage.check(admin, `supplies-balance-${language}`);
    const line = (await ask(admin, `/statistics/supplies/balance?from=${day(-30)}&to=${day(0)}`)).items.find(({ item }) => item === code);
    assert.equal(line.missing_in_transit, 1);
    assert.ok(line.closes);

    for (const page of new Set([admin, giver, taker, sender])) await stage.leave(page);
  });
}

const day = (days) => new Date(Date.now() + days * 86_400_000 + 5 * 3_600_000).toISOString().slice(0, 10);
