import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpHandler, HttpResponse } from '../../src/apimachinery/http.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { createInProcessTransport } from '../../src/client/in-process-transport.ts';
import { createInformerFactory } from '../../src/client/informer-factory.ts';
import { createClient } from '../../src/client/rest-client.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { createTestApiServer } from '../support/test-api-server.ts';

const pods = { group: '', version: 'v1', resource: 'pods' };

interface Change {
  readonly version: number;
  readonly line: string;
}

/** A list of pods with versions, served strictly: pages of what was then, watches from where they say, 410 for what is compacted. */
class PodServer {
  readonly requests: string[] = [];
  readonly #pods = new Map<string, Unstructured>();
  #changes: Change[] = [];
  #version = 1;
  #compacted = 0;
  #watchers = new Set<{ push: (line: string) => void; end: (error?: Error) => void }>();
  /** Answers the next requests in place of the server. */
  readonly failures: (() => HttpResponse | Error)[] = [];

  set(name: string, extra: Record<string, unknown> = {}): void {
    const old = this.#pods.get(name);
    const metadata = {
      namespace: 'a',
      uid: old?.metadata.uid ?? `${name}-${this.#version}`,
      managedFields: [{ manager: 'm' }],
      ...extra,
      name,
      resourceVersion: String(++this.#version),
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata };
    this.#pods.set(name, pod);
    this.#tell(old === undefined ? 'ADDED' : 'MODIFIED', pod);
  }

  delete(name: string): void {
    const pod = this.#pods.get(name);
    assert.ok(pod !== undefined);
    this.#pods.delete(name);
    this.#tell('DELETED', { ...pod, metadata: { ...pod.metadata, resourceVersion: String(++this.#version) } });
  }

  bookmark(): void {
    this.#version++;
    const object = { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: String(this.#version) } };
    for (const watcher of this.#watchers) watcher.push(JSON.stringify({ type: 'BOOKMARK', object }));
  }

  /** Forgets every change so far. */
  compact(): void {
    this.#compacted = this.#version;
    this.#changes = [];
  }

  endWatches(error?: Error): void {
    for (const watcher of this.#watchers) watcher.end(error);
    this.#watchers.clear();
  }

  get watching(): number {
    return this.#watchers.size;
  }

  readonly handle: HttpHandler = async (request) => {
    this.requests.push(request.path.replace(/&timeoutSeconds=\d+/, ''));
    const failure = this.failures.shift()?.();
    if (failure instanceof Error) throw failure;
    if (failure !== undefined) return failure;
    const url = new URL(request.path, 'http://x');
    assert.equal(url.pathname, '/api/v1/pods');
    const query = url.searchParams;
    return query.get('watch') === 'true' ? this.#watch(query, request.signal) : this.#list(query);
  };

  #list(query: URLSearchParams): HttpResponse {
    const token = query.get('continue');
    if (token !== null && query.has('resourceVersion')) return status(400, 'BadRequest');
    const [version, start] = (token ?? `${this.#version} 0`).split(' ').map(Number) as [number, number];
    if (version < this.#compacted) return status(410, 'Expired');
    const all = [...this.#pods.values()];
    const end = query.has('limit') ? start + Number(query.get('limit')) : all.length;
    const more = end < all.length ? { continue: `${version} ${end}` } : {};
    // Items of a list come without their kind, as from a real server.
    const items = all.slice(start, end).map(({ metadata }) => ({ metadata }));
    return json(200, {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(version), ...more },
      items,
    });
  }

  #watch(query: URLSearchParams, signal?: AbortSignal): HttpResponse {
    const from = Number(query.get('resourceVersion'));
    assert.equal(query.get('allowWatchBookmarks'), 'true');
    if (from < this.#compacted) return status(410, 'Expired');
    const lines = this.#changes.filter(({ version }) => version > from).map(({ line }) => line);
    let ended = false;
    let broken: Error | undefined;
    let wake = (): void => undefined;
    const watcher = {
      push: (line: string): void => {
        lines.push(line);
        wake();
      },
      end: (error?: Error): void => {
        ended = true;
        broken = error;
        wake();
      },
    };
    this.#watchers.add(watcher);
    signal?.addEventListener('abort', () => watcher.end(new Error('aborted')));
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        for (const line of lines.splice(0)) yield Buffer.from(`${line}\n`);
        if (broken !== undefined) throw broken;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    return { status: 200, headers: {}, body: body() };
  }

  #tell(type: string, object: Unstructured): void {
    const line = JSON.stringify({ type, object });
    this.#changes.push({ version: this.#version, line });
    for (const watcher of this.#watchers) watcher.push(line);
  }
}

function json(code: number, value: unknown): HttpResponse {
  return { status: code, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) };
}

const status = (code: number, reason: string): HttpResponse =>
  json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code });

function setUp(server = new PodServer()) {
  const clock = new FakeClock();
  const client = createClient({ transport: createInProcessTransport(server.handle), clock });
  const factory = createInformerFactory({ client, clock, random: seededRandom(1), log: silentLogger });
  const informer = factory.informer<Unstructured>(pods);
  const told: string[] = [];
  const name = (pod: Unstructured): string => `${pod.metadata.name}@${pod.metadata.resourceVersion}`;
  informer.addHandler({
    added: (pod) => told.push(`+${name(pod)}`),
    updated: (pod, old) => told.push(`~${name(old)}>${name(pod)}`),
    deleted: (pod) => told.push(`-${name(pod)}`),
  });
  return { server, clock, factory, informer, told };
}

const names = (list: readonly Unstructured[]): (string | undefined)[] => list.map(({ metadata }) => metadata.name);

void test('it lists once and then follows the watch', async () => {
  const { server, clock, factory, informer, told } = setUp();
  server.set('x');
  assert.equal(server.requests.length, 0);
  factory.start();
  factory.start();
  assert.equal(informer.hasSynced(), false);
  assert.equal(await factory.waitForSync(), true);
  await clock.advance(0);
  assert.deepEqual(server.requests, [
    '/api/v1/pods?limit=500&resourceVersion=0',
    '/api/v1/pods?allowWatchBookmarks=true&resourceVersion=2&watch=true',
  ]);
  const owner = { apiVersion: 'v1', kind: 'X', name: 'o', uid: 'owner', controller: true };
  server.set('y', { namespace: 'b', ownerReferences: [owner] });
  server.set('x');
  server.delete('y');
  await clock.advance(0);
  assert.deepEqual(told, ['+x@2', '+y@3', '~x@2>x@4', '-y@5']);
  assert.equal(informer.get('a', 'x')?.kind, 'Pod');
  assert.equal(informer.get('a', 'x')?.metadata.managedFields, undefined);
  await factory.stop();
  assert.equal(server.watching, 1);
  assert.equal(clock.pendingTimers, 0);
});

void test('it finds by namespace and by owner, as they are now', async () => {
  const { server, clock, factory, informer } = setUp();
  const owned = (uid: string) => ({
    ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'o', uid, controller: true }],
  });
  server.set('x', owned('one'));
  server.set('y', { namespace: 'b', ...owned('one') });
  server.set('z', { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'o', uid: 'one' }] });
  factory.start();
  await factory.waitForSync();
  await clock.advance(0);
  assert.deepEqual(names(informer.ownedBy('one')), ['x', 'y']);
  assert.deepEqual(names(informer.list('a')), ['x', 'z']);
  assert.deepEqual(names(informer.list()), ['x', 'y', 'z']);
  server.set('x', owned('two'));
  server.delete('y');
  await clock.advance(0);
  assert.deepEqual(names(informer.ownedBy('one')), []);
  assert.deepEqual(names(informer.ownedBy('two')), ['x']);
  assert.deepEqual(names(informer.list('b')), []);
  const late: (string | undefined)[] = [];
  informer.addHandler({ added: (pod) => late.push(pod.metadata.name) });
  assert.deepEqual(late, ['x', 'z']);
  await factory.stop();
});

