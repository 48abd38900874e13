import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { storageAtRest } from '../../src/cluster/encryption-assembly.ts';
import { createMemoryStorage } from '../../src/control-plane/storage/memory-storage.ts';
import type { Storage } from '../../src/control-plane/storage/storage.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';
import { type AssembledCluster, assembled, temporaryFolder } from '../support/assembled-server.ts';

const bytes = (length: number, fill: number): string => Buffer.alloc(length, fill).toString('base64');
const key = (name: string, length = 32, fill = 1): object => ({ name, secret: bytes(length, fill) });

interface Entry {
  readonly resources: readonly string[];
  readonly providers: readonly object[];
}

function configuration(folder: string, ...resources: readonly object[]): string {
  const path = join(folder, 'encryption.json');
  const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** The store alone, without a server: for what is refused before there is one. */
function atRest(flags: Readonly<Record<string, string>>): Promise<unknown> {
  return storageAtRest({
    arguments: new Map(Object.entries(flags)),
    files: nodeFileSystem,
    clock: new FakeClock(),
    random: seededRandom(1),
    log: silentLogger,
    storage: createMemoryStorage(),
  });
}

const secretsPath = '/api/v1/namespaces/default/secrets';

function secret(name: string, text = 'c2VjcmV0'): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { password: text } };
}

async function stored(storage: Storage, name: string): Promise<string> {
  const found = await storage.get(`/registry/${name}`);
  return Buffer.from(found?.value ?? []).toString('latin1');
}

test('only what is configured is encrypted, by the first provider', async (context) => {
  const folder = temporaryFolder(context);
  const cases: readonly [object, string][] = [
    [{ aesgcm: { keys: [key('key1')] } }, 'k8s:enc:aesgcm:v1:key1:'],
    [{ aesgcm: { keys: [key('short', 16)] } }, 'k8s:enc:aesgcm:v1:short:'],
    [{ aescbc: { keys: [key('key1')] } }, 'k8s:enc:aescbc:v1:key1:'],
    [{ aescbc: { keys: [key('mid', 24)] } }, 'k8s:enc:aescbc:v1:mid:'],
    [{ secretbox: { keys: [key('box')] } }, 'k8s:enc:secretbox:v1:box:'],
    [{ identity: {} }, '{"'],
  ];
  for (const [provider, prefix] of cases) {
    const path = configuration(folder, { resources: ['secrets'], providers: [provider] });
    const storage = createMemoryStorage();
    const { as } = await assembled(context, { 'encryption-provider-config': path }, storage);
    assert.equal((await as('admin-token', 'POST', secretsPath, secret('s'))).status, 201);
    const raw = await stored(storage, 'secrets/default/s');
    assert.ok(raw.startsWith(prefix), `${prefix}: ${raw.slice(0, 40)}`);
    assert.equal(raw.includes('c2VjcmV0'), 'identity' in provider);
    const { body } = await as('admin-token', 'GET', `${secretsPath}/s`);
    assert.deepEqual(body['data'], { password: 'c2VjcmV0' });
    assert.equal((await as('admin-token', 'GET', secretsPath)).status, 200);
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
    await as('admin-token', 'POST', '/api/v1/namespaces/default/configmaps', config);
    assert.ok((await stored(storage, 'configmaps/default/c')).startsWith('{"'));
  }
});

