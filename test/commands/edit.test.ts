import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';

/** One pass through the editor: what becomes of the text, or the code that the editor ends with. */
type Pass = ((text: string) => string) | number;

interface EditingCluster extends CommandCluster {
  /** The texts that the editor was given, in order. */
  readonly seen: string[];
  /** Programs with their arguments, the file left out. */
  readonly programs: string[];
  /** Runs a command with an editor that does these things, one after the other. */
  edit(passes: readonly Pass[], ...argv: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Temporary files that are left. */
  kept(): string[];
}

async function editingCluster(context: TestContext, env: Record<string, string> = {}): Promise<EditingCluster> {
  const seen: string[] = [];
  const programs: string[] = [];
  let passes: Pass[] = [];
  const settings: Record<string, string> = { KUBE_EDITOR: 'editor', ...env };
  const runInPlace = (program: string, args: readonly string[]): Promise<number> => {
    const path = /"?([^" ]*kubectl-edit-\d+\.(?:yaml|json))"?$/.exec(args.at(-1) ?? '')?.[1] ?? '';
    programs.push([program, ...args].join(' ').replace(path, 'FILE'));
    if (program.includes('missing')) return Promise.reject(Object.assign(new Error('spawn'), { code: 'ENOENT' }));
    const text = readFileSync(path, 'utf8');
    seen.push(text);
    const pass = passes.shift() ?? assert.fail(`an editor that nothing was planned for: ${text}`);
    if (typeof pass === 'number') return Promise.resolve(pass);
    writeFileSync(path, pass(text));
    return Promise.resolve(0);
  };
  const cluster = await createCommandCluster(context, { world: { runInPlace, env: settings } });
  settings['HOME'] = cluster.home;
  settings['TMPDIR'] ??= cluster.home;
  const kept = (): string[] => readdirSync(cluster.home).filter((name) => name.startsWith('kubectl-edit-'));
  return {
    ...cluster,
    seen,
    programs,
    kept,
    async edit(planned, ...argv) {
      passes = [...planned];
      seen.length = 0;
      programs.length = 0;
      const { exitCode, stdout, stderr } = await cluster.run(...argv);
      assert.equal(passes.length, 0, 'an editor was expected that never came');
      return { exitCode, stdout, stderr: stderr.replaceAll(/"?[^" ]*kubectl-edit-\d+\.(yaml|json)"?/g, 'FILE') };
    },
  };
}

const about = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;
const replace =
  (from: string | RegExp, to: string): Pass =>
  (text) =>
    text.replace(from, to);
const keep: Pass = (text) => text;

async function withConfigMap(context: TestContext, env?: Record<string, string>): Promise<EditingCluster> {
  const cluster = await editingCluster(context, env);
  await cluster.run('create', 'configmap', 'a', '--from-literal=k=one');
  return cluster;
}

interface Case {
  readonly name: string;
  readonly passes: readonly Pass[];
  readonly argv: readonly string[];
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** How many temporary files are left. */
  readonly kept?: number;
}

const cancelled =
  'A copy of your changes has been stored to FILE\nerror: Edit cancelled, no valid changes were saved.\n';

