import assert from 'node:assert/strict';
import { test } from 'node:test';
import { header } from '../../src/apimachinery/http.ts';
import { channelFormat, ChannelSocket } from '../../src/apimachinery/streaming/channel-socket.ts';
import { remoteCommandSubprotocols, streamProtocolHeader } from '../../src/apimachinery/streaming/protocols.ts';
import { createHttpTransport } from '../../src/client/http-transport.ts';
import { createClient } from '../../src/client/rest-client.ts';
import { ExitCodeError } from '../../src/client/streams/exit-code-error.ts';
import { type CommandStreams, runRemoteCommand } from '../../src/client/streams/remote-command.ts';
import { connectWebSocket } from '../../src/client/streams/stream-connections.ts';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { createNodeCluster } from '../support/node-cluster.ts';

const container = (name: string, special: object = {}): object => ({ name, image: 'busybox', ...special });
const two = { containers: [container('a'), container('b')], initContainers: [container('setup')] };
const path = '/api/v1/namespaces/default/pods/one/exec';

void test('exec runs commands: output, errors, exit codes and what cannot be', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('one', { containers: [container('main')] });
  await cluster.createPod('two', two);
  await cluster.createPod('done', { restartPolicy: 'Never', containers: [container('a', { command: ['true'] })] });
  await cluster.createPod('unbound', { containers: [container('a')], nodeName: undefined });
  await cluster.run('create', 'configmap', 'cm');
  const hint = "See 'kubectl exec -h' for help and examples\n";
  const cases: readonly (readonly [argv: string[], exitCode: number, stdout: string, stderr: string])[] = [
    [['one', '--', 'echo', 'hi'], 0, 'hi\n', ''],
    [['pod/one', '-c', 'main', '--', 'hostname'], 0, 'one\n', ''],
    [
      ['one', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'],
      3,
      'out\n',
      'err\ncommand terminated with exit code 3\n',
    ],
    [
      ['one', '--', 'foo'],
      127,
      '',
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "foo": executable file not found in $PATH: unknown\ncommand terminated with exit code 127\n',
    ],
    [['two', '--', 'pwd'], 0, '/\n', 'Defaulted container "a" out of: a, b, setup (init)\n'],
    [['two', '-q', '--', 'pwd'], 0, '/\n', ''],
    [
      ['two', '-c', 'c', '--', 'pwd'],
      1,
      '',
      'error: container c is not valid for pod two out of: a, b, setup (init)\n',
    ],
    [
      ['two', '-c', 'setup', '--', 'pwd'],
      1,
      '',
      'error: unable to upgrade connection: container not found ("setup")\n',
    ],
    [
      ['done', '--', 'pwd'],
      1,
      '',
      'error: cannot exec into a container in a completed pod; current phase is Succeeded\n',
    ],
    [
      ['unbound', '--', 'pwd'],
      1,
      '',
      'error: unable to upgrade connection: pod unbound does not have a host assigned\n',
    ],
    [['none', '--', 'pwd'], 1, '', 'Error from server (NotFound): pods "none" not found\n'],
    [
      ['cm/cm', '--', 'pwd'],
      1,
      '',
      'error: cannot attach to *v1.ConfigMap: selector for *v1.ConfigMap not implemented\n',
    ],
    [
      ['-it', 'one', '--', 'pwd'],
      0,
      '/\n',
      'Unable to use a TTY - input is not a terminal or the right kind of file\n',
    ],
    [[], 1, '', 'error: pod, type/name or --filename must be specified\n'],
    [['one'], 1, '', 'error: you must specify at least one command for the container\n'],
    [
      ['one', 'pwd'],
      1,
      '',
      `error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n${hint}`,
    ],
  ];
  for (const [argv, exitCode, stdout, stderr] of cases) {
    assert.deepEqual(await cluster.run('exec', ...argv), { exitCode, stdout, stderr }, argv.join(' '));
  }
});

void test('exec -i passes standard input and its end, by WebSocket and by SPDY', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('one', { containers: [container('main')] });
  const input = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));
  for (const env of [{ HOME: '/' }, { HOME: '/', KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }]) {
    const before = cluster.requests.length;
    const argv = ['exec', '-i', 'one', '--', 'sh', '-c', 'cat > /tmp/f; ls -l /tmp/f; cat /none'];
    const outcome = await cluster.runWith({ input, env }, ...argv);
    assert.match(outcome.stdout, /100000/);
    assert.equal(outcome.stderr, 'cat: /none: No such file or directory\ncommand terminated with exit code 1\n');
    const methods = cluster.requests
      .slice(before)
      .filter((line) => line.includes('/exec'))
      .map((line) => line.split(' ')[0]);
    assert.deepEqual(methods, [env.KUBECTL_REMOTE_COMMAND_WEBSOCKETS === undefined ? 'GET' : 'POST']);
  }
});

