import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { channelFormat, ChannelSocket } from '../../src/apimachinery/streaming/channel-socket.ts';
import { connectWebSocket } from '../../src/client/streams/stream-connections.ts';
import { createNodeCluster, type NodeCluster } from '../support/node-cluster.ts';
import { Interruption } from '../../src/system/signals.ts';
import { memoryIOStreams } from '../../src/system/memory-io-streams.ts';

async function clusterWithPod(context: TestContext): Promise<NodeCluster> {
  const cluster = await createNodeCluster(context);
  const ports = [
    { containerPort: 80, name: 'http' },
    { containerPort: 53, protocol: 'UDP' },
  ];
  await cluster.createPod('web', { containers: [{ name: 'a', image: 'nginx', ports }] }, { labels: { app: 'web' } });
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 8080, targetPort: 'http', name: 'www' }] },
  });
  return cluster;
}

/** Runs port-forward until `use` is done with what it printed. */
async function forwarding(
  cluster: NodeCluster,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  use: (port: number, outcome: Promise<unknown>) => Promise<void>,
  reason?: Interruption,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  const streams = memoryIOStreams();
  const interrupt = new AbortController();
  const outcome = cluster.runWith(
    { streams, signal: interrupt.signal, env: { HOME: '/', ...env } },
    'port-forward',
    ...argv,
  );
  for (let round = 0; round < 1_000_000 && !streams.stdout.includes(' -> '); round++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await use(Number(/:(\d+) -> /.exec(streams.stdout)?.[1]), outcome);
  interrupt.abort(reason);
  return { exitCode: (await outcome).exitCode, stdout: streams.stdout, stderr: streams.stderr };
}

/** One request over a connection of its own; the whole answer. */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

void test('port-forward carries connections to pods and, by the ports of a service, to their targets', async (context) => {
  const cluster = await clusterWithPod(context);
  const argvs = [
    ['pod/web', ':80'],
    ['web', '0:http'],
    ['svc/web', ':8080'],
    ['svc/web', ':www'],
  ];
  for (const env of [{}, { KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }]) {
    for (const argv of argvs) {
      let port = 0;
      const { exitCode, stdout, stderr } = await forwarding(
        cluster,
        [...argv, '--address=127.0.0.1'],
        env,
        async (local) => {
          port = local;
          const answers = await Promise.all([ask(local), ask(local)]);
          for (const answer of answers) assert.match(answer, /simulated pod default\/web, port 80: GET \/x\n/);
        },
      );
      const lines = [
        `Forwarding from 127.0.0.1:${port} -> 80`,
        ...Array.from({ length: 2 }, () => `Handling connection for ${port}`),
      ];
      assert.deepEqual([exitCode, stdout, stderr], [0, `${lines.join('\n')}\n`, '']);
    }
  }
});

void test('a port that nothing listens on ends it, with the reason', async (context) => {
  const cluster = await clusterWithPod(context);
  const { exitCode, stderr } = await forwarding(
    cluster,
    ['web', ':81', '--address=127.0.0.1'],
    {},
    async (port, outcome) => {
      assert.equal(await ask(port), '');
      await outcome;
    },
  );
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^E\d{4} [\d:.]+ +\d+ portforward\.go:522\] "Unhandled Error" err="an error occurred forwarding \d+ -> 81: error forwarding port 81 to pod web_default, uid .*: connect: connection refused/,
  );
  assert.match(stderr, /\nerror: lost connection to pod\n$/);
});

void test('Ctrl-C ends port-forward well, another signal does not', async (context) => {
  const cluster = await clusterWithPod(context);
  const argv = ['web', ':80', '--address=127.0.0.1'];
  for (const code of [130, 143, 129]) {
    const { exitCode, stderr } = await forwarding(cluster, argv, {}, () => Promise.resolve(), new Interruption(code));
    assert.deepEqual([exitCode, stderr], [code === 130 ? 0 : code, '']);
  }
});

