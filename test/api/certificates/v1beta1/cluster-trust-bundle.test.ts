import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assembled } from '../../../support/assembled-server.ts';
import { testCertificates } from '../../../support/test-certificates.ts';

const path = '/apis/certificates.k8s.io/v1beta1/clustertrustbundles';
const flags = { 'runtime-config': 'api/all=true', 'feature-gates': 'ClusterTrustBundle=true' };
let pem: Awaited<ReturnType<typeof testCertificates>>;
before(async () => {
  pem = await testCertificates();
});

const bundle = (name: string, trustBundle: string, signerName?: string): object => ({
  apiVersion: 'certificates.k8s.io/v1beta1',
  kind: 'ClusterTrustBundle',
  metadata: { name },
  spec: { trustBundle, ...(signerName === undefined ? {} : { signerName }) },
});

/** What a real 1.36.2 says of the bundles that are refused. */
const cases: readonly (readonly [name: string, bundle: () => string, signer: string | undefined, problem: RegExp])[] = [
  ['a', () => 'nope', undefined, /spec.trustBundle: Invalid value: "<value omitted>": at least one trust anchor/],
  ['a', () => pem.leaf, undefined, /entry 0 does not have the CA bit set/],
  ['a', () => pem.first + pem.first, undefined, /duplicate trust anchor \(indices \[0 1\]\)/],
  ['a', () => pem.first.replaceAll('CERTIFICATE', 'FOO'), undefined, /entry 0 has bad block type: FOO/],
  ['a', () => pem.first.replace('-----\n', '-----\nA: b\n\n'), undefined, /entry 0 has PEM block headers/],
  [
    'a',
    () => `${pem.first}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    undefined,
    /entry 1 does not parse as X.509/,
  ],
  ['a', () => 'x'.repeat(1024 * 1024 + 1), undefined, /spec.trustBundle: Too long: may not be more than 1048576 bytes/],
  ['x:y', () => pem.first, undefined, /ClusterTrustBundle without signer name must not have ":" in its name/],
  ['a', () => pem.first, 'a.b/c', /ClusterTrustBundle for signerName a.b\/c must be named with prefix a.b:c:/],
  ['a.b:c:A', () => pem.first, 'a.b/c', /metadata.name: Invalid value: "a.b:c:A": a lowercase RFC 1123 subdomain/],
  ['a:c', () => pem.first, 'a', /spec.signerName: Invalid value: "a": must be a fully qualified domain/],
];

test('bundles hold certificates of authorities and are named after their signers', async (context) => {
  const { as } = await assembled(context, flags);
  for (const [name, text, signer, problem] of cases) {
    const { status, body } = await as('admin-token', 'POST', path, bundle(name, text(), signer));
    assert.equal(status, 422);
    assert.match(String(body['message']), problem);
  }
  const created = await as('admin-token', 'POST', path, bundle('a.b:c:1', pem.first + pem.second, 'a.b/c'));
  assert.equal(created.status, 201, created.text);
  const patch = (body: object): ReturnType<typeof as> =>
    as('admin-token', 'PATCH', `${path}/a.b:c:1`, body, { 'content-type': 'application/merge-patch+json' });
  const moved = await patch({ spec: { signerName: 'a.b/d' } });
  assert.match(moved.text, /spec.signerName: Invalid value: \\"a.b\/d\\": field is immutable/);
  assert.match(moved.text, /must be named with prefix a.b:d:/);
  assert.equal((await patch({ metadata: { labels: { a: 'b' } } })).status, 200);
  const selected = await as('admin-token', 'GET', `${path}?fieldSelector=spec.signerName%3Da.b/c`);
  assert.equal((selected.body['items'] as unknown[]).length, 1);
  const alpha = await as('admin-token', 'GET', `${path.replace('v1beta1', 'v1alpha1')}/a.b:c:1`);
  assert.equal(alpha.body['apiVersion'], 'certificates.k8s.io/v1alpha1');
});

test('only who may attest for a signer publishes its bundles, everybody with an account reads them', async (context) => {
  const { as } = await assembled(context, flags);
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const rules = [{ apiGroups: ['certificates.k8s.io'], resources: ['clustertrustbundles'], verbs: ['*'] }];
  const role = { metadata: { name: 'publisher' }, rules };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'publisher' };
  const binding = { metadata: { name: 'publisher' }, roleRef, subjects: [{ kind: 'User', name: 'ann' }] };
  await as('admin-token', 'POST', `${rbac}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    ...role,
  });
  await as('admin-token', 'POST', `${rbac}/clusterrolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    ...binding,
  });
  assert.equal((await as('ann-token', 'POST', path, bundle('plain', pem.first))).status, 201);
  const refused = await as('ann-token', 'POST', path, bundle('a.b:c:1', pem.first, 'a.b/c'));
  assert.equal(refused.status, 403);
  assert.match(refused.text, /user not permitted to attest for signerName \\"a.b\/c\\"/);
});

test('without its gate the kind is not there, whatever --runtime-config says', async (context) => {
  const { as } = await assembled(context, { 'runtime-config': 'api/all=true' });
  assert.equal((await as('admin-token', 'GET', path)).status, 404);
});
