import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { encryptedStorage } from '../../../../src/control-plane/storage/encrypted-storage.ts';
import { type KmsProvider, openKmsProvider } from '../../../../src/control-plane/storage/kms/kms-provider.ts';
import { grpcKmsService } from '../../../../src/control-plane/storage/kms/kms-service.ts';
import { createMemoryStorage } from '../../../../src/control-plane/storage/memory-storage.ts';
import type { Storage } from '../../../../src/control-plane/storage/storage.ts';
import { ValueEncryption } from '../../../../src/control-plane/storage/value-encryption.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { createGrpcClient } from '../../../../src/system/grpc-client.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { socketPathOf } from '../../../support/grpc-server.ts';
import { type KmsPlugin, startKmsPlugin } from '../../../support/kms-plugin.ts';

/** What the real API server 1.36 has stored with a plugin like the one of these tests. */
const recorded = {
  key: '/registry/configmaps/default/vector',
  value:
    'azhzOmVuYzprbXM6djI6bXkta21zOgr3AfO3Gr/lsHQuhRjZ4Y72JTXa3jLM+N54j6tQR/kTCMYDKsa6iFRJ+jl3ny0h12ngNblL0kC5YFJ6UXSeSIg1FKxZNDM+8WITQ9YOxno4nKPDp0bGtSKVqFCH+FgLakwHyh5Us+gdYIUHHYGSV9mzHwXPtqgN/aodhtS0wC4HMoWxfJZcvfeFlEHTAe7YdAhTulo22ZxmuMQRrr7ym9Obk5WtWf1ZYqXsXn40NQ6eobcUNurYKKOqpX7TY4h4EJOMbH4KlpbCf/Ey4QUOKckzqyxISnTuGni69fKI50VIkWlxs7SHMzbhonDNDmyQBk4aFM2EzlYF/cESBWtleS0xGiZrZXktMTpQaYtcqOIg2a0MVpRMBnqPh7aScbxlQ203qApNYSnNICIYChN2ZXJzaW9uLmV4YW1wbGUuY29tEgExKAE=',
};

interface Started {
  readonly plugin: KmsPlugin;
  readonly clock: FakeClock;
  readonly provider: KmsProvider;
  /** Another server with the same plugin. */
  readonly open: () => Promise<KmsProvider>;
}

async function started(context: TestContext): Promise<Started> {
  const socketPath = socketPathOf(context);
  const plugin = await startKmsPlugin(context, socketPath);
  const clock = new FakeClock();
  const open = async (): Promise<KmsProvider> => {
    const service = grpcKmsService(createGrpcClient({ socketPath, clock }), 3000);
    const provider = await openKmsProvider({
      name: 'my-kms',
      service,
      clock,
      random: seededRandom(5),
      log: silentLogger,
    });
    context.after(() => provider.close());
    return provider;
  };
  return { plugin, clock, open, provider: await open() };
}

const storageOf = (storage: Storage, { provider }: KmsProvider): Storage => {
  const encryption = new ValueEncryption([provider]);
  return encryptedStorage(storage, () => encryption);
};
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1');
const value = Buffer.from('a value');

test('what the real server has stored is read', async (context) => {
  const { provider } = await started(context);
  const storage = createMemoryStorage();
  await storage.put(recorded.key, Buffer.from(recorded.value, 'base64'), 0);
  const read = await storageOf(storage, provider).get(recorded.key);
  assert.match(text(read?.value), /^k8s\0.*ConfigMap.*vector/s);
  assert.equal(read?.isStale, undefined);
});

test('one key is asked for in all, and another server asks for it once', async (context) => {
  const { plugin, provider, open } = await started(context);
  const storage = createMemoryStorage();
  const first = storageOf(storage, provider);
  for (const key of ['/a', '/b', '/c']) await first.put(key, value, 0);
  assert.ok(text((await storage.get('/a'))?.value).startsWith('k8s:enc:kms:v2:my-kms:'));
  assert.equal(text((await storage.get('/a'))?.value).includes('a value'), false);
  assert.notEqual(text((await storage.get('/a'))?.value), text((await storage.get('/b'))?.value));
  assert.equal(text((await first.get('/a'))?.value), 'a value');
  assert.deepEqual(plugin.calls, ['Status', 'Encrypt']);
  const second = storageOf(storage, await open());
  plugin.calls.length = 0;
  const { values } = await second.range('/', {});
  assert.deepEqual(
    values.map((one) => text(one.value)),
    ['a value', 'a value', 'a value'],
  );
  assert.deepEqual(plugin.calls, ['Decrypt']);
});

test('a value is bound to its place', async (context) => {
  const { provider } = await started(context);
  const storage = createMemoryStorage();
  await storageOf(storage, provider).put('/a', value, 0);
  await storage.put('/b', (await storage.get('/a'))?.value ?? value, 0);
  await assert.rejects(
    storageOf(storage, provider).get('/b'),
    /^Error: unable to transform key "\/b": cipher: message authentication failed$/,
  );
});

