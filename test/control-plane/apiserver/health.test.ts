import assert from 'node:assert/strict';
import test from 'node:test';
import {
  informerSyncCheck,
  logCheck,
  StartupProgress,
  startupSteps,
  storageChecks,
} from '../../../src/control-plane/apiserver/health-checks.ts';
import type { HealthCheck } from '../../../src/control-plane/apiserver/health.ts';
import { createMemoryStorage } from '../../../src/control-plane/storage/memory-storage.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

const bad: HealthCheck = {
  name: 'poststarthook/a/b',
  endpoints: ['readyz'],
  check() {
    throw new Error('the disk is full');
  },
};
const grouped: HealthCheck = { name: 'etcd-0', group: 'etcd', endpoints: ['livez', 'readyz'], check: () => undefined };

test('health endpoints answer in the words of the real server', async () => {
  const api = await createTestApiServer({ healthChecks: [grouped, bad] });
  const cases: readonly (readonly [path: string, status: number, text: string])[] = [
    ['/livez', 200, 'ok'],
    ['/healthz', 200, 'ok'],
    ['/livez?verbose', 200, '[+]ping ok\n[+]etcd-0 ok\nlivez check passed\n'],
    ['/livez?verbose=false', 200, '[+]ping ok\n[+]etcd-0 ok\nlivez check passed\n'],
    ['/livez/ping', 200, 'ok'],
    ['/livez/etcd-0', 200, 'ok'],
    ['/livez/nothing', 404, '404 page not found\n'],
    ['/livez?verbose&exclude=etcd', 200, '[+]ping ok\n[+]etcd-0 excluded with etcd: ok\nlivez check passed\n'],
    [
      '/livez?verbose&exclude=z&exclude=ping&exclude=a"b',
      200,
      '[+]ping excluded: ok\n[+]etcd-0 ok\n' +
        'warn: some health checks cannot be excluded: no matches for "a\\"b","z"\nlivez check passed\n',
    ],
    [
      '/readyz',
      500,
      '[+]ping ok\n[+]etcd-0 ok\n[-]poststarthook/a/b failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n',
    ],
    ['/readyz/poststarthook/a/b', 500, 'internal server error: the disk is full\n'],
    ['/readyz?exclude=poststarthook/a/b', 200, 'ok'],
    ['/livezother', 404, '404 page not found\n'],
  ];
  for (const [path, status, text] of cases) {
    const answer = await api.request('GET', path);
    assert.deepEqual([answer.status, answer.text], [status, text], path);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8', path);
  }
  await api.close();
});

test('the server says when it is about to go, and still tells of its health while it goes', async () => {
  const api = await createTestApiServer();
  assert.equal((await api.request('GET', '/readyz')).status, 200);
  api.server.beginShutdown();
  assert.equal(
    (await api.request('GET', '/readyz')).text,
    '[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n',
  );
  assert.equal(
    (await api.request('GET', '/readyz/shutdown')).text,
    'internal server error: process is shutting down\n',
  );
  assert.equal((await api.request('GET', '/api/v1/namespaces')).status, 200);
  await api.server.close();
  assert.equal((await api.request('GET', '/livez')).status, 200);
  assert.equal((await api.request('GET', '/readyz')).status, 500);
  assert.equal((await api.request('GET', '/api/v1/namespaces')).status, 503);
});

test('steps of starting up fail until they are done', () => {
  const progress = new StartupProgress();
  for (const check of progress.checks) assert.throws(() => void check.check(), { message: 'not finished' });
  for (const step of startupSteps) progress.finish(step);
  for (const check of progress.checks) void check.check();
});

test('liveness waits for the steps of starting up as long as it is told to', () => {
  let isExcused = true;
  const { checks } = new StartupProgress(() => isExcused);
  const failing = (): string[] => {
    const failed = checks.filter((step) => {
      try {
        void step.check();
        return false;
      } catch {
        return true;
      }
    });
    return [...new Set(failed.flatMap(({ endpoints }) => endpoints))].toSorted();
  };
  assert.deepEqual(failing(), ['healthz', 'readyz']);
  isExcused = false;
  assert.deepEqual(failing(), ['healthz', 'livez', 'readyz']);
});

test('informers that have not synced keep the server from being ready', () => {
  const unsynced = ['*v1.pods', '*v1.secrets'];
  const check = informerSyncCheck(() => unsynced);
  assert.throws(() => void check.check(), { message: '2 informers not started yet: [*v1.pods *v1.secrets]' });
  unsynced.length = 0;
  void check.check();
});

test('the storage check fails when storage does, or takes longer than two seconds', async () => {
  const clock = new FakeClock();
  const storage = createMemoryStorage();
  const [check] = storageChecks(storage, clock);
  await check?.check();
  const [broken] = storageChecks({ ...storage, get: () => Promise.reject(new Error('no disk')) }, clock);
  await assert.rejects(async () => broken?.check(), { message: 'error getting data from etcd: no disk' });
  const [slow] = storageChecks({ ...storage, get: () => new Promise(() => undefined) }, clock);
  const outcome = assert.rejects(async () => slow?.check(), {
    message: 'error getting data from etcd: context deadline exceeded',
  });
  await clock.advance(2000);
  await outcome;
  await storage.close();
});

test('a log that cannot be written is noticed after two minutes', async () => {
  const clock = new FakeClock();
  let isBlocked = false;
  const flush = (): Promise<void> => (isBlocked ? new Promise(() => undefined) : Promise.resolve());
  const check = logCheck({ ...silentLogger, flush }, clock);
  void check.check();
  await clock.advance(300_000);
  void check.check();
  isBlocked = true;
  await clock.advance(119_000);
  void check.check();
  await clock.advance(60_000);
  assert.throws(() => void check.check(), { message: 'logging blocked' });
});
