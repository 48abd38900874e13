import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { storageAtRest } from '../../src/cluster/encryption-assembly.ts';
import { readEncryptionConfiguration } from '../../src/cluster/encryption-configuration.ts';
import { createMemoryStorage } from '../../src/control-plane/storage/memory-storage.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';
import { temporaryFolder } from '../support/assembled-server.ts';
import { socketPathOf } from '../support/grpc-server.ts';
import { startKmsPlugin } from '../support/kms-plugin.ts';

const configuration = (...providers: readonly object[]): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: ['secrets'], providers }],
  });
const kms = (fields: object): object => ({ kms: { apiVersion: 'v2', name: 'n', endpoint: 'unix:///x', ...fields } });
const at = 'resources[0].providers[0].kms';
const parsing = 'error while parsing file: ';

/** What the real server 1.36 says of such files. */
const refusals: readonly (readonly [providers: readonly object[], isReloaded: boolean, message: string])[] = [
  [
    [kms({ name: '', endpoint: '', timeout: '0s', cachesize: 5 })],
    false,
    `${parsing}[${at}.name: Required value: name is a mandatory field for a provider, ${at}.timeout: Invalid value: "0s": timeout should be a positive value, ${at}.endpoint: Invalid value: "": endpoint is a mandatory field for a kms, ${at}.cachesize: Invalid value: 5: cachesize is not supported in v2]`,
  ],
  [
    [kms({ apiVersion: 'v3', name: 'a:b', endpoint: 'tcp://x:1', timeout: '-1s' })],
    false,
    `${parsing}[${at}.name: Invalid value: "a:b": invalid KMS provider name a:b, must not contain ':', ${at}.timeout: Invalid value: "-1s": timeout should be a positive value, ${at}.endpoint: Invalid value: "tcp://x:1": unsupported scheme "tcp" for KMS provider, only unix is supported, ${at}.apiVersion: Invalid value: "v3": unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported]`,
  ],
  [
    [kms({}), kms({ endpoint: '%zz' })],
    false,
    `${parsing}[resources[0].providers[1].kms.name: Invalid value: "n": duplicate KMS provider name n, names must be unique, resources[0].providers[1].kms.endpoint: Invalid value: "%zz": invalid endpoint for kms provider, error: parse "%zz": invalid URL escape "%zz"]`,
  ],
  [
    [kms({ apiVersion: 'v1', cachesize: 0 })],
    false,
    `${parsing}${at}.cachesize: Invalid value: 0: cachesize should be a positive value, or negative to disable`,
  ],
  [
    [kms({ apiVersion: 'v1' })],
    false,
    'error while building transformers: KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.',
  ],
  [
    [kms({ apiVersion: 'v1' }), kms({ apiVersion: 'v1' })],
    true,
    `${parsing}resources[0].providers[1].kms.name: Invalid value: "n": duplicate KMS provider name n, names must be unique`,
  ],
  [
    [kms({ timeout: 'abc' })],
    false,
    `${parsing}error decoding encryption provider configuration file "c.json": time: invalid duration "abc"`,
  ],
];

for (const [providers, isReloaded, message] of refusals) {
  test(`${JSON.stringify(providers)}${isReloaded ? ', reloaded' : ''}`, async () => {
    const openKms = (): Promise<never> => Promise.reject(new Error('no service is opened'));
    const read = readEncryptionConfiguration(configuration(...providers), { path: 'c.json', isReloaded, openKms });
    await assert.rejects(read, { message });
  });
}

async function started(context: TestContext, flags: Readonly<Record<string, string>>, ...providers: readonly object[]) {
  const path = join(temporaryFolder(context), 'encryption.json');
  writeFileSync(path, configuration(...providers));
  const storage = createMemoryStorage();
  const clock = new FakeClock();
  const atRest = await storageAtRest({
    arguments: new Map(Object.entries({ 'encryption-provider-config': path, ...flags })),
    files: nodeFileSystem,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    storage,
  });
  context.after(() => atRest.stop());
  const prefixOf = async (key: string): Promise<string> => {
    await atRest.storage.put(key, Buffer.from('value'), 0);
    return Buffer.from((await storage.get(key))?.value ?? [])
      .toString('latin1')
      .slice(0, 17);
  };
  return { path, clock, atRest, prefixOf };
}

const reload = { 'encryption-provider-config-automatic-reload': 'true' };
const aes = { aescbc: { keys: [{ name: 'k', secret: Buffer.alloc(32, 1).toString('base64') }] } };

test('secrets are kept with the key of a service, whose health is the server’s', async (context) => {
  const socketPath = socketPathOf(context);
  const plugin = await startKmsPlugin(context, socketPath);
  const { atRest, clock, prefixOf } = await started(context, {}, kms({ endpoint: `unix://${socketPath}` }));
  assert.equal(await prefixOf('/registry/secrets/default/a'), 'k8s:enc:kms:v2:n:');
  assert.equal(await prefixOf('/registry/configmaps/default/a'), 'value');
  assert.deepEqual(atRest.startChecks, []);
  const [check] = atRest.healthChecks;
  assert.equal(check?.name, 'kms-providers');
  assert.deepEqual(check.endpoints, ['healthz', 'readyz']);
  await check.check();
  plugin.healthz = 'gone';
  await clock.advance(21_000);
  await assert.rejects(
    Promise.resolve(check.check()),
    /^Error: kms-provider-0: kmsv2 Provider n is not healthy, error: got unexpected healthz status: gone$/,
  );
});

test('another file counts when its services are well', async (context) => {
  const socketPath = socketPathOf(context);
  const { path, clock, atRest, prefixOf } = await started(context, reload, aes);
  const [start] = atRest.startChecks;
  assert.equal(start?.name, 'poststarthook/start-encryption-provider-config-automatic-reload');
  await start.check();
  const [check] = atRest.healthChecks;
  await check?.check();
  let count = 0;
  const becomes = async (prefix: string): Promise<void> => {
    for (let step = 0; step < 400; step++) {
      if ((await prefixOf(`/registry/secrets/default/s${count++}`)).startsWith(prefix)) return;
      await settle();
      await clock.advance(100);
    }
    assert.fail(`values never start with ${prefix}`);
  };
  await becomes('k8s:enc:aescbc:');
  writeFileSync(path, configuration(kms({ endpoint: `unix://${socketPath}` }), aes));
  for (let step = 0; step < 50; step++) {
    await settle();
    await clock.advance(100);
  }
  // Nobody answers there yet.
  await becomes('k8s:enc:aescbc:');
  await startKmsPlugin(context, socketPath);
  await becomes('k8s:enc:kms:v2:n:');
  await check?.check();
});
