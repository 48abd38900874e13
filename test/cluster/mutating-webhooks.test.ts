import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { type Answer, assembled } from '../support/assembled-server.ts';

const core = '/api/v1/namespaces/default';
const group = 'admissionregistration.k8s.io/v1';
const merge = { 'content-type': 'application/merge-patch+json' };
const apply = { 'content-type': 'application/apply-patch+yaml' };

interface Hooked {
  /** What was asked, in order. */
  readonly asked: JsonObject[];
  /** A field of what was asked first. */
  readonly field: (name: string) => JsonObject;
  /** What the webhook patches from now on. */
  readonly patch: (operations: readonly JsonObject[]) => void;
  readonly as: (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<Answer>;
}

/** A server with a mutating webhook for everything, and how often it may be asked is up to it. */
async function hooked(context: TestContext): Promise<Hooked> {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('hooks', now);
  const subject = { commonName: 'hook' };
  const serving = await issueCertificate(authority, { subject, usage: 'server', ipAddresses: ['127.0.0.1'], now });
  const asked: JsonObject[] = [];
  let operations: readonly JsonObject[] = [];
  const server = createServer({ cert: serving.certificate, key: serving.privateKey }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { request: JsonObject };
      asked.push(review.request);
      const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
      const change = operations.length > 0 ? { patchType: 'JSONPatch', patch } : {};
      response.end(JSON.stringify({ ...review, response: { uid: review.request['uid'], allowed: true, ...change } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { as } = await assembled(context);
  const { port } = server.address() as AddressInfo;
  const webhook = {
    name: 'hook.example.com',
    clientConfig: {
      url: `https://127.0.0.1:${port}`,
      caBundle: Buffer.from(authority.certificate).toString('base64'),
    },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
  };
  const configuration = { apiVersion: group, kind: 'MutatingWebhookConfiguration', metadata: { name: 'mut' } };
  const { status, text } = await as('admin-token', 'POST', `/apis/${group}/mutatingwebhookconfigurations`, {
    ...configuration,
    webhooks: [webhook],
  });
  assert.equal(status, 201, text);
  return {
    asked,
    field: (name) => {
      const [request] = asked;
      assert.ok(request !== undefined, 'nothing was asked');
      return request[name] as JsonObject;
    },
    patch: (wanted) => {
      operations = wanted;
    },
    as: (method, path, body, headers = {}) => {
      asked.length = 0;
      return as('admin-token', method, path, body, headers);
    },
  };
}

const map = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } });

test('what a webhook renames is kept by the name that was asked for, and found by it', async (context) => {
  const { as, asked, patch } = await hooked(context);
  patch([{ op: 'replace', path: '/metadata/name', value: 'other' }]);
  const applied = await as('PATCH', `${core}/configmaps/wanted?fieldManager=m`, map('wanted'), apply);
  assert.deepEqual([applied.status, applied.body.metadata.name, asked.length], [201, 'other', 1]);
  patch([]);
  assert.equal((await as('GET', `${core}/configmaps/wanted`)).body.metadata.name, 'other');
  assert.equal((await as('GET', `${core}/configmaps/other`)).status, 404);
  patch([{ op: 'replace', path: '/metadata/name', value: 'posted' }]);
  const posted = await as('POST', `${core}/configmaps`, map('asked'));
  assert.deepEqual([posted.status, posted.body.metadata.name], [201, 'posted']);
});

test('a webhook says what the server would have taken from a client', async (context) => {
  const { as, field, patch } = await hooked(context);
  patch([
    { op: 'add', path: '/metadata/deletionTimestamp', value: '2001-01-01T00:00:00Z' },
    { op: 'add', path: '/metadata/selfLink', value: '/x' },
    { op: 'add', path: '/metadata/managedFields', value: [] },
  ]);
  const system = { uid: 'u', creationTimestamp: '2001-01-01T00:00:00Z', deletionTimestamp: '2001-01-01T00:00:00Z' };
  const created = await as('POST', `${core}/configmaps`, { ...map('a'), metadata: { name: 'a', ...system } });
  assert.deepEqual(Object.keys(field('object')['metadata'] as object).toSorted(), [
    'managedFields',
    'name',
    'namespace',
  ]);
  const { deletionTimestamp, selfLink, managedFields, uid } = created.body.metadata;
  assert.equal(deletionTimestamp, '2001-01-01T00:00:00Z');
  assert.deepEqual([selfLink, managedFields, uid === 'u'], [undefined, undefined, false]);
  patch([]);
  // Nothing keeps it any more, so the next write is its last.
  assert.equal((await as('PATCH', `${core}/configmaps/a`, { data: { x: 'y' } }, merge)).status, 200);
  assert.equal((await as('GET', `${core}/configmaps/a`)).status, 404);
});

test('an object that a patch makes one of another kind is refused', async (context) => {
  const { as, patch } = await hooked(context);
  patch([
    { op: 'remove', path: '/data' },
    { op: 'replace', path: '/kind', value: 'Secret' },
  ]);
  const { status, body } = await as('POST', `${core}/configmaps`, map('a'));
  assert.equal(status, 500);
  assert.equal(body['message'], 'converting (v1.Secret) to (core.ConfigMap): unknown conversion');
  assert.equal(body['reason'], undefined);
});

test('a namespace is admitted as something in itself, and its delete insists on its uid', async (context) => {
  const { as, field } = await hooked(context);
  const { uid } = (await as('POST', '/api/v1/namespaces', { metadata: { name: 'n' } })).body.metadata;
  assert.deepEqual([field('name'), field('namespace')], ['n', 'n']);
  await as('PUT', '/api/v1/namespaces/n/finalize', { metadata: { name: 'n' }, spec: { finalizers: [] } });
  const marked = await as('DELETE', '/api/v1/namespaces/n');
  assert.deepEqual(field('options')['preconditions'], { uid });
  assert.deepEqual(marked.body['status'], { phase: 'Terminating' });
  assert.equal((await as('GET', '/api/v1/namespaces/n')).status, 200);
  await as('DELETE', '/api/v1/namespaces/n');
  assert.equal((await as('GET', '/api/v1/namespaces/n')).status, 404);
});

const workload = {
  metadata: { name: 'r' },
  spec: {
    replicas: 1,
    selector: { a: 'b' },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

test('a scale is admitted as it was sent, with who sets which of its fields', async (context) => {
  const { as, field } = await hooked(context);
  await as('POST', `${core}/replicationcontrollers`, workload);
  const owned = (object: unknown): unknown =>
    (object as { metadata: { managedFields?: { fieldsV1: object; subresource?: string; time?: string }[] } }).metadata
      .managedFields?.[0];
  await as('PATCH', `${core}/replicationcontrollers/r/scale`, { spec: { replicas: 2 } }, merge);
  const fields = { apiVersion: 'autoscaling/v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } };
  const time = '2026-01-01T00:00:00Z';
  const manager = 'unknown';
  assert.deepEqual(owned(field('object')), { manager, operation: 'Update', time, subresource: 'scale', ...fields });
  assert.deepEqual(owned(field('oldObject')), { manager, operation: 'Update', time, ...fields });
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'r', namespace: 'default' } };
  await as('PUT', `${core}/replicationcontrollers/r/scale`, { ...scale, spec: { replicas: 5 } });
  const { metadata, status } = field('object') as { metadata: JsonObject; status: JsonObject };
  assert.deepEqual(Object.keys(metadata).toSorted(), ['managedFields', 'name', 'namespace']);
  assert.deepEqual(status, { replicas: 0 });
  assert.equal((owned(field('oldObject')) as { time?: string }).time, undefined);
});

test('bindings and requests for tokens are admitted with what their kinds show', async (context) => {
  const { as, field, patch } = await hooked(context);
  const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
  await as('POST', `${core}/pods/p/binding`, binding);
  const { managedFields } = field('object')['metadata'] as { managedFields: JsonObject[] };
  assert.deepEqual(managedFields[0]?.['fieldsV1'], { 'f:target': {} });
  assert.equal(managedFields[0]?.['subresource'], 'binding');
  patch([{ op: 'replace', path: '/metadata/name', value: 'q' }]);
  const renamed = await as('POST', `${core}/pods/p/binding`, binding);
  assert.equal(renamed.body['message'], 'name in URL does not match name in Binding object');
  patch([]);
  await as('POST', `${core}/serviceaccounts`, { metadata: { name: 'sa' } });
  await as('POST', `${core}/serviceaccounts/sa/token`, { spec: {} });
  assert.deepEqual(field('object')['spec'], {
    audiences: null,
    boundObjectRef: null,
    expirationSeconds: 3600,
  });
});

test('the options of a connection can be patched as far as they go', async (context) => {
  const { as, patch } = await hooked(context);
  patch([{ op: 'add', path: '/metadata/labels', value: {} }]);
  const { status, body } = await as('POST', `${core}/pods/p/exec?command=ls&container=c`);
  assert.equal(status, 500);
  assert.equal(
    body['message'],
    'Internal error occurred: add operation does not apply: doc is missing path: "/metadata/labels": missing value',
  );
});
