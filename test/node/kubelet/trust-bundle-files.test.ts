import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { VolumeProjection } from '../../../src/api/types/core-v1.ts';
import { sourceFiles } from '../../../src/node/kubelet/volume-sources.ts';
import { withOptionalResources } from '../../support/optional-api.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';
import { testCertificates } from '../../support/test-certificates.ts';

const server = await createTestApiServer(withOptionalResources('clustertrustbundles'));
const { client } = server;
after(() => server.close());
let pem: Awaited<ReturnType<typeof testCertificates>>;

before(async () => {
  pem = await testCertificates();
  const make = (name: string, trustBundle: string, signerName?: string): Promise<unknown> =>
    server.create({
      apiVersion: 'certificates.k8s.io/v1beta1',
      kind: 'ClusterTrustBundle',
      metadata: { name, labels: { to: name.slice(-1) } },
      spec: { trustBundle, ...(signerName === undefined ? {} : { signerName }) },
    });
  await make('plain', `said before\n${pem.first}`);
  await make('a.b:c:1', pem.first, 'a.b/c');
  await make('a.b:c:2', pem.first + pem.second, 'a.b/c');
});

/** How many times each certificate is in the file of a projection. */
async function project(
  clusterTrustBundle: Omit<NonNullable<VolumeProjection['clusterTrustBundle']>, 'path'>,
): Promise<string> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' } };
  const volume = {
    name: 'v',
    projected: { sources: [{ clusterTrustBundle: { path: 'ca.pem', ...clusterTrustBundle } }] },
  };
  const facts = { podIPs: [], hostIP: '192.168.64.2', allocatable: {} };
  const made = await sourceFiles({ client, pod, facts }, volume);
  const text = Buffer.from(made?.files.get('ca.pem')?.content ?? []).toString();
  const count = (one: string): number => text.split(one.trim()).length - 1;
  assert.equal(text.match(/BEGIN/g)?.length ?? 0, count(pem.first) + count(pem.second));
  return `${count(pem.first)} ${count(pem.second)}`;
}

test('a bundle by its name, and those of a signer that labels select, each certificate once', async () => {
  assert.equal(await project({ name: 'plain' }), '1 0');
  assert.equal(await project({ signerName: 'a.b/c', labelSelector: {} }), '1 1');
  assert.equal(await project({ signerName: 'a.b/c', labelSelector: { matchLabels: { to: '1' } } }), '1 0');
});

test('what is not there is waited for, unless it need not be', async () => {
  await assert.rejects(project({ name: 'none' }), {
    message: 'while getting ClusterTrustBundle: clustertrustbundles.certificates.k8s.io "none" not found',
  });
  const zero = { message: 'combination of signerName and labelSelector matched zero ClusterTrustBundles' };
  await assert.rejects(project({ signerName: 'a.b/d', labelSelector: {} }), zero);
  await assert.rejects(project({ signerName: 'a.b/c' }), zero);
  assert.equal(await project({ name: 'none', optional: true }), '0 0');
  assert.equal(await project({ signerName: 'a.b/d', labelSelector: {}, optional: true }), '0 0');
});