void test('long lists come in pages', async () => {
  const { server, factory, informer } = setUp();
  for (let index = 0; index < 1201; index++) server.set(`p${index}`);
  factory.start();
  await factory.waitForSync();
  assert.equal(informer.list().length, 1201);
  assert.deepEqual(
    server.requests.filter((path) => !path.includes('watch')),
    [
      '/api/v1/pods?limit=500&resourceVersion=0',
      '/api/v1/pods?continue=1202+500&limit=500',
      '/api/v1/pods?continue=1202+1000&limit=500',
    ],
  );
  await factory.stop();
});

void test('a watch that ends or breaks goes on where it was, bookmarks counted', async () => {
  const { server, clock, factory, told } = setUp();
  server.set('x');
  factory.start();
  await factory.waitForSync();
  await clock.advance(0);
  server.bookmark();
  await clock.advance(2000);
  server.endWatches();
  await clock.advance(0);
  assert.match(server.requests.at(-1) ?? '', /resourceVersion=3&watch/);
  server.set('y');
  await clock.advance(0);
  server.endWatches(new Error('connection reset'));
  server.set('z');
  server.delete('x');
  await clock.advance(2000);
  assert.match(server.requests.at(-1) ?? '', /resourceVersion=4&watch/);
  assert.deepEqual(told, ['+x@2', '+y@4', '+z@5', '-x@6']);
  assert.equal(server.requests.filter((path) => !path.includes('watch')).length, 1, 'one list is enough');
  await factory.stop();
});

