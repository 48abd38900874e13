import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, webcrypto } from 'node:crypto';
import { before, test, type TestContext } from 'node:test';
import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { createCertificateAuthority, issueCertificate } from '../../../../src/pki/certificates.ts';
import { type AssembledCluster, assembled } from '../../../support/assembled-server.ts';

const path = '/apis/certificates.k8s.io/v1beta1/namespaces/default/podcertificaterequests';
const flags = { 'runtime-config': 'api/all=true', 'feature-gates': 'PodCertificateRequest=true' };
const podUID = '6d2f0000-0000-4000-8000-000000000001';

interface Spec {
  readonly [field: string]: unknown;
}

const base: Spec = {
  signerName: 'a.b/c',
  podName: 'web',
  podUID,
  serviceAccountName: 'default',
  serviceAccountUID: 'account',
  nodeName: 'n1',
  nodeUID: 'node',
};

/** A request with a key and the proof that its owner has it. */
function withProof(key: KeyObject, more: Spec = {}): Spec {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const proof = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from(podUID), key);
  return { ...base, pkixPublicKey: spki.toString('base64'), proofOfPossession: proof.toString('base64'), ...more };
}

async function signingRequest(namedCurve: 'P-256' | 'P-384' | 'P-521'): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve, hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm }, webcrypto);
  return Buffer.from(made.rawData).toString('base64');
}

const request = (name: string, spec: Spec): object => ({
  apiVersion: 'certificates.k8s.io/v1beta1',
  kind: 'PodCertificateRequest',
  metadata: { name },
  spec,
});

/** The same with another last octet. */
function spoiled(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes.toString('base64');
}

let curve: KeyObject;
let stub: string;
before(async () => {
  curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  stub = await signingRequest('P-256');
});

