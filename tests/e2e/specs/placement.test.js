// A placement as an officer makes it: answers checked, several shelters at once, the next best after a refusal, and the
// list of those who wait.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { ask, holdTheBest, managerOf, requestCard, searchForOneWoman, tell } from '../helpers/placement.js';
import { words } from '../helpers/words.js';

let stage;
before(async () => (stage = await setStage(['--seed', '11'])));
after(() => stage?.close());

const phone = (language) => ({ width: 360, language });

for (const [account, language] of LANGUAGES.entries()) {
  const say = words(language);

  test(`every answer can be changed before it is sent, and the place kept longer, ${language}`, async () => {
    const officer = await stage.signIn('officer', { ...phone(language), account });
    await searchForOneWoman(officer, say);
    const first = await officer.locator('article').first().boundingBox();
    assert.ok(first.y + first.height <= 740, `the first result ends at ${first.y + first.height} px, whole on a phone`);
    await officer.locator('article').first().getByRole('button').click();
    await officer.getByRole('heading', { name: say('find.check'), level: 1 }).waitFor();
    await stage.check(officer, `check-answers-${language}`);
    // To the answer itself, and back with another one.
    await officer.getByRole('link', { name: new RegExp(`^${say('places.change')}\\s*: ${say('find.languages')}$`) }).click();
    await officer.getByRole('group', { name: say('find.languages') }).getByLabel(say('spoken.ru')).check();
    await officer.getByRole('button', { name: say('find.show') }).click();
    await officer.locator('article').first().getByRole('button').click();
    await officer.getByRole('definition').filter({ hasText: say('spoken.ru') }).waitFor();
    await officer.getByRole('button', { name: say('find.send') }).click();
    await officer.getByText(say('hold.asked')).first().waitFor();

    const [held] = (await ask(officer, '/holds')).items;
    await officer.getByRole('button', { name: say('hold.extend') }).click();
    await officer.getByText(say('timeline.extended')).waitFor();
    const [longer] = (await ask(officer, '/holds')).items;
    assert.ok(Date.parse(longer.expires_at) > Date.parse(held.expires_at), 'the end moved');
    await stage.check(officer, `kept-longer-${language}`);
    await stage.leave(officer);
  });

  test(`several are asked at once and the first to accept wins, ${language}`, async () => {
    const officer = await stage.signIn('officer', { ...phone(language), account });
    await searchForOneWoman(officer, say);
    const offer = officer.locator('details', { hasText: say('wave.title') });
    if (!(await offer.evaluate((details) => details.open))) await offer.locator('summary').click();
    await stage.check(officer, `wave-offer-${language}`);
    await offer.getByLabel(say('wave.size'), { exact: true }).last().fill('2');
    await offer.getByLabel(say('wave.size'), { exact: true }).last().blur();
    await offer.getByRole('button').last().click();
    await officer.getByRole('heading', { name: say('find.check'), level: 1 }).waitFor();
    await stage.check(officer, `wave-check-${language}`);
    await officer.locator('main button.btn').first().click();
    await officer.getByRole('heading', { name: say('referral.one') }).waitFor();
    await officer.getByText(say('wave.hint')).waitFor();
    await stage.check(officer, `wave-asked-${language}`);
    const id = new URL(officer.url()).pathname.split('/').pop();
    const asked = (await ask(officer, `/referrals/${id}`)).holds;
    assert.equal(asked.length, 2);
    assert.equal(new Set(asked.map((hold) => hold.wave_id)).size, 1, 'one wave');

    const [one, other] = asked;
    const winner = await managerOf(stage, one.shelter_id, phone(language));
    await (await requestCard(winner, say, one.referral_code)).getByRole('button', { name: say('hold.accept') }).click();

    // The officer hears who won without touching anything; the other shelter that nothing is left to do.
    await officer.getByText(say('wave.won')).waitFor();
    await officer.getByLabel(say('hold.contact_reason')).waitFor();
    await stage.check(officer, `wave-won-${language}`);
    const after = (await ask(officer, `/referrals/${id}`)).holds;
    assert.deepEqual(after.map(({ state }) => state).sort(), ['accepted', 'released']);
    const loser = await managerOf(stage, other.shelter_id, phone(language));
    await loser.goto('/requests');
    await loser.locator('main details.card > summary').click();
    const card = loser.locator('article', { hasText: one.referral_code });
    await card.getByText(say('hold.other_first')).waitFor();
    // Both sides read the same story.
    await card.locator('summary').click();
    await card.locator('ol').getByText(say('timeline.released')).waitFor();
    await stage.check(loser, `wave-released-${language}`);
    for (const page of [officer, winner, loser]) await stage.leave(page);
  });

  test(`a shelter declines, and the next best is one tap away with nothing typed again, ${language}`, async () => {
    const officer = await stage.signIn('officer', { ...phone(language), account });
    await searchForOneWoman(officer, say);
    await holdTheBest(officer, say);
    const [held] = (await ask(officer, '/holds')).items;

    const manager = await managerOf(stage, held.shelter_id, phone(language));
    const request = await requestCard(manager, say, held.referral_code);
    await request.getByRole('button', { name: say('hold.decline') }).click();
    await stage.check(manager, `decline-reasons-${language}`);
    await request.getByRole('button', { name: say('decline.staffing') }).click();
    await manager.getByRole('heading', { name: held.referral_code }).first().waitFor({ state: 'detached' });

    await officer.getByRole('heading', { name: say('referral.next_best') }).waitFor();
    await stage.check(officer, `next-best-${language}`);
    await officer.locator('article').first().getByRole('button').click();
    await officer.getByText(say('hold.asked')).first().waitFor();
    const [next] = (await ask(officer, '/holds')).items;
    assert.equal(next.referral_id, held.referral_id);
    assert.notEqual(next.shelter_id, held.shelter_id);
    for (const page of [officer, manager]) await stage.leave(page);
  });
}

