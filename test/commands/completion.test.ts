import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';
import { commandRunner } from '../support/run-command.ts';

async function cluster(context: TestContext): Promise<CommandCluster> {
  const env: Record<string, string> = {};
  const made = await createCommandCluster(context, { world: { env } });
  Object.assign(env, { HOME: made.home, KUBECONFIG: join(made.home, 'kubeconfig') });
  const labels = { app: 'web' };
  for (const name of ['web-1', 'web-2', 'db-1']) {
    await made.api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: name === 'web-1' ? labels : {} },
      spec: {
        initContainers: [{ name: 'init', image: 'i' }],
        containers: [
          { name: 'main', image: 'i', ports: [{ containerPort: 80 }] },
          { name: 'side', image: 'i' },
        ],
      },
    });
  }
  await made.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  await made.api.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'i' }] } },
    },
  });
  await made.run('create', 'service', 'clusterip', 'svc', '--tcp=443');
  return made;
}

/** Command lines, what is offered for their last words (descriptions left out), and the directive. */
const cases: readonly (readonly [readonly string[], readonly string[], number])[] = [
  [['ge'], ['get'], 4],
  [['rollout', 're'], ['restart', 'resume'], 4],
  [['help', 'rollout', 'und'], ['undo'], 4],
  [['get', 'conf'], ['configmaps'], 4],
  [['get', 'pods,conf'], ['pods,configmaps'], 4],
  [['get', 'pods', ''], ['db-1', 'web-1', 'web-2'], 4],
  [['get', 'po', 'web-1', 'web'], ['web-2'], 4],
  [['get', 'pod/web'], ['pod/web-1', 'pod/web-2'], 4],
  [['get', 'pod/web-1', 'pod/web'], ['pod/web-2'], 4],
  [['get', 'pod/web-1', 'conf'], ['configmaps/'], 6],
  [['get', 'pods', '-n', 'kube'], ['kube-system'], 4],
  [['get', 'pods', '--namespace=de'], ['default'], 4],
  [['get', '-o', 'json'], ['json', 'jsonpath', 'jsonpath-as-json', 'jsonpath-file'], 4],
  [['get', '--output=y'], ['yaml'], 4],
  [['get', '--output-w'], ['--output-watch-events'], 4],
  [['get', '-L'], ['-L'], 4],
  [['get', '--watch', '--watch'], ['--watch-only'], 4],
  [['get', '--subresource', ''], ['status', 'scale', 'resize'], 4],
  [['apply', '-f', ''], ['json', 'yaml', 'yml'], 8],
  [['apply', '--dry-run='], [], 0],
  [['scale', ''], ['--replicas', 'deployment', 'replicaset', 'replicationcontroller', 'statefulset'], 4],
  [['scale', '--replicas=2', 'deployment/x', 'dep'], ['deployment/'], 6],
  [['rollout', 'status', 'deployment/x', ''], [], 4],
  [['rollout', 'restart', 'd'], ['deployment', 'daemonset'], 4],
  [['logs', 'web'], ['web-1', 'web-2'], 4],
  [['logs', 'dep'], ['deployments/'], 6],
  [['logs', 'web-1', ''], ['init', 'main', 'side'], 4],
  [['exec', 'web-1', '-c', 'm'], ['main'], 4],
  [['port-forward', 'web-1', ''], ['80:80'], 4],
  [['logs', 'pod/web-1', ''], ['init', 'main', 'side'], 4],
  [['logs', 'deployment/web', 's'], ['side'], 4],
  [['logs', 'configmap/web', ''], [], 4],
  [['exec', 'pods/web-1', '-c', 'm'], ['main'], 4],
  [['port-forward', 'deployment/web', '8'], ['8:80'], 4],
  [['port-forward', 'nothing/web', ''], [], 4],
  [['cp', ''], ['default/', 'kube-system/', 'db-1:', 'web-1:', 'web-2:', './', '/'], 2],
  [['cp', 'web'], ['web-1:', 'web-2:'], 2],
  [['cp', 'default/db'], ['default/db-1:'], 2],
  [['cp', 'web-1:'], [], 2],
  [['cp', './'], [], 2],
  [['cp', 'a', ''], [], 2],
  [['--h'], ['--help'], 4],
  [['completion', 'bash', ''], [], 0],
  [['port-forward', 'svc/svc', '8443:'], ['8443:443'], 4],
  [['drain', ''], ['n1'], 4],
  [['drain', 'n1', ''], [], 4],
  [['top', 'po', 'db'], ['db-1'], 4],
  [['completion', ''], ['bash', 'zsh', 'fish', 'powershell'], 4],
  [['config', 'use-context', ''], ['test'], 4],
  [['kuberc', 'set', '--'], ['--section'], 4],
  [['config', 'delete-cluster', ''], ['test'], 4],
  [['config', 'delete-user', ''], ['admin'], 4],
  [['--context', ''], ['test'], 4],
  [['--user', 'a'], ['admin'], 4],
  [['get', 'pods', '-h', ''], [], 4],
  [['logs', '-ndefault', ''], [], 0],
  [['get', 'pods', '--none', ''], [], 0],
  [['nonsense', ''], [], 0],
  [['version', ''], [], 0],
];