const cases: readonly Case[] = [
  {
    name: 'a change is sent and told',
    passes: [replace('one', 'two')],
    argv: ['edit', 'configmap', 'a'],
    stdout: 'configmap/a edited\n',
  },
  { name: 'no change', passes: [keep], argv: ['edit', 'configmap/a'], stderr: 'Edit cancelled, no changes made.\n' },
  {
    name: 'a comment is no change',
    passes: [replace('data:', '# new\ndata:')],
    argv: ['edit', 'configmap/a'],
    stderr: 'Edit cancelled, no changes made.\n',
  },
  {
    name: 'the patch is printed',
    passes: [replace('k: one', 'k: <two>')],
    argv: ['edit', 'configmap/a', '--output-patch'],
    stdout: 'Patch: {"data":{"k":"\\u003ctwo\\u003e"}}\nconfigmap/a edited\n',
  },
  {
    name: 'a template prints what was edited',
    passes: [replace('one', 'two')],
    argv: ['edit', 'configmap/a', '--template', '{{.data.k}}'],
    stdout: 'two',
  },
  {
    name: 'only JSON and YAML can be edited',
    passes: [],
    argv: ['edit', 'configmap/a', '-o', 'name'],
    exitCode: 1,
    stderr:
      'error: unable to match a printer suitable for the output format "name", allowed formats are: json,kyaml,yaml\n',
  },
  {
    name: 'another name',
    passes: [replace('name: a', 'name: b')],
    argv: ['edit', 'configmap/a'],
    exitCode: 1,
    stderr:
      'A copy of your changes has been stored to FILE\nerror: At least one of apiVersion, kind and name was changed\n',
    kept: 1,
  },
  {
    name: 'another namespace',
    passes: [replace('namespace: default', 'namespace: other')],
    argv: ['edit', 'configmap/a'],
    exitCode: 1,
    stderr:
      'A copy of your changes has been stored to FILE\nerror: the namespace from the provided object "other" does not match the namespace "default". You must pass \'--namespace=other\' to perform this operation.\n',
    kept: 1,
  },
  {
    name: 'the uid is what an object is known by',
    passes: [
      replace(/[^]*/, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, uid: }\ndata: {m: 1.5, b: true, l: [x]}\n'),
    ],
    argv: ['edit', 'configmap/a'],
    exitCode: 1,
    stderr:
      'A copy of your changes has been stored to FILE\nerror: no original object found for &unstructured.Unstructured{Object:map[string]interface {}{"apiVersion":"v1", "data":map[string]interface {}{"b":true, "l":[]interface {}{"x"}, "m":1.5}, "kind":"ConfigMap", "metadata":map[string]interface {}{"name":"a", "namespace":"default", "uid":interface {}(nil)}}}\n',
    kept: 1,
  },
  {
    name: 'an empty file',
    passes: [() => '# nothing\n\n'],
    argv: ['edit', 'configmap/a', '--validate=ignore'],
    stderr: 'Edit cancelled, saved file was empty.\n',
  },
  {
    name: 'an empty file that is looked at before',
    passes: [() => '', keep],
    argv: ['edit', 'configmap/a'],
    exitCode: 1,
    stderr: `error: configmaps "a" is invalid\n${cancelled}`,
    kept: 2,
  },
  {
    name: 'an unknown field is for the server to refuse',
    passes: [replace('data:', 'dada:'), keep],
    argv: ['edit', 'configmap/a'],
    exitCode: 1,
    stderr: `error: configmaps "a" is invalid\n${cancelled}`,
    kept: 2,
  },
  {
    name: 'an editor that fails',
    passes: [3],
    argv: ['edit', 'configmap/a'],
    exitCode: 1,
    stderr: 'error: there was a problem with the editor "editor"\n',
    kept: 1,
  },
  {
    name: 'an object that is not there',
    passes: [],
    argv: ['edit', 'configmap/b'],
    exitCode: 1,
    stderr: 'Error from server (NotFound): configmaps "b" not found\n',
  },
  {
    name: 'a kind without objects',
    passes: [],
    argv: ['edit', 'pods'],
    exitCode: 1,
    stderr: 'error: edit cancelled, no objects found\n',
  },
  {
    name: 'nothing named',
    passes: [],
    argv: ['edit'],
    exitCode: 1,
    stderr:
      "error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'\n",
  },
];

for (const { name, passes, argv, exitCode = 0, stdout = '', stderr = '', kept = 0 } of cases) {
  void test(`edit: ${name}`, async (context) => {
    const cluster = await withConfigMap(context);
    const outcome = await cluster.edit(passes, ...argv);
    assert.deepEqual(outcome, { exitCode, stdout, stderr });
    assert.equal(cluster.kept().length, kept);
  });
}

