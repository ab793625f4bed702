// Whether everything that is written can be read: no text cut, no text outside its box.
import assert from 'node:assert/strict';

/**
 * What is cut or runs out of its box, in words. Runs in the page.
 * Cut is: a box that hides what overflows it, or the chosen option of a select that is longer than the select.
 * Out of its box is: the text of a button, label, heading, mark or cell.
 */
function unreadable() {
  const told = [];
  const named = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''}.${[...element.classList].join('.')} "${(element.innerText ?? element.value ?? '').trim().slice(0, 50)}"`;
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.hidden, .skip, svg');
  const canvas = document.createElement('canvas').getContext('2d');

  for (const element of document.body.querySelectorAll('*')) {
    if (!seen(element)) continue;
    const style = getComputedStyle(element);
    const hides = ['hidden', 'clip'].includes(style.overflowX) || style.textOverflow === 'ellipsis';
    if (hides && element.scrollWidth > element.clientWidth + 1) told.push(`cut sideways: ${named(element)}`);
    if (['hidden', 'clip'].includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1) told.push(`cut below: ${named(element)}`);
    if (element.matches('select:not([multiple])')) {
      canvas.font = style.font;
      const text = element.selectedOptions[0]?.label ?? '';
      const room = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 16;
      const needed = canvas.measureText(text).width;
      if (needed > room + 1) told.push(`cut option: ${named(element)}: "${text}" needs ${Math.ceil(needed)} of ${Math.floor(room)} px`);
    }
    if (element.matches('textarea, input:not([type=checkbox], [type=radio])') && element.scrollWidth > element.clientWidth + 1)
      told.push(`cut value: ${named(element)} "${element.value}"`);
  }

  const written = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = written.nextNode(); node; node = written.nextNode()) {
    const box = node.parentElement?.closest('button, a.btn, label, summary, legend, th, td, h1, h2, h3, dt, dd, li, .state, .chip, .count, .card');
    if (!box || !node.data.trim() || !seen(node.parentElement)) continue;
    range.selectNodeContents(node);
    const outer = box.getBoundingClientRect();
    for (const text of range.getClientRects()) {
      if (text.width === 0) continue;
      const over = Math.max(outer.left - text.left, text.right - outer.right, outer.top - text.top, text.bottom - outer.bottom);
      // Line boxes are taller than their letters; sideways a pixel is rounding.
      const allowed = over === text.right - outer.right || over === outer.left - text.left ? 1 : 3;
      if (over > allowed) {
        told.push(`out of its box by ${Math.round(over)} px: ${named(box)}`);
        break;
      }
    }
  }
  return [...new Set(told)];
}

/** @param {import('playwright-core').Page} page */
export const findUnreadable = (page) => page.evaluate(unreadable);

/** @param {import('playwright-core').Page} page */
export async function assertReadable(page) {
  const told = await findUnreadable(page);
  assert.deepEqual(told, [], `not to be read on ${page.url()}:\n${told.join('\n')}`);
}

/** What a screen reader is told, in reading order. @returns {Promise<{ role: string, name: string, focusable: boolean }[]>} */
export async function spoken(page) {
  const devtools = await page.context().newCDPSession(page);
  try {
    const { nodes } = await devtools.send('Accessibility.getFullAXTree');
    const known = new Map(nodes.map((node) => [node.nodeId, node]));
    const told = [];
    const walk = (node) => {
      const focusable = node.properties?.some(({ name, value }) => name === 'focusable' && value.value) ?? false;
      if (!node.ignored) told.push({ role: node.role?.value ?? '', name: node.name?.value ?? '', focusable });
      for (const child of node.childIds ?? []) if (known.has(child)) walk(known.get(child));
    };
    walk(nodes[0]);
    return told;
  } finally {
    await devtools.detach();
  }
}
