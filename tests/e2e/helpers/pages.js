// Every page of every role, and how to get each into the state in which most of it is to be seen.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ask, searchForOneWoman, tell } from './placement.js';
import { repository } from './server.js';
import { settled } from './stage.js';
import { words } from './words.js';

const sources = path.join(repository, 'frontend/src');

/** The components that are pages: those that give the page its title. */
export function pagesInSources() {
  const all = readdirSync(sources, { recursive: true }).filter((name) => name.endsWith('.svelte') && name !== 'App.svelte');
  return all.filter((name) => readFileSync(path.join(sources, name), 'utf8').includes('setPage(')).sort();
}

const at = (route) => (page) => page.goto(route);
const first = (list, route) => async (page) => {
  const { items } = await ask(page, list);
  await page.goto(route.replace(':id', items[0].id));
};
const look = (page) => searchForOneWoman(page, words('en'));

async function toTheCheck(page) {
  await look(page);
  await page.locator('article').first().getByRole('button').click();
  await page.getByRole('heading', { name: words('en')('find.check'), level: 1 }).waitFor();
}

/** A family of eight with an older boy: nobody has room, and it is said why. */
async function nothingFits(page) {
  const say = words('en');
  await page.goto('/');
  await page.getByLabel(say('find.from'), { exact: true }).last().selectOption({ index: 3 });
  await page.getByLabel(say('find.grown'), { exact: true }).last().fill('9');
  await page.getByRole('button', { name: say('find.show') }).click();
  await page.getByText(say('places.none')).waitFor();
}

/** The referral with the longest story. */
async function storied(page) {
  const { items } = await ask(page, '/referrals?limit=50');
  const known = await Promise.all(items.slice(0, 20).map(async ({ id }) => ({ id, holds: (await ask(page, `/referrals/${id}`)).holds.length })));
  known.sort((a, b) => b.holds - a.holds);
  await page.goto(`/referrals/${known[0].id}`);
}

async function planned(page) {
  const { districts } = await ask(page, '/geography');
  const household = (from, children) => ({
    label: from,
    household: { adults: [{ age_band: '18_59' }], children: children.map((age) => ({ age, sex: 'female' })) },
    needs: [],
    from_district: districts[from].code,
    rooms_apart_ok: false,
  });
  const households = [household(2, []), household(9, [4]), household(15, [7, 3])].map((one) => ({ ...one, label: String(one.label) }));
  const { body } = await tell(page, '/plans/placement', { households, empty_shelter: null, waiting: false });
  await page.goto(`/plans/${body.id}`);
}

/** A transfer between the first two shelters, proposed. */
async function proposed(page) {
  const [from, to] = (await ask(page, '/shelters?limit=2')).items;
  const due_on = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
  const lines = [{ item: 'soap', quantity: 12 }, { item: 'infant_formula', quantity: 1 }];
  const { body } = await tell(page, '/transfers', { from_shelter: from.id, to_shelter: to.id, due_on, lines });
  await page.goto(`/supplies/transfers/${body.id}`);
}

async function plannedTransfers(page) {
  const { body } = await tell(page, '/plans/transfers', {});
  await page.goto(`/supplies/plans/${body.id}`);
}

/** A schedule with readers in more than one state, its letter shown and the troubles of the day above it. */
async function peopled(page) {
  const { items } = await ask(page, '/digest-schedules');
  const email = `waits.${Date.now()}@committee.example`;
  await tell(page, `/digest-schedules/${items[0].id}/recipients`, { email, name: 'Waiting Reader', language: 'ru', kind: 'group' });
  const trouble = { code: 'digest_overdue', schedule_id: items[0].id, schedule_name: items[0].name, period: '2026-11-23', digest_id: null, count: null, since: new Date().toISOString() };
  await page.route('**/api/v1/troubles', (route) => route.fulfill({ json: { items: [trouble], next_cursor: null } }));
  await page.goto(`/digest-schedules/${items[0].id}`);
  await page.getByRole('button', { name: words('en')('schedule.preview_show') }).click();
  await page.locator('iframe').waitFor();
}

/** Somebody who is to become an administrator waits for the second one; the page is that one's. */
async function waitsForTwo(page) {
  const person = { email: `two.${Date.now()}@committee.example`, name: 'Second Person', role: 'admin', organisation_id: null, shelter_ids: [], language: 'ru' };
  await tell(page, '/users', person);
  await page.goto('/approvals');
  await page.getByText(words('en')('approval.own')).first().waitFor();
}

/** A program with a key, and the key itself, which is shown this once. */
async function keyed(page) {
  const say = words('en');
  await page.goto('/tokens');
  await page.getByText(say('token.new'), { exact: true }).click();
  await page.getByLabel(say('token.name'), { exact: true }).fill('Registry of the region');
  await page.getByLabel(say('token.role'), { exact: true }).selectOption('committee');
  await page.getByRole('group', { name: say('token.scopes') }).getByRole('checkbox').first().check();
  await page.getByRole('button', { name: say('token.create') }).click();
  await page.getByText(say('token.once')).waitFor();
}