test('keys change hands: the first writes, all read, and a write of the same moves a value over', async (context) => {
  const folder = temporaryFolder(context);
  const storage = createMemoryStorage();
  const start = async (...providers: readonly object[]): Promise<AssembledCluster> => {
    const path = configuration(folder, { resources: ['secrets'], providers });
    return assembled(context, { 'encryption-provider-config': path }, storage);
  };
  const old = { aescbc: { keys: [key('old', 32, 1)] } };
  const both = { aescbc: { keys: [key('new', 32, 2), key('old', 32, 1)] } };
  const gcm = { aesgcm: { keys: [key('g', 32, 3)] } };
  const steps: readonly [readonly object[], string][] = [
    [[{ identity: {} }], '{"'],
    [[old, { identity: {} }], 'k8s:enc:aescbc:v1:old:'],
    [[both], 'k8s:enc:aescbc:v1:new:'],
    [[gcm, both], 'k8s:enc:aesgcm:v1:g:'],
    [[{ identity: {} }, gcm], '{"'],
  ];
  for (const [index, [providers, prefix]] of steps.entries()) {
    const { as } = await start(...providers);
    if (index === 0) await as('admin-token', 'POST', secretsPath, secret('s'));
    const { body, status } = await as('admin-token', 'GET', `${secretsPath}/s`);
    assert.equal(status, 200, prefix);
    assert.equal((await as('admin-token', 'PUT', `${secretsPath}/s`, body)).status, 200);
    assert.ok((await stored(storage, 'secrets/default/s')).startsWith(prefix), prefix);
    const again = await as('admin-token', 'GET', `${secretsPath}/s`);
    const unchanged = await as('admin-token', 'PUT', `${secretsPath}/s`, again.body);
    assert.equal(
      unchanged.body.metadata.resourceVersion,
      again.body.metadata.resourceVersion,
      'once it is moved, the same is not written again',
    );
  }
});

test('what no provider can read is an error that tells nothing of it', async (context) => {
  const folder = temporaryFolder(context);
  const storage = createMemoryStorage();
  const right = configuration(folder, { resources: ['secrets'], providers: [{ secretbox: { keys: [key('k')] } }] });
  const first = await assembled(context, { 'encryption-provider-config': right }, storage);
  await first.as('admin-token', 'POST', secretsPath, secret('s'));
  const cases: readonly [object, string][] = [
    [{ secretbox: { keys: [key('k', 32, 9)] } }, 'output array was not large enough for encryption'],
    [{ aescbc: { keys: [key('k')] } }, 'no matching prefix found'],
    [{ identity: {} }, 'no matching prefix found'],
  ];
  for (const [provider, why] of cases) {
    const path = configuration(folder, { resources: ['secrets'], providers: [provider] });
    const { as } = await assembled(context, { 'encryption-provider-config': path }, storage);
    const { status, body } = await as('admin-token', 'GET', `${secretsPath}/s`);
    assert.equal(status, 500);
    assert.equal(body['message'], `unable to transform key "/registry/secrets/default/s": ${why}`);
  }
});

test('wildcards cover groups, and everything', async (context) => {
  const folder = temporaryFolder(context);
  const providers = (name: string): readonly object[] => [{ aesgcm: { keys: [key(name)] } }];
  const path = configuration(
    folder,
    { resources: ['configmaps'], providers: [{ identity: {} }] },
    { resources: ['*.'], providers: providers('core') },
    { resources: ['roles.rbac.authorization.k8s.io'], providers: providers('roles') },
    { resources: ['*.*'], providers: providers('all') },
  );
  const storage = createMemoryStorage();
  const { as } = await assembled(context, { 'encryption-provider-config': path }, storage);
  await as('admin-token', 'POST', secretsPath, secret('s'));
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'r' }, rules: [] };
  const roles = '/apis/rbac.authorization.k8s.io/v1';
  await as('admin-token', 'POST', `${roles}/namespaces/default/roles`, { ...rbac, kind: 'Role' });
  await as('admin-token', 'POST', `${roles}/clusterroles`, { ...rbac, kind: 'ClusterRole' });
  const deployments = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
  await as('admin-token', 'POST', '/api/v1/namespaces/default/configmaps', deployments);
  const cases: readonly [string, string][] = [
    ['secrets/default/s', 'k8s:enc:aesgcm:v1:core:'],
    ['configmaps/default/c', '{"'],
    ['rbac.authorization.k8s.io/roles/default/r', 'k8s:enc:aesgcm:v1:roles:'],
    ['rbac.authorization.k8s.io/clusterroles/r', 'k8s:enc:aesgcm:v1:all:'],
  ];
  for (const [name, prefix] of cases) assert.ok((await stored(storage, name)).startsWith(prefix), name);
});