/** What a real 1.36.2 says of the requests that are refused. */
const refusals: readonly (readonly [spec: () => Spec, problem: string])[] = [
  [
    () => base,
    'spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
  ],
  [
    () => withProof(curve, { stubPKCS10Request: stub }),
    'spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
  ],
  [
    () => withProof(curve, { podUID: 'other' }),
    'spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature',
  ],
  [
    () => withProof(generateKeyPairSync('ec', { namedCurve: 'P-224' }).privateKey),
    'spec.pkixPublicKey: Invalid value: "curve P-224": elliptic public keys must use curve P256 or P384',
  ],
  [
    () => withProof(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
    'spec.pkixPublicKey: Invalid value: "1024-bit modulus": RSA keys must have modulus size 3072 or 4096',
  ],
  [
    () => withProof(curve, { pkixPublicKey: 'AAAA' }),
    'spec.pkixPublicKey: Invalid value: "AAAA": must be a valid PKIX-serialized public key',
  ],
  [
    () => ({ ...base, stubPKCS10Request: 'AAAA' }),
    'spec.stubPKCS10Request: Invalid value: must be a valid PKCS#10 CSR',
  ],
  [() => ({ ...base, stubPKCS10Request: spoiled(stub) }), 'spec.stubPKCS10Request: Invalid value: invalid signature'],
  [() => withProof(curve, { signerName: '' }), 'spec.signerName: Required value'],
  [() => withProof(curve, { nodeUID: '' }), 'spec.nodeUID: Invalid value: "": must not be empty'],
  [
    () => withProof(curve, { serviceAccountUID: 'x'.repeat(129) }),
    'spec.serviceAccountUID: Too long: may not be more than 128 bytes',
  ],
  [
    () => withProof(curve, { maxExpirationSeconds: 3599 }),
    'spec.maxExpirationSeconds: Invalid value: 3599: must be in the range [3600, 7862400]',
  ],
  [
    () => withProof(curve, { signerName: 'kubernetes.io/x', maxExpirationSeconds: 86401 }),
    'spec.maxExpirationSeconds: Invalid value: 86401: must be in the range [3600, 86400]',
  ],
  [
    () => withProof(curve, { unverifiedUserAnnotations: { a: 'b' } }),
    'spec.unverifiedUserAnnotations: Invalid value: "a": must be a domain-prefixed key (such as "acme.io/foo")',
  ],
];

test('a request names pod, account and node, and comes with a key that its owner has', async (context) => {
  const { as } = await assembled(context, flags);
  for (const [spec, problem] of refusals) {
    const { status, body } = await as('admin-token', 'POST', path, request('a', spec()));
    assert.equal(status, 422, problem);
    assert.equal(body['message'], `PodCertificateRequest.certificates.k8s.io "a" is invalid: ${problem}`);
  }
  const accepted: Spec[] = [
    withProof(curve),
    withProof(generateKeyPairSync('ed25519').privateKey),
    { ...base, stubPKCS10Request: stub },
    { ...base, stubPKCS10Request: await signingRequest('P-521') },
  ];
  for (const [index, spec] of accepted.entries()) {
    const { status, text, body } = await as('admin-token', 'POST', path, request(`ok-${index}`, spec));
    assert.equal(status, 201, text);
    assert.equal((body['spec'] as Spec)['maxExpirationSeconds'], 86_400);
  }
  const headers = { 'content-type': 'application/merge-patch+json' };
  const moved = await as('admin-token', 'PATCH', `${path}/ok-0`, { spec: { nodeUID: 'other' } }, headers);
  assert.match(moved.text, /spec: Invalid value: \{\\"SignerName\\":\\"a.b\/c\\",.*: field is immutable/);
});

const condition = (type: string, status = 'True'): object => ({
  type,
  status,
  reason: 'R',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

/** A cluster with the request `st`, and what its status says once it is answered. */
async function answered(context: TestContext): Promise<
  Pick<AssembledCluster, 'as'> & {
    readonly issued: Readonly<Record<string, unknown>>;
    readonly write: (status: object, token?: string) => ReturnType<AssembledCluster['as']>;
  }
> {
  const { as, clock } = await assembled(context, flags);
  const authority = await createCertificateAuthority('signer', clock.now());
  // Its time begins five minutes before.
  const now = clock.now() + 60_000;
  const pair = await issueCertificate(authority, {
    subject: { commonName: 'web' },
    usage: 'client',
    now,
    validDays: 1,
  });
  const spec = withProof(createPrivateKey(pair.privateKey), { maxExpirationSeconds: 90_000 });
  assert.equal((await as('admin-token', 'POST', path, request('st', spec))).status, 201);
  const time = (millis: number): string => new Date(millis).toISOString().replace('.000Z', 'Z');
  return {
    as,
    issued: {
      conditions: [condition('Issued')],
      certificateChain: pair.certificate + authority.certificate,
      notBefore: time(now - 300_000),
      notAfter: time(now + 86_400_000),
      beginRefreshAt: time(now + 40_000_000),
    },
    write: (status, token = 'admin-token') =>
      as(token, 'PATCH', `${path}/st/status`, { status }, { 'content-type': 'application/merge-patch+json' }),
  };
}

test('a request is answered once, with a certificate for its key', async (context) => {
  const { write, issued } = await answered(context);
  const cases: readonly (readonly [status: object, problem: string])[] = [
    [
      { conditions: [condition('Nope')] },
      'status.conditions.[0].type: Unsupported value: "Nope": supported values: "Issued", "Denied", "Failed"',
    ],
    [
      { conditions: [condition('Issued'), condition('Denied')] },
      'status.conditions.[1].type: Invalid value: "Denied": There may be at most one condition with type "Issued", "Denied", or "Failed"',
    ],
    [
      { conditions: [condition('Denied', 'False')] },
      'status.conditions.[0].status: Unsupported value: "False": supported values: "True"',
    ],
    [
      { certificateChain: 'x' },
      'status: Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"',
    ],
    [
      { conditions: [condition('Failed')], certificateChain: 'x' },
      'status: Invalid value: non-condition status fields must be empty when denying or failing the PodCertificateRequest',
    ],
    [
      { ...issued, certificateChain: '' },
      'status.certificateChain: Invalid value: "": issued certificate chain must contain at least one certificate',
    ],
    [
      { ...issued, notBefore: '2024-01-01T00:00:00Z' },
      'status.notBefore: Invalid value: "2024-01-01T00:00:00Z": must be set to the NotBefore time encoded in the leaf certificate',
    ],
    [
      { ...issued, beginRefreshAt: issued['notBefore'] },
      'status.beginRefreshAt: Invalid value: "2025-12-31T23:56:00Z": must be at least 10 minutes after status.notBefore',
    ],
    [
      { ...issued, notAfter: null },
      'status.notAfter: Required value: must be present and consistent with the issued certificate',
    ],
  ];
  for (const [status, problem] of cases) {
    const { body } = await write(status);
    assert.equal(body['message'], `PodCertificateRequest.certificates.k8s.io "st" is invalid: ${problem}`);
  }
  const other = await createCertificateAuthority('other', Date.UTC(2026, 0, 1));
  const foreign = await write({ ...issued, certificateChain: other.certificate });
  assert.match(String(foreign.body['message']), /leaf certificate was not issued to the requested public key$/);
  const ready = await write(issued);
  assert.equal(ready.status, 200, ready.text);
  const again = await write({ conditions: null });
  const text = 'status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed';
  assert.equal(again.body['message'], `PodCertificateRequest.certificates.k8s.io "st" is invalid: ${text}`);
});

test('only who may sign for a signer answers its requests', async (context) => {
  const { as, write } = await answered(context);
  const going = { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } };
  const mergePatch = { 'content-type': 'application/merge-patch+json' };
  const kept = await as('admin-token', 'PATCH', `${path}/st/status`, going, mergePatch);
  assert.deepEqual([kept.status, kept.body.metadata.deletionTimestamp], [200, undefined], kept.text);
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroups = ['certificates.k8s.io'];
  const resources = ['podcertificaterequests', 'podcertificaterequests/status'];
  const rules = [{ apiGroups, resources, verbs: ['*'] }];
  const metadata = { name: 'signer' };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'signer' };
  await as('admin-token', 'POST', `${rbac}/clusterroles`, { apiVersion, kind: 'ClusterRole', metadata, rules });
  const subjects = [{ kind: 'User', name: 'ann' }];
  const binding = { apiVersion, kind: 'ClusterRoleBinding', metadata, roleRef, subjects };
  await as('admin-token', 'POST', `${rbac}/clusterrolebindings`, binding);
  const denied = { conditions: [condition('Denied')] };
  const refused = await write(denied, 'ann-token');
  const text = 'spec.signerName: Forbidden: User "ann" is not permitted to "sign" for signer "a.b/c"';
  assert.equal(refused.body['message'], `PodCertificateRequest.certificates.k8s.io "st" is invalid: ${text}`);
  const more = { apiGroups, resources: ['signers'], resourceNames: ['a.b/*'], verbs: ['sign'] };
  const role = { apiVersion, kind: 'ClusterRole', metadata, rules: [...rules, more] };
  await as('admin-token', 'PUT', `${rbac}/clusterroles/signer`, role);
  assert.equal((await write(denied, 'ann-token')).status, 200);
});
