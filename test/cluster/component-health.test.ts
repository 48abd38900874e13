import assert from 'node:assert/strict';
import test from 'node:test';
import { clusterComponents } from '../../src/cluster/component-health.ts';
import { createMemoryStorage } from '../../src/control-plane/storage/memory-storage.ts';

test('components of this process are well, and the storage while it answers', async () => {
  const storage = createMemoryStorage();
  const [scheduler, manager, etcd] = clusterComponents(storage, []);
  assert.deepEqual([scheduler?.name, manager?.name, etcd?.name], ['scheduler', 'controller-manager', 'etcd-0']);
  for (const component of [scheduler, manager, etcd]) assert.equal(await component?.check(), 'ok');
  const broken = { ...storage, get: () => Promise.reject(new Error('no disk')) };
  await assert.rejects(async () => clusterComponents(broken, [])[2]?.check(), /^Error: no disk$/);
});
