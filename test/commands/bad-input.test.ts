import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createCommandCluster } from '../support/command-cluster.ts';

const notChecked = '; if you choose to ignore these errors, turn validation off with --validate=false\n';
const uppercase =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** What kubectl 1.36 says of manifests; nothing is made of any of them. */
const manifests: readonly (readonly [name: string, text: string, args: readonly string[], stderr: string])[] = [
  [
    'a refused object',
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"A_b"},"spec":{"containers":[]}}',
    ['create'],
    `The Pod "A_b" is invalid: \n* metadata.name: Invalid value: "A_b": ${uppercase}\n* spec.containers: Required value\n`,
  ],
  [
    'no name',
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}',
    ['create'],
    'The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required\n',
  ],
  [
    'no kind, checked',
    '{"apiVersion":"v1"}',
    ['apply'],
    `error: error validating "FILE": error validating data: kind not set${notChecked}`,
  ],
  [
    'neither, checked',
    'a: 1\n',
    ['create'],
    `error: error validating "FILE": error validating data: [apiVersion not set, kind not set]${notChecked}`,
  ],
  [
    'no version, checked',
    '{"kind":"Pod"}',
    ['create', '--validate=warn'],
    `error: error validating "FILE": error validating data: apiVersion not set${notChecked}`,
  ],
  [
    'no kind, not checked',
    '{"apiVersion":"v1"}',
    ['apply', '--validate=ignore'],
    'error: unable to decode "FILE": Object \'Kind\' is missing in \'{"apiVersion":"v1"}\'\n',
  ],
  [
    'no object, checked',
    '- a\n',
    ['replace'],
    `error: error validating "FILE": error validating data: invalid object to validate${notChecked}`,
  ],
  [
    'no object, not checked',
    '- a\n',
    ['create', '--validate=false'],
    'error: unable to decode "FILE": json: cannot unmarshal array into Go value of type unstructured.detector\n',
  ],
];

for (const [name, text, [command = '', ...flags], stderr] of manifests) {
  void test(`a manifest with ${name}`, async (context) => {
    const { run, home, requests } = await createCommandCluster(context);
    const path = join(home, 'manifest');
    writeFileSync(path, text);
    const expected = { exitCode: 1, stdout: '', stderr: stderr.replace('FILE', path) };
    assert.deepEqual(await run(command, '-f', path, ...flags), expected);
    const writes = requests.filter((request) => !request.startsWith('GET'));
    assert.equal(writes.length, stderr.startsWith('The ') ? 1 : 0);
  });
}

void test('a line end that the server tells at the end of its only reason stays', async (context) => {
  const { run, home } = await createCommandCluster(context);
  const path = join(home, 'pod.json');
  const pod = (image: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { nodeName: 'n', containers: [{ name: 'a', image }] },
    });
  writeFileSync(path, pod('a'));
  await run('create', '-f', path);
  writeFileSync(path, pod('a').replace('"n"', '"m"'));
  const { stderr } = await run('replace', '-f', path);
  assert.match(stderr, /^The Pod "a" is invalid: spec: Forbidden: pod updates may not change fields other than /);
  assert.match(stderr, /[^\n]\n\n$/);
});

void test('of several refused objects each has a line of its own, the same ones too', async (context) => {
  const { run, home } = await createCommandCluster(context);
  const path = join(home, 'two.yaml');
  const one = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n';
  writeFileSync(path, `${one}---\n${one}data: {a: b}\n`);
  const line = `Error from server (Invalid): error when creating "${path}": ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required\n`;
  assert.equal((await run('create', '-f', path)).stderr, line + line);
});

void test('what the flags name and no kubeconfig has, in the words that go with what is asked first', async (context) => {
  const { run } = await createCommandCluster(context);
  const missing = 'Error in configuration: context was not found for specified context: nope\n';
  const cases: readonly (readonly [args: readonly string[], stderr: string])[] = [
    [['get', 'pods', '--context=nope'], missing],
    [['delete', 'pod', 'x', '--context=nope'], missing],
    [['get', 'pods', '--context=nope', '-n', 'x'], 'error: context "nope" does not exist\n'],
    [['api-resources', '--context=nope'], 'error: context "nope" does not exist\n'],
    [['get', 'pods', '--cluster=nope'], 'error: no server found for cluster "nope"\n'],
    [['get', 'pods', '--user=nope'], 'error: auth info "nope" does not exist\n'],
  ];
  for (const [args, stderr] of cases) {
    assert.deepEqual(await run(...args), { exitCode: 1, stdout: '', stderr }, args.join(' '));
  }
});

void test('a link that leads nowhere is told of by its name; texts may be in UTF-16', async (context) => {
  const cluster = await createCommandCluster(context);
  const folder = join(cluster.home, 'manifests');
  mkdirSync(folder);
  symlinkSync('nowhere', join(folder, 'a.yaml'));
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wide}\n';
  writeFileSync(join(folder, 'b.yaml'), `\ufeff${manifest}`, 'utf16le');
  assert.deepEqual(await cluster.run('get', '-f', 'manifests'), {
    exitCode: 1,
    stdout: '',
    stderr:
      'open manifests/a.yaml: no such file or directory\nError from server (NotFound): configmaps "wide" not found\n',
  });
  const created = await cluster.run('create', '-f', 'manifests/b.yaml');
  assert.equal(created.stdout, 'configmap/wide created\n');
});

void test('an empty name among those of files is a path that is not there', async (context) => {
  const cluster = await createCommandCluster(context);
  const { exitCode, stderr } = await cluster.run('create', '-f', 'a.yaml,', '--dry-run=client');
  assert.equal(exitCode, 1);
  assert.ok(stderr.endsWith('the path "" does not exist\n'));
});

void test('errors of objects that cannot be changed and of those that are refused come in the order of the objects', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('create', 'deployment', 'web', '--image=i');
  await cluster.run('create', 'service', 'clusterip', 'svc', '--tcp=80');
  const { exitCode, stderr } = await cluster.run('set', 'image', 'deploy/web', 'svc/svc', '*=');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^failed to patch image update .*\nerror: services\/svc the object is not a pod/s);
});

void test('logs of something named are not those of a selector', async (context) => {
  const cluster = await createCommandCluster(context);
  assert.deepEqual(await cluster.run('logs', 'secret', 'sec', '-l', 'a=b'), {
    exitCode: 1,
    stdout: '',
    stderr: 'error: selectors and the all flag cannot be used when passing resource/name arguments\n',
  });
});
