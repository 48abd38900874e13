import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Deployment } from '../../src/api/types/apps-v1.ts';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' } as const;

function manifest(env: readonly object[], image = 'web:1'): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image, env }] } },
    },
  };
}

async function apply(cluster: CommandCluster, object: object): Promise<string> {
  const file = join(cluster.home, 'web.json');
  writeFileSync(file, JSON.stringify(object));
  const { exitCode, stdout, stderr } = await cluster.run('apply', '-f', file);
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

async function container(cluster: CommandCluster): Promise<{ image?: string; env?: unknown }> {
  const { spec } = await cluster.api.client.resource<Deployment>(deployments, 'default').get('web');
  return spec?.template.spec?.containers[0] ?? {};
}

test('apply creates, then changes nothing when nothing changed, defaults or not', async (context) => {
  const cluster = await createCommandCluster(context);
  const object = manifest([{ name: 'A', value: '1' }]);
  assert.equal(await apply(cluster, object), 'deployment.apps/web created\n');
  assert.equal(await apply(cluster, object), 'deployment.apps/web unchanged\n');
  assert.equal(await apply(cluster, manifest([{ name: 'A', value: '2' }])), 'deployment.apps/web configured\n');
});

test('lists are merged by their keys: what others put there stays, what the manifest drops goes', async (context) => {
  const cluster = await createCommandCluster(context);
  const before = manifest([
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ]);
  await apply(cluster, before);
  const theirs = {
    spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'THEIRS', value: 'x' }] }] } } },
  };
  await cluster.api.client
    .resource(deployments, 'default')
    .patch('web', 'application/strategic-merge-patch+json', theirs);
  assert.equal(
    await apply(cluster, manifest([{ name: 'A', value: '1' }], 'web:2')),
    'deployment.apps/web configured\n',
  );
  const { image, env } = await container(cluster);
  assert.equal(image, 'web:2');
  // What the manifest does not name keeps its place.
  assert.deepEqual(env, [
    { name: 'THEIRS', value: 'x' },
    { name: 'A', value: '1' },
  ]);
});

test('the types are asked for once and remembered by their hash', async (context) => {
  const cluster = await createCommandCluster(context);
  const documents = (): string[] => cluster.requests.filter((request) => request.includes('/openapi/v3/'));
  await apply(cluster, manifest([{ name: 'A', value: '1' }]));
  assert.equal(documents().length, 1);
  await apply(cluster, manifest([{ name: 'A', value: '2' }]));
  await apply(cluster, manifest([{ name: 'A', value: '3' }]));
  assert.equal(documents().length, 1);
  const folder = join(cluster.home, '.kube', 'cache', 'openapi');
  assert.ok(readdirSync(folder, { recursive: true }).some((name) => String(name).includes('apis_apps_v1.')));
});

test('apply --overwrite=false keeps what others changed and says so', async (context) => {
  const cluster = await createCommandCluster(context);
  await apply(cluster, manifest([{ name: 'A', value: '1' }]));
  const theirs = { spec: { template: { spec: { containers: [{ name: 'main', image: 'web:theirs' }] } } } };
  await cluster.api.client
    .resource(deployments, 'default')
    .patch('web', 'application/strategic-merge-patch+json', theirs);
  const file = join(cluster.home, 'web.json');
  writeFileSync(file, JSON.stringify(manifest([{ name: 'A', value: '1' }], 'web:ours')));
  const { exitCode, stderr } = await cluster.run('apply', '-f', file, '--overwrite=false');
  assert.equal(exitCode, 1);
  assert.match(stderr, /conflicts with changes made from original to current/);
  assert.equal((await container(cluster)).image, 'web:theirs');
});

test('apply --subresource is for the server side', async (context) => {
  const cluster = await createCommandCluster(context);
  const { exitCode, stderr } = await cluster.run('apply', '-f', 'x.yaml', '--subresource=status');
  assert.equal(exitCode, 1);
  assert.equal(stderr, 'error: --subresource can only be specified for --server-side\n');
});

const configMap = (name: string, data: object = { k: 'v' }, labels: object = { app: 'x' }): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});

function listFile(cluster: CommandCluster, ...items: object[]): string {
  const path = join(cluster.home, 'list.json');
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  return path;
}

