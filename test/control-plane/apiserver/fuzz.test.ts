import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '../../../src/system/random.ts';
import { createTestApiServer, type TestAnswer } from '../../support/test-api-server.ts';

const random = seededRandom(36);
const configMaps = '/api/v1/namespaces/default/configmaps';

function below(limit: number): number {
  return Math.floor(random.next() * limit);
}

function pick<T>(items: readonly [T, ...T[]]): T {
  return items[below(items.length)] ?? items[0];
}

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

/** A value of JSON, sometimes an object as the API knows it. */
function value(depth: number): unknown {
  const scalars = [null, true, 0, -1, 1.5, 1e300, '', 'x', '\u0000', '\ud800', 'é'.repeat(40)] as const;
  if (depth > 4 || random.next() < 0.4) return pick(scalars);
  if (random.next() < 0.3) return Array.from({ length: below(4) }, () => value(depth + 1));
  const keys = [
    'apiVersion',
    'kind',
    'metadata',
    'name',
    'labels',
    'data',
    'spec',
    'op',
    'path',
    '$patch',
    '__proto__',
  ] as const;
  return Object.fromEntries(Array.from({ length: below(5) }, () => [pick(keys), value(depth + 1)]));
}

/** Bytes that may be a body: JSON whole, cut, or with bytes turned. */
function body(): Uint8Array {
  const object =
    random.next() < 0.5
      ? {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: pick(['other', 'A b', '']), labels: value(3) },
          data: value(3),
        }
      : value(0);
  const bytes = Buffer.from(JSON.stringify(object));
  for (let turned = below(4) - 1; turned > 0; turned--) bytes[below(bytes.length)] = below(256);
  const shape = random.next();
  if (shape < 0.15) return bytes.subarray(0, below(bytes.length));
  if (shape < 0.25) return Buffer.concat([bytes, bytes]);
  if (shape < 0.3) return Buffer.from(Array.from({ length: below(200) }, () => below(256)));
  if (shape < 0.33) return Buffer.from(pick(['[', '{"a":']).repeat(below(12_000)));
  return bytes;
}

function path(): string {
  let chosen: string = pick(paths);
  if (random.next() < 0.15)
    chosen += pick(['/', '//', '/..', '/%2e%2e', '/%zz', '/a b', '/\u00e9', '/status', '/a/b/c']);
  const query = Array.from({ length: below(4) }, () => `${pick(parameters)}=${pick(words)}`);
  return query.length === 0 ? chosen : `${chosen}?${query.join('&')}`;
}

/** What an answer has to be, whatever was asked. */
function checkAnswer(asked: string, { status, text, body: answer }: TestAnswer): void {
  assert.ok(status >= 200 && status < 600, asked);
  // A panic is answered with 500 and no reason; refusals of that kind have their words from Kubernetes.
  assert.doesNotMatch(text, /is not a function|of undefined|of null|Maximum call stack|is not iterable/, asked);
  if (status < 400 || answer.kind !== 'Status') return;
  assert.equal(answer['status'], 'Failure', asked);
  assert.equal(answer['code'], status, asked);
  assert.ok(typeof answer['message'] === 'string', asked);
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
    checkAnswer(label, answer);
    if (sent !== undefined) kinds.add(Math.floor(answer.status / 100));
    if (round % 100 === 0) assert.deepEqual((await api.request('GET', `${configMaps}/kept`)).body, kept, label);
  }
  assert.deepEqual((await api.request('GET', `${configMaps}/kept`)).body, kept);
  assert.ok(kinds.has(2) && kinds.has(4), 'some bodies are taken and some refused');
  await api.close();
});
