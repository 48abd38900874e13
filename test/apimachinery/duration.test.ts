import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDuration, humanDuration, parseDuration, shortHumanDuration } from '../../src/apimachinery/duration.ts';
import { intValue, parseIntOrString, scaledValue } from '../../src/apimachinery/int-or-string.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

void test('Go durations', () => {
  for (const [text, millis, back] of [
    ['1h2m3s', hour + 2 * minute + 3 * second, '1h2m3s'],
    ['1.5s', 1500, '1.5s'],
    ['90m', 90 * minute, '1h30m0s'],
    ['-1m', -minute, '-1m0s'],
    ['0', 0, '0s'],
    ['300ms', 300, '300ms'],
    ['1us', 0.001, '1µs'],
  ] as const) {
    assert.equal(parseDuration(text), millis);
    assert.equal(formatDuration(millis), back);
  }
  assert.throws(() => parseDuration('5'), { message: 'time: missing unit in duration "5"' });
  assert.throws(() => parseDuration('5x'), { message: 'time: unknown unit "x" in duration "5x"' });
  assert.throws(() => parseDuration(''), { message: 'time: invalid duration ""' });
});

void test('ages', () => {
  for (const [millis, long, short] of [
    [-2 * second, '<invalid>', '<invalid>'],
    [0, '0s', '0s'],
    [119 * second, '119s', '1m'],
    [120 * second, '2m', '2m'],
    [125 * second, '2m5s', '2m'],
    [10 * minute, '10m', '10m'],
    [179 * minute, '179m', '2h'],
    [3 * hour, '3h', '3h'],
    [3 * hour + 5 * minute, '3h5m', '3h'],
    [8 * hour, '8h', '8h'],
    [47 * hour, '47h', '1d'],
    [2 * day, '2d', '2d'],
    [2 * day + 3 * hour, '2d3h', '2d'],
    [8 * day, '8d', '8d'],
    [729 * day, '729d', '1y'],
    [2 * 365 * day, '2y', '2y'],
    [800 * day, '2y70d', '2y'],
    [8 * 365 * day, '8y', '8y'],
  ] as const) {
    assert.equal(humanDuration(millis), long);
    assert.equal(shortHumanDuration(millis), short);
  }
});

void test('numbers or percentages', () => {
  assert.equal(scaledValue('25%', 10, true), 3);
  assert.equal(scaledValue('25%', 10, false), 2);
  assert.equal(scaledValue(4, 10, false), 4);
  assert.throws(() => scaledValue('4', 10, false), {
    message: 'invalid value for IntOrString: invalid type: string is not a percentage',
  });
  assert.throws(() => scaledValue('x%', 10, false), {
    message: 'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax',
  });
  assert.deepEqual(['80', 'http', '99999999999', '-1'].map(parseIntOrString), [80, 'http', '99999999999', -1]);
  assert.equal(intValue('80'), 80);
});
