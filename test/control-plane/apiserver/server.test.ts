import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { createTestApiServer, watchEvents } from '../../support/test-api-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

function configMap(
  name: string,
  labels: Record<string, string> = {},
  data: Record<string, string> = { k: 'v' },
): Unstructured {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data };
}

test('create sets system metadata, get gives it back, a second create is refused', async () => {
  const api = await createTestApiServer();
  const created = await api.create(configMap('a'));
  assert.match(created.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
  assert.equal(created.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
  assert.equal(created.metadata.namespace, 'default');
  const got = await api.request('GET', `${configMaps}/a`);
  assert.equal(got.status, 200);
  assert.deepEqual(got.body, created);
  const again = await api.request('POST', configMaps, configMap('a'));
  assert.equal(again.status, 409);
  assert.equal(again.body['message'], 'configmaps "a" already exists');
  await api.close();
});

test('the client of the product works against the server in process', async () => {
  const api = await createTestApiServer();
  const configMapClient = api.client.resource({ group: '', version: 'v1', resource: 'configmaps' }, 'default');
  await configMapClient.create(configMap('viaclient'));
  const list = await configMapClient.list();
  assert.deepEqual(
    list.items.map((item) => item.metadata.name),
    ['viaclient'],
  );
  await configMapClient.delete('viaclient');
  await assert.rejects(configMapClient.get('viaclient'), { message: 'configmaps "viaclient" not found' });
  await api.close();
});

test('the server forgets a write that failed, and a dry run leaves no trace', async () => {
  const api = await createTestApiServer();
  const before = api.storage.currentRevision();
  const invalid = await api.request('POST', configMaps, configMap('Bad_Name'));
  assert.equal(invalid.status, 422);
  const dry = await api.request('POST', `${configMaps}?dryRun=All`, configMap('dry'));
  assert.equal(dry.status, 201);
  assert.equal(dry.body.metadata.resourceVersion, undefined);
  assert.equal((await api.request('GET', `${configMaps}/dry`)).status, 404);
  assert.equal(api.storage.currentRevision(), before);
  await api.close();
});

test('an update with an old resourceVersion is a conflict, without one it wins, the same again writes nothing', async () => {
  const api = await createTestApiServer();
  const first = await api.create(configMap('a'));
  const changed = { ...first, data: { k: 'w' } };
  const second = await api.request('PUT', `${configMaps}/a`, changed);
  assert.equal(second.status, 200);
  const stale = await api.request('PUT', `${configMaps}/a`, { ...first, data: { k: 'x' } });
  assert.equal(stale.status, 409);
  assert.equal(stale.body['reason'], 'Conflict');
  const { resourceVersion: _old, ...metadata } = first.metadata;
  const blind = await api.request('PUT', `${configMaps}/a`, { ...first, metadata, data: { k: 'w' } });
  assert.equal(blind.status, 200);
  assert.equal(blind.body.metadata.resourceVersion, second.body.metadata.resourceVersion);
  await api.close();
});

test('lists page, count what remains, and select by label and field', async () => {
  const api = await createTestApiServer();
  for (let index = 0; index < 5; index++) await api.create(configMap(`c${index}`, { odd: String(index % 2 === 1) }));
  const page = await api.request('GET', `${configMaps}?limit=2`);
  const metadata = page.body.metadata as { continue?: string; remainingItemCount?: number };
  assert.equal(metadata.remainingItemCount, 3);
  await api.create(configMap('c9'));
  const rest = await api.request('GET', `${configMaps}?limit=9&continue=${metadata.continue ?? ''}`);
  assert.deepEqual(namesOf(rest.body), ['c2', 'c3', 'c4']);
  const odd = await api.request('GET', `${configMaps}?labelSelector=odd%3Dtrue`);
  assert.deepEqual(namesOf(odd.body), ['c1', 'c3']);
  const named = await api.request('GET', `${configMaps}?fieldSelector=metadata.name%3Dc2`);
  assert.deepEqual(namesOf(named.body), ['c2']);
  const items = page.body['items'] as Unstructured[];
  assert.equal(items[0]?.kind, undefined, 'items of built-in lists carry no kind');
  await api.close();
});

test('a watch shows objects enter and leave a selection and ends after its time', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const start = await api.create(configMap('a', { app: 'x' }));
  const response = await api.open(
    `${configMaps}?watch=1&timeoutSeconds=5&labelSelector=app%3Dx&resourceVersion=${start.metadata.resourceVersion ?? ''}`,
  );
  await api.create(configMap('b', { app: 'x' }));
  await patch(api, 'b', { data: { k: 'w' } });
  await patch(api, 'b', { metadata: { labels: { app: 'y' } } });
  await api.request('DELETE', `${configMaps}/a`);
  await clock.advance(5000);
  const seen: string[] = [];
  for await (const event of watchEvents(response)) seen.push(`${event.type} ${event.object.metadata.name ?? ''}`);
  assert.deepEqual(seen, ['ADDED b', 'MODIFIED b', 'DELETED b', 'DELETED a']);
  await api.close();
});

test('a watch with initial events ends them with a bookmark', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  await api.create(configMap('a'));
  const query =
    'watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const response = await api.open(`${configMaps}?${query}`);
  await clock.advance(1000);
  const events: { readonly type: string; readonly object: Unstructured }[] = [];
  for await (const event of watchEvents(response)) events.push(event);
  assert.deepEqual(
    events.map((event) => event.type),
    ['ADDED', 'BOOKMARK', 'BOOKMARK'],
  );
  assert.equal(events[1]?.object.metadata.annotations?.['k8s.io/initial-events-end'], 'true');
  await api.close();
});

