import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCommandCluster } from '../../support/command-cluster.ts';

void test('create token asks for a token of the account and passes on what the server refuses', async (context) => {
  const cluster = await createCommandCluster(context);
  const { exitCode, stdout, stderr } = await cluster.run('create', 'token', 'none', '--duration=10m');
  assert.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: '' });
  assert.match(stderr, /^error: failed to create token: /);
  assert.ok(cluster.requests.includes('POST /api/v1/namespaces/default/serviceaccounts/none/token'));
});
