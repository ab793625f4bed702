// Who may do what, and who hears of it: invitations, what takes two people, programs' keys, the audit, offices that are
// left out, decoys, and the shelter's own record of who looked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { digestWithTables } from '../helpers/digest.js';
import { ask, managerOf, searchForOneWoman, tell } from '../helpers/placement.js';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { words } from '../helpers/words.js';

let stage;
let digest;
before(async () => (stage = await setStage(['--seed', '5'])));
after(() => stage?.close());

/** What a program with this key is answered. */
async function asProgram(key, route) {
  const answer = await fetch(`${stage.url}/api/v1${route}`, { headers: { Authorization: `Bearer ${key}` } });
  return { status: answer.status, code: answer.ok ? null : (await answer.json()).code };
}

async function userNamed(page, name) {
  const found = (await ask(page, '/users')).items.find((user) => user.name === name);
  assert.ok(found, `there is an account of ${name}`);
  return found;
}

for (const [at, language] of LANGUAGES.entries()) {
  const say = words(language);

  test(`somebody is invited, invited again and disabled, ${language}`, async () => {
    const admin = await stage.signIn('admin', { width: 320, language });
    const name = `Invited ${language}`;
    await admin.goto('/users');
    await admin.getByText(say('user.new'), { exact: true }).click();
    await admin.getByLabel(say('user.name'), { exact: true }).fill(name);
    await admin.getByLabel(say('app.email'), { exact: true }).fill(`invited.${language}@office.example`);
    await admin.getByLabel(say('user.role'), { exact: true }).selectOption('committee');
    await admin.getByRole('button', { name: say('user.create') }).click();
    await admin.getByRole('status').getByText(name).waitFor();
    await stage.check(admin, `user-invited-${language}`);
    assert.equal((await userNamed(admin, name)).state, 'invited');
    await admin.getByRole('button', { name: say('user.filter_invited') }).click();
    await admin.getByRole('link', { name }).click();
    await admin.getByRole('button', { name: say('user.invite_again') }).click();
    await admin.getByText(say('user.invited_again')).waitFor();
    await stage.check(admin, `user-${language}`);
    await admin.getByRole('button', { name: new RegExp(`^${say('user.disable')}`) }).click();
    await admin.getByRole('group', { name: say('user.disable') }).getByRole('button', { name: say('user.disable') }).click();
    await admin.getByText(say('user.disabled_now')).waitFor();
    assert.equal((await userNamed(admin, name)).state, 'disabled');
    await admin.getByRole('button', { name: say('user.enable') }).click();
    await admin.getByText(say('user.enabled_now')).waitFor();
    assert.notEqual((await userNamed(admin, name)).state, 'disabled');
    await stage.leave(admin);
  });

  test(`an administrator is made by two, ${language}`, async () => {
    const [asker, other] = [await stage.signIn('admin', { width: 1280, language }), await stage.signIn('admin', { width: 320, language, account: 1 })];
    const name = `Second ${language}`;
    await asker.goto('/users');
    await asker.getByText(say('user.new'), { exact: true }).click();
    await asker.getByLabel(say('user.name'), { exact: true }).fill(name);
    await asker.getByLabel(say('app.email'), { exact: true }).fill(`second.${language}@office.example`);
    await asker.getByLabel(say('user.role'), { exact: true }).selectOption('admin');
    await asker.getByText(say('user.admin_two')).waitFor();
    await asker.getByRole('button', { name: say('user.create') }).click();
    await asker.getByRole('status').getByRole('link', { name: say('approval.title') }).click();
    await asker.getByRole('heading', { name: say('approval.title'), level: 1 }).waitFor();
    const own = asker.locator('li', { hasText: name }).first();
    await own.getByText(say('approval.own')).waitFor();
    assert.equal(await own.getByRole('button').count(), 0, 'whoever asked does not decide');
    assert.ok(!(await ask(asker, '/users')).items.some((user) => user.name === name), 'nothing has happened yet');
    await stage.check(asker, `approval-own-${language}`);

    await other.goto('/users');
    await other.locator('nav .count').waitFor();
    await other.getByRole('link', { name: new RegExp(`^${say('approval.tab')}`) }).click();
    const row = other.locator('li', { hasText: name }).first();
    await stage.check(other, `approval-${language}`);
    await row.getByRole('button', { name: new RegExp(`^${say('approval.approve')}`) }).click();
    await row.getByText(say('approval.sure')).waitFor();
    await row.getByRole('button', { name: say('approval.approve'), exact: true }).click();
    await other.getByText(say('approval.approved_now')).waitFor();
    const made = await userNamed(other, name);
    assert.deepEqual([made.role, made.state], ['admin', 'invited']);
    await other.locator('nav .count').waitFor({ state: 'detached' });
    await stage.check(other, `approved-${language}`);
    await stage.leave(asker);
    await stage.leave(other);
  });

  test(`a program's key is shown once, opens what it names, and ends at once, ${language}`, async () => {
    const admin = await stage.signIn('admin', { width: 320, language });
    const name = `Registry ${language}`;
    await admin.goto('/tokens');
    await admin.getByText(say('token.new'), { exact: true }).click();
    await admin.getByLabel(say('token.name'), { exact: true }).fill(name);
    await admin.getByLabel(say('token.role'), { exact: true }).selectOption('committee');
    await admin.getByRole('checkbox', { name: say('token.area_statistics') }).check();
    await admin.getByRole('button', { name: say('token.create') }).click();
    const key = (await admin.locator('code').textContent()).trim();
    assert.ok(key.length >= 40, 'a key of 256 bits');
    await stage.check(admin, `token-made-${language}`);
    assert.equal((await asProgram(key, '/statistics/standard')).status, 200);
    assert.deepEqual(await asProgram(key, '/availability'), { status: 403, code: 'not_in_scope' });
    await admin.getByRole('button', { name: say('token.kept') }).click();
    await admin.reload();
    const row = admin.locator('li', { hasText: name });
    await row.waitFor();
    assert.ok(!(await admin.content()).includes(key), 'nobody sees it again');
    await row.getByRole('button', { name: new RegExp(`^${say('token.revoke')}`) }).click();
    await row.getByRole('group').getByRole('button', { name: say('token.revoke') }).click();
    await row.locator('.state.full').waitFor();
    await stage.check(admin, `token-revoked-${language}`);
    assert.equal((await asProgram(key, '/statistics/standard')).status, 401);
    await stage.leave(admin);
  });

  test(`the audit is narrowed and checked, ${language}`, async () => {
    const admin = await stage.signIn('admin', { width: at === 0 ? 320 : 1280, language });
    await admin.goto('/audit');
    await admin.getByRole('button', { name: say('audit.verify') }).click();
    await admin.getByRole('status').locator('.state.free').waitFor();
    await admin.getByText(say('audit.anchors'), { exact: true }).click();
    await admin.getByText(say('audit.anchors_how')).waitFor();
    const who = (await ask(admin, '/users')).items.find(({ email }) => email === stage.account('admin').email);
    await admin.getByLabel(say('audit.what'), { exact: true }).selectOption('session.open');
    await admin.getByLabel(say('audit.who'), { exact: true }).selectOption(who.id);
    const entries = admin.locator('section.card').last().locator('.list > li');
    await entries.first().waitFor();
    for (const text of await entries.allTextContents()) {
      assert.ok(text.includes(say('audit.of_session_open')) && text.includes(who.name), text);
    }
    await stage.check(admin, `audit-${language}`);
    await entries.first().getByRole('button').click();
    await admin.getByText(say('audit.about')).waitFor();
    await admin.getByRole('button', { name: say('audit.all') }).click();
    await admin.getByText(say('audit.about')).waitFor({ state: 'detached' });
    await stage.leave(admin);
  });

  test(`an office that is left out is not suggested, and stands with the referral, ${language}`, async () => {
    const officer = await stage.signIn('officer', { width: 320, language });
    const admin = await stage.signIn('admin', { language });
    await searchForOneWoman(officer, say);
    const before = await officer.locator('article h2').allTextContents();
    const shelters = (await ask(admin, '/shelters?limit=50')).items;
    const best = shelters.find(({ code }) => code === before[0]);
    const office = (await ask(admin, '/organisations')).items.find(({ id }) => id === best.organisation_id);
    await stage.leave(admin);

    await officer.getByRole('link', { name: say('places.change') }).click();
    await officer.getByText(say('exclude.title'), { exact: true }).click();
    const pick = officer.locator('details', { hasText: say('exclude.how') });
    await pick.getByRole('searchbox').fill(office.name.slice(0, 12));
    await pick.getByLabel(say('exclude.add'), { exact: true }).selectOption(office.id);
    await pick.getByRole('button', { name: say('exclude.remove') }).waitFor();
    await stage.check(officer, `exclude-${language}`);
    await officer.getByRole('button', { name: say('find.show') }).click();
    await officer.getByRole('heading', { name: say('places.title'), level: 1 }).waitFor();
    const theirs = new Set(shelters.filter(({ organisation_id }) => organisation_id === office.id).map(({ code }) => code));
    const shown = await officer.locator('article h2').allTextContents();
    assert.ok(shown.length >= 1 && shown.every((code) => !theirs.has(code)), `${shown} without ${[...theirs]}`);
    await officer.locator('article').first().getByRole('button').click();
    await officer.getByRole('heading', { name: say('find.check'), level: 1 }).waitFor();
    await officer.getByText(office.name).waitFor();
    await officer.getByRole('button', { name: say('find.send') }).click();
    await officer.getByText(say('hold.asked')).first().waitFor();
    await officer.locator('dl').getByText(office.name).waitFor();
    await stage.check(officer, `excluded-${language}`);

    // The shelter that was asked accepts; the officer takes the contact, and the shelter sees that she did, and why.
    const referral = await ask(officer, `/referrals/${new URL(officer.url()).pathname.split('/').pop()}`);
    assert.deepEqual(referral.exclude_organisations, [office.id]);
    const asked = shelters.find(({ code }) => code === referral.holds[0].shelter_code);
    const manager = await managerOf(stage, asked.id, { width: 320, language });
    assert.equal((await tell(manager, `/holds/${referral.holds[0].id}/accept`, {})).status, 200);
    const why = `bus at nine ${language}`;
    await officer.getByLabel(say('hold.contact_reason')).fill(why);
    await officer.getByRole('button', { name: say('hold.contact_show') }).click();
    await officer.getByText(say('hold.meeting_point')).waitFor();
    await manager.goto('/contact');
    await manager.getByRole('link', { name: say('access.title') }).click();
    await manager.getByText(say('access.how')).waitFor();
    if ((await ask(manager, '/me')).shelters.length > 1) await manager.getByRole('button', { name: asked.code, exact: true }).click();
    const line = manager.locator('.list > li', { hasText: why });
    await line.getByText((await ask(officer, '/me')).name).waitFor();
    await stage.check(manager, `access-${language}`);
    await stage.leave(officer);
    await stage.leave(manager);
  });

  test(`a table that names shelters leaves once, after a second person agreed, ${language}`, async () => {
    const committee = await stage.signIn('committee', { width: 320, language });
    const admin = await stage.signIn('admin', { language });
    digest ??= await digestWithTables(admin); // one may be sent by hand every five minutes
    stage.expectRefusal(committee, '403 /api/v1/digests');
    await committee.goto(`/digests/${digest.id}`);
    const table = committee.getByRole('button', { name: say('letter.csv') });
    await table.click();
    await committee.getByRole('button', { name: say('export.ask') }).click();
    await committee.getByRole('button', { name: say('export.look') }).waitFor();
    await stage.check(committee, `export-asked-${language}`);
    await admin.goto('/approvals');
    const row = admin.locator('li', { hasText: digest.schedule_name }).first();
    await stage.check(admin, `export-approval-${language}`);
    await row.getByRole('button', { name: new RegExp(`^${say('approval.approve')}`) }).click();
    await row.getByRole('button', { name: say('approval.approve'), exact: true }).click();
    await admin.getByText(say('approval.approved_now')).waitFor();
    await committee.getByRole('button', { name: say('export.look') }).click();
    await table.waitFor();
    await stage.check(committee, `export-approved-${language}`);
    const [file] = await Promise.all([committee.waitForEvent('download'), table.click()]);
    assert.equal(file.suggestedFilename(), `panoh-digest-${language}.csv`);
    await committee.getByText(say('export.used'), { exact: true }).waitFor();
    await table.click();
    await committee.getByRole('button', { name: say('export.ask') }).waitFor();
    await stage.leave(admin);
    await stage.leave(committee);
  });
}

