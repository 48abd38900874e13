import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { type AssembledCluster, assembled } from '../support/assembled-server.ts';

interface Robot {
  readonly cluster: AssembledCluster;
  /** A token of the service account `robot`. @param spec of the TokenRequest */
  readonly token: (spec?: object) => Promise<string>;
  /** Whom the server takes a token for; the status instead when it refuses it. */
  readonly who: (token: string) => Promise<unknown>;
}

const accounts = '/api/v1/namespaces/default/serviceaccounts';
const pods = '/api/v1/namespaces/default/pods';

async function robot(context: TestContext): Promise<Robot> {
  const cluster = await assembled(context);
  const admin = async (method: string, path: string, body?: object): Promise<JsonObject> => {
    const answer = await cluster.as('admin-token', method, path, body);
    assert.ok(answer.status < 300, answer.text);
    return answer.body as unknown as JsonObject;
  };
  await admin('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } });
  return {
    cluster,
    async token(spec = {}) {
      const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
      const made = await admin('POST', `${accounts}/robot/token`, request);
      return (made['status'] as { token: string }).token;
    },
    async who(token) {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const answer = await cluster.as(token, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
      if (answer.status !== 201) return answer.status;
      return (answer.body['status'] as { userInfo: { username: string } }).userInfo.username;
    },
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = ''): JsonObject => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as JsonObject;
const name = 'system:serviceaccount:default:robot';

test('a token of a service account that was not signed by the server speaks for nobody', async (context) => {
  const { cluster, token, who } = await robot(context);
  const good = await token();
  assert.equal(await who(good), name);
  const [head = '', body = '', signature = ''] = good.split('.');
  const header = decode(head);
  const claims = decode(body);
  const publicKey = createPublicKey(cluster.credentials.serviceAccountKey);
  const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signedBy = (key: KeyObject, fields: object, content: object = claims): string => {
    const input = `${encode({ ...header, ...fields })}.${encode(content)}`;
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  };
  const withSecret = (secret: string | Buffer, alg: string): string => {
    const input = `${encode({ ...header, alg })}.${body}`;
    const hash = `sha${alg.slice(2)}`;
    return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
  };
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const jwk = attacker.publicKey.export({ format: 'jwk' });
  const forged: Readonly<Record<string, string>> = {
    'with other claims': `${head}.${encode({ ...claims, sub: 'system:serviceaccount:kube-system:admin' })}.${signature}`,
    'that is masters': `${head}.${encode({ ...claims, sub: 'system:admin', groups: ['system:masters'] })}.${signature}`,
    'without a signature': `${head}.${body}.`,
    'without the last part': `${head}.${body}`,
    'with half a signature': `${head}.${body}.${signature.slice(0, signature.length / 2)}`,
    'with a part too many': `${good}.${signature}`,
    ...Object.fromEntries(
      ['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) => [
        [`of the algorithm ${alg}`, `${encode({ ...header, alg })}.${body}.`],
        [`of the algorithm ${alg}, signed`, `${encode({ ...header, alg })}.${body}.${signature}`],
      ]),
    ),
    ...Object.fromEntries(
      ['HS256', 'HS384', 'HS512'].flatMap((alg) => [
        [`of ${alg} with the public key`, withSecret(pem, alg)],
        [`of ${alg} with the public key in DER`, withSecret(publicKey.export({ type: 'spki', format: 'der' }), alg)],
        [`of ${alg} with nothing`, withSecret('', alg)],
      ]),
    ),
    'of another key under the name of ours': signedBy(attacker.privateKey, {}),
    'of another key that it brings along': signedBy(attacker.privateKey, { jwk }),
    'of another key at an address': signedBy(attacker.privateKey, { jku: 'https://127.0.0.1:1/keys', kid: 'x' }),
    'of another key without a name': signedBy(attacker.privateKey, { kid: undefined }),
    'of a key in a file': signedBy(attacker.privateKey, { kid: '../../../dev/null' }),
    'with padding': `${good}=`,
    'with a signature that is no Base64url': `${head}.${body}.${signature}+/`,
    'of another issuer': signedBy(attacker.privateKey, {}, { ...claims, iss: 'https://evil.example.org' }),
    'as secrets held them': signedBy(attacker.privateKey, {}, { ...claims, iss: 'kubernetes/serviceaccount' }),
  };
  for (const [title, bad] of Object.entries(forged)) assert.equal(await who(bad), 401, title);
  assert.equal(await who(good), name, 'the good one still holds');
});

test('a token ends with its time, and with what it was made for', async (context) => {
  const { cluster, token, who } = await robot(context);
  const { as, clock } = cluster;
  assert.equal(await who(await token({ audiences: ['vault'] })), 401, 'for others');
  const spec = {
    containers: [{ name: 'c', image: 'i' }],
    serviceAccountName: 'robot',
    automountServiceAccountToken: false,
  };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec };
  assert.equal((await as('admin-token', 'POST', pods, pod)).status, 201);
  const bound = await token({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' } });
  const short = await token({ expirationSeconds: 600 });
  const long = await token({ expirationSeconds: 7200 });
  for (const one of [bound, short, long]) assert.equal(await who(one), name);
  await clock.advance(661_000);
  assert.equal(await who(short), 401, 'its time is over');
  await as('admin-token', 'DELETE', `${pods}/p?gracePeriodSeconds=0`);
  assert.equal((await as('admin-token', 'POST', pods, pod)).status, 201);
  // An answer is remembered for some seconds, as by the real server.
  await clock.advance(30_000);
  assert.equal(await who(bound), 401, 'another pod of the same name is not the one');
  assert.equal(await who(long), name);
  await as('admin-token', 'DELETE', `${accounts}/robot`);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } };
  assert.equal((await as('admin-token', 'POST', accounts, account)).status, 201);
  await clock.advance(30_000);
  assert.equal(await who(long), 401, 'another account of the same name is not the one');
});