void test('edit shows the object without managed fields below a comment', async (context) => {
  const cluster = await withConfigMap(context);
  await cluster.edit([keep], 'edit', 'configmap', 'a');
  const { seen, run } = cluster;
  assert.equal(seen[0], `${about}${(await run('get', 'configmap', 'a', '-o', 'yaml')).stdout}`);
  await cluster.edit([keep], 'edit', 'configmap', 'a', '-o', 'json');
  assert.equal(seen[0], (await run('get', 'configmap', 'a', '-o', 'json')).stdout);
  await cluster.edit([keep], 'edit', 'configmap', 'a', '--windows-line-endings');
  assert.match(seen[0] ?? '', /^# Please edit[^\n]*\r\n/);
  assert.doesNotMatch(seen[0] ?? '', /[^\r]\n/);
});

void test('edit reads Windows line endings back', async (context) => {
  const cluster = await withConfigMap(context);
  const outcome = await cluster.edit([replace('one', 'two')], 'edit', 'configmap/a', '--windows-line-endings');
  assert.deepEqual(outcome, { exitCode: 0, stdout: 'configmap/a edited\n', stderr: '' });
  assert.equal((await cluster.run('get', 'configmap', 'a', '-o', 'jsonpath={.data.k}')).stdout, 'two');
});

void test('edit opens again with the reasons until the server takes the change', async (context) => {
  const cluster = await editingCluster(context);
  await cluster.run('create', 'service', 'clusterip', 'web', '--tcp=80:80');
  const passes = [replace('port: 80\n', 'port: 80000\n'), replace('port: 80000', 'port: 81')];
  const outcome = await cluster.edit(passes, 'edit', 'service', 'web');
  assert.deepEqual(outcome, {
    exitCode: 0,
    stdout: 'service/web edited\n',
    stderr: 'error: services "web" is invalid\n',
  });
  const reasons = `# services "web" was not valid:
# * spec.ports[0].port: Invalid value: 80000: must be between 1 and 65535, inclusive
#
apiVersion: v1
kind: Service
`;
  assert.ok(cluster.seen[1]?.startsWith(`${about}${reasons}`), cluster.seen[1]);
  assert.match(cluster.seen[1] ?? '', /port: 80000/);
  assert.deepEqual(cluster.kept(), []);
});

void test('edit opens again when the text is no YAML, and for what has no kind', async (context) => {
  const cluster = await withConfigMap(context);
  const passes = [
    replace('kind:', 'kind'),
    replace('kind ConfigMap', ''),
    replace('data:', 'kind: ConfigMap\ndata:'),
    keep,
  ];
  const outcome = await cluster.edit(passes.slice(0, 3), 'edit', 'configmap', 'a');
  assert.deepEqual(outcome, {
    exitCode: 0,
    stdout: '',
    stderr: 'error: configmaps "a" is invalid\nerror: configmaps "a" is invalid\nEdit cancelled, no changes made.\n',
  });
  const failed = '# configmaps "a" was not valid:\n# * <nil>: Invalid value: "The edited file failed validation":';
  assert.ok(cluster.seen[1]?.startsWith(`${about}${failed} yaml: line 5: could not find expected ':'\n#\napi`));
  assert.ok(cluster.seen[2]?.startsWith(`${about}${failed} kind not set\n#\napi`));
});

void test('edit --validate=ignore tells of syntax errors in other words', async (context) => {
  const cluster = await withConfigMap(context);
  const passes = [replace('kind: ConfigMap', 'kind: Gadget'), keep];
  const { exitCode, stderr } = await cluster.edit(passes, 'edit', 'configmap', 'a', '--validate=ignore');
  assert.deepEqual({ exitCode, stderr }, { exitCode: 1, stderr: cancelled });
  const reason = `# The edited file had a syntax error: resource mapping not found for name: "a" namespace: "default" from "edited-file": no matches for kind "Gadget" in version "v1"\n# ensure CRDs are installed first\n#\n`;
  assert.ok(cluster.seen[1]?.startsWith(`${about}${reason}`), cluster.seen[1]);
});

void test('several objects are edited as a list, and only what changed is sent', async (context) => {
  const cluster = await withConfigMap(context);
  await cluster.run('create', 'configmap', 'b', '--from-literal=k=other');
  const sent = cluster.requests.length;
  const outcome = await cluster.edit([replace('one', 'two')], 'edit', 'configmap/a', 'configmap/b');
  assert.deepEqual(outcome, { exitCode: 0, stdout: 'configmap/a edited\nconfigmap/b skipped\n', stderr: '' });
  assert.match(
    cluster.seen[0] ?? '',
    /^# Please[^]*#\napiVersion: v1\nitems:\n- apiVersion: v1\n[^]*\nkind: List\nmetadata: \{\}\n$/,
  );
  assert.deepEqual(
    cluster.requests.slice(sent).filter((request) => request.startsWith('PATCH')),
    ['PATCH /api/v1/namespaces/default/configmaps/a?fieldManager=kubectl-edit&fieldValidation=Strict'],
  );
});

void test('fields of a list are looked at before it is sent', async (context) => {
  const cluster = await withConfigMap(context);
  await cluster.run('create', 'configmap', 'b', '--from-literal=k=other');
  const { stderr } = await cluster.edit([replace('data:', 'dada:'), keep], 'edit', 'configmap/a', 'configmap/b');
  assert.equal(stderr, `error: configmaps "a" is invalid\n${cancelled}`);
  assert.match(
    cluster.seen[1] ?? '',
    /# \* <nil>: Invalid value: "The edited file failed validation": ValidationError\(ConfigMap\): unknown field "dada" in io.k8s.api.core.v1.ConfigMap\n/,
  );
});

void test('edit --save-config keeps the object in the annotation', async (context) => {
  const cluster = await withConfigMap(context);
  await cluster.edit([replace('one', 'two')], 'edit', 'configmap/a', '--save-config');
  const { stdout } = await cluster.run('apply', 'view-last-applied', 'configmap/a');
  assert.match(stdout, /k: two/);
});

void test('edit --subresource edits what is below the object', async (context) => {
  const cluster = await editingCluster(context);
  await cluster.run('create', 'deployment', 'web', '--image=nginx');
  const edit = (passes: readonly Pass[], subresource: string): ReturnType<EditingCluster['edit']> =>
    cluster.edit(passes, 'edit', 'deployment', 'web', `--subresource=${subresource}`);
  const status = await edit([replace('status: {}', 'status: {replicas: 2}')], 'status');
  assert.deepEqual(status, { exitCode: 0, stdout: 'deployment.apps/web edited\n', stderr: '' });
  const { stdout } = await cluster.run('get', 'deployment', 'web', '-o', 'jsonpath={.status.replicas}');
  assert.equal(stdout, '2');
  // A scale is no kind of its own, so that it can be looked at but not changed so.
  const scale = await edit([replace('replicas: 1', 'replicas: 3'), keep], 'scale');
  assert.deepEqual(scale, { exitCode: 1, stdout: '', stderr: cancelled });
  const reason = '# The edited file had a syntax error: resource mapping not found for name: "web"';
  assert.ok(cluster.seen[1]?.startsWith(`${about}${reason}`), cluster.seen[1]);
});

void test('what is deleted meanwhile or cannot be saved stays in the file', async (context) => {
  const cluster = await withConfigMap(context);
  const { client } = cluster.api;
  let deletion: Promise<unknown> | undefined;
  const remove: Pass = (text) => {
    deletion = client.request({ method: 'DELETE', path: '/api/v1/namespaces/default/configmaps/a' });
    return text.replace('one', 'two');
  };
  const outcome = await cluster.edit([remove], 'edit', 'configmap', 'a');
  await deletion;
  assert.deepEqual(outcome, {
    exitCode: 1,
    stdout: '',
    stderr:
      'error: configmaps "a" could not be found on the server\nThe edits you made on deleted resources have been saved to FILE\n',
  });
  assert.equal(cluster.kept().length, 1);
});

void test('a folder for temporary files that is not there is told of', async (context) => {
  const cluster = await withConfigMap(context, { TMPDIR: '/nowhere' });
  const { exitCode, stderr } = await cluster.run('edit', 'cm', 'a');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^error: open \/nowhere\/kubectl-edit-\d+\.yaml: no such file or directory\n$/);
});

