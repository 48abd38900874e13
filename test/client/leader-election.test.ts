import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../src/api/types/coordination-v1.ts';
import type { Client } from '../../src/client/client.ts';
import { createInProcessTransport } from '../../src/client/in-process-transport.ts';
import { createClient } from '../../src/client/rest-client.ts';
import { createEventRecorder } from '../../src/client/event-recorder.ts';
import { checkLeaderElectionTimes, createLeaderElector, type LeaderElector } from '../../src/client/leader-election.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { createTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler';
const times = { leaseDurationMillis: 15_000, renewDeadlineMillis: 10_000, retryPeriodMillis: 2000 };

interface Candidate extends LeaderElector {
  readonly story: string[];
}

interface Stage {
  readonly api: TestApiServer;
  readonly clock: FakeClock;
  readonly candidate: (identity: string, options?: { releasesAtEnd?: boolean; client?: Client }) => Candidate;
  readonly spec: () => Promise<Lease['spec']>;
  readonly events: () => Promise<string[]>;
}

async function stage(): Promise<Stage> {
  const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const api = await createTestApiServer({ clock });
  return {
    api,
    clock,
    candidate(identity, { releasesAtEnd = true, client = api.client } = {}) {
      const story: string[] = [];
      const elector = createLeaderElector({
        ...times,
        client,
        clock,
        random: seededRandom(3),
        log: silentLogger,
        events: createEventRecorder({ client, component: 'default-scheduler', clock }),
        namespace: 'kube-system',
        name: 'kube-scheduler',
        identity,
        releasesAtEnd,
        onStartedLeading: () => Promise.resolve(void story.push('leads')),
        onStoppedLeading: () => Promise.resolve(void story.push('stopped')),
      });
      return { start: () => elector.start(), stop: () => elector.stop(), story };
    },
    async spec() {
      const lease: Lease = (await api.request('GET', path)).body;
      return lease.spec;
    },
    async events() {
      const { items } = await api.client.resource({ group: '', version: 'v1', resource: 'events' }).list();
      return items.map((event) => `${String(event['reason'])}: ${String(event['message'])}`);
    },
  };
}

async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1000);
    await settle(20);
  }
}

test('the first candidate makes the lease and renews it every two seconds', async () => {
  const { api, clock, candidate, spec, events } = await stage();
  const one = candidate('vm_1');
  one.start();
  await settle(50);
  assert.deepEqual(one.story, ['leads']);
  const first = {
    acquireTime: '2026-01-01T00:00:00.000000Z',
    holderIdentity: 'vm_1',
    leaseDurationSeconds: 15,
    leaseTransitions: 0,
    renewTime: '2026-01-01T00:00:00.000000Z',
  };
  assert.deepEqual(await spec(), first);
  await pass(clock, 7);
  assert.deepEqual(await spec(), { ...first, renewTime: '2026-01-01T00:00:06.000000Z' });
  assert.deepEqual(await events(), ['LeaderElection: vm_1 became leader']);
  await one.stop();
  assert.deepEqual(one.story, ['leads', 'stopped']);
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = (await spec()) ?? {};
  assert.deepEqual(
    { holderIdentity, leaseDurationSeconds, leaseTransitions },
    { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 },
  );
  await api.close();
});

test('another candidate waits until the lease is given back, or has not changed for as long as it is valid', async () => {
  const { api, clock, candidate, spec } = await stage();
  const one = candidate('vm_1');
  const two = candidate('vm_2', { releasesAtEnd: false });
  one.start();
  await settle(50);
  two.start();
  await pass(clock, 40);
  assert.deepEqual(two.story, []);
  await one.stop();
  await pass(clock, 5);
  assert.deepEqual(two.story, ['leads']);
  assert.deepEqual([(await spec())?.holderIdentity, (await spec())?.leaseTransitions], ['vm_2', 1]);
  await two.stop();
  assert.equal((await spec())?.holderIdentity, 'vm_2');

  const three = candidate('vm_3');
  three.start();
  await pass(clock, 14);
  assert.deepEqual(three.story, [], 'its own clock counts, from when it first saw the lease');
  await pass(clock, 6);
  assert.deepEqual(three.story, ['leads']);
  assert.equal((await spec())?.leaseTransitions, 2);
  await three.stop();
  await api.close();
});

test('one that comes back under its name goes on at once', async () => {
  const { api, clock, candidate, spec } = await stage();
  const before = candidate('vm_1', { releasesAtEnd: false });
  before.start();
  await pass(clock, 3);
  await before.stop();
  const after = candidate('vm_1');
  after.start();
  await settle(50);
  assert.deepEqual(after.story, ['leads']);
  const { acquireTime, leaseTransitions, renewTime } = (await spec()) ?? {};
  assert.deepEqual([acquireTime, leaseTransitions], ['2026-01-01T00:00:00.000000Z', 0]);
  assert.equal(renewTime, '2026-01-01T00:00:03.000000Z');
  await after.stop();
  await api.close();
});

test('a leader whose lease another has taken stops, and is a candidate again', async () => {
  const { api, clock, candidate, events } = await stage();
  const one = candidate('vm_1');
  one.start();
  await settle(50);
  const taken = { spec: { holderIdentity: 'other', renewTime: '2026-01-01T00:00:01.000000Z' } };
  await api.request('PATCH', path, taken, { 'content-type': 'application/merge-patch+json' });
  await pass(clock, 14);
  assert.deepEqual(one.story, ['leads', 'stopped']);
  assert.deepEqual(await events(), ['LeaderElection: vm_1 became leader', 'LeaderElection: vm_1 stopped leading']);
  await pass(clock, 10);
  assert.deepEqual(one.story, ['leads', 'stopped', 'leads']);
  await one.stop();
  await api.close();
});

test('a leader outlives a server that answers late, and a lease that was deleted', async () => {
  const { api, clock, candidate, spec } = await stage();
  let isHanging = false;
  const transport = createInProcessTransport(async (request) => {
    const { signal } = request;
    if (isHanging) await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    if (signal?.aborted === true) throw new Error('The operation was aborted');
    return api.server.handle(request);
  });
  const client = createClient({ transport, userAgent: 'test/1.0' });
  const one = candidate('vm_1', { client });
  one.start();
  await settle(50);
  isHanging = true;
  await pass(clock, 6);
  isHanging = false;
  await pass(clock, 4);
  assert.deepEqual(one.story, ['leads']);
  assert.ok(((await spec())?.renewTime ?? '') >= '2026-01-01T00:00:09');
  await api.request('DELETE', path);
  await pass(clock, 3);
  assert.deepEqual(one.story, ['leads']);
  assert.equal((await spec())?.holderIdentity, 'vm_1');
  await one.stop();
  await api.close();
});

test('times that do not fit one another are refused', () => {
  const cases = [
    [{ leaseDurationMillis: 10_000 }, 'leaseDuration must be greater than renewDeadline'],
    [{ retryPeriodMillis: 9000 }, 'renewDeadline must be greater than retryPeriod*JitterFactor'],
    [{ retryPeriodMillis: 0 }, 'retryPeriod must be greater than zero'],
  ] as const;
  for (const [change, message] of cases) {
    assert.throws(() => checkLeaderElectionTimes({ ...times, ...change }), { message });
  }
  checkLeaderElectionTimes(times);
});
