import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { createCertificateAuthority } from '../../../src/pki/certificates.ts';
import { createControllerHarness } from '../../support/controller-harness.ts';
import { withOptionalResources } from '../../support/optional-api.ts';

const path = '/apis/certificates.k8s.io/v1beta1';
const signerName = 'kubernetes.io/kube-apiserver-serving';
const now = Date.UTC(2026, 0, 1);

test('the authority of the API server is the one bundle of its signer', async (context) => {
  const authority = await createCertificateAuthority('cluster', now);
  const other = await createCertificateAuthority('other', now);
  const harness = await createControllerHarness('kube-apiserver-serving-clustertrustbundle-publisher-controller', {
    authority,
    optionalResources: new Set(['clustertrustbundles']),
    api: withOptionalResources('clustertrustbundles'),
  });
  context.after(() => harness.close());
  const bundle = (name: string, signer: string | undefined): object => ({
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'ClusterTrustBundle',
    metadata: { name },
    spec: { ...(signer === undefined ? {} : { signerName: signer }), trustBundle: other.certificate },
  });
  const names = async (): Promise<readonly string[]> => {
    await harness.work();
    const { body } = await harness.api.request('GET', `${path}/clustertrustbundles`);
    return (body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
  };
  const [name = '', ...more] = await names();
  assert.deepEqual(more, []);
  assert.match(name, /^kubernetes\.io:kube-apiserver-serving:[0-9a-f]{24}$/);
  for (const made of [bundle('plain', undefined), bundle('kubernetes.io:kube-apiserver-serving:x', signerName)]) {
    assert.equal((await harness.api.request('POST', `${path}/clustertrustbundles`, made)).status, 201);
  }
  assert.deepEqual(await names(), [name, 'plain']);
  const spoiled = { spec: { trustBundle: other.certificate } };
  const headers = { 'content-type': 'application/merge-patch+json' };
  await harness.api.request('PATCH', `${path}/clustertrustbundles/${name}`, spoiled, headers);
  await harness.work();
  const { body } = await harness.api.request('GET', `${path}/clustertrustbundles/${name}`);
  assert.deepEqual(body['spec'], { signerName, trustBundle: authority.certificate });
  await harness.api.request('DELETE', `${path}/clustertrustbundles/${name}`);
  assert.deepEqual(await names(), [name, 'plain']);
});

test('requests of pods for certificates go after a quarter of an hour', async (context) => {
  const harness = await createControllerHarness('podcertificaterequest-cleaner-controller', {
    optionalResources: new Set(['podcertificaterequests']),
    api: withOptionalResources('podcertificaterequests'),
  });
  context.after(() => harness.close());
  const { privateKey } = generateKeyPairSync('ed25519');
  const spec = {
    signerName: 'a.b/c',
    podName: 'web',
    podUID: 'pod',
    serviceAccountName: 'default',
    serviceAccountUID: 'account',
    nodeName: 'n1',
    nodeUID: 'node',
    pkixPublicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64'),
    proofOfPossession: sign(null, Buffer.from('pod'), privateKey).toString('base64'),
  };
  const where = `${path}/namespaces/default/podcertificaterequests`;
  const request = {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'PodCertificateRequest',
    metadata: { name: 'a' },
    spec,
  };
  assert.equal((await harness.api.request('POST', where, request)).status, 201);
  await harness.work();
  await harness.clock.advance(14 * 60_000);
  await harness.work();
  assert.equal((await harness.api.request('GET', `${where}/a`)).status, 200);
  await harness.clock.advance(2 * 60_000);
  await harness.work();
  assert.equal((await harness.api.request('GET', `${where}/a`)).status, 404);
});

test('without their kinds there is nothing for them to do', async (context) => {
  const harness = await createControllerHarness('kube-apiserver-serving-clustertrustbundle-publisher-controller');
  context.after(() => harness.close());
  await harness.work();
  assert.equal((await harness.api.request('GET', `${path}/clustertrustbundles`)).status, 404);
});