void test('__complete offers what may stand in the place of the last word', async (context) => {
  const { run } = await cluster(context);
  for (const [line, candidates, directive] of cases) {
    await context.test(line.join(' '), async () => {
      const { exitCode, stdout } = await run('__complete', ...line);
      const lines = stdout.split('\n').slice(0, -1);
      assert.equal(exitCode, 0);
      assert.deepEqual(
        lines.map((text) => text.split('\t')[0]),
        [...candidates, `:${directive}`],
      );
    });
  }
});

void test('__complete describes commands and flags, and tells on standard error what it did', async (context) => {
  const { run } = await cluster(context);
  assert.deepEqual(await run('__complete', 'rollout', 'und'), {
    exitCode: 0,
    stdout: 'undo\tUndo a previous rollout\n:4\n',
    stderr: 'Completion ended with directive: ShellCompDirectiveNoFileComp\n',
  });
  assert.deepEqual(await run('__completeNoDesc', 'rollout', 'und'), {
    exitCode: 0,
    stdout: 'undo\n:4\n',
    stderr: 'Completion ended with directive: ShellCompDirectiveNoFileComp\n',
  });
});

void test('__complete tells why it offers nothing', async (context) => {
  const { run } = commandRunner(context);
  assert.deepEqual(await run('__complete', 'foo', ''), {
    exitCode: 0,
    stdout: ':0\n',
    stderr:
      '[Debug] Cleared global flags for plugin completion\n[Debug] [Error] unable to find a command for arguments: [foo]\nCompletion ended with directive: ShellCompDirectiveDefault\n',
  });
  const { stderr } = await run('__complete', 'get', 'pods', '--foo', '');
  assert.match(
    stderr,
    /^\[Debug\] \[Error\] Error while parsing flags from args \[pods --foo\]: unknown flag: --foo\n/,
  );
  assert.deepEqual(await run('__complete'), {
    exitCode: 1,
    stdout: '',
    stderr: 'error: requires at least 1 arg(s), only received 0\n',
  });
});

void test('completion prints a script for each shell, and knows no others', async (context) => {
  const { run } = await createCommandCluster(context);
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { exitCode, stdout, stderr } = await run('completion', shell);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    assert.match(stdout, /__complete/);
    assert.doesNotMatch(stdout, /\\\$/);
  }
  const hint = "\nSee 'kubectl completion -h' for help and examples\n";
  assert.equal((await run('completion')).stderr, `error: Shell not specified.${hint}`);
  assert.equal((await run('completion', 'tcsh')).stderr, `error: Unsupported shell type "tcsh".${hint}`);
  const { stderr } = await run('completion', 'bash', 'zsh');
  assert.equal(stderr, `error: Too many arguments. Expected only the shell type.${hint}`);
});

