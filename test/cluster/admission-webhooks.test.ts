import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { assembled } from '../support/assembled-server.ts';

/** A webhook that labels objects, and does not like those that are called bad. */
async function listeningWebhook(context: TestContext, serving: CertificatePair): Promise<number> {
  const server = createServer({ cert: serving.certificate, key: serving.privateKey }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { request: JsonObject };
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
