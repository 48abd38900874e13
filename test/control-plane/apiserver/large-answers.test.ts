import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type HttpRequest, type HttpResponse, readBody } from '../../../src/apimachinery/http.ts';
import type { AuditEvent } from '../../../src/control-plane/apiserver/audit/audit-event.ts';
import { parseAuditPolicy } from '../../../src/control-plane/apiserver/audit/audit-policy.ts';
import { protobufCodec } from '../../../src/control-plane/apiserver/codecs/protobuf-media-type.ts';
import { listen } from '../../../src/control-plane/apiserver/listen.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import {
  createTestApiServer,
  inServer,
  type TestApiServer,
  type TestApiServerOptions,
} from '../../support/test-api-server.ts';

const path = '/api/v1/namespaces/default/configmaps';
const count = 250;

/** A server with a list that is larger than what is sent at a time. */
async function withLargeList(
  use: (api: TestApiServer, clock: FakeClock) => Promise<void>,
  options: TestApiServerOptions = {},
): Promise<void> {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock, ...options });
  for (let index = 0; index < count; index++) {
    const metadata = { name: `c${String(index).padStart(3, '0')}` };
    const created = await api.request('POST', path, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { text: 'ü'.repeat(900) },
    });
    assert.equal(created.status, 201);
  }
  try {
    await use(api, clock);
  } finally {
    await api.close();
  }
}

/** One whose requests may be too many. */
const ann = { username: 'ann', uid: '', groups: ['system:authenticated'], extra: {} };

test('a large list is sent piece by piece, and is the same list in every form', () =>
  withLargeList(async (api) => {
    const whole = await api.request('GET', path);
    const { items } = whole.body as unknown as { items: { metadata: { name: string } }[] };
    assert.equal(items.length, count);
    assert.ok(whole.text.endsWith('}]}\n'));
    const response = await api.open(path);
    assert.ok(!(response.body instanceof Uint8Array));
    const slices: number[] = [];
    for await (const slice of response.body) slices.push(slice.byteLength);
    assert.ok(slices.length > 3, String(slices));
    assert.ok(Math.max(...slices) < 140_000, String(slices));

    const packed = await api.open(path, { 'accept-encoding': 'gzip' });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(await readBody(packed.body)).toString(), whole.text);

    const protobuf = await api.open(path, { accept: 'application/vnd.kubernetes.protobuf' });
    assert.deepEqual(
      Buffer.from(await readBody(protobuf.body)),
      Buffer.from(protobufCodec.encode(JSON.parse(whole.text), false)),
    );

    const table = await api.request('GET', path, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const { rows } = table.body as unknown as { rows: { object: { metadata: { name: string } } }[] };
    assert.deepEqual(
      rows.map(({ object }) => object.metadata.name),
      items.map(({ metadata }) => metadata.name),
    );
  }));

test('lists in protobuf follow changes, and versions have each their own form', () =>
  inServer(async (api) => {
    const autoscalers = (version: string): string =>
      `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
    const expectSame = async (list: string): Promise<void> => {
      const { text } = await api.request('GET', list);
      const { body } = await api.open(list, { accept: 'application/vnd.kubernetes.protobuf' });
      assert.deepEqual(
        Buffer.from(await readBody(body)),
        Buffer.from(protobufCodec.encode(JSON.parse(text), false)),
        list,
      );
    };
    const metadata = { name: 'web', namespace: 'default' };
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    const kind = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' };
    const spec = { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 };
    await api.create({ ...kind, metadata, spec });
    for (const version of ['v1', 'v2', 'v1']) await expectSame(autoscalers(version));
    const changed = { ...kind, metadata, spec: { ...spec, maxReplicas: 7 } };
    assert.equal((await api.request('PUT', `${autoscalers('v1')}/web`, changed)).status, 200);
    for (const version of ['v2', 'v1']) await expectSame(autoscalers(version));
  }));

test('a request is under way until its answer is sent', () =>
  withLargeList(
    async (api) => {
      const first = await api.open(path);
      assert.equal(first.status, 200);
      assert.equal((await api.request('GET', path)).status, 429);
      await readBody(first.body);
      assert.equal((await api.request('GET', path)).status, 200);
    },
    {
      authenticator: { authenticate: () => Promise.resolve(ann) },
      inFlightLimits: { maxRequestsInFlight: 1, maxMutatingRequestsInFlight: 1 },
    },
  ));

test('an answer that is not taken in time is cut; one that is, is not', () =>
  withLargeList(async (api, clock) => {
    const waits = await api.open(path);
    const taken = await api.open(path);
    await readBody(taken.body);
    await clock.advance(59_999);
    assert.equal(waits.deadline?.aborted, false);
    await clock.advance(1);
    assert.equal(waits.deadline?.aborted, true);
    assert.equal(taken.deadline?.aborted, false);
    const watch = await api.open(`${path}?watch=true`);
    assert.equal(watch.deadline, undefined);
  }));

test('a client that does not read its answer loses its connection at the deadline', async () => {
  const clock = new FakeClock();
  const deadline = new AbortController();
  let made = 0;
  let isOver = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        made++;
        yield await Promise.resolve(Buffer.alloc(128 * 1024));
      }
    } finally {
      isOver = true;
    }
  }
  const handle = (_request: HttpRequest): Promise<HttpResponse> =>
    Promise.resolve({ status: 200, headers: {}, body: endless(), deadline: deadline.signal });
  const listener = await listen({ handle, clock, log: silentLogger });
  const socket = connect(listener.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  await once(socket, 'readable');
  let before = -1;
  // What the kernel holds for a client has an end.
  while (before !== made) {
    before = made;
    await settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(isOver, false);
  deadline.abort();
  socket.resume();
  await once(socket, 'close');
  await settle();
  assert.equal(isOver, true);
  await listener.close();
});

test('an answer whose time is over before it begins is not sent, and ends', async () => {
  let isOver = false;
  async function* slices(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(Buffer.alloc(1024));
    } finally {
      isOver = true;
    }
  }
  const handle = (_request: HttpRequest): Promise<HttpResponse> =>
    Promise.resolve({ status: 200, headers: {}, body: slices(), deadline: AbortSignal.abort() });
  const listener = await listen({ handle, clock: new FakeClock(), log: silentLogger });
  const socket = connect(listener.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  socket.resume();
  await once(socket, 'close');
  await settle();
  assert.equal(isOver, true);
  assert.equal(socket.bytesRead, 0);
  await listener.close();
});

test('what is audited with its answer is there whole', () => {
  const rules = 'rules: [{level: RequestResponse, verbs: [list]}]';
  const policy = parseAuditPolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}`, assert.fail);
  const events: AuditEvent[] = [];
  return withLargeList(
    async (api) => {
      assert.equal((await api.request('GET', path)).status, 200);
      const complete = events.find(({ stage }) => stage === 'ResponseComplete');
      const list = complete?.responseObject as { readonly items: readonly unknown[] };
      assert.equal(list.items.length, count);
    },
    { audit: { policy, sink: { write: (event) => events.push(structuredClone(event)) > 0 } } },
  );
});
