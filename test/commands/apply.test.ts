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
  assert.deepEqual(documents(), []);
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