void test('after 410 it lists again and tells what was deleted, changed, replaced and made meanwhile', async () => {
  const { server, clock, factory, informer, told } = setUp();
  for (const name of ['deleted', 'changed', 'replaced', 'same']) server.set(name);
  factory.start();
  await factory.waitForSync();
  await clock.advance(2000);
  told.length = 0;
  const error = { type: 'ERROR', object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } };
  server.failures.push(() => ({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(error)) }));
  server.endWatches();
  server.delete('deleted');
  server.set('changed');
  server.delete('replaced');
  server.set('replaced');
  server.set('new');
  server.compact();
  await clock.advance(0);
  assert.equal(server.requests.at(-2), '/api/v1/pods?limit=500');
  assert.deepEqual(told, ['-deleted@2', '~changed@3>changed@7', '-replaced@4', '+replaced@9', '+new@10']);
  assert.deepEqual(new Set(names(informer.list())), new Set(['changed', 'new', 'replaced', 'same']));
  await factory.stop();
});

void test('a version that is too old at the start of a watch means a list too, and never a busy loop', async () => {
  const { server, clock, factory } = setUp();
  server.set('x');
  const tooOld = (): HttpResponse => status(410, 'Expired');
  server.failures.push(() =>
    json(200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '2' }, items: [] }),
  );
  for (let count = 0; count < 5; count++) {
    server.failures.push(tooOld, () =>
      json(200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '2' }, items: [] }),
    );
  }
  factory.start();
  await clock.advance(0);
  assert.equal(server.requests.length, 4, 'list, watch, list, watch, and then it waits');
  await clock.advance(600_000);
  assert.equal(server.failures.length, 0);
  await factory.stop();
});

void test('failures are tried again ever later, and a watch that ends at once is one', async () => {
  const { server, clock, factory } = setUp();
  const at: number[] = [];
  for (let count = 0; count < 8; count++) {
    server.failures.push(() => {
      at.push(clock.now());
      return new Error('refused');
    });
  }
  const begin = clock.now();
  factory.start();
  await clock.advance(300_000);
  const waits = at.slice(1).map((time, index) => time - (at[index] ?? begin));
  for (const [index, wait] of waits.entries()) {
    const base = Math.min(800 * 2 ** index, 30_000);
    assert.ok(wait >= base && wait <= 2 * base, `wait ${index} is ${wait} ms`);
  }
  assert.equal(await factory.waitForSync(), true);
  const before = server.requests.length;
  server.endWatches();
  await clock.advance(0);
  for (let count = 0; count < 3; count++) server.endWatches();
  await clock.advance(0);
  assert.equal(server.requests.length, before + 1);
  await factory.stop();
});

void test('waiting ends with the sync, the signal or the stop', async () => {
  const { server, factory } = setUp();
  assert.equal(await factory.waitForSync(), true, 'nothing is started, nothing is waited for');
  server.failures.push(() => new Error('refused'));
  factory.start();
  assert.equal(await factory.waitForSync(AbortSignal.abort()), false);
  const aborting = new AbortController();
  const aborted = factory.waitForSync(aborting.signal);
  const stopped = factory.waitForSync();
  aborting.abort();
  assert.equal(await aborted, false);
  await factory.stop();
  assert.equal(await stopped, false);
  assert.equal(await factory.waitForSync(), false);
});

void test('a handler that throws keeps nothing from the others', async () => {
  const { server, factory, informer, told, clock } = setUp();
  informer.addHandler({
    added: () => {
      throw new Error('a bug');
    },
  });
  const after: string[] = [];
  informer.addHandler({ added: (pod) => after.push(pod.metadata.name ?? '') });
  server.set('x');
  factory.start();
  await factory.waitForSync();
  await clock.advance(0);
  server.set('y');
  await clock.advance(0);
  assert.deepEqual(
    [told, after],
    [
      ['+x@2', '+y@3'],
      ['x', 'y'],
    ],
  );
  await factory.stop();
});

test('metadata: what belongs to whom, and nothing else; a copy that is there whole is used', async () => {
  const api = await createTestApiServer();
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'uid-1' };
  await api.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'keys',
      labels: { app: 'web' },
      annotations: { note: 'x' },
      finalizers: ['example.com/hold'],
      ownerReferences: [owner],
    },
    data: { password: 'c2VjcmV0' },
  });
  const factory = createInformerFactory({
    client: api.client,
    clock: new FakeClock(),
    random: seededRandom(1),
    log: silentLogger,
  });
  const secretsResource = { group: '', version: 'v1', resource: 'secrets' };
  const secrets = factory.metadata(secretsResource);
  const whole = factory.informer(pods);
  assert.equal(factory.metadata(pods), whole);
  factory.start();
  await factory.waitForSync();
  const kept = secrets.get('default', 'keys');
  assert.deepEqual(Object.keys(kept ?? {}).toSorted(), ['apiVersion', 'kind', 'metadata']);
  assert.deepEqual(Object.keys(kept?.metadata ?? {}).toSorted(), [
    'finalizers',
    'name',
    'namespace',
    'ownerReferences',
    'resourceVersion',
    'uid',
  ]);
  assert.deepEqual(kept?.metadata.ownerReferences, [owner]);
  await api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'more' }, data: { a: 'Yg==' } });
  await settle(30);
  assert.deepEqual(Object.keys(secrets.get('default', 'more') ?? {}).toSorted(), ['apiVersion', 'kind', 'metadata']);
  await factory.stop();
  await api.close();
});
