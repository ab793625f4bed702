// The whole loop as its people live it: a shelter reports, an officer holds a place, the shelter accepts, she arrives,
// the Committee sees it at once and has its digest in the folder of letters.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { ask, managerOf, searchForOneWoman } from '../helpers/placement.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '7'])));
after(() => stage?.close());

for (const [account, language] of LANGUAGES.entries()) {
  test(`from a report to an arrival, on a phone, ${language}`, () => wholeLoop(language, account));
}

async function wholeLoop(language, account) {
  const say = words(language);
  const phone = { width: 320, language };
  const committee = await stage.signIn('committee', { width: 1280, language });
  const before = (await ask(committee, '/availability')).national;

  // The officer looks for a place for one woman.
  const officer = await stage.signIn('officer', { ...phone, account });
  await searchForOneWoman(officer, say);
  await stage.check(officer, `loop-places-${language}`);
  const best = officer.locator('article').first();
  const code = await best.getByRole('heading').innerText();
  await best.getByRole('button').click();
  await stage.check(officer, `loop-check-${language}`);
  await officer.getByRole('button', { name: say('find.send') }).click();
  await officer.getByRole('heading', { name: say('referral.one') }).waitFor();
  await officer.getByText(say('hold.asked')).first().waitFor();
  await stage.check(officer, `loop-asked-${language}`);
  const [held] = (await ask(officer, '/holds')).items;
  assert.equal(held.shelter_code, code);
  assert.equal(held.rooms, undefined, 'an officer learns of no room');

  // The shelter reports an unchanged day in one tap, and accepts.
  const manager = await managerOf(stage, held.shelter_id, phone);
  const shelters = (await ask(manager, '/me')).shelters;
  if (shelters.length > 1) await manager.getByRole('group', { name: say('today.shelter') }).getByRole('button', { name: code }).click();
  await manager.getByRole('button', { name: say('today.confirm') }).click();
  await manager.getByText(say('today.received')).first().waitFor();
  await stage.check(manager, `loop-reported-${language}`);
  await manager.getByRole('link', { name: say('tab.requests') }).first().click();
  const request = manager.locator('article', { hasText: held.referral_code });
  await request.getByRole('button', { name: say('hold.accept') }).click();
  await request.getByRole('button', { name: say('hold.arrive') }).waitFor();
  await stage.check(manager, `loop-accepted-${language}`);

  // The officer hears of it without doing anything, and reads the handover contact for a reason.
  await officer.getByLabel(say('hold.contact_reason')).fill('to agree on the hour');
  await officer.getByRole('button', { name: say('hold.contact_show') }).click();
  await officer.getByText(say('hold.meeting_point')).waitFor();
  await stage.check(officer, `loop-handover-${language}`);

  // She arrives: occupied grows by what was held, free stays.
  const between = (await ask(committee, '/availability')).national;
  await request.getByRole('button', { name: say('hold.arrive') }).click();
  await request.getByRole('button', { name: say('hold.arrive') }).waitFor({ state: 'detached' });
  const later = (await ask(committee, '/availability')).national;
  assert.equal(between.held, before.held + held.beds);
  assert.equal(later.held, before.held);
  assert.equal(later.occupied, before.occupied + held.beds);
  assert.equal(later.free, between.free, 'an arrival changes free by nothing');
  await officer.getByText(say('referral.placed'), { exact: true }).first().waitFor();

  // The Committee's page shows it without being touched; the reading of the contact is in the shelter's own log.
  await committee.getByRole('heading', { name: say('national.title'), level: 1 }).waitFor();
  const row = committee.locator('tfoot');
  await row.getByText(String(later.occupied), { exact: false }).first().waitFor();
  await stage.check(committee, `loop-national-${language}`);
  const log = (await ask(manager, '/audit')).items.map((entry) => entry.action);
  assert.ok(log.includes('handover.read'), log.join());

  for (const page of [committee, officer, manager]) await stage.leave(page);
}

test("the demo day's digest lies in the folder, one letter for each recipient", async () => {
  const names = (await readdir(stage.server.mailDir)).filter((name) => name.endsWith('.eml'));
  const letters = await Promise.all(
    names.map(async (name) => (await readFile(path.join(stage.server.mailDir, name), 'utf8')).split('\r\n\r\n')[0]),
  );
  // Notices of the requests above lie there too, on a list of their own.
  const heads = letters.filter((head) => /^List-Id: <digest\./m.test(head));
  assert.equal(heads.length, 3);
  for (const head of letters) assert.match(head, /^Auto-Submitted: auto-generated$/m);
  assert.equal(new Set(heads.map((head) => /^To: .*$/m.exec(head)?.[0])).size, 3);

  const committee = await stage.signIn('committee', { width: 320, language: 'ru' });
  await committee.goto('/digests');
  await stage.check(committee, 'digests-ru');
  await committee.locator('main a[href^="/digests/"]').first().click();
  await stage.check(committee, 'digest-ru');
  await stage.leave(committee);
});
