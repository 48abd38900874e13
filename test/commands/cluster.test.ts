import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { repositoryRoot } from '../support/golden.ts';
import type { CommandOutcome } from '../support/run-command.ts';

const program = join(repositoryRoot, 'bin', 'kubectl-ts.js');

/** Runs the built program in a home of its own; clusters of it are ended with the test. */
function realProgram(context: TestContext): { home: string; run: (...argv: string[]) => Promise<CommandOutcome> } {
  const home = mkdtempSync(join(tmpdir(), 'kubectl-ts-cluster-'));
  const { PATH = '' } = process.env;
  const run = (...argv: string[]): Promise<CommandOutcome> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...argv], { cwd: home, env: { HOME: home, PATH } });
      const texts = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
      }
      child.once('error', reject);
      child.once('close', (code) => resolve({ exitCode: code ?? -1, ...texts }));
    });
  context.after(async () => {
    for (const name of ['one', 'two']) await run('cluster', 'delete', name);
    rmSync(home, { recursive: true, force: true });
  });
  return { home, run };
}

const built = existsSync(join(repositoryRoot, 'dist', 'main.js'));
const options = built ? {} : { skip: 'dist is not built: npm run build' };

test(
  'a cluster starts, starts again after a crash with all it had, and two run side by side',
  options,
  async (context) => {
    const { home, run } = realProgram(context);
    const first = await run('cluster', 'start', 'one');
    assert.equal(first.exitCode, 0, first.stderr);
    assert.match(first.stdout + first.stderr, /Cluster one is ready after \d/);
    assert.match(
      (await run('cluster', 'start', 'one')).stdout,
      /^Cluster one runs already at https:\/\/127\.0\.0\.1:\d+/,
    );
    assert.equal((await run('create', 'ns', 'kept')).stdout, 'namespace/kept created\n');
    // Also to one that runs.
    const addons = ['was added', 'is there already'];
    for (const outcome of addons) {
      const { stdout } = await run('cluster', 'start', 'one', '--addons', 'metrics-server');
      assert.match(stdout, new RegExp(`\nAddon metrics-server ${outcome}\\.\n$`));
    }

    const folder = join(home, '.kubectl-ts', 'clusters', 'one');
    const { pid } = JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    while ((await run('cluster', 'status', 'one')).exitCode === 0);
    const again = await run('cluster', 'start', 'one');
    assert.match(again.stdout + again.stderr, /Cluster one is ready after \d/);
    assert.equal((await run('get', 'ns', 'kept', '-o', 'name')).stdout, 'namespace/kept\n');

    // Also one that answers nobody it does not know.
    const strict = ['--apiserver-arg', 'anonymous-auth=false'];
    assert.equal((await run('cluster', 'start', 'two', '--data-dir', 'elsewhere', ...strict)).exitCode, 0);
    assert.equal((await run('config', 'current-context')).stdout, 'kubectl-ts-two\n');
    assert.match((await run('cluster', 'list')).stdout, /^one +Running [^]*^two +Running /m);
    assert.equal((await run('get', 'ns', 'kept')).exitCode, 1);
    assert.equal((await run('get', 'ns', 'kept', '--context', 'kubectl-ts-one')).exitCode, 0);

    // The name is enough, wherever the cluster lives.
    assert.equal((await run('cluster', 'stop', 'two')).stdout, 'Cluster two has stopped.\n');
    assert.match((await run('cluster', 'logs', 'two')).stdout, /the cluster is up/);
    assert.match((await run('cluster', 'status', 'two')).stdout, /^two +Stopped .*elsewhere$/m);
    assert.equal((await run('cluster', 'delete', 'two')).stdout, 'Cluster two is gone.\n');
    assert.equal(existsSync(join(home, 'elsewhere')), false);
    assert.doesNotMatch((await run('cluster', 'list')).stdout, /two/);

    assert.equal((await run('cluster', 'stop', 'one')).exitCode, 0);
    assert.match((await run('cluster', 'stop', 'one')).stdout, /^Cluster one was not running\.\n$/);
    assert.match(
      (await run('get', 'ns', '--context', 'kubectl-ts-one')).stderr,
      /^The connection to the server .* was refused/,
    );
    assert.equal((await run('cluster', 'delete', 'one')).stdout, 'Cluster one is gone.\n');
    assert.equal(existsSync(folder), false);
    assert.doesNotMatch((await run('config', 'get-contexts', '-o', 'name')).stdout, /kubectl-ts-one/);
  },
);

