import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageRates } from '../../../../src/node/kubelet/usage/usage-rates.ts';

void test('a rate is of some ten seconds at least, at first of all time', () => {
  const rates = new UsageRates();
  const observe = (at: number, seconds: number): number | undefined => rates.observe('a', 1000, { at, seconds });
  assert.equal(observe(1000, 0), undefined);
  assert.equal(observe(3000, 1), 0.5);
  assert.equal(observe(11_000, 5), 0.5);
  // From now on it is compared with what was at 11.
  assert.equal(observe(21_000, 25), 1.25);
  assert.equal(observe(26_000, 25), 20 / 15);
  assert.equal(observe(31_000, 25), 1);
  assert.equal(observe(41_000, 25), 0);
});

void test('a total that is less than before counts anew', () => {
  const rates = new UsageRates();
  rates.observe('a', 0, { at: 10_000, seconds: 100 });
  rates.observe('a', 0, { at: 20_000, seconds: 200 });
  assert.equal(rates.observe('a', 25_000, { at: 30_000, seconds: 5 }), 1);
});

void test('what is not kept is forgotten', () => {
  const rates = new UsageRates();
  rates.observe('a', 0, { at: 10_000, seconds: 10 });
  rates.observe('a', 0, { at: 20_000, seconds: 10 });
  assert.equal(rates.observe('a', 0, { at: 30_000, seconds: 10 }), 0);
  rates.keep(new Set(['b']));
  assert.equal(rates.observe('a', 0, { at: 30_000, seconds: 15 }), 0.5);
});
