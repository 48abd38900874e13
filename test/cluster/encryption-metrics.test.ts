import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptionMetrics } from '../../src/cluster/encryption-metrics.ts';
import { MetricRegistry } from '../../src/control-plane/apiserver/metrics/metric-registry.ts';
import { encryptedStorage } from '../../src/control-plane/storage/encrypted-storage.ts';
import { createMemoryStorage } from '../../src/control-plane/storage/memory-storage.ts';
import { type EncryptionProvider, ValueEncryption } from '../../src/control-plane/storage/value-encryption.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';

const reversed = (value: Uint8Array): Uint8Array => Uint8Array.from(value).reverse();

function provider(prefix: string): EncryptionProvider {
  const decrypt = (value: Uint8Array): Uint8Array => {
    if (value.length === 0) throw new Error('nothing to decrypt');
    return reversed(value);
  };
  return { prefix, cipher: { encrypt: reversed, decrypt } };
}

test('what is encrypted and decrypted is counted, by the prefixes of its kind and of its key', async () => {
  const metrics = new EncryptionMetrics();
  metrics.loaded('first', false);
  const registry = new MetricRegistry();
  metrics.bind(registry, { identity: 'me', clock: new FakeClock() });
  const encryption = new ValueEncryption([provider('k8s:enc:aescbc:v1:k1:'), { prefix: '' }]);
  const inner = createMemoryStorage();
  const resource = { group: 'g', resource: 'r' };
  const storage = encryptedStorage(
    inner,
    () => encryption,
    () => (done) => metrics.transformed(resource, done, 0.00001),
  );
  await inner.put('/plain', Buffer.from('plain'), 0);
  await inner.put('/broken', Buffer.from('k8s:enc:aescbc:v1:k1:'), 0);
  await inner.put('/other', Buffer.from('k8s:enc:aesgcm:v1:k9:x'), 0);
  await storage.put('/a', Buffer.from('text'), 0);
  assert.equal(Buffer.from((await storage.get('/a'))?.value ?? []).toString(), 'text');
  await storage.get('/plain');
  await assert.rejects(storage.get('/broken'));
  await assert.rejects(storage.get('/other'));
  metrics.loaded(undefined, true);
  metrics.loaded('second', true);
  const shown = (await registry.show()).split('\n');
  const of = (name: string): string[] =>
    shown.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length));
  const line = (direction: string, prefix: string, status: string): string =>
    `{resource="r.g",status="${status}",transformation_type="${direction}",transformer_prefix="${prefix}"} 1`;
  const both = ['k1:', 'k8s:enc:aescbc:v1:'];
  assert.deepEqual(
    of('apiserver_storage_transformation_operations_total').toSorted(),
    [
      ...both.map((prefix) => line('from_storage', prefix, 'OK')),
      ...both.map((prefix) => line('from_storage', prefix, 'Unknown')),
      ...both.map((prefix) => line('to_storage', prefix, 'OK')),
      line('from_storage', 'identity', 'OK'),
      line('from_storage', 'unknown', 'Unknown'),
    ].toSorted(),
  );
  const durations = of('apiserver_storage_transformation_duration_seconds_count');
  assert.equal(durations.length, 5);
  const reloads = of('apiserver_encryption_config_controller_automatic_reloads_total');
  assert.deepEqual(
    reloads.map((text) => text.replace(/apiserver_id_hash="[^"]*",/, '')),
    ['{status="failure"} 1', '{status="success"} 1'],
  );
  assert.equal(of('apiserver_encryption_config_controller_last_config_info').length, 1);
});
