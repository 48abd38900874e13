import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCronSchedule } from '../../../../src/api/batch/v1/cron-schedule-syntax.ts';

/** What the parser of kube-controller-manager and kube-apiserver says of schedules. */
const cases: readonly (readonly [schedule: string, problem: string | undefined])[] = [
  ['* * * * *', undefined],
  ['*/5 1-5/2 3/4 jan-MAR mon,tue', undefined],
  ['@daily', undefined],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['5/0 * * * *', 'step of range should be a positive number: 5/0'],
  ['*/x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['*/-2 * * * *', 'negative number (-2) not allowed: -2'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
];

for (const [schedule, problem] of cases) {
  test(schedule, () => assert.equal(isCronSchedule(schedule), problem));
}