test('a bookmark of a built-in kind shows an object with nothing set', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const pods = '/api/v1/namespaces/default/pods';
  const query =
    'watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const response = await api.open(`${pods}?${query}`);
  await clock.advance(1000);
  const objects: Unstructured[] = [];
  for await (const event of watchEvents(response)) objects.push(event.object);
  assert.deepEqual(
    { ...objects[0], metadata: {} },
    { kind: 'Pod', apiVersion: 'v1', metadata: {}, spec: { containers: null }, status: {} },
  );
  await api.close();
});

test('a pod that goes at once is first seen as being deleted', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const pods = '/api/v1/namespaces/default/pods';
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  const created = await api.request('POST', pods, pod);
  assert.equal(created.status, 201);
  const version = created.body.metadata.resourceVersion ?? '';
  const response = await api.open(`${pods}?watch=1&timeoutSeconds=5&resourceVersion=${version}`);
  await api.request('DELETE', `${pods}/p`);
  await clock.advance(5000);
  const seen: unknown[] = [];
  for await (const { type, object } of watchEvents(response)) {
    const { deletionTimestamp, deletionGracePeriodSeconds, generation } = object.metadata;
    seen.push([type, deletionTimestamp !== undefined, deletionGracePeriodSeconds, generation]);
  }
  assert.deepEqual(seen, [
    ['MODIFIED', true, 0, 2],
    ['DELETED', true, 0, 2],
  ]);
  await api.close();
});

test('finalizers keep a deleted object until the last is gone', async () => {
  const api = await createTestApiServer();
  const object = configMap('held');
  object.metadata.finalizers = ['example.com/hold'];
  await api.create(object);
  const deleted = await api.request('DELETE', `${configMaps}/held`);
  assert.equal(deleted.body.kind, 'ConfigMap');
  assert.equal(deleted.body.metadata.deletionGracePeriodSeconds, 0);
  assert.equal((await api.request('GET', `${configMaps}/held`)).status, 200);
  await patch(api, 'held', { metadata: { finalizers: null } });
  assert.equal((await api.request('GET', `${configMaps}/held`)).status, 404);
  await api.close();
});

test('propagation policies become finalizers for the garbage collector', async () => {
  const api = await createTestApiServer();
  for (const [policy, finalizer] of [
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ] as const) {
    await api.create(configMap(policy.toLowerCase()));
    const path = `${configMaps}/${policy.toLowerCase()}?propagationPolicy=${policy}`;
    const answer = await api.request('DELETE', path);
    assert.deepEqual(answer.body.metadata.finalizers, [finalizer]);
  }
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const metadata = { name: 'old', namespace: 'default' };
  await api.create({ apiVersion: 'v1', kind: 'ReplicationController', metadata, spec: { template } });
  const old = await api.request('DELETE', '/api/v1/namespaces/default/replicationcontrollers/old');
  assert.deepEqual(old.body.metadata.finalizers, ['orphan'], 'what was there before the collector keeps its pods');
  await api.close();
});