test('another key of the plugin is taken within a minute, and what the old one wrote is stale', async (context) => {
  const { plugin, clock, provider } = await started(context);
  const storage = createMemoryStorage();
  const encrypted = storageOf(storage, provider);
  await encrypted.put('/a', value, 0);
  plugin.keyId = 'key-2';
  await clock.advance(59_000);
  assert.equal((await encrypted.get('/a'))?.isStale, undefined);
  await clock.advance(1000);
  await provider.check();
  const read = await encrypted.get('/a');
  assert.equal(text(read?.value), 'a value');
  assert.equal(read?.isStale, true);
  await encrypted.put('/b', value, 0);
  assert.ok(text((await storage.get('/b'))?.value).includes('key-2'));
  assert.deepEqual(plugin.calls, ['Status', 'Encrypt', 'Status', 'Encrypt']);
});

test('without the plugin values are written for three minutes, and read for good', async (context) => {
  const { plugin, clock, provider } = await started(context);
  const encrypted = storageOf(createMemoryStorage(), provider);
  await encrypted.put('/a', value, 0);
  plugin.healthz = 'locked out';
  await clock.advance(179_000);
  await assert.rejects(
    provider.check(),
    /^Error: kmsv2 Provider my-kms is not healthy, error: got unexpected healthz status: locked out$/,
  );
  await encrypted.put('/b', value, 0);
  // Its key is the same, which is enough.
  await clock.advance(179_000);
  plugin.keyId = '';
  await assert.rejects(provider.check(), /got invalid KMSv2 KeyID hash "": keyID is empty/);
  await clock.advance(200_000);
  await assert.rejects(
    encrypted.put('/c', value, 0),
    /^Error: encryptedDEKSource with keyID hash "sha256:\w{64}" expired at /,
  );
  assert.equal(text((await encrypted.get('/a'))?.value), 'a value');
  plugin.keyId = 'key-1';
  plugin.healthz = 'ok';
  await clock.advance(10_000);
  await provider.check();
  await encrypted.put('/c', value, 0);
});

test('how the plugin is is not asked for each who wants to know', async (context) => {
  const { plugin, clock, provider } = await started(context);
  await Promise.all([provider.check(), provider.check()]);
  await clock.advance(19_000);
  await provider.check();
  assert.equal(plugin.calls.filter((call) => call === 'Status').length, 1);
  plugin.version = 'v3';
  await clock.advance(2000);
  const wrong = /^Error: kmsv2 Provider my-kms is not healthy, error: expected KMSv2 API version v2, got v3$/;
  await assert.rejects(provider.check(), wrong);
  plugin.version = 'v2';
  await assert.rejects(provider.check(), wrong);
  await clock.advance(3000);
  await provider.check();
  plugin.version = 'v2beta1';
  await clock.advance(21_000);
  await assert.rejects(
    provider.check(),
    /version should not change after the initial status response version v2, got v2beta1/,
  );
});

test('watchers are told in order, whatever has to be asked for first', async (context) => {
  const { plugin, provider, open } = await started(context);
  const storage = createMemoryStorage();
  await storageOf(storage, provider).put('/a', value, 0);
  const reader = storageOf(storage, await open());
  const seen: string[] = [];
  const both = new Promise<void>((resolve, reject) => {
    void reader.watch('/', 0, {
      onEvents(events) {
        seen.push(...events.map(({ key, current }) => `${key} ${text(current?.value)}`));
        if (seen.length === 2) resolve();
      },
      onEnd: (error) => reject(error ?? new Error('it ended')),
    });
  });
  await storage.put('/b', (await storage.get('/a'))?.value ?? value, 0).catch(() => undefined);
  await assert.rejects(both, /unable to transform key "\/b": cipher: message authentication failed/);
  assert.deepEqual(seen, ['/a a value']);
  assert.equal(plugin.calls.filter((call) => call === 'Decrypt').length, 1);
});

test('a plugin that cannot decrypt is an error of the read', async (context) => {
  const { plugin, provider, open } = await started(context);
  const storage = createMemoryStorage();
  await storageOf(storage, provider).put('/a', value, 0);
  const reader = storageOf(storage, await open());
  await plugin.server.close();
  const other = await startKmsPlugin(context, plugin.server.socketPath);
  other.keyId = 'other';
  const raw = await storage.get('/a');
  const broken = Buffer.from(text(raw?.value).replace('key-1:', 'KEY-1:'), 'latin1');
  await storage.put('/a', broken, raw?.modRevision ?? 0);
  await assert.rejects(
    reader.get('/a'),
    /^Error: unable to transform key "\/a": failed to decrypt DEK, error: rpc error: code = (InvalidArgument desc = not one of ours|Unavailable)/,
  );
});