test('the time left is seen each second and spoken at ten, five and one minutes only', async () => {
  const officer = await stage.signIn('officer', phone('en'));
  await searchForOneWoman(officer, words('en'));
  await holdTheBest(officer, words('en'));
  const [held] = (await ask(officer, '/holds')).items;
  await officer.clock.install();
  await officer.reload();
  const timer = officer.getByRole('timer');
  await timer.waitFor();
  const spoken = officer.locator('[role="timer"] + [aria-live="polite"]');
  const left = async (seconds) => {
    const now = await officer.evaluate(() => Date.now());
    await officer.clock.fastForward(Date.parse(held.expires_at) - now - seconds * 1000);
    await officer.clock.runFor(1500);
  };
  await left(12 * 60);
  assert.match(await timer.innerText(), /^1[12]:/);
  assert.equal(await spoken.innerText(), '');
  for (const [seconds, words] of [[595, '10 minutes left'], [7 * 60, '10 minutes left'], [295, '5 minutes left'], [2 * 60, '5 minutes left'], [55, '1 minute left']]) {
    await left(seconds);
    assert.equal(await spoken.innerText(), words, `${seconds} s before the end`);
  }
  await stage.leave(officer);
});

const rooms = new Set(['not_enough_beds', 'not_enough_cots', 'no_private_room', 'no_step_free_room']);