test('unknown fields are warned of, refused or passed over', async () => {
  const api = await createTestApiServer();
  const warned = await api.request('POST', configMaps, { ...configMap('w'), zork: 1 });
  assert.deepEqual(warned.headers['warning'], ['299 - "unknown field \\"zork\\""']);
  const strict = await api.request('POST', `${configMaps}?fieldValidation=Strict`, { ...configMap('s'), zork: 1 });
  assert.equal(
    strict.body['message'],
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "zork"',
  );
  const ignored = await api.request('POST', `${configMaps}?fieldValidation=Ignore`, { ...configMap('i'), zork: 1 });
  assert.equal(ignored.status, 201);
  assert.equal(ignored.headers['warning'], undefined);
  await api.close();
});

test('where warnings are too much for headers, long ones are cut and the last ones left out', async () => {
  const api = await createTestApiServer();
  const warningsOf = async (lengths: readonly number[]): Promise<readonly string[]> => {
    const fields = lengths.map((length, index) => [`${index}`.padEnd(length, 'x'), 1] as const);
    const { headers } = await api.request('POST', `${configMaps}?dryRun=All`, {
      ...configMap('w'),
      ...Object.fromEntries(fields),
    });
    return headers['warning'] as readonly string[];
  };
  const framing = '299 - ""'.length;
  // `unknown field ""` has 16 characters; quotes within are escaped by another each.
  assert.deepEqual(
    (await warningsOf([300])).map((text) => text.length - framing),
    [300 + 16 + 2],
  );
  const many = await warningsOf([300, ...Array<number>(40).fill(184)]);
  assert.deepEqual(
    many.map((text) => text.length - framing),
    [256 + 1, ...Array<number>(20).fill(200 + 2)],
  );
  await api.close();
});

test('unknown fields and those that are there twice are complained about in the order of the document', async () => {
  const api = await createTestApiServer();
  const strict = `${configMaps}?fieldValidation=Strict`;
  const metadata = '"metadata":{"name":"a","labels":{"x":"1","x":"2"}}';
  for (const [fields, complaints] of [
    [`"zork":1,${metadata}`, 'unknown field "zork", duplicate field "metadata.labels.x"'],
    [`${metadata},"zork":1`, 'duplicate field "metadata.labels.x", unknown field "zork"'],
  ]) {
    const answer = await api.request('POST', strict, `{"apiVersion":"v1","kind":"ConfigMap",${fields}}`);
    const text = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ';
    assert.equal(answer.body['message'], `${text}${complaints}`);
  }
  await api.close();
});

test('events are selected by who reports them, in the words of either group', async () => {
  const api = await createTestApiServer();
  const metadata = { name: 'e', namespace: 'default' };
  await api.create({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    eventTime: '2026-01-01T00:00:00.000000Z',
    action: 'Do',
    reason: 'Test',
    type: 'Normal',
    regarding: { namespace: 'default' },
    reportingController: 'tester',
    reportingInstance: 'tester-0',
  });
  const [core, own] = ['/api/v1/namespaces/default/events', '/apis/events.k8s.io/v1/namespaces/default/events'];
  for (const [path, selector, expected] of [
    [core, 'source=tester', 1],
    [core, 'reportingComponent=tester', 1],
    [own, 'reportingController=tester,regarding.namespace=default', 1],
    [own, 'reportingController=other', 0],
    [own, 'source=tester', 'field label not supported: source'],
  ] as const) {
    const { status, body } = await api.request('GET', `${path}?fieldSelector=${encodeURIComponent(selector)}`);
    assert.equal(status === 200 ? (body['items'] as unknown[]).length : body['message'], expected, selector);
  }
  await api.close();
});

test('Table and PartialObjectMetadata answers', async () => {
  const api = await createTestApiServer();
  await api.create(configMap('a'));
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = await api.request('GET', configMaps, undefined, { accept });
  assert.equal(table.body.kind, 'Table');
  const rows = table.body['rows'] as { cells: unknown[]; object: Unstructured }[];
  assert.equal(rows[0]?.cells[0], 'a');
  assert.equal(rows[0]?.object.kind, 'PartialObjectMetadata');
  const partial = await api.request('GET', `${configMaps}/a`, undefined, {
    accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  });
  assert.equal(partial.body['data'], undefined);
  assert.equal(partial.body.apiVersion, 'meta.k8s.io/v1');
  await api.close();
});