test('a cluster that cannot start says why and leaves nothing', options, async (context) => {
  const { home, run } = realProgram(context);
  const taken = createServer().listen(0, '127.0.0.1');
  context.after(() => taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const failures: [string[], RegExp][] = [
    [['one', '--port', String(port)], new RegExp(`^error: the cluster did not start:\n[^]*${port}`)],
    [
      ['one', '--apiserver-arg', 'enable-admission-plugins=AlwaysDeny'],
      /^error: the cluster did not start:\n[^]*admission control is denying all modifications/,
    ],
    [['one', '--data-dir', '/dev/null/x'], /^error: the directory \/dev\/null\/x cannot be written: ENOTDIR/],
    [['one', '--apiserver-arg', 'nonsense=1'], /kube-apiserver: unknown flag: --nonsense/],
    [['one', '--without', 'kubelet'], /^error: --without kubelet: want controller-manager or scheduler/],
    [['one', '--addons', 'ingress'], /^error: --addons ingress: want coredns or metrics-server/],
    [['one', '--addons', 'coredns', '--nodes', '0'], /^error: --addons coredns: needs a node to run on/],
    [['Bad_Name'], /^error: invalid cluster name "Bad_Name"/],
  ];
  for (const [argv, expected] of failures) {
    const { exitCode, stderr } = await run('cluster', 'start', ...argv);
    assert.equal(exitCode, 1);
    assert.match(stderr, expected);
    assert.equal(existsSync(join(home, '.kubectl-ts', 'clusters', 'one')), false, argv.join(' '));
    assert.equal(existsSync(join(home, '.kube', 'config')), false);
  }
  assert.equal((await run('cluster', 'status', 'nope')).exitCode, 1);
  assert.equal((await run('cluster', 'delete', 'nope')).exitCode, 1);
  assert.equal((await run('cluster', 'logs', 'nope')).exitCode, 1);
});

test('a cluster that is not ready in time is found again, and ends', options, async (context) => {
  const { home, run } = realProgram(context);
  const processOf = (): number => {
    const text = readFileSync(join(home, '.kubectl-ts', 'clusters', 'one', 'cluster.json'), 'utf8');
    return (JSON.parse(text) as { pid: number }).pid;
  };
  const isThere = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);
  const first = await run('cluster', 'start', 'one', '--nodes', '0', '--wait', '1ms');
  assert.equal(first.exitCode, 1);
  assert.match(first.stderr, /^error: the cluster was not ready after 0s; it goes on starting, its log is /);
  assert.match(
    (await run('cluster', 'start', 'one', '--addons', 'metrics-server')).stderr,
    /^error: the addon metrics-server needs a node to run on, and the cluster has none\n$/,
  );
  const pid = processOf();
  assert.match((await run('cluster', 'start', 'one')).stdout, /^Cluster one runs already at https:/);
  assert.equal(processOf(), pid);
  assert.equal((await run('cluster', 'stop', 'one')).exitCode, 0);

  // What is there need not be written again, so nothing is refused at the start.
  const denying = ['--apiserver-arg', 'enable-admission-plugins=AlwaysDeny'];
  assert.equal((await run('cluster', 'start', 'one', ...denying)).exitCode, 0);
  assert.match((await run('create', 'ns', 'x')).stderr, /is forbidden: admission control is denying all modifications/);
  assert.equal((await run('cluster', 'stop', 'one')).exitCode, 0);
  assert.equal((await run('cluster', 'start', 'one', '--wait', '1ms')).exitCode, 1);
  const last = processOf();
  assert.equal((await run('cluster', 'delete', 'one')).stdout, 'Cluster one is gone.\n');
  assert.equal(isThere(last), false);
});

test('an API server alone keeps no copies of pods', options, async (context) => {
  const { run } = realProgram(context);
  const without = ['--nodes', '0', '--without', 'controller-manager,scheduler'];
  assert.equal((await run('cluster', 'start', 'one', ...without)).exitCode, 0);
  const { stdout } = await run('get', '--raw', '/metrics');
  assert.equal((await run('cluster', 'delete', 'one')).exitCode, 0);
  const watched = [...stdout.matchAll(/^apiserver_longrunning_requests\{.*,resource="(\w+)"/gm)].map(
    ([, name]) => name,
  );
  assert.ok(watched.includes('namespaces'));
  assert.ok(!watched.includes('pods'), watched.join(' '));
});

test('the flags of the API server and its plugins are listed, and nothing starts', options, async (context) => {
  const { run } = realProgram(context);
  const { exitCode, stdout } = await run('cluster', 'start', 'one', '--apiserver-arg', '--help');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^ {2}--authorization-mode strings \(default Node,RBAC\)$/m);
  const [, on = '', off = ''] = /on by default[^\n]*\n([^]*)\n[^\n]*off by default[^\n]*\n([^]*)$/.exec(stdout) ?? [];
  const names = (text: string): string[] => text.split(/[,\s]+/).filter((name) => name !== '');
  assert.deepEqual(names(on).slice(0, 3), ['NamespaceLifecycle', 'LimitRanger', 'ServiceAccount']);
  assert.deepEqual(names(on).at(-1), 'ResourceQuota');
  assert.ok(names(off).includes('NodeRestriction') && !names(on).includes('NodeRestriction'));
  const { stdout: list, stderr } = await run('cluster', 'list');
  assert.equal(list + stderr, 'There is no cluster.\n');
});
