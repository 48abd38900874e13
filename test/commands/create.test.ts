import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TransportError } from '../../src/client/transport-error.ts';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';
import { bundledApi } from '../support/bundled-api.ts';
import { commandRunner } from '../support/run-command.ts';

const configMaps = { group: '', version: 'v1', resource: 'configmaps' } as const;

function file(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const configMap = (name: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}---\n`;

function writes(cluster: CommandCluster): string[] {
  return cluster.requests.filter((request) => !request.startsWith('GET'));
}

test('create -f makes each object and tells in the order of the input what became of it', async (context) => {
  const cluster = await createCommandCluster(context);
  const path = file(cluster.home, 'all.yaml', configMap('a') + configMap('b'));
  assert.deepEqual(await cluster.run('create', '-f', path), {
    exitCode: 0,
    stdout: 'configmap/a created\nconfigmap/b created\n',
    stderr: '',
  });
  const more = file(cluster.home, 'more.yaml', configMap('b') + configMap('c'));
  assert.deepEqual(await cluster.run('create', '-f', more), {
    exitCode: 1,
    stdout: 'configmap/c created\n',
    stderr: `Error from server (AlreadyExists): error when creating "${more}": configmaps "b" already exists\n`,
  });
});

test('create --save-config and --dry-run', async (context) => {
  const cluster = await createCommandCluster(context);
  const path = file(cluster.home, 'a.yaml', configMap('a', 'data: {k: v}\n'));
  const client = await cluster.run('create', '-f', path, '--dry-run=client');
  assert.deepEqual(client, { exitCode: 0, stdout: 'configmap/a created (dry run)\n', stderr: '' });
  const server = await cluster.run('create', '-f', path, '--dry-run=server');
  assert.deepEqual(server, { exitCode: 0, stdout: 'configmap/a created (server dry run)\n', stderr: '' });
  await cluster.run('create', '-f', path, '--save-config');
  const { metadata } = await cluster.api.client.resource(configMaps, 'default').get('a');
  assert.equal(
    metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'],
    '{"apiVersion":"v1","data":{"k":"v"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a","namespace":"default"}}\n',
  );
});

test('nothing is sent when one of the manifests is wrong, and the message tells the place', async (context) => {
  const cluster = await createCommandCluster(context);
  const path = file(cluster.home, 'all.yaml', configMap('a') + configMap('b', 'datas:\n  k: v\n'));
  for (const command of ['create', 'apply', 'replace']) {
    const { exitCode, stdout, stderr } = await cluster.run(command, '-f', path);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      `error: error validating "${path}": error validating data: ValidationError(ConfigMap): unknown field "datas" in io.k8s.api.core.v1.ConfigMap; if you choose to ignore these errors, turn validation off with --validate=false\n` +
        `  at ${path}:10:1: unknown field "datas" (did you mean "data"?)\n`,
    );
  }
  assert.deepEqual(writes(cluster), []);
  const unknown = file(
    cluster.home,
    'unknown.yaml',
    `${configMap('a')}apiVersion: v9\nkind: Thing\nmetadata: {name: x}\n`,
  );
  const { exitCode, stderr } = await cluster.run('apply', '-f', unknown);
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^error: resource mapping not found for name: "x" namespace: "" from .*unknown\.yaml": no matches for kind "Thing" in version "v9"\nensure CRDs are installed first\n$/,
  );
  assert.deepEqual(writes(cluster), []);
});

test('a document that is no object does not hold up the others', async (context) => {
  const cluster = await createCommandCluster(context);
  const folder = join(cluster.home, 'many');
  mkdirSync(folder);
  file(folder, '1.yaml', configMap('a', 'data: {k: v}\n'));
  file(folder, '2.yaml', 'apiVersion: v1\nind: ConfigMap\nmetadata: {name: x, labels: {k: v}}\n');
  file(folder, '3.yaml', configMap('b', 'data: {k: v}\n'));
  const refused = `error: error validating "${folder}/2.yaml": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false\n`;
  const missing = `error: unable to decode "${folder}/2.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"ConfigMap","metadata":{"labels":{"k":"v"},"name":"x"}}'\n`;
  const cases: readonly (readonly [argv: readonly string[], stdout: string, stderr: string])[] = [
    [['create'], 'configmap/a created\nconfigmap/b created\n', refused],
    [['apply'], 'configmap/a configured\nconfigmap/b configured\n', refused],
    [['replace'], 'configmap/a replaced\nconfigmap/b replaced\n', refused],
    [['get', '-o', 'name'], 'configmap/a\nconfigmap/b\n', missing],
    [['label', 'x=y'], 'configmap/a labeled\nconfigmap/b labeled\n', missing],
    [['annotate', 'x=y'], 'configmap/a annotated\nconfigmap/b annotated\n', missing],
    [['patch', '-p', '{"data":{"k":"w"}}'], 'configmap/a patched\nconfigmap/b patched\n', missing],
    [
      ['delete'],
      'configmap "a" deleted from default namespace\nconfigmap "b" deleted from default namespace\n',
      missing,
    ],
  ];
  for (const [argv, stdout, stderr] of cases) {
    const outcome = await cluster.run(...argv, '-f', folder);
    assert.deepEqual(outcome.stdout, stdout, argv.join(' '));
    assert.equal(outcome.exitCode, 1, argv.join(' '));
    assert.equal(outcome.stderr.replace(/^(Warning: .*\n)*/, ''), stderr, argv.join(' '));
  }
});

