import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageMeter } from '../../../../src/node/cri/simulation/usage-meter.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';

const goesOn = new AbortController().signal;

function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

void test('steps count at once, work takes its time', async () => {
  const clock = new FakeClock();
  const meter = new UsageMeter(clock, 4);
  meter.spend(0.5);
  let isDone = false;
  void meter.work(2, goesOn).then(() => (isDone = true));
  await clock.advance(1000);
  assert.deepEqual([rounded(meter.seconds), isDone], [1.5, false]);
  await clock.advance(1000);
  assert.deepEqual([rounded(meter.seconds), isDone], [2.5, true]);
  await clock.advance(60_000);
  assert.equal(rounded(meter.seconds), 2.5);
  assert.equal(clock.pendingTimers, 0);
});

void test('what a container is held to makes work longer, from the moment it is', async () => {
  const clock = new FakeClock();
  const meter = new UsageMeter(clock, 4);
  let isDone = false;
  void meter.work(3, goesOn).then(() => (isDone = true));
  await clock.advance(1000);
  meter.hold(0.5);
  await clock.advance(3999);
  assert.equal(isDone, false);
  await clock.advance(2);
  assert.deepEqual([rounded(meter.seconds), isDone], [3, true]);
});

void test('those who compute at the same time share what there is', async () => {
  const clock = new FakeClock();
  const meter = new UsageMeter(clock, 2);
  const ends: string[] = [];
  void meter.burn(3, 10, goesOn).then(() => ends.push('burn'));
  void meter.work(2, goesOn).then(() => ends.push('work'));
  // Four are wanted, two are there: half of it each.
  await clock.advance(4000);
  assert.deepEqual([rounded(meter.seconds), ends], [8, ['work']]);
  await clock.advance(6000);
  assert.deepEqual([rounded(meter.seconds), ends], [20, ['work', 'burn']]);
});

void test('an end of the process or of the container ends what it does', async () => {
  const clock = new FakeClock();
  const meter = new UsageMeter(clock, 4);
  const killed = new AbortController();
  let ended = 0;
  void meter.burn(1, Infinity, killed.signal).then(() => ended++);
  void meter.burn(0.25, Infinity, goesOn).then(() => ended++);
  await clock.advance(2000);
  killed.abort();
  await clock.advance(2000);
  assert.deepEqual([rounded(meter.seconds), ended], [3, 1]);
  meter.end();
  await clock.advance(2000);
  assert.deepEqual([rounded(meter.seconds), ended], [3, 2]);
  await meter.work(1, AbortSignal.abort());
  assert.equal(rounded(meter.seconds), 3);
});

void test('memory is given back once', () => {
  const meter = new UsageMeter(new FakeClock(), 1);
  const giveBack = meter.take(100);
  meter.take(10);
  giveBack();
  giveBack();
  assert.equal(meter.bytes, 10);
  meter.end();
  assert.equal(meter.bytes, 0);
});

void test('a burst counts from its beginning, and rests until the container had so much', async () => {
  const clock = new FakeClock();
  const meter = new UsageMeter(clock, 4);
  const short = meter.begin();
  await clock.advance(10);
  short.end();
  await clock.advance(1000);
  assert.equal(rounded(meter.seconds), 0.01);
  const owing = meter.begin();
  owing.owe(0.04);
  await clock.advance(10);
  owing.end();
  assert.equal(rounded(meter.seconds), 0.05);
  meter.hold(0.1);
  const held = meter.begin();
  await clock.advance(20);
  let rested = false;
  void held.rest(0.001, goesOn).then(() => (rested = true));
  held.end();
  await clock.advance(179);
  assert.equal(rested, false);
  await clock.advance(2);
  assert.deepEqual([rested, rounded(meter.seconds)], [true, 0.07]);
  meter.hold(Infinity);
  const free = meter.begin();
  void free.rest(0.01, goesOn).then(() => (rested = false));
  await clock.advance(10);
  assert.deepEqual([rested, rounded(meter.seconds)], [false, 0.08]);
});