test('paths and methods that lead nowhere', async () => {
  const api = await createTestApiServer();
  const cases: readonly (readonly [string, string, number])[] = [
    ['GET', '/apis/zork.io/v1/foos', 404],
    ['GET', '/api/v1/zorks', 404],
    ['GET', '/api/v1/configmaps/x', 404],
    ['POST', '/api/v1/configmaps', 405],
    ['PUT', configMaps, 405],
    ['POST', `${configMaps}/x`, 405],
    ['HEAD', configMaps, 405],
    ['DELETE', '/api/v1', 405],
  ];
  for (const [method, path, status] of cases) {
    assert.equal((await api.request(method, path)).status, status, `${method} ${path}`);
  }
  const unsupported = await api.request('POST', configMaps, 'x', { 'content-type': 'text/plain' });
  assert.equal(unsupported.status, 415);
  const unacceptable = await api.request('GET', configMaps, undefined, { accept: 'text/html' });
  assert.equal(unacceptable.status, 406);
  await api.close();
});

test('the scale of a deployment reads and writes its replicas', async () => {
  const api = await createTestApiServer();
  await api.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  const path = '/apis/apps/v1/namespaces/default/deployments/d';
  const scale = await api.request('GET', `${path}/scale`);
  assert.equal(scale.body.kind, 'Scale');
  assert.deepEqual(scale.body['status'], { replicas: 0, selector: 'app=a' });
  const scaled = await api.request('PUT', `${path}/scale`, { ...scale.body, spec: { replicas: 3 } });
  assert.deepEqual(scaled.body['spec'], { replicas: 3 });
  const deployment = await api.request('GET', path);
  assert.equal((deployment.body['spec'] as { replicas?: number }).replicas, 3);
  assert.equal(deployment.body.metadata.generation, 2);
  await api.close();
});

function namesOf(list: Unstructured): string[] {
  return (list['items'] as Unstructured[]).map((item) => item.metadata.name ?? '');
}

async function patch(api: Awaited<ReturnType<typeof createTestApiServer>>, name: string, body: unknown): Promise<void> {
  const answer = await api.request('PATCH', `${configMaps}/${name}`, body, {
    'content-type': 'application/merge-patch+json',
  });
  assert.equal(answer.status, 200, answer.text);
}

test('a write that insists on another uid is refused in the words of the storage', async () => {
  const api = await createTestApiServer();
  const created = await api.create({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'e' } });
  const wanted = { ...created, metadata: { name: 'e', uid: 'x' } };
  const answer = await api.request('PUT', '/api/v1/namespaces/default/endpoints/e', wanted);
  assert.equal(
    answer.body['message'],
    'Operation cannot be fulfilled on endpoints "e": StorageError: invalid object, Code: 4, ' +
      'Key: /registry/services/endpoints/default/e, ResourceVersion: 0, AdditionalErrorMsg: ' +
      `Precondition failed: UID in precondition: x, UID in object meta: ${created.metadata.uid ?? ''}`,
  );
  await api.close();
});

