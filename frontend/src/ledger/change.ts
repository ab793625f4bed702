// What single change would have helped, in words.

import { maybe, named, t } from '../lib/i18n.svelte';
import type { Geography, LedgerChange } from '../wire';

export function changeText({ code, region, need, age }: LedgerChange, places: Geography): string {
  const where = region ? named(places.regions.find((one) => one.code === region)?.names, region) : t('ledger.anywhere');
  return maybe(`ledger.change_${code}`, code, { where, need: need ? maybe(`need.${need}`, need) : '', age: age ?? '' });
}
