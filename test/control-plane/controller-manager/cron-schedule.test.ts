import assert from 'node:assert/strict';
import test from 'node:test';
import { CronScheduleError, parseCronSchedule } from '../../../src/control-plane/controller-manager/cron-schedule.ts';

const cases: readonly (readonly [schedule: string, after: string, next: string, timeZone?: string])[] = [
  ['* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
  ['*/15 * * * *', '2026-01-01T00:15:30Z', '2026-01-01T00:30:00Z'],
  ['5/20 3 * * *', '2026-01-01T03:05:00Z', '2026-01-01T03:25:00Z'],
  ['0 12 1,15 * *', '2026-01-02T00:00:00Z', '2026-01-15T12:00:00Z'],
  ['0 0 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
  // Both fields of days: one is enough. 2026-01-05 is a Monday.
  ['0 0 13 * mon', '2026-01-01T00:00:00Z', '2026-01-05T00:00:00Z'],
  ['0 0 13 * mon', '2026-01-12T00:00:00Z', '2026-01-13T00:00:00Z'],
  ['0 9 * * MON-FRI', '2026-01-02T09:00:00Z', '2026-01-05T09:00:00Z'],
  ['@hourly', '2026-01-01T23:59:59Z', '2026-01-02T00:00:00Z'],
  ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
  ['@yearly', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['@every 1h30m', '2026-01-01T00:00:10Z', '2026-01-01T01:30:10Z'],
  ['30 8 * * *', '2026-07-01T00:00:00Z', '2026-07-01T06:30:00Z', 'Europe/Berlin'],
  // 02:30 is skipped on 29 March in Berlin.
  ['30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-30T00:30:00Z', 'Europe/Berlin'],
];

for (const [schedule, after, next, timeZone] of cases) {
  test(`${schedule} after ${after} ${timeZone ?? ''}`, () => {
    const found = parseCronSchedule(schedule, timeZone).next(Date.parse(after));
    assert.equal(found, Date.parse(next));
  });
}

test('a day that never comes has no next time', () => {
  assert.equal(parseCronSchedule('0 0 30 2 *').next(Date.parse('2026-01-01T00:00:00Z')), undefined);
});

for (const schedule of ['', '* * * *', '60 * * * *', '5-1 * * * *', '*/0 * * * *', '@never', '@every x', 'a * * * *']) {
  test(`refuses ${JSON.stringify(schedule)}`, () => {
    assert.throws(() => parseCronSchedule(schedule), CronScheduleError);
  });
}

test('refuses a time zone that does not exist', () => {
  assert.throws(() => parseCronSchedule('@daily', 'Mars/Olympus'), CronScheduleError);
});