test('a configuration that is wrong is refused without its keys', async (context) => {
  const folder = temporaryFolder(context);
  const secrets = (...providers: readonly object[]): Entry => ({ resources: ['secrets'], providers });
  const good = { aescbc: { keys: [key('k')] } };
  const parsing = 'error while parsing file: ';
  const cases: readonly [readonly object[], string][] = [
    [[], `${parsing}resources: Required value: at least one resources is required`],
    [[secrets()], `${parsing}resources[0].providers: Required value: at least one resources[0].providers is required`],
    [
      [secrets({ aescbc: { keys: [key('k', 20)] } })],
      `${parsing}resources[0].providers[0].aescbc.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 20, expected one of [16 24 32]`,
    ],
    [
      [secrets({ secretbox: { keys: [key('k', 16)] } })],
      `${parsing}resources[0].providers[0].secretbox.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 16, expected one of [32]`,
    ],
    [
      [secrets({ aescbc: { keys: [{ name: 'k', secret: '%%%' }] } })],
      `${parsing}resources[0].providers[0].aescbc.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded`,
    ],
    [
      [{ resources: ['Secrets'], providers: [good] }],
      `${parsing}resources[0].resources[0]: Invalid value: "Secrets": resource name should not contain capital letters`,
    ],
    [
      [{ resources: ['secrets', '*.'], providers: [good] }],
      `${parsing}resources[0].resources: Invalid value: ["secrets","*."]: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked`,
    ],
    [
      [{ resources: ['*.'], providers: [good] }, secrets(good)],
      'error while building transformers: resource "secrets" is masked by earlier rule "*."',
    ],
  ];
  for (const [resources, message] of cases) {
    const flags = { 'encryption-provider-config': configuration(folder, ...resources) };
    await assert.rejects(atRest(flags), { message });
  }
});

test('a changed configuration counts without a restart, a wrong one does not', async (context) => {
  const folder = temporaryFolder(context);
  const write = (...providers: readonly object[]): string =>
    configuration(folder, { resources: ['secrets'], providers });
  const [first, second] = [{ aesgcm: { keys: [key('old')] } }, { aesgcm: { keys: [key('new', 32, 2)] } }];
  const storage = createMemoryStorage();
  const flags = {
    'encryption-provider-config': write(first),
    'encryption-provider-config-automatic-reload': 'true',
  };
  const { as, clock } = await assembled(context, flags, storage);
  const createdWith = async (name: string): Promise<string> => {
    assert.equal((await as('admin-token', 'POST', secretsPath, secret(name))).status, 201);
    return /^k8s:enc:[a-z]+:v1:[a-z]+:/.exec(await stored(storage, `secrets/default/${name}`))?.[0] ?? '';
  };
  assert.equal(await createdWith('a'), 'k8s:enc:aesgcm:v1:old:');
  write(second, first);
  let used = '';
  for (let turn = 0; turn < 50 && used !== 'k8s:enc:aesgcm:v1:new:'; turn++) {
    await clock.advance(1000);
    used = await createdWith(`b-${turn}`);
  }
  assert.equal(used, 'k8s:enc:aesgcm:v1:new:');
  assert.deepEqual((await as('admin-token', 'GET', `${secretsPath}/a`)).body['data'], { password: 'c2VjcmV0' });
  write({ aesgcm: { keys: [] } });
  for (let turn = 0; turn < 5; turn++) await clock.advance(1000);
  assert.equal(await createdWith('c'), 'k8s:enc:aesgcm:v1:new:');
  await assert.rejects(atRest({ 'encryption-provider-config-automatic-reload': 'true' }), {
    message: '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
  });
});