test('rows of tables tell of completed pods, and flow schemas stand in the order of their precedence', async () => {
  const api = await createTestApiServer();
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' } };
  const created = await api.create({ ...pod, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const pods = '/api/v1/namespaces/default/pods';
  await api.request('PUT', `${pods}/p/status`, { ...created, status: { phase: 'Failed' } });
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const { body } = await api.request('GET', pods, undefined, accept);
  const [row] = body['rows'] as { conditions: unknown }[];
  const message = 'The pod failed.';
  assert.deepEqual(row?.conditions, [{ type: 'Completed', status: 'True', reason: 'Failed', message }]);
  for (const [name, matchingPrecedence] of [
    ['a', 900],
    ['b', 100],
  ] as const) {
    const spec = { matchingPrecedence, priorityLevelConfiguration: { name: 'x' } };
    await api.create({ apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name }, spec });
  }
  const schemas = await api.request('GET', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', undefined, accept);
  const rows = schemas.body['rows'] as { cells: string[] }[];
  assert.deepEqual(rows.map(({ cells }) => cells[0]).slice(0, 2), ['b', 'a']);
  await api.close();
});

test('strategic merge patches of a bad form are bad requests', async () => {
  const api = await createTestApiServer();
  await api.create(configMap('a'));
  const headers = { 'content-type': 'application/strategic-merge-patch+json' };
  const send = (patch: object) => api.request('PATCH', `${configMaps}/a`, patch, headers);
  const retained = await send({ metadata: { $retainKeys: ['name'], annotations: { a: 'b' } } });
  assert.deepEqual([retained.status, retained.body['message']], [400, 'invalid patch format of retainKeys']);
  const ordered = await send({ metadata: { '$setElementOrder/annotations': ['a'] } });
  const text = 'expected slice or array type, but got: struct';
  assert.deepEqual([ordered.status, ordered.body['message']], [500, text]);
  await api.close();
});

test('who applies a scale owns the replicas of its object, shown and refused as a scale', async () => {
  const api = await createTestApiServer();
  const selector = { matchLabels: { a: 'b' } };
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await api.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'default' },
    spec: { replicas: 3, selector, template },
  });
  const path = '/apis/apps/v1/namespaces/default/deployments/d';
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const apply = (replicas: number, query: string) => {
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'd' }, spec: { replicas } };
    return api.request('PATCH', `${path}/scale?${query}`, scale, headers);
  };
  const refused = await apply(2, 'fieldManager=m');
  assert.equal(refused.status, 409);
  assert.match(String(refused.body['message']), /using autoscaling\/v1: \.spec\.replicas$/);
  const negative = await apply(-1, 'fieldManager=m&force=true');
  const text = 'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0';
  assert.deepEqual([negative.status, negative.body['message']], [422, text]);
  const wrong = await api.request('PATCH', `${path}/scale?fieldManager=m`, { ...refused.body, kind: 'Zork' }, headers);
  assert.equal(wrong.body['message'], 'invalid object type: /v1, Kind=Zork');
  await apply(2, 'fieldManager=m&force=true');
  const owners = async (): Promise<unknown> => {
    const { body } = await api.request('GET', path);
    return (body.metadata.managedFields ?? []).map((entry) => [
      entry.manager,
      entry.apiVersion,
      entry.subresource,
      JSON.stringify(entry.fieldsV1).includes('f:replicas'),
    ]);
  };
  const [applied] = (await owners()) as unknown[];
  assert.deepEqual(applied, ['m', 'apps/v1', 'scale', true]);
  // A scale does not show replicas that are none, so nobody owns them.
  const merge = { 'content-type': 'application/merge-patch+json' };
  await api.request('PATCH', `${path}/scale`, { spec: { replicas: 0 } }, merge);
  assert.ok(((await owners()) as unknown[][]).every(([, , , owns]) => owns === false));
  await api.close();
});

test('an eviction of the older version evicts; one that takes the last disruption says so', async () => {
  const api = await createTestApiServer();
  const pods = '/api/v1/namespaces/default/pods';
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  for (const name of ['p', 'q']) {
    const labels = { app: name };
    await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec });
  }
  const eviction = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'p' } };
  assert.equal((await api.request('POST', `${pods}/p/eviction`, eviction)).status, 201);
  assert.equal((await api.request('POST', `${pods}/p/eviction`, eviction)).status, 404);
  const merge = { 'content-type': 'application/merge-patch+json' };
  const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await api.request('PATCH', `${pods}/q/status`, { status: running }, merge);
  await api.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'q' } } },
  });
  const budget = '/apis/policy/v1/namespaces/default/poddisruptionbudgets/b';
  const status = { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 };
  await api.request('PATCH', `${budget}/status`, { status }, merge);
  const evicted = await api.request('POST', `${pods}/q/eviction`, { ...eviction, metadata: { name: 'q' } });
  assert.equal(evicted.status, 201, evicted.text);
  const { body } = await api.request('GET', budget);
  const [condition] = (body['status'] as { conditions: { reason: string }[] }).conditions;
  assert.equal(condition?.reason, 'InsufficientPods');
  await api.close();
});

test('ephemeral containers stay, and component statuses are called by one', async () => {
  const api = await createTestApiServer();
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' }, spec });
  const path = '/api/v1/namespaces/default/pods/p/ephemeralcontainers';
  const merge = { 'content-type': 'application/merge-patch+json' };
  const set = (ephemeralContainers: object[]) => api.request('PATCH', path, { spec: { ephemeralContainers } }, merge);
  assert.equal((await set([{ name: 'e', image: 'i' }])).status, 200);
  const removed = await set([]);
  assert.equal(removed.status, 422);
  assert.match(String(removed.body['message']), /existing ephemeral containers "e" may not be removed/);
  const missing = await api.request('GET', '/api/v1/componentstatuses/zork');
  assert.equal(missing.body['message'], 'componentstatus "zork" not found');
  await api.close();
});

