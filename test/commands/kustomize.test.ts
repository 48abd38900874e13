import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';
import { commandRunner } from '../support/run-command.ts';

const kustomization = `namePrefix: a-
resources: [pod.yaml]
configMapGenerator:
- name: settings
  literals: [a=b]
`;
const pod = `apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: x}}
spec: {containers: [{name: c, image: i, envFrom: [{configMapRef: {name: settings}}]}]}
`;

function folderIn(home: string, text = kustomization): string {
  const folder = join(home, 'app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'kustomization.yaml'), text);
  writeFileSync(join(folder, 'pod.yaml'), pod);
  return folder;
}

const settings = 'a-settings-4h2mbtbbt6';

async function ok(cluster: CommandCluster, ...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await cluster.run(...argv);
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' }, argv.join(' '));
  return stdout;
}

test('-k applies, reads, changes and deletes what a kustomization builds', async (context) => {
  const cluster = await createCommandCluster(context);
  const folder = folderIn(cluster.home);
  assert.equal(await ok(cluster, 'apply', '-k', folder), `configmap/${settings} created\npod/a-p created\n`);
  assert.equal(await ok(cluster, 'get', '-k', folder, '-o', 'name'), `configmap/${settings}\npod/a-p\n`);
  const read = JSON.parse(await ok(cluster, 'get', 'pod', 'a-p', '-o', 'json')) as {
    spec: { containers: [{ envFrom: unknown }] };
  };
  assert.deepEqual(read.spec.containers[0].envFrom, [{ configMapRef: { name: settings } }]);
  assert.equal(await ok(cluster, 'label', '-k', folder, 'x=y'), `configmap/${settings} labeled\npod/a-p labeled\n`);
  assert.equal(
    await ok(cluster, 'annotate', '-k', folder, 'x=y'),
    `configmap/${settings} annotated\npod/a-p annotated\n`,
  );
  const deleted = await ok(cluster, 'delete', '--wait=false', '-k', folder);
  assert.equal(
    deleted,
    `configmap "${settings}" deleted from default namespace\npod "a-p" deleted from default namespace\n`,
  );
  assert.equal(await ok(cluster, 'create', '-k', folder), `configmap/${settings} created\npod/a-p created\n`);
});

const mistakes: readonly (readonly [string, readonly string[], string, string?])[] = [
  ['-f beside -k', ['apply', '-k', 'app', '-f', 'app/pod.yaml'], 'only one of -f or -k can be specified'],
  ['-R beside -k', ['get', '-k', 'app', '-R'], "the -k flag can't be used with -f or -R"],
  [
    'a folder that is missing',
    ['apply', '-k', 'nowhere'],
    "must build at directory: not a valid directory: evalsymlink failure on 'nowhere' : lstat $HOME/nowhere: no such file or directory",
  ],
  ['two folders', ['kustomize', 'app', 'app'], 'specify one path to kustomization.yaml'],
  [
    'a restriction that is none',
    ['kustomize', '--load-restrictor=none', 'app'],
    'illegal flag value --load-restrictor none; legal values: [LoadRestrictionsRootOnly LoadRestrictionsNone]',
  ],
  [
    'an order that is none',
    ['kustomize', '--reorder=no', 'app'],
    'illegal flag value --reorder no; legal values: [legacy none]',
    "Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.\n",
  ],
  [
    'a folder in a repository',
    ['kustomize', 'https://github.com/kubernetes-sigs/kustomize//examples'],
    'https://github.com/kubernetes-sigs/kustomize//examples: kubectl-ts builds from local folders only; clone it first',
  ],
];

for (const [what, argv, message, warning = ''] of mistakes) {
  test(`kustomizations: ${what}`, async (context) => {
    const cluster = await createCommandCluster(context);
    folderIn(cluster.home);
    const { exitCode, stderr } = await cluster.run(...argv);
    assert.equal(stderr.replaceAll(cluster.home, '$HOME'), `${warning}error: ${message}\n`);
    assert.equal(exitCode, 1);
  });
}

test('kustomize writes to a file, or a file for each object to a folder', async (context) => {
  const { home, run } = commandRunner(context);
  folderIn(home);
  const { stdout } = await run('kustomize', 'app');
  await run('kustomize', 'app', '-o', 'all.yaml');
  assert.equal(readFileSync(join(home, 'all.yaml'), 'utf8'), stdout);
  mkdirSync(join(home, 'out'));
  assert.deepEqual(await run('kustomize', 'app', '--output=out'), { exitCode: 0, stdout: '', stderr: '' });
  const names = readdirSync(join(home, 'out'));
  assert.deepEqual(names, [`v1_configmap_${settings}.yaml`, 'v1_pod_a-p.yaml']);
  assert.equal(names.map((name) => readFileSync(join(home, 'out', name), 'utf8')).join('---\n'), stdout);
});

test('kustomize orders and labels as its old flags say, which are hidden', async (context) => {
  const { home, run } = commandRunner(context);
  const folder = folderIn(home);
  const kinds = (text: string): string[] => text.match(/^kind: .*$/gm) ?? [];
  const byKind = await run('kustomize', 'app', '--reorder=legacy');
  assert.deepEqual(kinds(byKind.stdout), ['kind: ConfigMap', 'kind: Pod']);
  const asTheyCome = await run('kustomize', 'app', '--reorder=none');
  assert.deepEqual(kinds(asTheyCome.stdout), ['kind: Pod', 'kind: ConfigMap']);
  const old = "Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.\n";
  assert.equal(asTheyCome.stderr, old);
  const label = 'app.kubernetes.io/managed-by: kustomize-v5.8.1';
  const labelled = await run('kustomize', 'app', '--enable-managedby-label');
  assert.equal(labelled.stdout.split(label).length, 3);
  assert.match(
    labelled.stderr,
    /^Flag --enable-managedby-label has been deprecated, The flag `enable-managedby-label`/,
  );
  assert.doesNotMatch((await run('kustomize', '--help')).stdout, /reorder|managedby/);
  writeFileSync(join(folder, 'kustomization.yaml'), `${kustomization}sortOptions: {order: fifo}\n`);
  const both = await run('kustomize', 'app', '--reorder=legacy');
  assert.deepEqual(kinds(both.stdout), ['kind: Pod', 'kind: ConfigMap']);
  assert.match(both.stderr, /Using the kustomization file over the CLI flag/);
});

test('a link that leads out of the folder is refused, unless that is allowed', async (context) => {
  const { home, run } = commandRunner(context);
  const folder = folderIn(home, 'resources: [link.yaml]\n');
  writeFileSync(join(home, 'outside.yaml'), pod);
  symlinkSync(join(home, 'outside.yaml'), join(folder, 'link.yaml'));
  const refused = await run('kustomize', 'app');
  const root = realpathSync(folder);
  assert.match(refused.stderr, new RegExp(`security; file '${root}/link.yaml' is not in or below '${root}'`));
  assert.equal(refused.exitCode, 1);
  const allowed = await run('kustomize', 'app', '--load-restrictor=LoadRestrictionsNone');
  assert.equal(allowed.exitCode, 0);
});