void test('the environment names the editor', async (context) => {
  const table: readonly (readonly [Record<string, string>, string, string])[] = [
    [{ KUBE_EDITOR: 'a', EDITOR: 'b' }, 'a FILE', ''],
    [{ KUBE_EDITOR: '', EDITOR: 'b --wait' }, 'b --wait FILE', ''],
    [{ KUBE_EDITOR: '', EDITOR: '' }, 'vi FILE', ''],
    [{ KUBE_EDITOR: "b 'c d'", SHELL: '/bin/zsh' }, '/bin/zsh -c b \'c d\' "FILE"', ''],
    [{ KUBE_EDITOR: "b 'c d'" }, '/bin/bash -c b \'c d\' "FILE"', ''],
    [{ KUBE_EDITOR: 'missing -w' }, 'missing -w FILE', 'error: unable to launch the editor "missing -w"\n'],
    [{ KUBE_EDITOR: './missing' }, './missing FILE', 'error: there was a problem with the editor "./missing"\n'],
  ];
  for (const [env, program, stderr] of table) {
    const cluster = await withConfigMap(context, env);
    const outcome = await cluster.edit(stderr === '' ? [keep] : [], 'edit', 'configmap', 'a');
    assert.deepEqual(cluster.programs, [program]);
    assert.equal(outcome.stderr, stderr === '' ? 'Edit cancelled, no changes made.\n' : stderr);
  }
});

