import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Secret, ServiceAccount } from '../../../src/api/types/core-v1.ts';
import { generateRsaKeyPair } from '../../../src/pki/key-pair.ts';
import { TokenKey } from '../../../src/pki/token-key.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const secrets = { group: '', version: 'v1', resource: 'secrets' } as const;
const accounts = { group: '', version: 'v1', resource: 'serviceaccounts' } as const;
const serviceAccountKey = generateRsaKeyPair().privateKey;

async function start(context: TestContext): Promise<ControllerHarness> {
  const harness = await createControllerHarness('serviceaccount-token-controller', {
    authority: { certificate: 'THE CA', privateKey: '' },
    serviceAccountKey,
  });
  context.after(() => harness.close());
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot', namespace: 'default' },
    secrets: [{ name: 'robot-token' }, { name: 'other' }],
  });
  await harness.work();
  return harness;
}

function tokenSecret(name: string, annotations: Record<string, string>, more: Partial<Secret> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'default', annotations },
    type: 'kubernetes.io/service-account-token',
    ...more,
  };
}

const forRobot = { 'kubernetes.io/service-account.name': 'robot' };
const namesOf = async (harness: ControllerHarness): Promise<(string | undefined)[]> =>
  (await harness.list<Secret>(secrets)).map(({ metadata }) => metadata.name);

test('a secret of a service account gets its token, the certificate authority and the namespace', async (context) => {
  const harness = await start(context);
  await harness.api.create(tokenSecret('robot-token', forRobot));
  await harness.work();
  const { metadata, data = {} } = await harness.get<Secret>(secrets, 'robot-token');
  const { uid } = (await harness.get<ServiceAccount>(accounts, 'robot')).metadata;
  assert.deepEqual(metadata.annotations, { ...forRobot, 'kubernetes.io/service-account.uid': uid });
  const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString('utf8');
  assert.deepEqual(Object.keys(data).toSorted(), ['ca.crt', 'namespace', 'token']);
  assert.deepEqual([text('ca.crt'), text('namespace')], ['THE CA', 'default']);
  assert.ok(new TokenKey(serviceAccountKey).hasSigned(text('token')));
  assert.deepEqual(JSON.parse(Buffer.from(text('token').split('.')[1] ?? '', 'base64url').toString('utf8')), {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': 'default',
    'kubernetes.io/serviceaccount/secret.name': 'robot-token',
    'kubernetes.io/serviceaccount/service-account.name': 'robot',
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: 'system:serviceaccount:default:robot',
  });
});

test('what is there stays, but for a certificate authority that is another one', async (context) => {
  const harness = await start(context);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const data = { token: base64('mine'), namespace: base64('elsewhere'), 'ca.crt': base64('OLD'), more: base64('x') };
  await harness.api.create(tokenSecret('robot-token', forRobot, { data }));
  await harness.work();
  const secret = await harness.get<Secret>(secrets, 'robot-token');
  assert.deepEqual(secret.data, { ...data, 'ca.crt': base64('THE CA') });
});

test('tokens of accounts that are not there go, and other secrets stay', async (context) => {
  const harness = await start(context);
  const wrongUid = { ...forRobot, 'kubernetes.io/service-account.uid': 'of-an-earlier-one' };
  await harness.api.create(tokenSecret('nobody', { 'kubernetes.io/service-account.name': 'nobody' }));
  await harness.api.create(tokenSecret('earlier', wrongUid));
  await harness.api.create(tokenSecret('robot-token', forRobot));
  await harness.api.create({ ...tokenSecret('opaque', forRobot), type: 'Opaque' });
  await harness.work();
  assert.deepEqual(await namesOf(harness), ['opaque', 'robot-token']);
  assert.equal((await harness.get<Secret>(secrets, 'opaque')).data, undefined);
  await harness.api.request('DELETE', '/api/v1/namespaces/default/serviceaccounts/robot');
  await harness.work();
  assert.deepEqual(await namesOf(harness), ['opaque']);
});

test('an account does not name a token any more that was deleted', async (context) => {
  const harness = await start(context);
  await harness.api.create(tokenSecret('robot-token', forRobot));
  await harness.work();
  await harness.api.request('DELETE', '/api/v1/namespaces/default/secrets/robot-token');
  await harness.work();
  assert.deepEqual((await harness.get<ServiceAccount>(accounts, 'robot')).secrets, [{ name: 'other' }]);
});