void test('the script for bash asks the program and keeps what fits', async (context) => {
  const { home, run } = await createCommandCluster(context);
  if (spawnSync('bash', ['-c', 'exit 0']).status !== 0) {
    context.skip('no bash here');
    return;
  }
  writeFileSync(join(home, 'completion.sh'), (await run('completion', 'bash')).stdout);
  // A program that offers the same whatever it is asked, and keeps what that was.
  const program = '#!/bin/sh\nprintf "%s|" "$@" > "$HOME/asked"\nprintf "json\\njsonpath\\tA path\\nyaml\\n:4\\n"\n';
  writeFileSync(join(home, 'kubectl'), program);
  chmodSync(join(home, 'kubectl'), 0o755);
  const complete = (...words: string[]): string => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const text = `source "$HOME/completion.sh"; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; COMP_TYPE=9
      __start_kubectl; echo "\${COMPREPLY[*]}"; cat "$HOME/asked"`;
    const env = { HOME: home, PATH: `${home}:${process.env['PATH'] ?? ''}` };
    return spawnSync('bash', ['--norc', '-c', text], { encoding: 'utf8', env }).stdout;
  };
  assert.equal(complete('kubectl', 'get', 'js'), 'json jsonpath\n__complete|get|js|');
  assert.equal(complete('kubectl', 'get', ''), 'json jsonpath yaml\n__complete|get||');
  assert.equal(complete('kubectl', 'get', '--output', '=', 'y'), 'yaml\n__complete|get|--output=y|');
  assert.equal(complete('kubectl', 'get', '--output', '='), 'json jsonpath yaml\n__complete|get|--output=|');
  assert.equal(complete('an-alias', 'get', 'y'), 'yaml\n__complete|get|y|');
  // Words reach the program without their quotes, and names come as they must be typed.
  assert.equal(complete('kubectl', '"get"', 'a\\ b', 'y'), 'yaml\n__complete|get|a b|y|');
  writeFileSync(join(home, 'kubectl'), '#!/bin/sh\nprintf "with space\\n:4\\n"\n');
  assert.match(complete('kubectl', 'config', 'use-context', 'w'), /^with\\ space\n/);
});

void test('completion tells of a server that cannot be reached, and not of what the question ends with', async (context) => {
  const { run } = commandRunner(context);
  const told = async (...line: string[]): Promise<number> => {
    const { stdout, stderr } = await run('__complete', '--server=http://127.0.0.1:1', ...line);
    assert.doesNotMatch(stderr, /The connection to the server/);
    assert.match(stdout, /:\d\n$/);
    return stderr.split("couldn't get current server API group list").length - 1;
  };
  // As often as by the real one.
  assert.deepEqual(await Promise.all([told('get', 'pods', ''), told('get', 'po'), told('-n', '')]), [5, 1, 5]);
});

void test('names of the kubeconfig are those of the usual one, whatever --kubeconfig says', async (context) => {
  const { run, home } = await cluster(context);
  writeFileSync(join(home, 'other'), 'apiVersion: v1\nkind: Config\ncontexts: [{name: other, context: {}}]\n');
  const { stdout } = await run('__complete', '--kubeconfig=other', 'config', 'use-context', '');
  assert.equal(stdout, 'test\n:4\n');
  assert.equal((await run('__complete', '--kubeconfig=other', '--context', '')).stdout, 'other\n:4\n');
});

void test('the flags of the program itself are offered by name, those of a command behind the global ones', async (context) => {
  const { run } = commandRunner(context);
  const offered = async (...line: string[]): Promise<string[]> =>
    (await run('__completeNoDesc', ...line, '--')).stdout.split('\n').filter((text) => text.startsWith('--'));
  const own = await offered();
  assert.deepEqual(own, own.toSorted());
  assert.ok(own.indexOf('--help') < own.indexOf('--kubeconfig'));
  const ofCommand = await offered('version');
  assert.deepEqual(ofCommand.slice(-2), ['--help', '--output']);
});
