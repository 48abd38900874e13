import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { CertificateSigningRequest } from '../../../src/api/types/certificates-v1.ts';
import type { Client } from '../../../src/client/client.ts';
import { createCertificateAuthority } from '../../../src/pki/certificates.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const resource = { group: 'certificates.k8s.io', version: 'v1', resource: 'certificatesigningrequests' } as const;
const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const controllers =
  'certificatesigningrequest-approving-controller,certificatesigningrequest-signing-controller,certificatesigningrequest-cleaner-controller';
const clientUsages = ['digital signature', 'key encipherment', 'client auth'];
const hour = 3_600_000;

async function requestFor(subject: string): Promise<string> {
  const lib = await import('reflect-metadata').then(() => import('@peculiar/x509'));
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await lib.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
  });
  return Buffer.from(request.toString('pem')).toString('base64');
}

interface Signing {
  readonly harness: ControllerHarness;
  /** Creates a request. */
  readonly ask: (name: string, subject: string, spec: object) => Promise<CertificateSigningRequest>;
  readonly decide: (name: string, type: 'Approved' | 'Denied') => Promise<void>;
  readonly get: (name: string) => Promise<CertificateSigningRequest>;
}

/** Access reviews are answered with `allowed`. */
async function signing(context: TestContext, allowed = false): Promise<Signing> {
  const authority = await createCertificateAuthority('test-ca', Date.now());
  const wrapClient = (client: Client): Client => ({
    ...client,
    request: client.request.bind(client),
    stream: client.stream.bind(client),
    close: client.close.bind(client),
    resource: ((gvr, namespace) => {
      const verbs = client.resource(gvr, namespace);
      if (gvr.resource !== 'subjectaccessreviews') return verbs;
      return Object.assign(Object.create(verbs) as typeof verbs, {
        create: (review: object) => Promise.resolve({ ...review, status: { allowed } }),
      });
    }) as Client['resource'],
  });
  const harness = await createControllerHarness(controllers, { authority, wrapClient });
  context.after(() => harness.close());
  const get = async (name: string): Promise<CertificateSigningRequest> =>
    (await harness.api.request('GET', `${path}/${name}`)).body as unknown as CertificateSigningRequest;
  return {
    harness,
    get,
    async ask(name, subject, spec) {
      const { status, text } = await harness.api.request('POST', path, {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: { request: await requestFor(subject), usages: clientUsages, ...spec },
      });
      assert.equal(status, 201, text);
      await harness.work();
      return get(name);
    },
    async decide(name, type) {
      const conditions = [{ type, status: 'True', reason: 'Test', message: 'decided' }];
      const { status, text } = await harness.api.request('PUT', `${path}/${name}/approval`, {
        ...(await get(name)),
        status: { conditions },
      });
      assert.equal(status, 200, text);
      // Keys and signatures are made outside the fake clock.
      if (type === 'Denied') return;
      for (let round = 0; round < 50; round++) {
        await harness.work();
        const { status: now } = await get(name);
        if (now?.certificate !== undefined || now?.conditions?.some((one) => one.type === 'Failed') === true) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

const signerName = 'kubernetes.io/kube-apiserver-client';

test('a request says who asked, whatever its maker wrote, and does not change', async (context) => {
  const { ask, harness, get } = await signing(context);
  const { spec, status } = await ask('one', 'CN=joe,O=dev', { signerName, username: 'somebody else' });
  assert.notEqual(spec.username, 'somebody else');
  assert.ok((spec.groups ?? []).length > 0);
  assert.equal(status?.conditions, undefined);
  await harness.api.request('PUT', `${path}/one`, { ...(await get('one')), spec: { ...spec, username: 'x' } });
  assert.deepEqual((await get('one')).spec, spec);
});

test('an approved request is signed by the cluster, for as long as was asked; a denied one is not', async (context) => {
  const { ask, decide, get, harness } = await signing(context);
  await ask('yes', 'CN=joe,O=dev', { signerName, expirationSeconds: 3600 });
  await decide('yes', 'Approved');
  const { status } = await get('yes');
  const certificate = new X509Certificate(Buffer.from(status?.certificate ?? '', 'base64'));
  assert.match(certificate.subject, /CN=joe/);
  assert.match(certificate.issuer, /test-ca/);
  const millis = Date.parse(certificate.validTo) - harness.clock.now();
  assert.ok(millis > 0 && millis <= hour, `${millis}`);
  await ask('no', 'CN=joe', { signerName });
  await decide('no', 'Denied');
  await harness.work();
  assert.equal((await get('no')).status?.certificate, undefined);
});

test('what a signer does not sign fails with the reason', async (context) => {
  const { ask, decide, get } = await signing(context);
  await ask('wrong', 'CN=joe', { signerName: 'kubernetes.io/kube-apiserver-client-kubelet' });
  await decide('wrong', 'Approved');
  const failed = (await get('wrong')).status?.conditions?.find(({ type }) => type === 'Failed');
  assert.equal(failed?.reason, 'SignerValidationFailure');
  assert.equal(failed?.message, 'subject organization is not system:nodes');
});

test('kubelets that may have their client certificate are approved, others wait', async (context) => {
  for (const allowed of [true, false]) {
    const { ask, get, harness } = await signing(context, allowed);
    await ask('kubelet', 'CN=system:node:a,O=system:nodes', {
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    });
    const rounds = allowed ? 50 : 1;
    for (let round = 0; round < rounds && (await get('kubelet')).status === undefined; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await harness.work();
    }
    const { conditions } = (await get('kubelet')).status ?? {};
    assert.deepEqual(
      conditions?.map(({ type, reason }) => `${type} ${reason ?? ''}`),
      allowed ? ['Approved AutoApproved'] : undefined,
    );
  }
});

test('requests go an hour after they were decided, and after a day in any case', async (context) => {
  const { ask, decide, harness } = await signing(context);
  await ask('denied', 'CN=joe', { signerName });
  await ask('waiting', 'CN=joe', { signerName });
  await decide('denied', 'Denied');
  const names = async (): Promise<(string | undefined)[]> =>
    (await harness.api.client.resource(resource).list()).items.map(({ metadata }) => metadata.name);
  await harness.work();
  assert.deepEqual(await names(), ['denied', 'waiting']);
  await harness.clock.advance(hour + 1000);
  await harness.work();
  assert.deepEqual(await names(), ['waiting']);
  await harness.clock.advance(23 * hour);
  await harness.work();
  assert.deepEqual(await names(), []);
});

test('decisions are not taken back, and only approval makes them', async (context) => {
  const { ask, decide, harness, get } = await signing(context);
  await ask('one', 'CN=joe', { signerName: 'example.com/own' });
  const write = async (subresource: string, conditions: object[]): Promise<string> => {
    const body = { ...(await get('one')), status: { conditions } };
    const answer = await harness.api.request('PUT', `${path}/one/${subresource}`, body);
    return (answer.body as { message?: string }).message ?? '';
  };
  const condition = (type: string, status = 'True'): object => ({ type, status, reason: 'R', message: 'M' });
  assert.match(await write('status', [condition('Approved')]), /updates may not add a condition of type "Approved"$/);
  assert.match(
    await write('approval', [condition('Approved', 'False')]),
    /status\.conditions\[0\]\.status: Unsupported value: "False": supported values: "True"$/,
  );
  assert.match(
    await write('approval', [condition('Approved'), condition('Denied')]),
    /Approved and Denied conditions are mutually exclusive$/,
  );
  await decide('one', 'Approved');
  assert.match(
    await write('approval', [condition('Denied')]),
    /status\.conditions: Forbidden: updates may not remove a condition of type "Approved"$/,
  );
});

test('a request without what it needs is invalid, field by field', async (context) => {
  const { harness } = await signing(context);
  const { status, body } = await harness.api.request('POST', path, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'empty' },
    spec: { expirationSeconds: 60 },
  });
  assert.equal(status, 422);
  const { causes } = (body as unknown as { details: { causes: { field: string }[] } }).details;
  assert.deepEqual(
    causes.map(({ field }) => field),
    ['spec.request', 'spec.usages', 'spec.signerName', 'spec.expirationSeconds'],
  );
});
