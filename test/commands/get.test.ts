import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCommandCluster } from '../support/command-cluster.ts';

test('get asks the server that the kubeconfig names', async (context) => {
  const cluster = await createCommandCluster(context);
  const outcome = await cluster.run('get', 'namespaces', '-o', 'name');
  assert.deepEqual(outcome, { exitCode: 0, stdout: 'namespace/default\nnamespace/kube-system\n', stderr: '' });
  assert.equal(cluster.requests.at(-1), 'GET /api/v1/namespaces?limit=500');
});
