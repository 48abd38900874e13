import assert from 'node:assert/strict';
import test from 'node:test';
import type { StoreHooks } from '../../../../src/control-plane/apiserver/registry/store.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

const collection = '/api/v1/namespaces/default/configmaps';
const mergePatch = { 'content-type': 'application/merge-patch+json' };

test('what an update took is given back when it loses, and kept when it lets a deleted object go', async (context) => {
  const told: string[] = [];
  let meanwhile = (): Promise<unknown> => Promise.resolve();
  const hooks: StoreHooks = {
    async beginUpdate(object) {
      if ((object.metadata.finalizers ?? []).length > 0) return undefined;
      const first = meanwhile;
      meanwhile = () => Promise.resolve();
      await first();
      return {
        undo: () => Promise.resolve(void told.push('undo')),
        keep: () => Promise.resolve(void told.push('keep')),
      };
    },
  };
  const api = await createTestApiServer({
    storeHooks: ({ definition }) => (definition.resource === 'configmaps' ? hooks : undefined),
  });
  context.after(() => api.close());
  const metadata = { name: 'c', finalizers: ['example.com/stay'] };
  await api.request('POST', collection, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  await api.request('DELETE', `${collection}/c`);
  meanwhile = () => api.request('PATCH', `${collection}/c`, { data: { a: 'b' } }, mergePatch);
  const last = await api.request('PATCH', `${collection}/c`, { metadata: { finalizers: null } }, mergePatch);
  assert.equal(last.status, 200, last.text);
  assert.equal((await api.request('GET', `${collection}/c`)).status, 404);
  assert.deepEqual(told, ['undo', 'keep']);
});