test('a service that stops being a NodePort one forgets its node ports; storage classes are checked again', async () => {
  const api = await createTestApiServer();
  const services = '/api/v1/namespaces/default/services';
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const apply = (spec: object) =>
    api.request(
      'PATCH',
      `${services}/s?fieldManager=m`,
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec },
      headers,
    );
  const [web, other] = [
    { name: 'a', port: 80, nodePort: 30001 },
    { name: 'b', port: 81, nodePort: 30002 },
  ];
  assert.equal((await apply({ type: 'NodePort', ports: [web, other] })).status, 201);
  const { status, body, text } = await apply({ ports: [{ name: 'a', port: 80 }] });
  assert.equal(status, 200, text);
  assert.deepEqual((body['spec'] as { ports: unknown }).ports, [
    { name: 'a', port: 80, protocol: 'TCP', targetPort: 80 },
  ]);
  const storageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'c' } };
  const created = await api.create({ ...storageClass, provisioner: 'a/b' });
  const changed = await api.request('PUT', '/apis/storage.k8s.io/v1/storageclasses/c', {
    ...created,
    reclaimPolicy: 'Zork',
    allowedTopologies: [{}],
  });
  assert.deepEqual(
    changed.body['details'] &&
      (changed.body['details'] as { causes: { field: string }[] }).causes.map(({ field }) => field),
    ['reclaimPolicy', 'allowedTopologies[0].matchLabelExpressions', 'reclaimPolicy'],
  );
  await api.close();
});

test('an autoscaler of the first version keeps what it has no fields for, and managed fields are those of its forms', async () => {
  const api = await createTestApiServer();
  const at = (version: string): string => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers/a`;
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const apply = (version: string, manager: string, spec: object) =>
    api.request(
      'PATCH',
      `${at(version)}?fieldManager=${manager}&force=true`,
      {
        apiVersion: `autoscaling/${version}`,
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'a' },
        spec: { scaleTargetRef, maxReplicas: 5, ...spec },
      },
      headers,
    );
  const target = { type: 'Utilization', averageUtilization: 70 };
  await apply('v2', 'm2', { metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] });
  const { body } = await apply('v1', 'm1', { targetCPUUtilizationPercentage: 65 });
  const owned = (body.metadata.managedFields ?? []).map(({ apiVersion, fieldsV1 }) => [
    apiVersion,
    Object.keys((fieldsV1 as { 'f:spec': object })['f:spec']),
  ]);
  assert.deepEqual(owned, [
    ['autoscaling/v1', ['f:maxReplicas', 'f:scaleTargetRef', 'f:targetCPUUtilizationPercentage']],
    ['autoscaling/v2', ['f:maxReplicas', 'f:scaleTargetRef']],
  ]);
  const merge = { 'content-type': 'application/merge-patch+json' };
  const status = { currentCPUUtilizationPercentage: 1, desiredReplicas: 1 };
  const patched = await api.request('PATCH', `${at('v1')}/status`, { status }, merge);
  const annotation = 'autoscaling.alpha.kubernetes.io/current-metrics';
  assert.match(patched.body.metadata.annotations?.[annotation] ?? '', /"currentAverageUtilization":1/);
  const accept = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' };
  const bare = await api.request('GET', at('v1'), undefined, accept);
  assert.equal(bare.body.metadata.annotations, undefined);
  await api.close();
});

test('what a creator says of a deletion is nobody’s, entries of unknown versions are forgotten', async () => {
  const api = await createTestApiServer();
  const foreign = { manager: 'x', operation: 'Update', apiVersion: 'batch/v1', fieldsType: 'FieldsV1' } as const;
  const created = await api.create({
    ...configMap('a'),
    metadata: {
      name: 'a',
      deletionTimestamp: '2001-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 5,
      managedFields: [{ ...foreign, fieldsV1: { 'f:zz': {} } }],
    },
  });
  const [entry, ...others] = created.metadata.managedFields ?? [];
  assert.deepEqual([Object.keys(entry?.fieldsV1 ?? {}), others], [['f:data'], []]);
  const owner = { apiVersion: 'a/b/c', kind: 'Pod', name: 'p', uid: 'u' };
  const refused = await api.request('POST', configMaps, {
    ...configMap('b'),
    metadata: { name: 'b', ownerReferences: [owner] },
  });
  assert.match(
    String(refused.body['message']),
    /ownerReferences.apiVersion: Invalid value: "a\/b\/c": version must not/,
  );
  await api.close();
});
