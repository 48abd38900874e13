import assert from 'node:assert/strict';
import test from 'node:test';
import { readBody } from '../../../src/apimachinery/http.ts';
import { checkFuzzAnswer, fuzzFrom } from '../../support/fuzz-values.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

const { below, chance, pick, value, mangled } = fuzzFrom(36);
const configMaps = '/api/v1/namespaces/default/configmaps';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE'] as const;
const mediaTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/cbor',
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/html;q=0.3',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  '*/*',
  ';;,',
  '',
] as const;
const paths = [
  configMaps,
  `${configMaps}/kept`,
  `${configMaps}/other`,
  '/api/v1/namespaces/default/pods',
  '/api/v1/namespaces/default/pods/none/log',
  '/apis/apps/v1/namespaces/default/deployments',
  '/apis/apps/v1/namespaces/default/deployments/none/scale',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  '/api',
  '/apis',
  '/version',
  '/metrics',
] as const;
const parameters = [
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'labelSelector',
  'fieldSelector',
  'dryRun',
  'fieldManager',
  'fieldValidation',
  'force',
  'pretty',
  'gracePeriodSeconds',
  'propagationPolicy',
  'includeObject',
] as const;
const words = [
  '',
  '0',
  '-1',
  '1',
  'x',
  'All',
  'Exact',
  '%',
  '%ff',
  '%00',
  'a=b',
  '!',
  '(',
  '9'.repeat(30),
  'é',
  '..',
  'true',
] as const;

/** Bytes that may be a body: JSON whole, cut, or with bytes turned. */
function body(): Uint8Array {
  if (chance(0.03)) return Buffer.from(pick(['[', '{"a":']).repeat(below(12_000)));
  const metadata = { name: pick(['other', 'A b', '']), labels: value(3) };
  const object = chance(0.5) ? { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: value(3) } : value(0);
  return mangled(Buffer.from(JSON.stringify(object)));
}

function path(): string {
  let chosen: string = pick(paths);
  if (chance(0.15)) chosen += pick(['/', '//', '/..', '/%2e%2e', '/%zz', '/a b', '/\u00e9', '/status', '/a/b/c']);
  const query = Array.from({ length: below(4) }, () => `${pick(parameters)}=${pick(words)}`);
  return query.length === 0 ? chosen : `${chosen}?${query.join('&')}`;
}

void test('whatever bytes come, the server answers, and others do not notice', async () => {
  const api = await createTestApiServer();
  const kept = await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } });
  const kinds = new Set<number>();
  for (let round = 0; round < 1500; round++) {
    const method = pick(methods);
    const asked = path();
    // The object that others look at stays as it is.
    const isKept = asked.startsWith(`${configMaps}/kept`) || (method === 'DELETE' && asked.startsWith(configMaps));
    const headers = { 'content-type': pick(mediaTypes), accept: pick(mediaTypes) };
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const used = isKept && hasBody ? 'GET' : method;
    const sent = used === method && hasBody ? body() : undefined;
    const label = `round ${round}: ${used} ${asked} ${JSON.stringify(headers)} ${Buffer.from(sent ?? [])
      .toString('latin1')
      .slice(0, 300)}`;
    const answer = await api.request(used, asked, sent, headers);
    checkFuzzAnswer(label, answer);
    if (sent !== undefined) kinds.add(Math.floor(answer.status / 100));
    if (round % 100 === 0) assert.deepEqual((await api.request('GET', `${configMaps}/kept`)).body, kept, label);
  }
  assert.deepEqual((await api.request('GET', `${configMaps}/kept`)).body, kept);
  assert.ok(kinds.has(2) && kinds.has(4), 'some bodies are taken and some refused');
  await api.close();
});

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { a: 'b' }, annotations: { c: 'd' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }], env: [{ name: 'E', value: 'v' }] }],
      },
    },
  },
};
const pointers = [
  '',
  '/',
  '/metadata/labels/a',
  '/metadata/labels',
  '/metadata',
  '/spec/replicas',
  '/spec/template/spec/containers/0',
  '/spec/template/spec/containers/-',
  '/spec/template/spec/containers/1',
  '/metadata/annotations/c~1d',
  '/a~2',
  '/__proto__/x',
  '/status/x',
] as const;

/** A patch of one of the four kinds, with its media type. */
function patch(): readonly [type: string, body: Uint8Array] {
  const operations = ['add', 'remove', 'replace', 'move', 'copy', 'test', 'zork'] as const;
  const directives = ['replace', 'delete', 'merge', 'retainKeys', 'zork', 1] as const;
  const type = pick([
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
  ]);
  const changed = (object: unknown, depth: number): unknown => {
    if (chance(0.12)) return value(depth);
    if (Array.isArray(object)) return object.filter(() => chance(0.9)).map((item) => changed(item, depth + 1));
    if (typeof object !== 'object' || object === null) return object;
    const entries = Object.entries(object).filter(() => chance(0.9));
    const more = chance(0.15) ? { $patch: pick<unknown>(directives) } : chance(0.1) ? { $retainKeys: value(3) } : {};
    return { ...Object.fromEntries(entries.map(([key, inside]) => [key, changed(inside, depth + 1)])), ...more };
  };
  const operation = (): unknown => ({
    op: pick(operations),
    path: pick(pointers),
    ...(chance(0.4) ? { from: pick(pointers) } : {}),
    ...(chance(0.7) ? { value: value(2) } : {}),
  });
  const body = type.includes('json-patch')
    ? Array.from({ length: below(4) }, operation)
    : { ...(changed(deployment, 0) as object), ...(chance(0.7) ? { apiVersion: 'apps/v1', kind: 'Deployment' } : {}) };
  const bytes = Buffer.from(JSON.stringify(body));
  return [type, chance(0.2) ? mangled(bytes) : bytes];
}