/** An account that came in and has a second factor, so that everything can be done with it. */
async function accountOf(page) {
  const { items } = await ask(page, '/users');
  const one = items.find(({ role }) => role === 'officer');
  await page.route('**/api/v1/users', (route) => route.fulfill({ json: { items: [{ ...one, state: 'active', has_factor: true }], next_cursor: null } }));
  await page.goto(`/users/${one.id}`);
  await page.getByRole('heading', { name: one.name, level: 1 }).waitFor();
  await page.unroute('**/api/v1/users');
}

/** As somebody sees it who has yet to set up the second factor that her role wants. */
async function enrolling(page) {
  await page.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), must_set_up_factor: true } });
  });
  await page.goto('/');
  await page.getByRole('heading', { name: words('en')('safety.enrol'), level: 1 }).waitFor();
  await page.unroute('**/api/v1/me');
}

/** A link that may be used. */
async function invited(page) {
  const json = { kind: 'invitation', email: 'gulnora@committee.example', name: 'Gulnora', role: 'committee', language: 'en', needs_factor: true, shortest_password: 15 };
  await page.route('**/api/v1/tickets/look', (route) => route.fulfill({ json }));
  await page.goto('/welcome#link');
  await page.locator('input[type="password"]').waitFor();
}

/** `nobody` has not signed in. @type {{ role: string, name: string, file: string, arrange: (page: import('playwright-core').Page) => Promise<unknown> }[]} */
export const PAGES = [
  { role: 'nobody', name: 'sign-in', file: 'shell/Door.svelte', arrange: at('/') },
  { role: 'nobody', name: 'reset', file: 'shell/Reset.svelte', arrange: at('/reset') },
  { role: 'nobody', name: 'welcome', file: 'shell/Welcome.svelte', arrange: invited },
  { role: 'nobody', name: 'help', file: 'safety/Help.svelte', arrange: at('/help') },
  { role: 'nobody', name: 'glossary', file: 'glossary/Glossary.svelte', arrange: at('/glossary') },
  { role: 'manager', name: 'today', file: 'manager/Today.svelte', arrange: at('/') },
  { role: 'manager', name: 'requests', file: 'manager/Requests.svelte', arrange: at('/requests') },
  { role: 'manager', name: 'stock', file: 'stock/Stock.svelte', arrange: at('/stock') },
  { role: 'manager', name: 'history', file: 'manager/History.svelte', arrange: at('/history') },
  { role: 'manager', name: 'contact', file: 'manager/Contact.svelte', arrange: at('/contact') },
  { role: 'manager', name: 'access', file: 'manager/Access.svelte', arrange: at('/access') },
  { role: 'manager', name: 'reminders', file: 'manager/Reminders.svelte', arrange: at('/reminders') },
  { role: 'manager', name: 'no-such', file: 'parts/NoPage.svelte', arrange: at('/nowhere') },
  { role: 'manager', name: 'safety', file: 'safety/Safety.svelte', arrange: at('/safety') },
  { role: 'manager', name: 'help', file: 'safety/Help.svelte', arrange: at('/help') },
  { role: 'officer', name: 'find', file: 'officer/Find.svelte', arrange: at('/') },
  { role: 'officer', name: 'places', file: 'officer/Places.svelte', arrange: look },
  { role: 'officer', name: 'nothing-fits', file: 'officer/Places.svelte', arrange: nothingFits },
  { role: 'officer', name: 'check', file: 'officer/Check.svelte', arrange: toTheCheck },
  { role: 'officer', name: 'referrals', file: 'officer/Referrals.svelte', arrange: at('/referrals') },
  { role: 'officer', name: 'referral', file: 'officer/ReferralPage.svelte', arrange: storied },
  { role: 'officer', name: 'overview', file: 'officer/Overview.svelte', arrange: at('/overview') },
  { role: 'officer', name: 'no-such', file: 'parts/NoPage.svelte', arrange: at('/nowhere') },
  { role: 'committee', name: 'national', file: 'committee/National.svelte', arrange: at('/') },
  { role: 'committee', name: 'supplies', file: 'committee/Supplies.svelte', arrange: at('/supplies') },
  { role: 'committee', name: 'unmet', file: 'ledger/Unmet.svelte', arrange: at('/unmet') },
  { role: 'committee', name: 'compare', file: 'committee/Compare.svelte', arrange: at('/compare') },
  { role: 'committee', name: 'glossary', file: 'glossary/Glossary.svelte', arrange: at('/glossary') },
  { role: 'committee', name: 'digests', file: 'digests/Digests.svelte', arrange: at('/digests') },
  { role: 'committee', name: 'digest', file: 'digests/DigestPage.svelte', arrange: first('/digests', '/digests/:id') },
  { role: 'committee', name: 'alerts', file: 'alerts/Alerts.svelte', arrange: at('/alerts') },
  { role: 'committee', name: 'enrol', file: 'safety/Enrol.svelte', arrange: enrolling },
  { role: 'committee', name: 'no-such', file: 'parts/NoPage.svelte', arrange: at('/nowhere') },
  { role: 'admin', name: 'shelters', file: 'admin/Shelters.svelte', arrange: at('/shelters') },
  { role: 'admin', name: 'shelter', file: 'admin/ShelterPage.svelte', arrange: first('/shelters', '/shelters/:id') },
  { role: 'admin', name: 'shelter-new', file: 'admin/ShelterPage.svelte', arrange: at('/shelters/new') },
  { role: 'admin', name: 'plan-new', file: 'plans/PlanNew.svelte', arrange: at('/plans/new') },
  { role: 'admin', name: 'plan', file: 'plans/PlanPage.svelte', arrange: planned },
  { role: 'admin', name: 'plans', file: 'plans/Plans.svelte', arrange: at('/plans') },
  { role: 'admin', name: 'shortages', file: 'supplies/Board.svelte', arrange: at('/supplies') },
  { role: 'admin', name: 'supply-requests', file: 'supplies/Requests.svelte', arrange: at('/supplies/requests') },
  { role: 'admin', name: 'transfer-new', file: 'supplies/TransferNew.svelte', arrange: at('/supplies/transfers/new') },
  { role: 'admin', name: 'transfer', file: 'supplies/TransferPage.svelte', arrange: proposed },
  { role: 'admin', name: 'transfers', file: 'supplies/Transfers.svelte', arrange: at('/supplies/transfers') },
  { role: 'admin', name: 'transfer-plan-new', file: 'supplies/PlanWish.svelte', arrange: at('/supplies/plans/new') },
  { role: 'admin', name: 'transfer-plan', file: 'supplies/TransferPlan.svelte', arrange: plannedTransfers },
  { role: 'admin', name: 'transfer-plans', file: 'supplies/TransferPlans.svelte', arrange: at('/supplies/plans') },
  { role: 'admin', name: 'balance', file: 'supplies/Balance.svelte', arrange: at('/supplies/balance') },
  { role: 'admin', name: 'unmet', file: 'ledger/Unmet.svelte', arrange: at('/unmet') },
  { role: 'admin', name: 'users', file: 'admin/Users.svelte', arrange: at('/users') },
  { role: 'admin', name: 'user', file: 'admin/UserPage.svelte', arrange: accountOf },
  { role: 'admin', name: 'approvals', file: 'admin/Approvals.svelte', arrange: waitsForTwo },
  { role: 'admin', name: 'tokens', file: 'admin/Tokens.svelte', arrange: keyed },
  { role: 'admin', name: 'catalogue', file: 'admin/Catalogue.svelte', arrange: at('/catalogue') },
  { role: 'admin', name: 'item', file: 'admin/CatalogueItem.svelte', arrange: at('/catalogue/family_kit') },
  { role: 'admin', name: 'item-new', file: 'admin/CatalogueItem.svelte', arrange: at('/catalogue/new') },
  { role: 'admin', name: 'organisations', file: 'admin/Organisations.svelte', arrange: at('/organisations') },
  { role: 'admin', name: 'schedules', file: 'admin/Schedules.svelte', arrange: at('/digest-schedules') },
  { role: 'admin', name: 'schedule', file: 'admin/SchedulePage.svelte', arrange: peopled },
  { role: 'admin', name: 'schedule-new', file: 'admin/SchedulePage.svelte', arrange: at('/digest-schedules/new') },
  { role: 'admin', name: 'digests', file: 'digests/Digests.svelte', arrange: at('/digests') },
  { role: 'admin', name: 'digest', file: 'digests/DigestPage.svelte', arrange: first('/digests', '/digests/:id') },
  { role: 'admin', name: 'alerts', file: 'alerts/Alerts.svelte', arrange: at('/alerts') },
  { role: 'admin', name: 'audit', file: 'admin/Audit.svelte', arrange: at('/audit') },
  { role: 'admin', name: 'no-such', file: 'parts/NoPage.svelte', arrange: at('/nowhere') },
];

/** Everything that folds is unfolded: what is folded nobody looks at, axe neither. */
export async function unfold(page) {
  // Some of it is fetched when it opens, and may fold again.
  for (let round = 0; round < 2; round += 1) {
    const opened = await page.evaluate(() => {
      const folded = [...document.querySelectorAll('main details:not([open])')];
      for (const one of folded) one.open = true;
      return folded.length;
    });
    if (!opened) return;
    await settled(page);
    await page.waitForFunction(() => !document.querySelector('main .spin'));
  }
}