test('apply --prune deletes what was applied before and is gone, and nothing else', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.api.client
    .resource({ group: '', version: 'v1', resource: 'configmaps' }, 'default')
    .create(configMap('theirs') as never);
  await cluster.run(
    'apply',
    '-f',
    listFile(cluster, configMap('a'), configMap('b'), configMap('other', undefined, {})),
  );
  const dry = await cluster.run(
    'apply',
    '--prune',
    '-l',
    'app=x',
    '--dry-run=client',
    '-f',
    listFile(cluster, configMap('a')),
  );
  assert.equal(dry.stdout, 'configmap/a unchanged (dry run)\nconfigmap/b pruned (dry run)\n');
  const pruned = await cluster.run('apply', '--prune', '-l', 'app=x', '-f', listFile(cluster, configMap('a')));
  assert.equal(pruned.exitCode, 0, pruned.stderr);
  assert.equal(pruned.stdout, 'configmap/a unchanged\nconfigmap/b pruned\n');
  const left = await cluster.run('get', 'configmaps', '-o', 'name');
  assert.equal(left.stdout, 'configmap/a\nconfigmap/other\nconfigmap/theirs\n');
  const all = await cluster.run('apply', '--prune', '-f', listFile(cluster, configMap('a')));
  assert.match(all.stderr, /^error: all resources selected for prune without explicitly passing --all\./);
  const allowed = await cluster.run(
    'apply',
    '--prune',
    '--all',
    '--prune-allowlist=core/v1/Secret',
    '-f',
    listFile(cluster, configMap('a')),
  );
  assert.equal(allowed.stdout, 'configmap/a unchanged\n');
  const wrong = await cluster.run(
    'apply',
    '--prune',
    '--all',
    '--prune-allowlist=v1/Secret',
    '-f',
    listFile(cluster, configMap('a')),
  );
  assert.equal(wrong.stderr, 'error: invalid GroupVersionKind format: v1/Secret, please follow <group/version/kind>\n');
});

test('apply -l takes only what the selector fits, and -o prints several objects as a list', async (context) => {
  const cluster = await createCommandCluster(context);
  const path = listFile(cluster, configMap('a'), configMap('b', undefined, { app: 'y' }), configMap('c'));
  const { stdout } = await cluster.run('apply', '-f', path, '-l', 'app=x', '-o', 'json');
  const printed = JSON.parse(stdout) as { kind: string; items: { metadata: { name: string } }[] };
  assert.equal(printed.kind, 'List');
  assert.deepEqual(
    printed.items.map(({ metadata }) => metadata.name),
    ['a', 'c'],
  );
  const names = await cluster.run('apply', '-f', path, '-o', 'name');
  assert.equal(names.stdout, 'configmap/a\nconfigmap/b\nconfigmap/c\n');
});

test('many objects of a kind are looked up with one list', async (context) => {
  const cluster = await createCommandCluster(context);
  const items = Array.from({ length: 20 }, (_, index) => configMap(`many-${index}`));
  const gets = (): string[] => cluster.requests.filter((request) => request.startsWith('GET /api/v1/namespaces'));
  assert.match(
    (await cluster.run('apply', '-f', listFile(cluster, ...items))).stdout,
    /^(configmap\/many-\d+ created\n){20}$/,
  );
  assert.equal(gets().length, 1);
  assert.match(
    (await cluster.run('apply', '-f', listFile(cluster, ...items))).stdout,
    /^(configmap\/many-\d+ unchanged\n){20}$/,
  );
  assert.equal(gets().length, 2);
});

test('apply --force makes anew what cannot be changed, replace --force whatever there is', async (context) => {
  const cluster = await createCommandCluster(context);
  const fixed = (value: string): object => ({ ...configMap('fixed', { k: value }), immutable: true });
  await apply(cluster, fixed('1'));
  const uid = async (): Promise<string> =>
    (await cluster.run('get', 'cm', 'fixed', '-o', 'jsonpath={.metadata.uid}')).stdout;
  const before = await uid();
  const refused = await cluster.run('apply', '-f', listFile(cluster, fixed('2')));
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /field is immutable when `immutable` is set/);
  const forced = await cluster.run('apply', '--force', '-f', listFile(cluster, fixed('2')));
  assert.equal(forced.stdout, 'configmap/fixed configured\n', forced.stderr);
  const after = await uid();
  assert.notEqual(after, before);
  const replaced = await cluster.run('replace', '--force', '-f', listFile(cluster, fixed('3')));
  assert.equal(
    replaced.stdout,
    'configmap "fixed" deleted from default namespace\nconfigmap/fixed replaced\n',
    replaced.stderr,
  );
  assert.notEqual(await uid(), after);
});

test('apply --server-side takes over what was applied from the client side', async (context) => {
  const cluster = await createCommandCluster(context);
  await apply(cluster, configMap('a', { one: '1', two: '2' }));
  const path = listFile(cluster, configMap('a', { one: '1' }));
  const { stdout, stderr } = await cluster.run('apply', '--server-side', '-f', path);
  assert.equal(stdout, 'configmap/a serverside-applied\n', stderr);
  const { stdout: shown } = await cluster.run('get', 'cm', 'a', '-o', 'json', '--show-managed-fields');
  const { data, metadata } = JSON.parse(shown) as {
    data: object;
    metadata: { managedFields: { manager: string; operation: string }[] };
  };
  assert.deepEqual(data, { one: '1' });
  assert.deepEqual(metadata.managedFields.map(({ manager, operation }) => `${manager} ${operation}`).toSorted(), [
    'kubectl Apply',
    'kubectl-last-applied Apply',
  ]);
});
