import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCommandCluster } from '../support/command-cluster.ts';

const lists = ['events', 'replication-controllers', 'services', 'daemonsets', 'deployments', 'replicasets', 'pods'];

void test('cluster-info dump writes a file for each list, and the logs of pods', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('run', 'web', '--image=nginx');
  const outcome = await cluster.run('cluster-info', 'dump', '--output-directory=state', '--namespaces=default');
  assert.deepEqual(outcome, { exitCode: 0, stdout: 'Cluster info dumped to state\n', stderr: '' });
  const folder = join(cluster.home, 'state');
  assert.deepEqual(readdirSync(folder).toSorted(), ['default', 'nodes.json']);
  const files = [...lists.map((name) => `${name}.json`), 'web'].toSorted();
  assert.deepEqual(readdirSync(join(folder, 'default')).toSorted(), files);
  const read = (name: string): { kind: string; items: { metadata: { name: string }; kind?: string }[] | null } =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')) as ReturnType<typeof read>;
  const { kind, items } = read('default/pods.json');
  assert.equal(kind, 'PodList');
  assert.deepEqual(
    items?.map(({ metadata, kind: own }) => [metadata.name, own]),
    [['web', undefined]],
  );
  assert.equal(read('default/deployments.json').items, null);
  const logs = readFileSync(join(folder, 'default/web/logs.txt'), 'utf8');
  assert.match(logs, /^==== START logs for container web of pod default\/web ====\n/);
  assert.match(logs, /\n==== END logs for container web of pod default\/web ====\n$/);
});

void test('cluster-info dump without a folder writes kube-system and the namespace of the context', async (context) => {
  const cluster = await createCommandCluster(context);
  const { exitCode, stdout, stderr } = await cluster.run('cluster-info', 'dump', '-o', 'yaml');
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
  const found = [...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind);
  const each = ['Event', 'ReplicationController', 'Service', 'DaemonSet', 'Deployment', 'ReplicaSet', 'Pod'];
  const kinds = each.map((kind) => `${kind}List`);
  assert.deepEqual(found, ['NodeList', ...kinds, ...kinds]);
  for (const namespace of ['kube-system', 'default']) {
    assert.ok(cluster.requests.includes(`GET /api/v1/namespaces/${namespace}/pods`), namespace);
  }
});

void test('cluster-info dump refuses what it cannot do', async (context) => {
  const cluster = await createCommandCluster(context);
  const stderrOf = async (...argv: string[]): Promise<string> =>
    (await cluster.run('cluster-info', 'dump', ...argv)).stderr;
  assert.equal(await stderrOf('-o=name'), 'error: list types are not supported by name printing: *v1.NodeList\n');
  assert.equal(await stderrOf('--pod-running-timeout=0s'), 'error: --pod-running-timeout must be higher than zero\n');
  assert.match(await stderrOf('-o=foo'), /^error: unable to match a printer suitable for the output format "foo"/);
});