void test('port-forward refuses what it cannot do', async (context) => {
  const cluster = await clusterWithPod(context);
  await cluster.run('create', 'configmap', 'cm');
  await cluster.createPod('unbound', { containers: [{ name: 'a', image: 'i' }], nodeName: undefined });
  const hint = "See 'kubectl port-forward -h' for help and examples\n";
  const cases: readonly (readonly [argv: string, stderr: string])[] = [
    ['web', `error: TYPE/NAME and list of ports are required for port-forward\n${hint}`],
    ['none 80', 'Error from server (NotFound): pods "none" not found\n'],
    ['svc/web 80', 'error: Service web does not have a service port 80\n'],
    ['svc/web :no', "error: Service 'web' does not have a named port 'no'\n"],
    ['web :no', "error: Pod 'web' does not have a named port 'no'\n"],
    ['web :53', 'error: UDP protocol is not supported for 53\n'],
    ['web :0', 'error: remote port must be > 0\n'],
    ['web x:80', `error: error parsing local port 'x': strconv.ParseUint: parsing "x": invalid syntax\n`],
    ['web 99999', `error: error parsing local port '99999': strconv.ParseUint: parsing "99999": value out of range\n`],
    ['web :80 --address=x', 'error: x is not a valid IP\n'],
    ['unbound 80', 'error: unable to forward port because pod is not running. Current status=Pending\n'],
    ['cm/cm 80', 'error: cannot attach to *v1.ConfigMap: selector for *v1.ConfigMap not implemented\n'],
  ];
  for (const [argv, stderr] of cases) {
    assert.deepEqual(await cluster.run('port-forward', ...argv.split(' ')), { exitCode: 1, stdout: '', stderr }, argv);
  }
});

void test('the old protocol has two channels for each port', async (context) => {
  const cluster = await clusterWithPod(context);
  await twoPorts(cluster, ['80', '81']);
  // As Python's client writes them.
  await twoPorts(cluster, ['80,81']);
});

async function twoPorts(cluster: NodeCluster, ports: readonly string[]): Promise<void> {
  const path = '/api/v1/namespaces/default/pods/web/portforward';
  const { socket, protocol } = await connectWebSocket(cluster.api.client, { path, query: { ports } }, [
    'v4.channel.k8s.io',
  ]);
  const channels = new ChannelSocket(socket, channelFormat(protocol), 4, 'client');
  const received = ['', '', '', ''];
  for (const index of [0, 1, 2, 3]) {
    channels.channel(index).on('data', (chunk: Buffer) => (received[index] += chunk.toString('latin1')));
  }
  const running = channels.run();
  channels.channel(0).write('GET /y HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await running;
  assert.match(received[0] ?? '', /^P\0HTTP\/1.1 200 OK[^]*GET \/y\n/);
  assert.equal(received[1], 'P\0');
  assert.equal(received[2], 'Q\0');
  assert.match(received[3] ?? '', /^Q\0error forwarding port 81/);
}

void test('ports of the old protocol are refused as the real server refuses them', async (context) => {
  const cluster = await clusterWithPod(context);
  const path = '/api/v1/namespaces/default/pods/web/portforward';
  const ask = async (query: string): Promise<readonly unknown[]> => {
    const { status, text, body } = await cluster.api.request('GET', `${path}${query}`, undefined, {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'v4.channel.k8s.io',
    });
    return [status, status === 400 && text.startsWith('{') ? body['message'] : text];
  };
  assert.deepEqual(await ask(''), [400, 'query parameter "port" is required']);
  const notPorts = 'cannot convert to []int32: strconv.ParseUint: parsing';
  const cases = { '80,x': '"x": invalid syntax', '-1': '"-1": invalid syntax', '': '"": invalid syntax' };
  for (const [ports, why] of Object.entries(cases)) {
    assert.deepEqual(await ask(`?ports=${ports}`), [400, `${notPorts} ${why}`]);
  }
  assert.deepEqual(await ask('?ports=80&ports=65536'), [400, `${notPorts} "65536": value out of range`]);
});