test('one who asks for the decoy is named to the administrators, and sees nothing', async () => {
  const say = words('en');
  const admin = await stage.signIn('admin', { width: 320, language: 'en' });
  const [model] = (await ask(admin, '/shelters?limit=1')).items;
  await admin.goto('/shelters/new');
  await admin.getByLabel(say('shelter.code'), { exact: true }).fill('TJ-XX-99');
  await admin.getByLabel(say('shelter.name'), { exact: true }).fill('House of the Plane Tree');
  await admin.getByLabel(say('shelter.organisation'), { exact: true }).selectOption(model.organisation_id);
  await admin.getByLabel(say('shelter.district'), { exact: true }).selectOption(model.district);
  await admin.getByRole('button', { name: say('shelter.add_room') }).click();
  await admin.getByLabel(say('shelter.canary'), { exact: true }).check();
  await admin.getByText(say('shelter.canary_on')).waitFor();
  await stage.check(admin, 'canary');
  await admin.getByRole('button', { name: say('app.save') }).click();
  await admin.waitForURL(/\/shelters\/[0-9a-f-]{36}$/);
  const id = new URL(admin.url()).pathname.split('/').pop();
  const manager = await stage.signIn('manager', { language: 'en' });
  stage.expectRefusal(manager, '404 /api/v1/shelters');
  const answers = await manager.evaluate(async (ids) => Promise.all(ids.map(async (one) => (await fetch(`/api/v1/shelters/${one}`)).text())), [id, '00000000-0000-7000-8000-000000000000']);
  assert.equal(answers[0], answers[1], 'as if it did not exist');
  const { name } = await ask(manager, '/me');
  await stage.leave(manager);
  await admin.goto('/shelters');
  await admin.getByRole('alert').getByText(name).waitFor();
  await admin.locator('li', { hasText: 'TJ-XX-99' }).getByText(say('shelter.canary')).waitFor();
  await stage.check(admin, 'canary-touched');
  await stage.leave(admin);
});

test('who has reached the day’s limit is told until when', async () => {
  const say = words('en');
  const manager = await stage.signIn('manager', { width: 320, language: 'en', account: 5 });
  const { shelters } = await ask(manager, '/me');
  stage.expectRefusal(manager, '429 /api/v1/shelters');
  const statuses = await manager.evaluate(async (id) => {
    const found = [];
    for (let n = 0; n < 21; n += 1) found.push((await fetch(`/api/v1/shelters/${id}/confidential?reason=checking`)).status);
    return found;
  }, shelters[0].id);
  assert.deepEqual([...new Set(statuses)], [200, 429]);
  await manager.goto('/contact');
  await manager.getByLabel(say('contact.reason')).fill('checking');
  await manager.getByRole('button', { name: say('contact.open') }).click();
  await manager.getByText(say('problem.quota_reached')).waitFor();
  await stage.check(manager, 'quota-reached');
  await stage.leave(manager);
});