/** A household for which no room is free now, though shelters would take it: as the form is filled in, and those shelters. */
async function withoutRoom(officer, shelters, from) {
  const sizes = [2, 3, 4, 5, 6].map((women) => ({ women, girls: 0 })).concat([1, 2, 3, 4, 5].map((girls) => ({ women: 1, girls })));
  for (const need of [null, 'step_free']) {
    for (const { women, girls } of sizes) {
      const household = {
        adults: Array.from({ length: women }, () => ({ age_band: '18_59' })),
        children: Array.from({ length: girls }, () => ({ age: 5, sex: 'female' })),
      };
      const search = { household, needs: need ? [need] : [], from_district: from, urgency: 'now', limit: 1 };
      const { status, body } = await tell(officer, '/suggestions', search);
      assert.equal(status, 200, JSON.stringify(body));
      const fits = (shelter) => shelter.rooms.some((room) => room.kind === 'private' && room.beds >= women + girls && (!need || room.step_free));
      const willing = body.misfits.filter(({ reasons }) => reasons.every((reason) => rooms.has(reason))).map(({ shelter_id }) => shelter_id);
      const able = shelters.filter((shelter) => willing.includes(shelter.id) && fits(shelter));
      if (body.suggestions.length === 0 && able.length) return { women, girls, need, search, able };
    }
  }
  throw new Error('the demo country has room for everybody');
}

test('who waits is told when a place appears, and it is held in one tap', async () => {
  const language = 'tg';
  const say = words(language);
  const officer = await stage.signIn('officer', phone(language));
  const admin = await stage.signIn('admin', { width: 1280, language });
  const shelters = (await ask(admin, '/shelters?limit=50')).items;
  await officer.goto('/');
  const from = officer.getByLabel(say('find.from'), { exact: true }).last();
  const { women, girls, need, search, able } = await withoutRoom(officer, shelters, await from.locator('option').nth(3).getAttribute('value'));

  await from.selectOption(search.from_district);
  await officer.getByLabel(say('find.grown'), { exact: true }).last().fill(String(women));
  for (let girl = 0; girl < girls; girl += 1) await officer.getByRole('button', { name: say('find.add_girl') }).click();
  if (need) await officer.getByRole('group', { name: say('find.needs') }).getByLabel(say(`need.${need}`)).check();
  await officer.getByRole('button', { name: say('find.show') }).click();
  await officer.getByText(say('places.none')).waitFor();
  await stage.check(officer, `nothing-fits-${language}`);
  await officer.getByRole('button', { name: say('wait.start') }).click();
  await officer.getByText(say('wait.on')).first().waitFor();
  await stage.check(officer, `waiting-${language}`);
  const id = new URL(officer.url()).pathname.split('/').pop();
  await officer.getByRole('link', { name: say('referral.tab') }).click();
  await officer.getByRole('button', { name: say('referral.filter_waiting') }).click();
  await officer.locator(`a[href="/referrals/${id}"]`).waitFor();
  await stage.check(officer, `waiting-list-${language}`);

  // Shelters that would take them empty their rooms, one after the other, until there is a place.
  let appeared = '';
  for (const shelter of able) {
    const manager = await managerOf(stage, shelter.id, phone(language));
    const state = await ask(manager, `/shelters/${shelter.id}/state`);
    const empty = state.rooms.map(({ room_id }) => ({ room_id, occupied_beds: 0, occupied_cots: 0, out_of_service_beds: 0, out_of_service_reason: null }));
    const report = { observed_at: new Date().toISOString(), rooms: empty, stock: [], planned_exits: [], note: null };
    const said = await tell(manager, `/shelters/${shelter.id}/reports`, report);
    assert.equal(said.status, 201, JSON.stringify(said.body));
    await stage.leave(manager);
    const [place] = (await tell(officer, '/suggestions', search)).body.suggestions;
    if (place) {
      appeared = place.shelter_code;
      break;
    }
  }
  assert.notEqual(appeared, '', 'an emptied family room is a place');

  // The news comes to whichever page is open.
  await officer.locator(`a.strip[href="/referrals/${id}"]`).getByText(appeared).waitFor();
  await officer.locator(`a.strip[href="/referrals/${id}"]`).click();
  await officer.locator('section.urgent').getByText(say('wait.found')).waitFor();
  await stage.check(officer, `place-appeared-${language}`);
  await officer.locator('section.urgent').getByRole('button').click();
  await officer.getByText(say('hold.asked')).first().waitFor();
  const held = (await ask(officer, `/referrals/${id}`)).holds;
  assert.equal(held[0].shelter_code, appeared);
  for (const page of [officer, admin]) await stage.leave(page);
});
