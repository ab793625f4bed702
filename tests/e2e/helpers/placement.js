// What officers and managers do in more than one spec.
import assert from 'node:assert/strict';

/** What the API says to somebody, asked with that person's own session. */
export const ask = (page, route) => page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).json(), route);

/** The same for a change: a fresh key each time. */
export const tell = (page, route, body) =>
  page.evaluate(
    async ({ at, said }) => {
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': String(Math.random()).slice(2).padEnd(16, '0') };
      const answer = await fetch(`/api/v1${at}`, { method: 'POST', headers, body: JSON.stringify(said) });
      return { status: answer.status, body: await answer.json().catch(() => null) };
    },
    { at: route, said: body },
  );

export async function managerOf(stage, shelterId, look) {
  const accounts = stage.server.accounts.filter((account) => account.role === 'manager');
  const which = accounts.findIndex((account) => account.shelter_ids.includes(shelterId));
  assert.notEqual(which, -1, 'the shelter has a manager');
  return stage.signIn('manager', { ...look, account: which });
}

/** One woman from the fourth district of the list: places are shown. */
export async function searchForOneWoman(page, say) {
  await page.goto('/');
  await page.getByLabel(say('find.from'), { exact: true }).last().selectOption({ index: 3 });
  await page.getByRole('button', { name: say('find.show') }).click();
  await page.getByRole('heading', { name: say('places.title'), level: 1 }).waitFor();
}

/** Holds the best place: two taps and the check page. */
export async function holdTheBest(page, say) {
  await page.locator('article').first().getByRole('button').click();
  await page.getByRole('button', { name: say('find.send') }).click();
  await page.getByText(say('hold.asked')).first().waitFor();
}

/** The card of a request on the manager's page. */
export async function requestCard(manager, say, code) {
  await manager.getByRole('link', { name: say('tab.requests') }).first().click();
  return manager.locator('article', { hasText: code });
}
