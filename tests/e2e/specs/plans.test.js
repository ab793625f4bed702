// Plans for many households, and the ledger of those for whom nothing was found.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { ask } from '../helpers/placement.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '5'])));
after(() => stage?.close());

/** Five households as somebody would paste them from a table: the districts by their names in that language. */
async function table(page, language) {
  const { districts } = await ask(page, '/geography');
  const name = (at) => districts[at].names[language];
  return ['№\t…', `1\t${name(2)}\t1\t`, `2\t${name(9)}\t1\t3f`, `3\t${name(15)}\t1\t7m 4f`, `4\t${name(21)}\t2\t`, `5\t${name(27)}\t1\t1m`].join('\n');
}

for (const language of LANGUAGES) {
  const say = words(language);

  test(`a plan is made, changed and applied all at once, ${language}`, async () => {
    const admin = await stage.signIn('admin', { width: 1280, language });
    await admin.goto('/plans/new');
    await admin.getByText(say('plan.paste'), { exact: true }).click();
    await admin.getByLabel(say('plan.paste_label')).fill(await table(admin, language));
    await admin.getByRole('button', { name: say('plan.paste_take') }).click();
    await admin.getByRole('group', { name: say('plan.household') }).nth(4).waitFor();
    await stage.check(admin, `plan-new-${language}`);
    await admin.getByRole('button', { name: say('plan.make') }).click();
    await admin.getByRole('heading', { name: say('plan.title'), level: 1 }).waitFor();
    const rows = admin.locator('tbody tr');
    await rows.first().waitFor();
    await stage.check(admin, `plan-${language}`);
    const id = new URL(admin.url()).pathname.split('/').pop();
    const made = await ask(admin, `/plans/${id}`);
    assert.equal(await rows.count(), made.assignments.length);
    assert.ok(made.assignments.length >= 2, 'the demo country has room');
    assert.equal(await admin.locator('svg.map circle').count(), new Set(made.assignments.map(({ district }) => district)).size);

    // One household is taken out of the plan.
    await rows.first().getByRole('button').click();
    await rows.first().getByRole('button', { name: say('plan.drop') }).click();
    await stage.check(admin, `plan-changed-${language}`);
    await admin.locator('.end button').first().click();
    await admin.getByText(say('app.saved')).waitFor();
    assert.equal((await ask(admin, `/plans/${id}`)).assignments.length, made.assignments.length - 1);

    await admin.getByRole('button', { name: say('plan.apply') }).click();
    await stage.check(admin, `plan-sure-${language}`);
    await admin.getByRole('button', { name: say('plan.apply_yes') }).click();
    await admin.getByText(say('plan.applied_hint')).waitFor();
    await stage.check(admin, `plan-applied-${language}`);
    const applied = await ask(admin, `/plans/${id}`);
    assert.equal(applied.state, 'applied');
    assert.ok(applied.assignments.every(({ referral_code }) => referral_code), 'each household has its referral');
    await stage.leave(admin);

    const small = await stage.signIn('admin', { width: 360, language });
    await small.goto(`/plans/${id}`);
    await small.locator('tbody tr').first().waitFor();
    await stage.check(small, `plan-phone-${language}`);
    await small.goto('/plans');
    await small.locator(`a[href="/plans/${id}"]`).waitFor();
    await stage.check(small, `plans-${language}`);
    await stage.leave(small);
  });

  test(`what single change would have placed how many, ${language}`, async () => {
    for (const [role, width] of [['committee', 360], ['admin', 1280]]) {
      const page = await stage.signIn(role, { width, language });
      await page.goto('/unmet');
      await page.getByRole('heading', { name: say('ledger.title'), level: 1 }).waitFor();
      await page.locator('caption').first().waitFor();
      await stage.check(page, `unmet-${role}-${language}`);
      await page.getByRole('button', { pressed: false }).last().click();
      await page.locator('tbody tr').first().waitFor();
      await stage.leave(page);
    }
  });
}

test('a shelter is emptied: nobody is sent there', async () => {
  const say = words('en');
  const admin = await stage.signIn('admin', { width: 360, language: 'en' });
  const [shelter] = (await ask(admin, '/shelters?limit=1')).items;
  await admin.goto('/plans/new');
  await admin.getByRole('button', { name: say('plan.make') }).click();
  await admin.getByText(say('plan.nobody')).waitFor();
  const who = admin.getByRole('group', { name: say('plan.household') }).first();
  await who.getByLabel(say('plan.from')).selectOption(shelter.district);
  await who.getByLabel(say('plan.children'), { exact: true }).fill('7m 4f');
  await admin.getByLabel(say('plan.empty_which')).selectOption(shelter.id);
  await stage.check(admin, 'plan-empty');
  await admin.getByRole('button', { name: say('plan.make') }).click();
  await admin.getByRole('heading', { name: say('plan.map') }).waitFor();
  const plan = await ask(admin, `/plans/${new URL(admin.url()).pathname.split('/').pop()}`);
  assert.ok(plan.assignments.length >= 1 && plan.assignments.every(({ shelter_id }) => shelter_id !== shelter.id));
  await stage.check(admin, 'plan-emptied');
  await stage.leave(admin);
});
