import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { ConfigMap } from '../../../src/api/types/core-v1.ts';
import { formatTime } from '../../../src/apimachinery/object-meta.ts';
import { detachedSignature } from '../../../src/control-plane/controller-manager/bootstrap-token-controllers.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const infoPath = '/api/v1/namespaces/kube-public/configmaps/cluster-info';

async function start(context: TestContext, controller: string): Promise<ControllerHarness> {
  const harness = await createControllerHarness(controller);
  context.after(() => harness.close());
  return harness;
}

async function addToken(harness: ControllerHarness, id: string, more: Record<string, string> = {}): Promise<void> {
  const fields = { 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...more };
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: fields,
  });
  await harness.work();
}

test('a detached signature has a header, no content, and the mark of the secret', () => {
  const [header = '', content, signature] = detachedSignature('hello', 'abcdef', 'secret').split('.');
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString('utf8')), { alg: 'HS256', kid: 'abcdef' });
  assert.equal(content, '');
  const signed = `${header}.${Buffer.from('hello').toString('base64url')}`;
  assert.equal(signature, createHmac('sha256', 'secret').update(signed).digest('base64url'));
});

test('cluster-info is signed by the tokens that may sign, and by no others', async (context) => {
  const harness = await start(context, 'bootstrap-signer-controller');
  await harness.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-public' } });
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cluster-info', namespace: 'kube-public' },
    data: { kubeconfig: 'clusters: []', 'jws-kubeconfig-gone00': 'old' },
  });
  const signatures = async (): Promise<Record<string, string>> => {
    const { body } = await harness.api.request('GET', infoPath);
    const { kubeconfig: _config, ...rest } = (body as unknown as ConfigMap).data ?? {};
    return rest;
  };
  await addToken(harness, 'abcdef');
  await addToken(harness, 'nosign', { 'usage-bootstrap-signing': 'false' });
  await addToken(harness, 'over00', { expiration: formatTime(harness.clock.now() - 1000) });
  const signature = detachedSignature('clusters: []', 'abcdef', '0123456789abcdef');
  assert.deepEqual(await signatures(), { 'jws-kubeconfig-abcdef': signature });
  await harness.api.request('DELETE', '/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef');
  await harness.work();
  assert.deepEqual(await signatures(), {});
});

test('tokens whose time is over are deleted', async (context) => {
  const harness = await start(context, 'token-cleaner-controller');
  await addToken(harness, 'short0', { expiration: formatTime(harness.clock.now() + 60_000) });
  await addToken(harness, 'over00', { expiration: formatTime(harness.clock.now() - 1000) });
  await addToken(harness, 'garble', { expiration: 'soon' });
  await addToken(harness, 'always');
  const names = async (): Promise<string[]> => {
    const { body } = await harness.api.request('GET', '/api/v1/namespaces/kube-system/secrets');
    return (body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
  };
  assert.deepEqual(await names(), ['bootstrap-token-always', 'bootstrap-token-short0']);
  await harness.clock.advance(60_000);
  await harness.work();
  assert.deepEqual(await names(), ['bootstrap-token-always']);
});
