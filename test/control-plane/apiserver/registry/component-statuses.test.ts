import assert from 'node:assert/strict';
import test from 'node:test';
import { componentStatusEndpoints } from '../../../../src/control-plane/apiserver/registry/component-statuses.ts';
import { createCommandCluster } from '../../../support/command-cluster.ts';

const refused = 'Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: connection refused';

test('component statuses are asked for when somebody reads them', async (context) => {
  const cluster = await createCommandCluster(context, {
    api: {
      specialEndpoints: componentStatusEndpoints([
        { name: 'scheduler', check: () => Promise.reject(new Error(refused)) },
        { name: 'etcd-0', check: () => Promise.resolve('ok') },
      ]),
    },
  });
  const path = '/api/v1/componentstatuses';
  const scheduler = {
    metadata: { name: 'scheduler' },
    conditions: [{ type: 'Healthy', status: 'False', message: refused }],
  };
  const etcd = { metadata: { name: 'etcd-0' }, conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] };
  const list = (items: readonly object[]): object => ({
    kind: 'ComponentStatusList',
    apiVersion: 'v1',
    metadata: {},
    items,
  });
  const cases: readonly (readonly [query: string, body: object])[] = [
    ['', list([scheduler, etcd])],
    ['?limit=1&resourceVersion=5', list([scheduler, etcd])],
    ['?fieldSelector=metadata.name%3Detcd-0', list([etcd])],
    ['?labelSelector=a%3Db', list([])],
    ['/etcd-0', { kind: 'ComponentStatus', apiVersion: 'v1', ...etcd }],
  ];
  for (const [query, body] of cases) {
    assert.deepEqual((await cluster.api.request('GET', `${path}${query}`)).body, body, query);
  }
  const missing = await cluster.api.request('GET', `${path}/zork`);
  assert.deepEqual([missing.status, missing.body['message']], [404, 'componentstatus "zork" not found']);
  const shown = await cluster.run('get', 'cs');
  assert.match(
    shown.stdout,
    /^NAME +STATUS +MESSAGE +ERROR *\nscheduler +Unhealthy +Get .*refused +\netcd-0 +Healthy +ok +\n$/,
  );
  assert.equal(shown.stderr, 'Warning: v1 ComponentStatus is deprecated in v1.19+\n');
});
