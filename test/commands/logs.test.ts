import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeCluster } from '../support/node-cluster.ts';

const line = (container: string): string =>
  `simulated container ${container} of image example/work: nothing runs, a real node would run work 60\n`;
const container = (name: string): object => ({ name, image: 'example/work', command: ['work', '60'] });
const two = { containers: [container('a'), container('b')], initContainers: [container('setup')] };

void test('logs shows what a container wrote, and tells which was chosen', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('one', { containers: [container('main')] }, { labels: { app: 'x' } });
  await cluster.createPod('two', two, { labels: { app: 'x' } });
  const cases: readonly (readonly [argv: string, stdout: string, stderr: string, exitCode?: number])[] = [
    ['logs one', line('main'), ''],
    ['logs pod/one', line('main'), ''],
    ['logs one -c main', line('main'), ''],
    ['logs one --timestamps', `2026-01-01T00:00:00.000000000Z ${line('main')}`, ''],
    ['logs one --limit-bytes=9', 'simulated', ''],
    ['logs one --tail=0', '', ''],
    ['logs one --since-time=2030-01-01T00:00:00Z', '', ''],
    ['logs two', line('a'), 'Defaulted container "a" out of: a, b, setup (init)\n'],
    ['logs two b', line('b'), ''],
    [
      'logs two --all-containers --prefix',
      ['setup', 'a', 'b'].map((name) => `[pod/two/${name}] ${line(name)}`).join(''),
      '',
    ],
    ['logs -l app=x', `${line('main')}${line('a')}`, 'Defaulted container "a" out of: a, b, setup (init)\n'],
    ['logs -l app=none', '', 'No resources found in default namespace.\n'],
    ['logs two -c c', '', 'error: container c is not valid for pod two out of: a, b, setup (init)\n', 1],
    ['logs none', '', 'error: error from server (NotFound): pods "none" not found in namespace "default"\n', 1],
    [
      'logs none --limit-bytes=-1',
      '',
      'error: error from server (NotFound): pods "none" not found in namespace "default"\n',
      1,
    ],
    ['logs one --limit-bytes=-1', '', 'error: --limit-bytes must be greater than 0\n', 1],
    [
      'logs one --since=1h --since-time=2020-01-01T00:00:00Z',
      '',
      'error: at most one of `sinceTime` or `sinceSeconds` may be specified\n',
      1,
    ],
    [
      'logs one --all-containers -c main',
      '',
      'error: --all-containers=true should not be specified with container name main\n',
      1,
    ],
    [
      'logs one -p',
      '',
      'Error from server (BadRequest): previous terminated container "main" in pod "one" not found\n',
      1,
    ],
    [
      'logs ns/default',
      '',
      'error: cannot get the logs from *v1.Namespace: selector for *v1.Namespace not implemented\n',
      1,
    ],
    ['logs one --since=-1s', '', 'error: --since must be greater than 0\n', 1],
    ['logs one --tail=-2', '', 'error: --tail must be greater than or equal to -1\n', 1],
    ['logs one --limit-bytes=-1', '', 'error: --limit-bytes must be greater than 0\n', 1],
    ['logs one main -c main', '', 'error: only one of -c or an inline [CONTAINER] arg is allowed\n', 1],
    [
      'logs one --all-containers -c main',
      '',
      'error: --all-containers=true should not be specified with container name main\n',
      1,
    ],
    [
      'logs one --since-time=xx',
      '',
      'error: parsing time "xx" as "2006-01-02T15:04:05Z07:00": cannot parse "xx" as "2006"\n',
      1,
    ],
    [
      'logs -l ==',
      '',
      `Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "==", field selector "": found '==', expected: !, identifier, or 'end of string'\n`,
      1,
    ],
    [
      'logs -f -l app=x --max-log-requests=1',
      '',
      'Defaulted container "a" out of: a, b, setup (init)\nerror: you are attempting to follow 2 log streams, but maximum allowed concurrency is 1, use --max-log-requests to increase the limit\n',
      1,
    ],
  ];
  for (const [argv, stdout, stderr, exitCode = 0] of cases) {
    assert.deepEqual(await cluster.run(...argv.split(' ')), { exitCode, stdout, stderr }, argv);
  }
});

void test('logs -f goes on until the container ends, side by side for several', async (context) => {
  const cluster = await createNodeCluster(context);
  const annotations = { 'simulation.kubectl-ts.dev/exit-after-seconds': '30' };
  await cluster.createPod('job', { restartPolicy: 'Never', ...two }, { annotations, labels: { app: 'j' } });
  const single = cluster.run('logs', '-f', 'job', '-c', 'a');
  const several = cluster.run('logs', '-f', '-l', 'app=j', '--all-containers', '--prefix');
  await cluster.work();
  await cluster.clock.advance(31_000);
  assert.deepEqual(await single, { exitCode: 0, stdout: line('a'), stderr: '' });
  const { stdout, exitCode } = await several;
  assert.equal(exitCode, 0);
  assert.deepEqual(
    stdout.split('\n').toSorted(),
    ['', ...['a', 'b', 'setup'].map((name) => `[pod/job/${name}] ${line(name)}`.trimEnd())].toSorted(),
  );
});

void test('logs -p shows the container before its last restart', async (context) => {
  const cluster = await createNodeCluster(context);
  const annotations = {
    'simulation.kubectl-ts.dev/exit-after-seconds': '5',
    'simulation.kubectl-ts.dev/exit-code': '1',
  };
  await cluster.createPod('loop', { containers: [container('main')] }, { annotations });
  await cluster.clock.advance(6000);
  await cluster.work();
  const { stdout } = await cluster.run('logs', 'loop', '-p', '--timestamps');
  assert.equal(stdout, `2026-01-01T00:00:00.000000000Z ${line('main')}`);
});

void test('the log of a pod that waits says why, and one without a node is empty', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('bad', { containers: [{ name: 'a', image: 'unreachable.invalid/x' }] });
  const waiting = 'Error from server (BadRequest): container "a" in pod "bad" is waiting to start:';
  assert.equal((await cluster.run('logs', 'bad')).stderr, `${waiting} image can't be pulled\n`);
  await cluster.clock.advance(1000);
  await cluster.work();
  assert.equal((await cluster.run('logs', 'bad')).stderr, `${waiting} trying and failing to pull image\n`);
  await cluster.createPod('unbound', { containers: [container('a')], nodeName: undefined });
  assert.deepEqual(await cluster.run('logs', 'unbound'), { exitCode: 0, stdout: '', stderr: '' });
});

void test('the server checks the options of a log', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('two', two);
  const path = '/api/v1/namespaces/default/pods/two/log';
  const cases: readonly (readonly [query: string, code: number, message: string])[] = [
    ['', 400, 'a container name must be specified for pod two, choose one of: [setup a b]'],
    ['container=c', 400, 'container c is not valid for pod two'],
    ['container=a&tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'container=a&tailLines=-1&limitBytes=0&sinceSeconds=0',
      422,
      'PodLogOptions "two" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
    ],
    [
      'container=a&stream=Stdout&tailLines=1',
      422,
      'PodLogOptions "two" is invalid: stream: Forbidden: may not be specified',
    ],
    [
      'container=a&tailLines=9223372036854775808',
      400,
      'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
  ];
  for (const [query, code, message] of cases) {
    const { status, body } = await cluster.api.request('GET', `${path}?${query}`);
    assert.deepEqual([status, body['message']], [code, message]);
  }
});