void test('whatever patches come, the object stays one, and others do not notice', async () => {
  const api = await createTestApiServer();
  const path = '/apis/apps/v1/namespaces/default/deployments/web';
  const kept = await api.create({ ...deployment, metadata: { name: 'kept' } });
  const outcomes = new Map<string, Set<number>>();
  for (let round = 0; round < 800; round++) {
    if (round % 10 === 0) {
      await api.request('DELETE', path);
      await api.create(structuredClone(deployment));
    }
    const [type, body] = patch();
    const query = [
      'fieldManager=fuzz',
      pick(['', 'force=true', 'force=x', 'dryRun=All']),
      pick(['', 'fieldValidation=Strict', 'fieldValidation=Warn']),
      pick(['', '', 'fieldManager=']),
    ].join('&');
    const asked = `${path}${pick(['', '', '', '/status', '/scale'])}?${query}`;
    const answer = await api.request('PATCH', asked, body, { 'content-type': type });
    checkFuzzAnswer(`round ${round}: ${asked} ${type} ${Buffer.from(body).toString('latin1').slice(0, 600)}`, answer);
    const seen = outcomes.get(type) ?? new Set<number>();
    outcomes.set(type, seen.add(Math.floor(answer.status / 100)));
    const { status, body: now } = await api.request('GET', path);
    assert.deepEqual([status, now.kind, now.metadata.name], [200, 'Deployment', 'web'], asked);
  }
  assert.deepEqual((await api.request('GET', path.replace(/web$/, 'kept'))).body, kept);
  assert.equal(outcomes.size, 4);
  for (const [type, seen] of outcomes) assert.ok(seen.has(2) && seen.has(4), `${type}: some are taken, some refused`);
  await api.close();
});

void test('whatever protobuf comes, it is read or refused', async () => {
  const api = await createTestApiServer();
  const protobuf = 'application/vnd.kubernetes.protobuf';
  await api.create(structuredClone(deployment));
  const collection = '/apis/apps/v1/namespaces/default/deployments';
  const { body } = await api.server.handle({ method: 'GET', path: `${collection}/web`, headers: { accept: protobuf } });
  const whole = Buffer.from(await readBody(body));
  const statuses = new Set<number>();
  for (let round = 0; round < 600; round++) {
    const sent = round === 0 ? whole : mangled(whole);
    const method = pick(['POST', 'PUT']);
    const path = method === 'POST' ? collection : `${collection}/web`;
    const headers = { 'content-type': protobuf, accept: pick([protobuf, 'application/json', '*/*']) };
    const answer = await api.request(method, `${path}?dryRun=All`, sent, headers);
    checkFuzzAnswer(`round ${round}: ${method} ${Buffer.from(sent).toString('hex').slice(0, 1200)}`, answer);
    statuses.add(answer.status);
  }
  assert.ok(statuses.has(400) && [...statuses].some((status) => status < 300), [...statuses].join(' '));
  await api.close();
});

const oddHeaders = [
  'accept',
  'accept-encoding',
  'authorization',
  'content-encoding',
  'content-type',
  'cookie',
  'expect',
  'if-none-match',
  'impersonate-extra-x%zz',
  'impersonate-group',
  'impersonate-user',
  'range',
  'sec-websocket-protocol',
  'upgrade',
  'user-agent',
  'x-forwarded-for',
  'x-remote-user',
] as const;
const oddValues = [
  '',
  ',',
  ';',
  '=',
  '"',
  'é\u0000',
  'gzip;q=zork',
  'gzip;q=1e999',
  'application/json;as=Table;g=meta.k8s.io;v=v9,,;q',
  'a'.repeat(20_000),
  'Bearer ',
  'Bearer a.b.c',
  'Basic ====',
  'system:serviceaccount:',
  'bytes=9-1',
  'websocket',
  '../../',
  '%ff%00',
] as const;

void test('whatever headers come, the server answers', async () => {
  const api = await createTestApiServer();
  await api.create(structuredClone(deployment));
  for (let round = 0; round < 800; round++) {
    const headers = Object.fromEntries(
      Array.from({ length: 1 + below(4) }, () => [
        pick(oddHeaders),
        chance(0.15) ? [pick(oddValues), pick(oddValues)] : pick(oddValues),
      ]),
    );
    const method = pick(['GET', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH']);
    const path = pick([configMaps, '/apis/apps/v1/deployments', '/apis', '/openapi/v2', '/healthz', '/version']);
    const asked = `${path}${pick(['', '?limit=1', '?pretty=1'])}`;
    const sent = method === 'GET' ? undefined : body();
    const label = `round ${round}: ${method} ${asked} ${JSON.stringify(headers).slice(0, 400)}`;
    checkFuzzAnswer(label, await api.request(method, asked, sent, headers));
  }
  await api.close();
});
