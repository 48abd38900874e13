import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { assembled } from '../support/assembled-server.ts';

/** A webhook that labels objects, and does not like those that are called bad. */
async function listeningWebhook(
  context: TestContext,
  serving: CertificatePair,
  asked: JsonObject[] = [],
): Promise<number> {
  const server = createServer({ cert: serving.certificate, key: serving.privateKey }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { request: JsonObject };
      asked.push(review.request);
      const { uid = '', name } = review.request;
      const isMutating = request.url?.startsWith('/mutate') === true;
      const patch = [
        { op: 'add', path: '/metadata/labels', value: { hooked: 'yes' } },
        { op: 'add', path: '/zork', value: 1 },
      ];
      const change = { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
      const verdict =
        name === 'bad'
          ? { allowed: false, status: { message: 'bad name', reason: 'Forbidden', code: 403 } }
          : { allowed: true };
      response.end(JSON.stringify({ ...review, response: { uid, ...verdict, ...(isMutating ? change : {}) } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

test('webhooks are asked over HTTPS, and change and refuse objects', async (context) => {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('hooks', now);
  const serving = await issueCertificate(authority, {
    subject: { commonName: 'hook' },
    usage: 'server',
    ipAddresses: ['127.0.0.1'],
    now,
  });
  const port = await listeningWebhook(context, serving);
  const { as } = await assembled(context);
  const post = async (path: string, object: object): Promise<{ status: number; body: JsonObject }> => {
    const { status, body } = await as('admin-token', 'POST', path, object);
    return { status, body: body as unknown as JsonObject };
  };
  const created = async (path: string, object: object): Promise<void> => {
    const { status, body } = await post(path, object);
    assert.equal(status, 201, JSON.stringify(body));
  };
  const webhook = (place: object, resource: string): object => ({
    name: 'hook.example.com',
    clientConfig: { ...place, caBundle: Buffer.from(authority.certificate).toString('base64') },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    rules: [
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: [resource],
      },
    ],
  });
  const group = '/apis/admissionregistration.k8s.io/v1';
  const apiVersion = 'admissionregistration.k8s.io/v1';
  await created(`${group}/mutatingwebhookconfigurations`, {
    apiVersion,
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'mut' },
    webhooks: [webhook({ url: `https://127.0.0.1:${port}/mutate` }, 'configmaps')],
  });
  await created(`${group}/validatingwebhookconfigurations`, {
    apiVersion,
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'val' },
    webhooks: [webhook({ service: { namespace: 'default', name: 'gone', path: '/validate' } }, 'secrets')],
  });
  const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  const good = await post('/api/v1/namespaces/default/configmaps', configMap('good'));
  assert.equal(good.status, 201, JSON.stringify(good.body));
  assert.deepEqual((good.body['metadata'] as JsonObject)['labels'], { hooked: 'yes' });
  // What the kind does not have is dropped.
  assert.equal(good.body['zork'], undefined);
  const bad = await post('/api/v1/namespaces/default/configmaps', configMap('bad'));
  assert.equal(bad.status, 403);
  assert.equal(bad.body['message'], 'admission webhook "hook.example.com" denied the request: bad name');
  const secret = await post('/api/v1/namespaces/default/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
  });
  assert.equal(secret.status, 500);
  assert.equal(
    secret.body['message'],
    'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: Post "https://gone.default.svc:443/validate?timeout=10s": service "gone" not found',
  );
});

test('webhooks are told what travels, as the real server tells them', async (context) => {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('hooks', now);
  const serving = await issueCertificate(authority, {
    subject: { commonName: 'hook' },
    usage: 'server',
    ipAddresses: ['127.0.0.1'],
    now,
  });
  const asked: JsonObject[] = [];
  const port = await listeningWebhook(context, serving, asked);
  const { as } = await assembled(context);
  const apiVersion = 'admissionregistration.k8s.io/v1';
  await as('admin-token', 'POST', `/apis/${apiVersion}/validatingwebhookconfigurations`, {
    apiVersion,
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'val' },
    webhooks: [
      {
        name: 'hook.example.com',
        clientConfig: {
          url: `https://127.0.0.1:${port}/validate`,
          caBundle: Buffer.from(authority.certificate).toString('base64'),
        },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        rules: [
          {
            apiGroups: ['*'],
            apiVersions: ['*'],
            operations: ['*'],
            resources: ['configmaps', 'replicationcontrollers/scale', 'pods/exec', 'pods/binding'],
          },
        ],
      },
    ],
  });
  const core = '/api/v1/namespaces/default';
  const merge = { 'content-type': 'application/merge-patch+json' };
  const send = async (method: string, path: string, body?: object, headers = {}): Promise<JsonObject> => {
    asked.length = 0;
    const { text } = await as('admin-token', method, path, body, headers);
    const [request] = asked;
    assert.ok(request !== undefined, text);
    return request;
  };
  const meta = 'meta.k8s.io/v1';
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } });
  const patched = await send('PATCH', `${core}/configmaps/a?dryRun=All&fieldManager=m`, { data: { a: 'b' } }, merge);
  const dry = { dryRun: ['All'], fieldManager: 'm' };
  assert.deepEqual(patched['options'], { kind: 'UpdateOptions', apiVersion: meta, ...dry });
  const apply = { 'content-type': 'application/apply-patch+yaml' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' } };
  const applied = await send('PATCH', `${core}/configmaps/new?fieldManager=m`, object, apply);
  assert.deepEqual(applied['options'], { kind: 'CreateOptions', apiVersion: meta, fieldManager: 'm' });
  const emptied = await send('DELETE', `${core}/configmaps`);
  assert.deepEqual([emptied['operation'], emptied['name']], ['DELETE', undefined]);
  await as('admin-token', 'POST', `${core}/replicationcontrollers`, {
    metadata: { name: 'r' },
    spec: {
      replicas: 0,
      selector: { a: 'b' },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  const scaled = await send('PATCH', `${core}/replicationcontrollers/r/scale`, { spec: { replicas: 1 } }, merge);
  assert.deepEqual(scaled['kind'], { group: 'autoscaling', version: 'v1', kind: 'Scale' });
  const { kind, spec } = scaled['object'] as JsonObject;
  assert.deepEqual([kind, spec], ['Scale', { replicas: 1 }]);
  assert.deepEqual((scaled['oldObject'] as JsonObject)['spec'], {});
  const command = 'command=ls&command=-l&stdout=true&container=c';
  const connected = await send('POST', `${core}/pods/p/exec?${command}`);
  assert.deepEqual(connected['object'], {
    kind: 'PodExecOptions',
    apiVersion: 'v1',
    stdout: true,
    container: 'c',
    command: ['ls', '-l'],
  });
  const bound = await send('POST', `${core}/pods/p/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'p' },
    target: { kind: 'Node', name: 'n' },
  });
  assert.deepEqual(bound['options'], { kind: 'CreateOptions', apiVersion: meta });
});
