import assert from 'node:assert/strict';
import test from 'node:test';
import { createEventRecorder } from '../../src/client/event-recorder.ts';
import { createInProcessTransport } from '../../src/client/in-process-transport.ts';
import { createClient } from '../../src/client/rest-client.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { createTestApiServer } from '../support/test-api-server.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '7' },
};
const events = { group: '', version: 'v1', resource: 'events' };

async function setUp() {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const recorder = createEventRecorder({ client: api.client, component: 'kubelet', host: 'node-1', clock });
  const written = async () => {
    await recorder.flush();
    const { items } = await api.client.resource(events).list();
    return items.map((item) => ({ message: item['message'], count: item['count'], last: item['lastTimestamp'] }));
  };
  return { api, clock, recorder, written };
}

void test('an event says who saw what of which object', async () => {
  const { api, clock, recorder } = await setUp();
  recorder.event(pod, 'Warning', 'BackOff', 'it failed', { fieldPath: 'spec.containers{web}' });
  recorder.event({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } }, 'Normal', 'Ready', 'it is ready');
  await recorder.flush();
  const { items } = await api.client.resource(events, 'default').list();
  const [first, second] = items.toSorted((a, b) => String(b['reason']).localeCompare(String(a['reason'])));
  assert.equal(first?.['reason'], 'Ready');
  assert.deepEqual(second?.['involvedObject'], {
    kind: 'Pod',
    namespace: 'default',
    name: 'web',
    uid: 'u',
    apiVersion: 'v1',
    resourceVersion: '7',
    fieldPath: 'spec.containers{web}',
  });
  assert.match(second?.metadata.name ?? '', /^web\.[0-9a-f]{16}$/);
  assert.equal(Number(BigInt(`0x${second?.metadata.name?.slice(4)}`) / 1_000_000n), clock.now());
  assert.deepEqual(
    ['type', 'reason', 'message', 'count', 'reportingComponent', 'reportingInstance'].map((key) => second?.[key]),
    ['Warning', 'BackOff', 'it failed', 1, 'kubelet', 'node-1'],
  );
  assert.deepEqual(second?.['source'], { component: 'kubelet', host: 'node-1' });
  await api.close();
});

void test('repeats raise the count, and begin again when the event is gone', async () => {
  const { api, clock, recorder, written } = await setUp();
  recorder.event(pod, 'Warning', 'BackOff', 'it failed');
  await clock.advance(5000);
  recorder.event(pod, 'Warning', 'BackOff', 'it failed');
  recorder.event(pod, 'Warning', 'BackOff', 'it failed otherwise');
  assert.deepEqual(await written(), [
    { message: 'it failed', count: 2, last: '2026-01-01T00:00:05Z' },
    { message: 'it failed otherwise', count: 1, last: '2026-01-01T00:00:05Z' },
  ]);
  await api.client.resource(events, 'default').deleteCollection();
  recorder.event(pod, 'Warning', 'BackOff', 'it failed');
  assert.deepEqual(await written(), [{ message: 'it failed', count: 1, last: '2026-01-01T00:00:05Z' }]);
  await api.close();
});

void test('from the tenth text on those alike become one event', async () => {
  const { api, clock, recorder, written } = await setUp();
  for (let index = 1; index <= 12; index++) recorder.event(pod, 'Normal', 'Probe', `try ${index}`);
  const found = await written();
  assert.equal(found.length, 10);
  assert.deepEqual(
    found
      .filter(({ message }) => String(message).startsWith('(combined'))
      .map(({ message, count }) => [message, count]),
    [['(combined from similar events): try 12', 3]],
  );
  await clock.advance(600_001);
  recorder.event(pod, 'Normal', 'Probe', 'try 13');
  assert.ok((await written()).some(({ message }) => message === 'try 13'));
  await api.close();
});

void test('a flood about one object is cut off at 25, then one passes every five minutes', async () => {
  const { api, clock, recorder, written } = await setUp();
  for (let index = 0; index < 60; index++) recorder.event(pod, 'Normal', 'Flood', 'again');
  assert.equal((await written())[0]?.count, 25);
  await clock.advance(300_000);
  for (let index = 0; index < 3; index++) recorder.event(pod, 'Normal', 'Flood', 'again');
  assert.equal((await written())[0]?.count, 26);
  const other = { ...pod, metadata: { ...pod.metadata, name: 'other' } };
  recorder.event(other, 'Normal', 'Flood', 'again');
  assert.equal((await written()).length, 2);
  await api.close();
});

void test('what cannot be written is tried again when the server was away, dropped when it said no', async () => {
  const clock = new FakeClock();
  let calls = 0;
  let isAway = true;
  const transport = createInProcessTransport(() => {
    calls++;
    if (isAway) return Promise.reject(new Error('refused'));
    return Promise.resolve({ status: 403, headers: {}, body: new Uint8Array() });
  });
  const recorder = createEventRecorder({ client: createClient({ transport, clock }), component: 'c', clock });
  recorder.event(pod, 'Normal', 'A', 'a');
  await clock.advance(25_000);
  assert.equal(calls, 3);
  isAway = false;
  await clock.advance(100_000);
  assert.equal(calls, 4);
  isAway = true;
  recorder.event(pod, 'Normal', 'B', 'b');
  await clock.advance(1_000_000);
  assert.equal(calls, 16);
  for (let index = 0; index < 3000; index++) {
    recorder.event({ ...pod, metadata: { name: `p${index}` } }, 'Normal', 'C', 'c');
  }
  await recorder.flush();
  assert.equal(calls, 1016, 'the queue holds a thousand');
});

void test('two recorders tell of the same object in the same moment: both are heard', async () => {
  const { api, clock, recorder, written } = await setUp();
  const other = createEventRecorder({ client: api.client, component: 'scheduler', clock });
  recorder.event(pod, 'Normal', 'Pulled', 'it is here');
  other.event(pod, 'Normal', 'Scheduled', 'it has a node');
  await other.flush();
  assert.deepEqual(new Set((await written()).map(({ message }) => message)), new Set(['it has a node', 'it is here']));
});