void test('large output comes in pieces, and Ctrl-C ends it', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('one', { containers: [container('main')] });
  const input = Buffer.alloc(17 << 20, 'x');
  await cluster.runWith({ input }, 'exec', '-i', 'one', '--', 'sh', '-c', 'cat > /tmp/f; cat /tmp/f /tmp/f > /tmp/g');
  for (const withoutWebSocket of ['true', 'false']) {
    const env = { HOME: '/', KUBECTL_REMOTE_COMMAND_WEBSOCKETS: withoutWebSocket };
    const { exitCode, stdout } = await cluster.runWith({ env }, 'exec', 'one', '--', 'cat', '/tmp/g');
    assert.deepEqual([exitCode, stdout.length], [0, 2 * input.length]);
  }
  const interrupt = new AbortController();
  const sleeping = cluster.runWith({ signal: interrupt.signal }, 'exec', 'one', '--', 'sleep', '60');
  await cluster.work();
  interrupt.abort();
  assert.deepEqual(await sleeping, { exitCode: 130, stdout: '', stderr: '' });
});

void test('attach joins the streams of a container until it ends', async (context) => {
  const cluster = await createNodeCluster(context);
  const stdin = { stdin: true, stdinOnce: true, command: ['cat'] };
  await cluster.createPod('cat', { restartPolicy: 'Never', containers: [container('main', stdin)] });
  const notice =
    "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n";
  assert.deepEqual(await cluster.runWith({ input: 'through\n' }, 'attach', '-i', 'cat'), {
    exitCode: 0,
    stdout: 'through\n',
    stderr: notice,
  });
  await cluster.work();
  assert.equal((await cluster.run('logs', 'cat')).stdout, 'through\n');
  assert.equal(
    (await cluster.run('attach', 'cat')).stderr,
    'error: cannot attach a container in a completed pod; current phase is Succeeded\n',
  );
  assert.equal((await cluster.run('attach')).stderr, 'error: at least 1 argument is required for attach\n');
  assert.equal(
    (await cluster.run('attach', 'a', 'b', 'c')).stderr,
    'error: expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw 3: [a b c]\n',
  );
});

void test('over a socket, every protocol and what is refused', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('one', { containers: [container('main')] });
  const { clock } = cluster;
  const listener = await listen({ handle: cluster.api.server.handle, clock, log: silentLogger });
  context.after(() => listener.close());
  const client = createClient({ transport: createHttpTransport({ server: listener.url }), clock });
  context.after(() => client.close());
  const query = { command: ['sh', '-c', 'cat; echo err >&2; exit 5'], stdin: true, stdout: true, stderr: true };

  for (const withoutWebSocket of [false, true]) {
    const written = { out: '', err: '' };
    const streams: CommandStreams = {
      stdin: (async function* () {
        yield Buffer.from('in');
      })(),
      stdout: (chunk) => void (written.out += Buffer.from(chunk).toString()),
      stderr: (chunk) => void (written.err += Buffer.from(chunk).toString()),
      tty: false,
    };
    const { signal } = new AbortController();
    await assert.rejects(
      runRemoteCommand({ path, query }, streams, { client, clock, signal, withoutWebSocket }),
      (error) => {
        assert.ok(error instanceof ExitCodeError, String(error));
        assert.equal(error.exitCode, 5);
        return true;
      },
    );
    assert.deepEqual(written, { out: 'in', err: 'err\n' });
  }

  for (const name of remoteCommandSubprotocols) {
    const { socket, protocol } = await connectWebSocket(
      client,
      { path, query: { command: ['sh', '-c', 'echo hi; exit 2'], stdout: true } },
      [name],
    );
    assert.equal(protocol, name);
    const channels = new ChannelSocket(socket, channelFormat(protocol), 5, 'client');
    const [out, failure]: [string[], string[]] = [[], []];
    channels.channel(1).on('data', (chunk: Buffer) => out.push(chunk.toString()));
    channels.channel(3).on('data', (chunk: Buffer) => failure.push(chunk.toString()));
    await channels.run();
    assert.equal(out.join(''), 'hi\n', name);
    const message = 'command terminated with non-zero exit code: exit status 2';
    if (name.startsWith('v')) {
      assert.deepEqual(JSON.parse(failure.join('')), {
        metadata: {},
        status: 'Failure',
        message,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '2' }] },
      });
    } else assert.equal(failure.join(''), message, name);
  }

  const send = (headers: Record<string, string>, pathWithQuery = `${path}?command=true&stdout=true`) =>
    client.transport.send({ method: 'POST', path: pathWithQuery, headers });
  const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
  assert.equal((await send({})).status, 400);
  assert.equal((await send(upgrade, `${path}?command=true`)).status, 400);
  const refused = await send({ ...upgrade, [streamProtocolHeader]: 'v9.channel.k8s.io' });
  assert.equal(refused.status, 403);
  assert.match(header(refused.headers, 'x-accepted-stream-protocol-versions') ?? '', /^v4.channel.k8s.io/);
});

void test('a WebSocket needs the permission to create', async (context) => {
  const authorizer = {
    authorize: ({ verb, subresource }: { verb: string; subresource: string }) =>
      Promise.resolve({ allowed: subresource !== 'exec' || verb === 'get', reason: 'only get' }),
  };
  const cluster = await createNodeCluster(context, { authorizer });
  await cluster.createPod('one', { containers: [container('main')] });
  const { status, body } = await cluster.api.request('GET', `${path}?command=true&stdout=true`, undefined, {
    connection: 'Upgrade',
    upgrade: 'websocket',
  });
  assert.deepEqual([status, body['message']], [403, 'pods "one" is forbidden: only get']);
});
