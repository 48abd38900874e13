import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';

/** What the program that compares was given: a map from file name to text for each side. */
interface Compared {
  args: readonly string[];
  program: string;
  live: Record<string, string>;
  merged: Record<string, string>;
}

const textsIn = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

async function clusterWithDiff(context: TestContext): Promise<{ cluster: CommandCluster; compared: Compared[] }> {
  const compared: Compared[] = [];
  const runInPlace = (program: string, argv: readonly string[]): Promise<number> => {
    const [live = '', merged = ''] = argv.slice(-2);
    const texts = { live: textsIn(live), merged: textsIn(merged) };
    compared.push({ program, args: argv.slice(0, -2), ...texts });
    return Promise.resolve(JSON.stringify(texts.live) === JSON.stringify(texts.merged) ? 0 : 1);
  };
  return { cluster: await createCommandCluster(context, { world: { runInPlace } }), compared };
}

function file(cluster: CommandCluster, ...items: object[]): string {
  const path = join(cluster.home, 'list.json');
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  return path;
}

const secret = (data: object): object => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data });
const configMap = (name: string, value: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { app: 'x' } },
  data: { key: value },
});

test('diff exits with 0 without differences and with 1 with some, and changes nothing', async (context) => {
  const { cluster, compared } = await clusterWithDiff(context);
  await cluster.run('apply', '-f', file(cluster, configMap('a', '1')));
  assert.deepEqual(await cluster.run('diff', '-f', file(cluster, configMap('a', '1'))), {
    exitCode: 0,
    stdout: '',
    stderr: '',
  });
  const { exitCode, stderr } = await cluster.run('diff', '-f', file(cluster, configMap('a', '2'), configMap('b', '1')));
  assert.equal(exitCode, 1, stderr);
  assert.equal(stderr, '');
  const last = compared.at(-1);
  assert.deepEqual([last?.program, last?.args], ['diff', ['-u', '-N']]);
  assert.deepEqual(Object.keys(last?.live ?? {}), ['v1.ConfigMap.default.a', 'v1.ConfigMap.default.b']);
  assert.equal(last?.live['v1.ConfigMap.default.b'], '');
  assert.deepEqual(Object.keys(last?.merged ?? {}), ['v1.ConfigMap.default.a', 'v1.ConfigMap.default.b']);
  assert.match(last?.live['v1.ConfigMap.default.a'] ?? '', /^apiVersion: v1\ndata:\n {2}key: "1"\nkind: ConfigMap\n/);
  assert.match(last?.merged['v1.ConfigMap.default.a'] ?? '', /key: "2"/);
  assert.doesNotMatch(JSON.stringify(last), /managedFields/);
  assert.equal((await cluster.run('get', 'cm', 'a', '-o', 'jsonpath={.data.key}')).stdout, '1');
});

test('diff goes on with a field that the server does not know', async (context) => {
  const { cluster, compared } = await clusterWithDiff(context);
  const path = file(cluster, { ...configMap('a', '1'), bogus: 1 });
  const { exitCode, stderr } = await cluster.run('diff', '-f', path);
  assert.deepEqual([exitCode, stderr], [1, 'Warning: unknown field "bogus"\n']);
  assert.doesNotMatch(compared.at(-1)?.merged['v1.ConfigMap.default.a'] ?? 'bogus', /bogus/);
});

test('diff masks the values of secrets unless told not to', async (context) => {
  const { cluster, compared } = await clusterWithDiff(context);
  await cluster.run('create', '-f', file(cluster, secret({ same: 'YQ==', other: 'YQ==' })));
  const path = file(cluster, secret({ same: 'YQ==', other: 'Yg==', added: 'Yw==' }));
  await cluster.run('diff', '-f', path);
  const { live = {}, merged = {} } = compared.at(-1) ?? {};
  assert.match(live['v1.Secret.default.s'] ?? '', /data:\n {2}other: '\*\*\* \(before\)'\n {2}same: '\*\*\*'\n/);
  assert.match(
    merged['v1.Secret.default.s'] ?? '',
    /data:\n {2}added: '\*\*\*'\n {2}other: '\*\*\* \(after\)'\n {2}same: '\*\*\*'\n/,
  );
  await cluster.run('diff', '--show-secrets', '-f', path);
  assert.match(compared.at(-1)?.merged['v1.Secret.default.s'] ?? '', /other: Yg==/);
});

test('diff --prune shows what apply --prune would delete', async (context) => {
  const { cluster, compared } = await clusterWithDiff(context);
  await cluster.run('apply', '-f', file(cluster, configMap('a', '1'), configMap('b', '1')));
  await cluster.run('diff', '--prune', '-l', 'app=x', '-f', file(cluster, configMap('a', '1')));
  assert.deepEqual(Object.keys(compared.at(-1)?.live ?? {}), ['v1.ConfigMap.default.a', 'v1.ConfigMap.default.b']);
  assert.deepEqual(Object.keys(compared.at(-1)?.merged ?? {}), ['v1.ConfigMap.default.a']);
});

