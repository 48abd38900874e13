import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditBackend } from '../../../../src/control-plane/apiserver/audit/audit-backend.ts';
import { ignoringFailures, sinkOf, unionBackend } from '../../../../src/control-plane/apiserver/audit/audit-backend.ts';
import type { AuditEvent, AuditLevel } from '../../../../src/control-plane/apiserver/audit/audit-event.ts';
import { auditEventJson } from '../../../../src/control-plane/apiserver/audit/audit-json.ts';
import { auditWebhook } from '../../../../src/control-plane/apiserver/audit/audit-webhook.ts';
import { type BatchOptions, bufferedBackend } from '../../../../src/control-plane/apiserver/audit/buffered-backend.ts';
import { truncatingBackend } from '../../../../src/control-plane/apiserver/audit/truncating-backend.ts';
import { createInProcessTransport } from '../../../../src/client/in-process-transport.ts';
import { createClient } from '../../../../src/client/rest-client.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import type { Logger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';

const time = '2026-01-01T00:00:00.000000Z';

function event(auditID: string, level: AuditLevel = 'Metadata', requestObject?: unknown): AuditEvent {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID,
    stage: 'ResponseComplete',
    requestURI: '/',
    verb: 'get',
    user: {},
    ...(requestObject === undefined ? {} : { requestObject }),
    requestReceivedTimestamp: time,
    stageTimestamp: time,
  };
}

/** A backend that keeps the names of what it is handed, and a log of what is lost. */
function keeper(isKept: boolean | (() => Promise<boolean>) = true) {
  const batches: string[][] = [];
  const events: AuditEvent[] = [];
  const lost: string[] = [];
  const backend: AuditBackend = {
    process(handed) {
      batches.push(handed.map(({ auditID }) => auditID));
      events.push(...handed);
      return typeof isKept === 'boolean' ? isKept : isKept();
    },
  };
  const log: Logger = { info: () => undefined, warn: () => undefined, error: (message) => lost.push(message) };
  return { backend, batches, events, lost, log };
}

const ids = (from: number, to: number): AuditEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(String(from + index)));
const options: BatchOptions = { bufferSize: 4, maxBatchSize: 3, maxWaitMillis: 30_000, isAsynchronous: true };

test('batches go when they are whole, or when their time has come', async () => {
  const { backend, batches, lost, log } = keeper();
  const clock = new FakeClock();
  const buffered = bufferedBackend(backend, options, { clock, log });
  assert.equal(buffered.process(ids(1, 3)), true);
  await settle();
  assert.deepEqual(batches, [['1', '2', '3']]);
  buffered.process(ids(4, 5));
  await clock.advance(29_000);
  assert.equal(batches.length, 1);
  await clock.advance(1000);
  await settle();
  assert.deepEqual(batches.slice(1), [['4', '5']]);
  buffered.process(ids(6, 6));
  await buffered.close?.();
  assert.deepEqual(batches.slice(2), [['6']]);
  buffered.process(ids(7, 7));
  assert.deepEqual(lost, ["Error in audit plugin 'buffered' affecting 1 audit events: audit backend shut down"]);
});

test('what finds no room is lost, and nobody waits', async () => {
  const { backend, batches, lost, log } = keeper(() => new Promise<boolean>(() => undefined));
  const buffered = bufferedBackend(backend, { ...options, isAsynchronous: false }, { clock: new FakeClock(), log });
  buffered.process(ids(1, 3));
  await settle();
  assert.equal(buffered.process(ids(4, 9)), true);
  assert.deepEqual(batches, [['1', '2', '3']]);
  assert.deepEqual(lost, ["Error in audit plugin 'buffered' affecting 2 audit events: audit buffer queue blocked"]);
});

test('so many batches go a second, and some at once', async () => {
  const { backend, batches, log } = keeper();
  const clock = new FakeClock();
  const throttle = { qps: 2, burst: 2 };
  const buffered = bufferedBackend(backend, { ...options, bufferSize: 100, maxBatchSize: 1, throttle }, { clock, log });
  buffered.process(ids(1, 5));
  await settle(30);
  assert.equal(batches.length, 2);
  await clock.advance(500);
  await settle(30);
  assert.equal(batches.length, 3);
  await clock.advance(1000);
  await settle(30);
  assert.equal(batches.length, 5);
  await buffered.close?.();
});

test('what is too large loses its objects, or is lost', async () => {
  const { backend, batches, events, lost, log } = keeper();
  const limits = { maxEventBytes: 400, maxBatchBytes: 600 };
  const truncating = truncatingBackend(backend, limits, log);
  const long = 'x'.repeat(500);
  const kept = await truncating.process([
    event('small'),
    event('large', 'Request', { long }),
    event('other'),
    event(long),
    event(`${long}2`, 'Request', {}),
  ]);
  assert.equal(kept, true);
  assert.deepEqual(batches, [['small', 'large'], ['other']]);
  assert.deepEqual(events[1]?.annotations, { 'audit.k8s.io/truncated': 'true' });
  assert.equal(events[1]?.requestObject, undefined);
  assert.ok(auditEventJson(event('small')).length < 300);
  assert.deepEqual(lost, [
    "Error in audit plugin 'truncate' affecting 2 audit events: event is too large even after truncating",
  ]);
});

test('all get all, and only who has to says that something is lost', async () => {
  const [good, bad] = [keeper(), keeper(false)];
  const strict = sinkOf(unionBackend([good.backend, bad.backend]));
  assert.equal(await strict.write(event('1')), false);
  assert.equal(await sinkOf(ignoringFailures(bad.backend)).write(event('2')), true);
  assert.deepEqual(good.batches, [['1']]);
  assert.deepEqual(bad.batches, [['1'], ['2']]);
});

test('a webhook is told up to five times, whatever it says', async (context) => {
  const clock = new FakeClock();
  const { lost, log } = keeper();
  const seen: string[] = [];
  let failures = 4;
  const transport = createInProcessTransport(async ({ method, path, body }) => {
    const chunks: Uint8Array[] = [];
    if (body instanceof Uint8Array) chunks.push(body);
    seen.push(`${method} ${path} ${Buffer.concat(chunks).toString('utf8')}`);
    return Promise.resolve({ status: failures-- > 0 ? 400 : 200, headers: {}, body: new Uint8Array() });
  });
  const client = createClient({ transport, timeoutMillis: 30_000, clock });
  const world = { clock, random: seededRandom(1), log };
  const webhook = auditWebhook({ client, path: '/audit', initialBackoffMillis: 1000, ...world });
  context.after(() => webhook.close?.());
  const told = webhook.process([event('1')]);
  for (let step = 0; step < 20; step++) {
    await settle();
    await clock.advance(1000);
  }
  assert.equal(await told, true);
  assert.equal(seen.length, 5);
  assert.equal(
    seen[0],
    'POST /audit?timeout=30s {"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"level":"Metadata",' +
      '"auditID":"1","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{},' +
      `"requestReceivedTimestamp":"${time}","stageTimestamp":"${time}"}]}\n`,
  );
  failures = 5;
  const inVain = webhook.process([event('2')]);
  for (let step = 0; step < 20; step++) {
    await settle();
    await clock.advance(1000);
  }
  assert.equal(await inVain, false);
  assert.match(lost[0] ?? '', /^Error in audit plugin 'webhook' affecting 1 audit events: /);
});
