// What is typed of an item as whole numbers of its smallest parts, and back: no figure passes through a fraction.
import { ApiError } from '../lib/api';
import type { Item, ItemBody } from '../wire';

export const units = ['kg', 'litre', 'piece', 'set'] as const;
export const categories = ['food', 'water', 'hygiene', 'infant', 'health', 'bedding', 'clothing', 'education', 'heating', 'other'] as const;

/** "2,5" as thousandths (`places` 3) is 2500. `null` if nothing is typed; `undefined` if it is no such number. */
export function scaled(text: string, places: number): number | null | undefined {
  const typed = text.trim().replace(/[\s\u00a0\u202f]/g, '');
  if (!typed) return null;
  const [, whole = '', part = ''] = /^(\d{1,9})(?:[.,](\d*))?$/.exec(typed) ?? [];
  if (!whole || part.length > places) return undefined;
  return Number(whole + part.padEnd(places, '0'));
}

/** 2500 thousandths are typed "2.5". */
export function typed(value: number | null | undefined, places: number, decimal = '.'): string {
  if (value == null) return '';
  const digits = String(value).padStart(places + 1, '0');
  const part = digits.slice(digits.length - places).replace(/0+$/, '');
  return places && part ? `${digits.slice(0, -places)}${decimal}${part}` : places ? digits.slice(0, -places) : digits;
}

/** How many decimals the money of a country has. */
export const decimalsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** The figures of an item as they stand in their fields. */
export interface Figures {
  weight: string;
  quantity: string;
  days: string;
  critical: string;
  low: string;
  surplus: string;
  price: string;
}

/** What operators have set; what the country pack says is told beside an empty field. */
export function figuresOf(item: Item, decimals: number): Figures {
  const set = (name: string) => item.own || item.changed.includes(name);
  const planning = set('planning') ? item.planning : null;
  const limits = item.changed.includes('thresholds') ? item.thresholds : null;
  return {
    weight: set('weight_grams') ? String(item.weight_grams) : '',
    quantity: typed(planning?.quantity_milli, 3),
    days: typed(planning?.days, 0),
    critical: typed(limits?.critical_below_days, 0),
    low: typed(limits?.low_below_days, 0),
    surplus: typed(limits?.surplus_above_days, 0),
    price: typed(item.price_minor, decimals),
  };
}

export const noFigures = (): Figures => ({ weight: '', quantity: '', days: '', critical: '', low: '', surplus: '', price: '' });

type Sent = Required<Pick<ItemBody, 'weight_grams' | 'planning' | 'thresholds' | 'price_minor'>>;

/** The fields as they are sent. What is no number is a fault of its field, told before anything is sent. */
export function bodyOf(figures: Figures, decimals: number): Sent {
  const faults: string[] = [];
  const read = (text: string, places: number, field: string): number | null => {
    const value = scaled(text, places);
    if (value === undefined) faults.push(field);
    return value ?? null;
  };
  const quantity = read(figures.quantity, 3, 'planning.quantity_milli');
  const days = read(figures.days, 0, 'planning.days');
  const critical = read(figures.critical, 0, 'thresholds.critical_below_days');
  const low = read(figures.low, 0, 'thresholds.low_below_days');
  const surplus = read(figures.surplus, 0, 'thresholds.surplus_above_days');
  const body: Sent = {
    weight_grams: read(figures.weight, 0, 'weight_grams'),
    planning: quantity == null && days == null ? null : { quantity_milli: quantity ?? 0, days: days ?? 0 },
    thresholds:
      critical == null && low == null && surplus == null
        ? null
        : { critical_below_days: critical ?? 0, low_below_days: low ?? 0, surplus_above_days: surplus ?? 0 },
    price_minor: read(figures.price, decimals, 'price_minor'),
  };
  if (faults.length) throw new ApiError({ status: 422, code: 'invalid_fields', errors: faults.map((field) => ({ field, code: 'wrong_type', detail: '' })) });
  return body;
}
