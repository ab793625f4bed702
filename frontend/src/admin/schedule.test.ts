// What the form of a schedule sends, and what it keeps while another cadence is looked at.
import { describe, expect, test } from 'vitest';
import type { Schedule } from '../wire';
import { asks, bodyOf, cadences, empty, formOf } from './schedule';

const stored: Schedule = {
  id: '1',
  name: 'To the Committee',
  cadence: 'quarterly',
  weekday: null,
  day: 5,
  cron: null,
  time: '09:15',
  zone: 'Asia/Dushanbe',
  region: 'TJ-SU',
  active: false,
  expires_on: '2027-12-31',
  attach_csv: true,
  attach_xlsx: false,
  next_sends: [],
  overdue: null,
  version: 3,
};

describe('the form of a schedule', () => {
  test.each(cadences)('%s sends the fields it asks for, and no other about when', (cadence) => {
    const body = bodyOf({ ...empty('Asia/Dushanbe'), name: ' Daily ', cadence });
    const when = ['weekday', 'day', 'time', 'cron'].filter((field) => field in body);
    expect(when.sort()).toEqual([...asks[cadence]].sort());
    expect(body.name).toBe('Daily');
  });

  test('a stored schedule goes back as it came', () => {
    expect(bodyOf(formOf(stored))).toEqual({
      name: 'To the Committee',
      cadence: 'quarterly',
      day: 5,
      time: '09:15',
      zone: 'Asia/Dushanbe',
      region: 'TJ-SU',
      active: false,
      expires_on: '2027-12-31',
      attach_csv: true,
      attach_xlsx: false,
    });
  });

  test('no last day is said as none, and a cron line without the spaces around it', () => {
    const form = { ...empty('UTC'), name: 'x', cadence: 'cron' as const, cron: ' 0 8 * * mon ' };
    expect(bodyOf(form)).toMatchObject({ expires_on: null, cron: '0 8 * * mon' });
  });

  test('a day and an hour typed for one cadence are still there after a look at another', () => {
    const form = { ...formOf(stored), cadence: 'weekly' as const };
    expect(bodyOf(form)).not.toHaveProperty('day');
    expect(bodyOf({ ...form, cadence: 'monthly' })).toMatchObject({ day: 5, time: '09:15' });
  });
});
