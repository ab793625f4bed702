// Using the app by keyboard alone, as somebody does who sees where the focus is.
import assert from 'node:assert/strict';

/** What has the focus, and why one could not see that it has it. Runs in the page. */
function focused() {
  const element = document.activeElement;
  const said = `${element.tagName.toLowerCase()} "${(element.innerText || element.getAttribute('aria-label') || element.id || '').trim().slice(0, 60)}"`;
  if (element === document.body) return { said, faults: [] };
  const style = getComputedStyle(element);
  const faults = [];
  const ringed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  if (!ringed && element.tabIndex >= 0) faults.push('no ring around it');
  const box = element.getBoundingClientRect();
  const across = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1);
  const down = Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 1);
  if (box.bottom <= 0 || box.top >= innerHeight) faults.push('it is out of sight');
  else {
    const there = document.elementFromPoint(across, down);
    const label = element.labels?.[0];
    if (there && !element.contains(there) && !there.contains(element) && !label?.contains(there)) faults.push(`it lies under ${there.tagName.toLowerCase()}.${there.className}`);
  }
  return { said, faults };
}

/** Presses Tab until this has the focus; every stop on the way is in sight and ringed. @param {import('playwright-core').Locator} target */
export async function reach(page, target, most = 80) {
  await target.waitFor();
  const stops = [];
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    const { said, faults } = await page.evaluate(focused);
    stops.push(said);
    assert.deepEqual(faults, [], `focus on ${said}`);
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`not reached in ${most} steps:\n${stops.join('\n')}`);
}

/** Reaches it and presses Enter. */
export async function enter(page, target) {
  await reach(page, target);
  await page.keyboard.press('Enter');
}
