import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pluginRefusal } from '../../src/kubeconfig/plugin-policy.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { memoryIOStreams } from '../../src/system/memory-io-streams.ts';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';
import { commandRunner } from '../support/run-command.ts';
import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('kuberc');

async function clusterWithPreferences(
  context: TestContext,
  preferences: string,
  env: Record<string, string> = {},
): Promise<CommandCluster> {
  const settings: Record<string, string> = { ...env };
  const cluster = await createCommandCluster(context, { world: { env: settings } });
  settings['HOME'] = cluster.home;
  mkdirSync(join(cluster.home, '.kube'));
  writeFileSync(join(cluster.home, '.kube', 'kuberc'), preferences);
  return cluster;
}

const wide = `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults: [{command: get, options: [{name: output, default: name}]}]
`;

void test('~/.kube/kuberc is used, unless the environment turns it off', async (context) => {
  const run = async (env: Record<string, string>): Promise<string> => {
    const cluster = await clusterWithPreferences(context, wide, env);
    return (await cluster.run('get', 'namespaces', 'default', '--no-headers')).stdout;
  };
  assert.equal(await run({}), 'namespace/default\n');
  assert.match(await run({ KUBERC: 'off' }), /^default +Active/);
  assert.match(await run({ KUBECTL_KUBERC: 'False' }), /^default +Active/);
});

void test('a kuberc file that nobody asked for stops nothing', async (context) => {
  const cluster = await clusterWithPreferences(context, 'kind: Other\n');
  const { exitCode, stdout, stderr } = await cluster.run('get', 'namespaces', 'default', '-o', 'name');
  assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: 'namespace/default\n' });
  const path = join(cluster.home, '.kube', 'kuberc');
  assert.equal(
    stderr,
    `kuberc: no preferences loaded from ${path}: no valid preferences found in ${path}, use --v=5 to see details`,
  );
});

void test('-v=5 tells what is found in a kuberc file', async (context) => {
  const cluster = await clusterWithPreferences(context, '');
  const told = async (text: string, ...verbosity: string[]): Promise<readonly string[]> => {
    const path = join(cluster.home, 'asked-for');
    writeFileSync(path, text);
    const { stderr } = await cluster.run('get', ...verbosity, 'namespaces', '-o', 'name', '--kuberc=asked-for');
    return stderr.split('\n').flatMap((line) => /marshal\.go:.*$/.exec(line) ?? []);
  };
  const nothing = ['marshal.go:103] kuberc: no preferences found in asked-for'];
  assert.deepEqual(await told(''), []);
  for (const verbosity of [['-v=5'], ['-v', '5'], ['--v=5'], ['--v', '6']]) {
    assert.deepEqual(await told('', ...verbosity), nothing, verbosity.join(' '));
  }
  assert.deepEqual(await told(`apiVersion: v1\nkind: Pod\n---\n${wide}`, '-v=5'), [
    'marshal.go:71] kuberc: strict decoding error for entry 1 in asked-for: no kind "Pod" is registered for version "v1" in scheme "pkg/config/scheme/scheme.go:30"',
    'marshal.go:94] kuberc: using entry 2 (kubectl.config.k8s.io/v1beta1) in asked-for',
  ]);
});

void test('kuberc view offers to make a file with what is recommended', async (context) => {
  const streams = memoryIOStreams('y\n');
  const runner = commandRunner(context, { streams });
  assert.equal((await runner.run('kuberc', 'view')).exitCode, 0);
  const path = join(runner.home, '.kube', 'kuberc');
  assert.equal(
    streams.stdout,
    `kuberc file not found at ${path}\nWould you like to generate a default kuberc file with recommended options? (y/N): Updated ${path}\n`,
  );
  const { stdout } = await commandRunner(context, { env: { HOME: runner.home } }).run('kuberc', 'view');
  assert.equal(
    stdout,
    `aliases: []
apiVersion: kubectl.config.k8s.io/v1beta1
defaults:
- command: apply
  options:
  - default: "true"
    name: server-side
- command: delete
  options:
  - default: "true"
    name: interactive
kind: Preference
`,
  );
});

