// What the phone remembers: numbers without anybody's name, and nothing after signing out.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ShelterState } from '../wire';
import { forget, keepSheet, sheetOf, who, write } from './device';

function storage(): Storage {
  const kept = new Map<string, string>();
  const own = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => {
      kept.set(key, value);
      Object.defineProperty(own, key, { value, enumerable: true, configurable: true });
    },
    removeItem: (key: string) => {
      kept.delete(key);
      delete (own as Record<string, unknown>)[key];
    },
    clear: () => [...kept.keys()].forEach((key) => own.removeItem(key)),
  };
  for (const name of ['getItem', 'setItem', 'removeItem', 'clear']) Object.defineProperty(own, name, { enumerable: false });
  return own as unknown as Storage;
}
const state = {
  shelter: { id: 's1', code: 'TJ-SU-01', name: 'House of N.', district: 'khujand', region: 'sughd' },
  observed_at: '2026-11-23T03:00:00Z', report_id: 'p0', reported_by: 'Zarina K.', holds: [{ id: 'h1' }], rooms: [{ room_id: 'r1', label: '1' }], stock: [],
} as unknown as ShelterState;

beforeEach(() => {
  vi.stubGlobal('localStorage', storage());
  vi.stubGlobal('sessionStorage', storage());
  write('who', { id: 'u1', role: 'manager', shelters: [{ id: 's1', code: 'TJ-SU-01' }], ahead: 0 });
});

describe('the sheet', () => {
  test('has the numbers, and no name, hold or address', () => {
    keepSheet(state);
    expect(sheetOf('s1')).toEqual({ observed_at: '2026-11-23T03:00:00Z', report_id: 'p0', rooms: [{ room_id: 'r1', label: '1' }], stock: [] });
    expect(JSON.stringify(localStorage)).not.toMatch(/Zarina|House|h1/);
  });

  test('is kept of her own shelters only', () => {
    keepSheet({ ...state, shelter: { ...state.shelter, id: 's2' } });
    expect(sheetOf('s2')).toBeNull();
  });

  test('goes when she leaves, and is not written again after that', () => {
    keepSheet(state);
    write('language', 'tg');
    forget();
    keepSheet(state);
    expect([who(), sheetOf('s1'), localStorage.getItem('language')]).toEqual([null, null, '"tg"']);
  });

  test('storage that is refused costs nothing but the start without a line', () => {
    vi.stubGlobal('localStorage', new Proxy({}, { get: () => { throw new Error('blocked'); } }));
    expect(who()).toBeNull();
    expect(() => keepSheet(state)).not.toThrow();
    expect(() => forget()).not.toThrow();
  });
});
