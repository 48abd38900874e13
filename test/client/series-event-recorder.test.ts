import assert from 'node:assert/strict';
import test from 'node:test';
import type { Event as CoreEvent } from '../../src/api/types/core-v1.ts';
import type { Event } from '../../src/api/types/events-v1.ts';
import { createSeriesEventRecorder, type ReportedEvent } from '../../src/client/series-event-recorder.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { createTestApiServer } from '../support/test-api-server.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '7' },
};
const seriesEvents = { group: 'events.k8s.io', version: 'v1', resource: 'events' };
const failed: ReportedEvent = {
  type: 'Warning',
  reason: 'FailedScheduling',
  action: 'Scheduling',
  note: 'no nodes available to schedule pods',
};

async function setUp() {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const recorder = createSeriesEventRecorder({
    client: api.client,
    reportingController: 'default-scheduler',
    reportingInstance: 'default-scheduler-host',
    clock,
  });
  const written = async () => {
    await recorder.flush();
    const { items } = await api.client.resource<Event>(seriesEvents).list();
    return items.map(({ note, series }) => ({ note, count: series?.count, last: series?.lastObservedTime }));
  };
  return { api, clock, recorder, written };
}

void test('an event says when, by whom and what for, and nothing of what the old ones say', async () => {
  const { api, recorder } = await setUp();
  const related = { ...pod, metadata: { ...pod.metadata, name: 'other', uid: 'o' } };
  recorder.event(pod, { type: 'Normal', reason: 'Preempted', action: 'Preempting', note: 'it had to go', related });
  recorder.event(
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } },
    { ...failed, note: 'n'.repeat(2000) },
  );
  await recorder.flush();
  const core = { group: '', version: 'v1', resource: 'events' };
  const { items } = await api.client.resource<CoreEvent>(core, 'default').list();
  const [long, first] = items.toSorted((a, b) => String(a.reason).localeCompare(String(b.reason)));
  const { metadata, ...rest } = first ?? assert.fail('no event');
  assert.match(metadata.name ?? '', /^web\.[0-9a-f]{16}$/);
  const { apiVersion: _version, kind: _kind, ...facts } = rest as unknown as Record<string, unknown>;
  assert.deepEqual(facts, {
    involvedObject: {
      kind: 'Pod',
      namespace: 'default',
      name: 'web',
      uid: 'u',
      apiVersion: 'v1',
      resourceVersion: '7',
    },
    reason: 'Preempted',
    message: 'it had to go',
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    type: 'Normal',
    eventTime: '2026-01-01T00:00:00.000000Z',
    action: 'Preempting',
    related: { kind: 'Pod', namespace: 'default', name: 'other', uid: 'o', apiVersion: 'v1', resourceVersion: '7' },
    reportingComponent: 'default-scheduler',
    reportingInstance: 'default-scheduler-host',
  });
  assert.equal(long?.message, `${'n'.repeat(1020)} ...`);
  await api.close();
});

void test('what happens again becomes a series, which is written when it begins and when it is over', async () => {
  const { api, clock, recorder, written } = await setUp();
  const note = failed.note;
  recorder.event(pod, failed);
  await clock.advance(1000);
  assert.deepEqual(await written(), [{ note, count: undefined, last: undefined }]);
  recorder.event(pod, { ...failed, note: 'another text' });
  const begun = { note, count: 2, last: '2026-01-01T00:00:01.000000Z' };
  assert.deepEqual(await written(), [begun]);
  await clock.advance(1000);
  recorder.event(pod, failed);
  assert.deepEqual(await written(), [begun], 'the count is kept here');
  await clock.advance(720_000);
  const over = { note, count: 3, last: '2026-01-01T00:00:02.000000Z' };
  assert.deepEqual(await written(), [over]);
  recorder.event(pod, failed);
  assert.deepEqual(new Set((await written()).map(({ count }) => count)), new Set([3, undefined]), 'it begins again');
  const newer = { ...pod, metadata: { ...pod.metadata, resourceVersion: '8' } };
  recorder.event(newer, failed);
  assert.equal((await written()).length, 3, 'of a changed object it is another event');
  recorder.stop();
  await api.close();
});

void test('a series that goes on is written every half hour, also when its event has expired', async () => {
  const { api, clock, recorder, written } = await setUp();
  recorder.event(pod, failed);
  await recorder.flush();
  await api.client.resource(seriesEvents, 'default').deleteCollection();
  for (let minute = 1; minute <= 29; minute++) {
    await clock.advance(60_000);
    recorder.event(pod, failed);
  }
  assert.deepEqual(await written(), [{ note: failed.note, count: 2, last: '2026-01-01T00:01:00.000000Z' }]);
  await clock.advance(60_000);
  assert.deepEqual(await written(), [{ note: failed.note, count: 30, last: '2026-01-01T00:29:00.000000Z' }]);
  recorder.stop();
  await api.close();
});