void test('the policy says which credential plugins may run', async (context) => {
  const { home } = commandRunner(context);
  const helper = join(home, 'helper');
  writeFileSync(helper, '');
  chmodSync(helper, 0o755);
  const search = { files: nodeFileSystem, env: { PATH: `/nonesuch:${home}` } };
  const refusal = (command: string, type: string, ...allowlist: string[]): Promise<string | undefined> =>
    pluginRefusal(command, { type, allowlist }, search);
  assert.equal(await refusal('helper', ''), undefined);
  assert.equal(await refusal('helper', 'AllowAll'), undefined);
  assert.equal(await refusal('./helper', 'DenyAll'), 'plugin "helper" not allowed: policy set to "DenyAll"');
  for (const allowed of ['helper', helper]) {
    assert.equal(await refusal('helper', 'Allowlist', allowed), undefined);
    assert.equal(await refusal(helper, 'Allowlist', allowed), undefined);
  }
  assert.equal(
    await refusal('helper', 'Allowlist', 'other', '/bin/helper'),
    `plugin path "${helper}" is not permitted by the credential plugin allowlist`,
  );
  assert.equal(
    await refusal('other', 'Allowlist', 'helper'),
    'plugin path "other" cannot be resolved for credential plugin allowlist check: exec: "other": executable file not found in $PATH',
  );
});

const aliases = `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
aliases:
- {name: gp, command: get, prependArgs: [pods]}
- {name: tail, command: get, appendArgs: [pods]}
- {name: getn, command: get, options: [{name: output, default: name}]}
- {name: ro, command: rollout status}
- {name: mylogs, command: logs}
- {name: roll, command: rollout}
`;

/** Command lines, and what the real kubectl ends with. */
const aliased: readonly (readonly [readonly string[], string])[] = [
  [['mylogs'], "See 'kubectl mylogs -h' for help and examples\n"],
  [['gp', '--bogus'], "error: unknown flag: --bogus\nSee 'kubectl gp --help' for usage.\n"],
  [['getn'], "See 'kubectl getn -h' for help and examples\n"],
  [['roll', 'restart', '--bogus'], "error: unknown flag: --bogus\nSee 'kubectl roll restart --help' for usage.\n"],
];

void test('an alias is a command of its own in what is told of it', async (context) => {
  const { run } = await clusterWithPreferences(context, aliases);
  for (const [line, end] of aliased) {
    const { exitCode, stderr } = await run(...line);
    assert.deepEqual([exitCode, stderr.slice(-end.length)], [1, end], line.join(' '));
  }
  const { stdout } = await run('ro', '--help');
  assert.match(stdout, /\nUsage:\n {2}kubectl ro \[options\]\n/);
});

/** Lines, what is offered for them (descriptions left out), and the directive. */
const completed: readonly (readonly [readonly string[], readonly string[], number])[] = [
  [['ro'], ['ro', 'rollout'], 4],
  [['gp', ''], ['a', 'b'], 4],
  [['gp', 'a', ''], ['b'], 4],
  [['gp', '-n', 'kube-s'], ['kube-system'], 4],
  [['tail', 'a', ''], [], 4],
  [['getn', '--out'], ['--output-watch-events'], 4],
  [['ro', 'd'], ['deployment', 'daemonset'], 4],
  [['roll', 'und'], ['undo'], 4],
  [
    ['mylogs', ''],
    [
      'a',
      'b',
      ...'daemonsets deployments pods jobs replicasets replicationcontrollers services statefulsets'
        .split(' ')
        .map((type) => `${type}/`),
    ],
    4,
  ],
  [['mylogs', 'a', ''], ['c'], 4],
  [['-n', 'default', 'gp', ''], [], 0],
];

void test('lines with aliases are completed', async (context) => {
  const { run, api } = await clusterWithPreferences(context, aliases);
  for (const name of ['a', 'b']) {
    const spec = { containers: [{ name: 'c', image: 'i' }] };
    await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec });
  }
  for (const [line, candidates, directive] of completed) {
    const { stdout } = await run('__complete', ...line);
    const offered = stdout.split('\n').map((text) => text.split('\t')[0]);
    assert.deepEqual(offered, [...candidates, `:${directive}`, ''], line.join(' '));
  }
});

void test('kuberc view shows what the current version knows of a file', async (context) => {
  const { home, run } = commandRunner(context);
  const old =
    'apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\n' +
    'aliases: [{name: gg, command: get, flags: [{name: output, default: name}]}]\noverrides: [{command: get}]\n';
  writeFileSync(join(home, 'old'), old);
  assert.deepEqual(await run('kuberc', 'view', '--kuberc=old'), {
    exitCode: 0,
    stdout:
      'aliases:\n- command: get\n  name: gg\napiVersion: kubectl.config.k8s.io/v1alpha1\ndefaults: []\nkind: Preference\n',
    stderr: '',
  });
});