test('errors of diff exit with 2, and its folders go', async (context) => {
  const folders: string[] = [];
  const args: string[] = [];
  const runInPlace = (program: string, argv: readonly string[]): Promise<number> => {
    folders.push(...argv.slice(0, 2));
    args.push(...argv.slice(2));
    return program === 'colordiff'
      ? Promise.resolve(3)
      : Promise.reject(Object.assign(new Error('spawn'), { code: 'ENOENT' }));
  };
  const cluster = await createCommandCluster(context, {
    world: { runInPlace, env: { HOME: '/nowhere', KUBECTL_EXTERNAL_DIFF: 'colordiff -N $(rm)' } },
  });
  const path = file(cluster, configMap('a', '1'));
  assert.deepEqual(await cluster.run('diff', '-f', path, '--cache-dir', join(cluster.home, 'cache')), {
    exitCode: 2,
    stdout: '',
    stderr: 'error: failed to run "colordiff": exit status 3\n',
  });
  assert.equal(folders.length, 2);
  // Behind the folders, and harmless ones alone.
  assert.deepEqual(args, ['-N']);
  assert.ok(folders.every((folder) => !existsSync(folder)));
  assert.equal((await cluster.run('diff')).exitCode, 2);
  assert.equal((await cluster.run('diff', '-f', join(cluster.home, 'missing.yaml'))).exitCode, 2);
});

test('apply view-last-applied and set-last-applied read and write the annotation alone', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('create', '-f', file(cluster, configMap('a', '1<2')));
  const missing = await cluster.run('apply', 'view-last-applied', 'cm/a');
  assert.deepEqual(missing, { exitCode: 0, stdout: '', stderr: '' });
  const path0 = file(cluster, configMap('a', '1<2'));
  assert.deepEqual(await cluster.run('apply', 'view-last-applied', '-f', path0), {
    exitCode: 1,
    stdout: '',
    stderr: `error: error when no last-applied-configuration annotation found on resource: a\n "${path0}": <nil>\n`,
  });
  const refused = await cluster.run('apply', 'set-last-applied', '-f', file(cluster, configMap('a', '2')));
  assert.match(refused.stderr, /to create the annotation, run the command with --create-annotation\n$/);
  const path = file(cluster, configMap('a', '2<3'));
  const set = await cluster.run('apply', 'set-last-applied', '--create-annotation', '-f', path);
  assert.deepEqual(set, { exitCode: 0, stdout: 'configmap/a configured\n', stderr: '' });
  const again = await cluster.run('apply', 'set-last-applied', '-f', path);
  assert.equal(again.stdout, 'set-last-applied a: no changes required.\n');
  const json = await cluster.run('apply', 'view-last-applied', 'cm', 'a', '-o', 'json');
  assert.equal(
    json.stdout,
    '{\n  "apiVersion": "v1",\n  "data": {\n    "key": "2\\u003c3"\n  },\n  "kind": "ConfigMap",\n  "metadata": {\n    "labels": {\n      "app": "x"\n    },\n    "name": "a",\n    "namespace": "default"\n  }\n}\n',
  );
  const yaml = await cluster.run('apply', 'view-last-applied', '-f', path);
  assert.match(yaml.stdout, /^apiVersion: v1\ndata:\n {2}key: 2<3\nkind: ConfigMap\n/);
  assert.equal((await cluster.run('get', 'cm', 'a', '-o', 'jsonpath={.data.key}')).stdout, '1<2');
});

test('diff takes a conflict for a change that happened meanwhile: four tries, then the words of the server', async (context) => {
  const { cluster } = await clusterWithDiff(context);
  await cluster.run('apply', '-f', file(cluster, configMap('a', '1')));
  const changed = file(cluster, configMap('a', '2'));
  const { exitCode, stdout, stderr } = await cluster.run('diff', '--server-side', '--field-manager=x', '-f', changed);
  assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: '' });
  assert.deepEqual(stderr.replace(/^W\d{4} \S+ +\d+ /, '<log> ').split('\n'), [
    '<log> diff.go:723] Object (/v1, Kind=ConfigMap: a) keeps changing, diffing without lock',
    'Error from server (Conflict): Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.key',
    '',
  ]);
});

test('diff asks for what the patch makes of the version that it was made from', async (context) => {
  const { cluster } = await clusterWithDiff(context);
  await cluster.run('apply', '-f', file(cluster, configMap('a', '1')));
  const { metadata } = JSON.parse((await cluster.run('get', 'cm', 'a', '-o', 'json')).stdout) as {
    metadata: { resourceVersion: string };
  };
  const list = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: ['x'] };
  const { stderr } = await cluster.run('diff', '-f', file(cluster, list));
  assert.match(stderr, new RegExp(`metadata:map\\[.*resourceVersion:${metadata.resourceVersion}`));
});
