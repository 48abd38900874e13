import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type ClusterCredentials, loadCredentials } from '../../src/cluster/cluster-credentials.ts';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { credentialsOf } from '../../src/cluster/key-flags.ts';
import { ServiceAccountTokenAuthority } from '../../src/control-plane/authentication/service-account-token.ts';
import { generateRsaKeyPair } from '../../src/pki/key-pair.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { nodeFileSystem as files } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';
import { temporaryFolder } from '../support/assembled-server.ts';

async function start(context: TestContext): Promise<{
  folder: string;
  own: ClusterCredentials;
  write: (name: string, text: string) => string;
  load: (apiServer: Record<string, string>, controllerManager?: Record<string, string>) => Promise<ClusterCredentials>;
}> {
  const folder = temporaryFolder(context);
  const own = await loadCredentials({ files, folder, addresses: [], now: Date.now() });
  return {
    folder,
    own,
    write(name, text) {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    load: (apiServer, controllerManager = {}) =>
      credentialsOf(
        own,
        {
          apiServer: new Map(Object.entries(apiServer)),
          controllerManager: new Map(Object.entries(controllerManager)),
        },
        files,
      ),
  };
}

const objects = { find: () => Promise.resolve({ uid: 'u' }) };

function authorityOf(credentials: ClusterCredentials): ServiceAccountTokenAuthority {
  return new ServiceAccountTokenAuthority({
    issuer: 'issuer',
    signingKey: credentials.serviceAccountKey,
    ...(credentials.serviceAccountVerificationKeys === undefined
      ? {}
      : { verificationKeys: credentials.serviceAccountVerificationKeys }),
    apiAudiences: ['api'],
    clock: new FakeClock(),
    random: seededRandom(1),
  });
}

test('tokens are signed with the named key and hold by any of the others', async (context) => {
  const { own, write, load } = await start(context);
  const [first, second] = [generateRsaKeyPair(), generateRsaKeyPair()];
  const specification = { namespace: 'n', name: 'a', uid: 'u', audiences: ['api'], expirationSeconds: 600 };
  const issue = (credentials: ClusterCredentials): string => authorityOf(credentials).issue(specification).token;
  const before = await load({ 'service-account-signing-key-file': write('first.key', first.privateKey) });
  const token = issue(before);
  assert.equal((await authorityOf(before).check(token, ['api'], objects))?.user.username, 'system:serviceaccount:n:a');
  await assert.rejects(authorityOf(own).check(token, ['api'], objects), /invalid signature, no keys found/);

  // A change of keys: new tokens come from the second, the first still holds.
  const after = await load({
    'service-account-signing-key-file': write('second.key', second.privateKey),
    'service-account-key-file': `${write('first.pub', first.publicKey)}\n${write('second.key', second.privateKey)}`,
  });
  assert.equal(authorityOf(after).jsonWebKeys().length, 2);
  for (const known of [token, issue(after)]) {
    assert.equal((await authorityOf(after).check(known, ['api'], objects))?.user.uid, 'u');
  }
  const refusals: [Record<string, string>, string][] = [
    [
      { 'service-account-key-file': write('none.pub', 'nothing') },
      'error reading public key file FOLDER/none.pub: data does not contain any valid RSA or ECDSA public keys',
    ],
    [
      { 'service-account-signing-key-file': write('only.pub', first.publicKey) },
      'failed to parse service-account-issuer-key-file: error reading private key file FOLDER/only.pub: data does not contain a valid RSA or ECDSA private key',
    ],
    [{ 'service-account-key-file': join('/nowhere', 'x') }, 'open /nowhere/x: no such file or directory'],
  ];
  for (const [flags, message] of refusals) {
    const folder = join(write('x', ''), '..');
    await assert.rejects(load(flags), new ComponentArgumentError(message.replace('FOLDER', folder)));
  }
});

test('certificate requests are signed by the named authority', async (context) => {
  const { own, write, load } = await start(context);
  const flags = {
    'cluster-signing-cert-file': write('ca.crt', own.frontProxy.authority.certificate),
    'cluster-signing-key-file': write('ca.key', own.frontProxy.authority.privateKey),
  };
  const { signingAuthority, authority } = await load({}, flags);
  assert.equal(signingAuthority?.certificate, own.frontProxy.authority.certificate);
  assert.equal(authority, own.authority);
  assert.equal((await load({})).signingAuthority, undefined);
  await assert.rejects(load({}, { 'cluster-signing-key-file': 'k' }), /go together/);
  const mixed = { ...flags, 'cluster-signing-key-file': write('other.key', own.authority.privateKey) };
  await assert.rejects(load({}, mixed), /is not that of the certificate/);
});

test('the serving certificate is put where --cert-dir says, beside nothing of others', async (context) => {
  const { folder, own, write, load } = await start(context);
  const into = join(folder, 'run', 'kubernetes');
  for (let time = 0; time < 2; time++) await load({ 'cert-dir': into });
  assert.equal(readFileSync(join(into, 'apiserver.crt'), 'utf8'), own.server.certificate);
  assert.equal(readFileSync(join(into, 'apiserver.key'), 'utf8'), own.server.privateKey);
  write('apiserver.crt', own.frontProxy.authority.certificate);
  await assert.rejects(load({ 'cert-dir': folder }), /is not of this cluster's authority/);
});
