// A schedule as the form holds it. What a cadence asks for steers which fields are shown; what may stand in them and
// what is made of them is the server's to say.

import type { Cadence, Schedule, ScheduleBody, Weekday } from '../wire';

export const cadences: Cadence[] = ['daily', 'weekly', 'monthly', 'first_working_day', 'quarterly', 'half_yearly', 'cron'];
export const weekdays: Weekday[] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

type When = 'weekday' | 'day' | 'time' | 'cron';
/** What a cadence asks for. */
export const asks: Record<Cadence, When[]> = {
  daily: ['time'],
  weekly: ['weekday', 'time'],
  monthly: ['day', 'time'],
  first_working_day: ['time'],
  quarterly: ['day', 'time'],
  half_yearly: ['day', 'time'],
  cron: ['cron'],
};

/** Every field there is: what one cadence does not ask for is kept while another is looked at. */
export interface Form {
  name: string;
  cadence: Cadence;
  weekday: Weekday;
  day: number | null;
  cron: string;
  time: string;
  zone: string;
  region: string | null;
  active: boolean;
  expires_on: string;
  attach_csv: boolean;
  attach_xlsx: boolean;
}

export const empty = (zone: string): Form => ({
  name: '',
  cadence: 'weekly',
  weekday: 'monday',
  day: 1,
  cron: '0 8 * * mon,thu',
  time: '08:30',
  zone,
  region: null,
  active: true,
  expires_on: '',
  attach_csv: false,
  attach_xlsx: false,
});

export function formOf(schedule: Schedule): Form {
  const form = empty(schedule.zone);
  return {
    name: schedule.name,
    cadence: schedule.cadence,
    weekday: schedule.weekday ?? form.weekday,
    day: schedule.day ?? form.day,
    cron: schedule.cron ?? form.cron,
    time: schedule.time?.slice(0, 5) ?? form.time,
    zone: schedule.zone,
    region: schedule.region ?? null,
    active: schedule.active,
    expires_on: schedule.expires_on ?? '',
    attach_csv: schedule.attach_csv,
    attach_xlsx: schedule.attach_xlsx,
  };
}

/** What is sent: of the fields about when, those that the cadence asks for. */
export function bodyOf(form: Form): ScheduleBody {
  const { cadence, weekday, day, time, zone, region, active, attach_csv, attach_xlsx } = form;
  const own = { weekday, day, time, cron: form.cron.trim() };
  const when = Object.fromEntries(asks[cadence].map((field) => [field, own[field]]));
  return { name: form.name.trim(), cadence, ...when, zone, region, active, expires_on: form.expires_on || null, attach_csv, attach_xlsx };
}
