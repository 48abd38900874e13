import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCommandCluster } from '../support/command-cluster.ts';

test('get asks the server that the kubeconfig names', async (context) => {
  const cluster = await createCommandCluster(context);
  const outcome = await cluster.run('get', 'namespaces', '-o', 'name');
  assert.deepEqual(outcome, { exitCode: 0, stdout: 'namespace/default\nnamespace/kube-system\n', stderr: '' });
  assert.equal(cluster.requests.at(-1), 'GET /api/v1/namespaces?limit=500');
});

test('--chunk-size fetches in pieces and prints one table; --sort-by sorts the whole', async (context) => {
  const cluster = await createCommandCluster(context);
  for (const [name, size] of [
    ['a', '3'],
    ['b', '1'],
    ['c', '2'],
  ]) {
    const metadata = { name, labels: { size } };
    await cluster.api.request('POST', '/api/v1/namespaces/default/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
    });
  }
  const names = async (...argv: string[]): Promise<string[]> => {
    const { stdout } = await cluster.run('get', 'cm', '--chunk-size=1', '--no-headers', ...argv);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '');
  };
  const lists = (): number =>
    cluster.requests.filter((request) => request.endsWith('/configmaps') || request.includes('/configmaps?')).length;
  const before = lists();
  assert.deepEqual(await names(), ['a', 'b', 'c']);
  assert.equal(lists() - before, 3);
  assert.deepEqual(await names('--sort-by=.metadata.labels.size'), ['b', 'c', 'a']);
  // What has no order ends it with a line of the log.
  const unsortable = await cluster.run('get', 'cm', '--sort-by=.metadata', '-o', 'name');
  assert.equal(unsortable.exitCode, 1);
  assert.match(
    unsortable.stderr,
    /^F\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ sorter\.go:329\] Field \{\.metadata\} in \*unstructured\.Unstructured is an unsortable type: interface, err: unsortable type: map\[string\]interface \{\}\n$/,
  );
  assert.match((await cluster.run('get', 'cm', '--sort-by=.metadata')).stderr, /^F.* sorter\.go:375\] Field /);
});

test('several objects of a file are shown, and then not watched', async (context) => {
  const cluster = await createCommandCluster(context);
  const objects = ['default', 'kube-system'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
  const file = join(cluster.home, 'two.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const { exitCode, stdout, stderr } = await cluster.run('get', '-f', file, '-w', '-o', 'name');
  assert.deepEqual([exitCode, stdout], [1, 'namespace/default\nnamespace/kube-system\n']);
  assert.equal(
    stderr,
    'error: watch is only supported on individual resources and resource collections - 2 resources were found\n',
  );
});