test('a key that stands twice is refused where that is checked, and the last one counts elsewhere', async (context) => {
  const cluster = await createCommandCluster(context);
  const path = file(cluster.home, 'twice.yaml', `${configMap('z')}${configMap('a', 'data:\n  k: v\n  k: w\n')}`);
  for (const command of ['create', 'apply']) {
    assert.deepEqual(await cluster.run(command, '-f', path), {
      exitCode: 1,
      stdout: '',
      stderr: `error: error validating "${path}": error validating data: line 7: key "k" already set in map; if you choose to ignore these errors, turn validation off with --validate=false\n  at ${path}:12:3\n`,
    });
  }
  assert.deepEqual(writes(cluster), []);
  const { stdout } = await cluster.run('create', '-f', path, '--validate=warn', '-o', 'jsonpath={.data.k},');
  assert.equal(stdout, ',w,');
});

test('the version of a stored object is not sent with a new one', async (context) => {
  const cluster = await createCommandCluster(context);
  const stored = (name: string): string =>
    file(
      cluster.home,
      `${name}.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, resourceVersion: "99", uid: x}\n`,
    );
  assert.equal((await cluster.run('create', '-f', stored('a'))).stdout, 'configmap/a created\n');
  assert.equal((await cluster.run('apply', '-f', stored('b'))).stdout, 'configmap/b created\n');
  assert.equal(
    (await cluster.run('replace', '--force', '-f', stored('a'))).stdout,
    'configmap "a" deleted from default namespace\nconfigmap/a replaced\n',
  );
});

test('--validate=warn and ignore leave the checks to the server', async (context) => {
  const cluster = await createCommandCluster(context);
  const path = file(cluster.home, 'a.yaml', configMap('a', 'datas: {}\n'));
  const warned = await cluster.run('create', '-f', path, '--validate=warn');
  assert.deepEqual(warned, {
    exitCode: 0,
    stdout: 'configmap/a created\n',
    stderr: 'Warning: unknown field "datas"\n',
  });
  const ignored = await cluster.run('apply', '-f', path, '--validate=ignore');
  assert.equal(ignored.exitCode, 0);
  assert.doesNotMatch(ignored.stderr, /unknown field/);
});

test('--raw posts a file as it is', async (context) => {
  const cluster = await createCommandCluster(context);
  const path = file(cluster.home, 'a.json', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"raw"}}');
  const { exitCode, stdout } = await cluster.run(
    'create',
    '--raw',
    '/api/v1/namespaces/default/configmaps',
    '-f',
    path,
  );
  assert.equal(exitCode, 0);
  assert.equal((JSON.parse(stdout) as { metadata: { name: string } }).metadata.name, 'raw');
});

test('a client dry run without a server checks against the built-in kinds', async (context) => {
  const refused = {
    send: () => Promise.reject(new TransportError('refused', 'localhost:8080', 'ECONNREFUSED', 'no')),
    close: () => Promise.resolve(),
  };
  const { home, run } = commandRunner(context, { transport: refused, bundledApi });
  const good = file(home, 'good.yaml', configMap('a'));
  for (const command of ['create', 'apply']) {
    assert.deepEqual(await run(command, '-f', good, '--dry-run=client'), {
      exitCode: 0,
      stdout: 'configmap/a created (dry run)\n',
      stderr: '',
    });
  }
  const definition = file(
    home,
    'gadget.yaml',
    `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec: {group: example.com, scope: Namespaced, names: {plural: gadgets, kind: Gadget}, versions: [{name: v1, served: true, storage: true}]}
---
apiVersion: example.com/v1
kind: Gadget
metadata: {name: one}
`,
  );
  const defined = await run('apply', '-f', definition, '--dry-run=client');
  assert.match(defined.stdout, /gadget\.example\.com\/one created \(dry run\)/, defined.stderr);
  const bad = file(home, 'bad.yaml', configMap('a', 'data: {k: 1}\n'));
  const { exitCode, stderr } = await run('create', '-f', bad, '--dry-run=client');
  assert.equal(exitCode, 1);
  assert.match(stderr, /invalid type for io\.k8s\.api\.core\.v1\.ConfigMap\.data: got "integer", expected "string"/);
  for (const command of ['create', 'apply', 'replace']) {
    const { stderr: said } = await run(command, '-f', good);
    assert.match(said, /^error: error validating .*: failed to download openapi: .*refused; if you choose to ignore/);
  }
  for (const command of [['delete'], ['diff'], ['create', '--validate=false']]) {
    const { stderr: said } = await run(...command, '-f', good);
    assert.match(said, /^E.* memcache\.go:265\] "Unhandled Error" .*refused"\nerror: unable to recognize .*refused\n$/);
  }
});