void test('kinds from outside of Kubernetes itself are changed by a JSON merge patch', async (context) => {
  const cluster = await editingCluster(context);
  await cluster.api.create({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.example.com', finalizers: ['example.com/a', 'example.com/b'] },
    spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
  });
  const outcome = await cluster.edit(
    [replace('com/b', 'com/c')],
    'edit',
    'apiservice/v1.example.com',
    '--output-patch',
  );
  assert.deepEqual(outcome, {
    exitCode: 0,
    stdout:
      'Patch: {"metadata":{"finalizers":["example.com/a","example.com/c"]}}\napiservice.apiregistration.k8s.io/v1.example.com edited\n',
    stderr: '',
  });
});

void test('apply edit-last-applied changes nothing but the annotation', async (context) => {
  const cluster = await editingCluster(context);
  const path = join(cluster.home, 'a.yaml');
  writeFileSync(path, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: one}\n');
  await cluster.run('apply', '-f', path);
  const outcome = await cluster.edit([replace('one', 'two')], 'apply', 'edit-last-applied', 'configmap/a');
  assert.deepEqual(outcome, { exitCode: 0, stdout: 'configmap/a edited\n', stderr: '' });
  assert.equal(
    cluster.seen[0],
    `# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
apiVersion: v1
data:
  k: one
kind: ConfigMap
metadata:
  annotations: {}
  name: a
  namespace: default
`,
  );
  const { stdout } = await cluster.run('get', 'configmap', 'a', '-o', 'json');
  const { data, metadata } = JSON.parse(stdout) as { data: object; metadata: { annotations: Record<string, string> } };
  assert.deepEqual(data, { k: 'one' });
  assert.deepEqual(Object.values(metadata.annotations), [
    '{"apiVersion":"v1","data":{"k":"two"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a","namespace":"default"}}\n',
  ]);
  const recorded = await cluster.edit([keep], 'apply', 'edit-last-applied', 'configmap/a', '--record');
  assert.match(recorded.stderr, /^Flag --record has been deprecated, --record will be removed in the future\n/);
  await cluster.run('create', 'configmap', 'plain');
  assert.deepEqual(await cluster.edit([], 'apply', 'edit-last-applied', 'configmap/plain'), {
    exitCode: 1,
    stdout: '',
    stderr:
      'error: no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`\n',
  });
});

void test('create --edit has each object edited and creates those that were changed', async (context) => {
  const cluster = await editingCluster(context);
  const path = join(cluster.home, 'two.yaml');
  const manifest = (name: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {k: one}\n`;
  writeFileSync(path, `${manifest('a')}---\n${manifest('b')}`);
  const outcome = await cluster.edit([replace('one', 'two'), keep], 'create', '--edit', '-f', path, '--save-config');
  assert.deepEqual(outcome, {
    exitCode: 0,
    stdout: 'configmap/a created\n',
    stderr: 'Edit cancelled, no changes made.\n',
  });
  assert.equal(
    cluster.seen[1],
    `${about}apiVersion: v1\ndata:\n  k: one\nkind: ConfigMap\nmetadata:\n  name: b\n  namespace: default\n`,
  );
  assert.match((await cluster.run('apply', 'view-last-applied', 'configmap/a')).stdout, /k: two/);
  const again = await cluster.edit([replace('one', 'three'), replace('one', 'three')], 'create', '--edit', '-f', path);
  assert.deepEqual(again, {
    exitCode: 1,
    stdout: 'configmap/b created\n',
    stderr:
      'A copy of your changes has been stored to FILE\nError from server (AlreadyExists): configmaps "a" already exists\n',
  });
});
