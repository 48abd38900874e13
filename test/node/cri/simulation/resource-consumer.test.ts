import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readBody } from '../../../../src/apimachinery/http.ts';
import { createDialedTransport } from '../../../../src/client/dialed-transport.ts';
import { connectionPair } from '../../../../src/node/cri/connection-pair.ts';
import { ContainerProcess } from '../../../../src/node/cri/simulation/container-process.ts';
import { MemoryFiles } from '../../../../src/node/cri/simulation/memory-files.ts';
import { PortServer } from '../../../../src/node/cri/simulation/port-server.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { containerConfig } from '../../../support/container-config.ts';

interface Running {
  readonly process: ContainerProcess;
  readonly ports: PortServer;
  readonly post: (path: string) => Promise<[status: number, text: string]>;
  readonly get: (path: string) => Promise<[status: number, text: string]>;
}

interface RunOptions {
  readonly image: string;
  readonly args?: readonly string[];
  readonly cpuQuota?: number;
  /** What every name leads to. */
  readonly consumers?: PortServer;
}

function run(
  context: TestContext,
  clock: FakeClock,
  { image, args = [], cpuQuota = -1, consumers }: RunOptions,
): Running {
  const ports = new PortServer('default/consumer', []);
  const config = containerConfig({ image, args });
  const process = new ContainerProcess(
    { ...config, resources: { ...config.resources, cpuQuota } },
    {
      clock,
      hostname: 'consumer',
      dnsConfig: { servers: [], searches: [], options: [] },
      sysctls: {},
      podIp: '10.0.0.1',
      random: () => 0.5,
      nodeFiles: new MemoryFiles(() => clock.now()),
      ports,
      async dial(_, port) {
        if (consumers?.isOpen(port) !== true) throw new Error('dial tcp: connect: connection refused');
        const [near, far] = connectionPair('10.0.0.1');
        void consumers.serve(port, far);
        return near;
      },
      sendDatagram: () => Promise.resolve(undefined),
    },
  );
  assert.ok(process.start(() => undefined));
  const name = ['sh', '-c', 'echo 10.0.0.2 c.ns.svc.cluster.local >> /etc/hosts'];
  void process.exec(name, false, {}, new AbortController().signal);
  context.after(() => process.end());
  const send = async (method: string, path: string): Promise<[number, string]> => {
    const transport = createDialedTransport(async () => {
      const [near, far] = connectionPair('10.0.0.9');
      void ports.serve(ports.openPorts()[0] ?? 0, far);
      return near;
    });
    const { status, body } = await transport.send({ method, path, headers: {} });
    const text = Buffer.from(await readBody(body)).toString('utf8');
    await transport.close();
    await settle();
    return [status, text];
  };
  return { process, ports, post: (path) => send('POST', path), get: (path) => send('GET', path) };
}

const consumer = { image: 'registry.k8s.io/e2e-test-images/resource-consumer:1.13' };

void test('a consumer uses what it is asked to', async (context) => {
  const clock = new FakeClock();
  const { process, post } = run(context, clock, consumer);
  const before = process.stats();
  const [status, text] = await post('/ConsumeCPU?millicores=250&durationSec=8');
  assert.deepEqual([status, text], [200, 'ConsumeCPU\n250 millicores\n8 durationSec\n']);
  assert.equal((await post('/ConsumeMem?megabytes=3&durationSec=5'))[1], 'ConsumeMem\n3 megabytes\n5 durationSec\n');
  assert.equal(process.stats().memoryBytes - before.memoryBytes, 3 << 20);
  await clock.advance(10_000);
  assert.equal((process.stats().cpuSeconds - before.cpuSeconds).toFixed(1), '2.0');
  assert.equal(process.stats().memoryBytes, before.memoryBytes);
});

void test('and no more than it may', async (context) => {
  const clock = new FakeClock();
  const { process, post } = run(context, clock, { ...consumer, args: ['-port=8081'], cpuQuota: 50_000 });
  const before = process.stats().cpuSeconds;
  for (let count = 0; count < 3; count++) await post('/ConsumeCPU?millicores=400&durationSec=10');
  await clock.advance(10_000);
  assert.equal((process.stats().cpuSeconds - before).toFixed(1), '5.0');
});

void test('metrics of its own go up and down again', async (context) => {
  const clock = new FakeClock();
  const { post, get } = run(context, clock, consumer);
  assert.equal(
    (await post('/BumpMetric?metric=QPS&delta=2.5&durationSec=5'))[1],
    'BumpMetric\nQPS metric\n2.5 delta\n5 durationSec\n',
  );
  await post('/BumpMetric?metric=QPS&delta=1&durationSec=10');
  const shown = async (): Promise<string> => (await get('/metrics'))[1];
  assert.equal(await shown(), '# HELP QPS info message.\n# TYPE QPS gauge\nQPS 3.500000\n');
  await clock.advance(6000);
  assert.match(await shown(), /^QPS 1\.000000$/m);
});

const refused: readonly (readonly [method: 'get' | 'post', path: string, status: number, text: string])[] = [
  ['get', '/ConsumeCPU', 400, 'Bad request. Not a POST request'],
  ['post', '/Nothing', 404, 'unknown function: /Nothing'],
  ['post', '/ConsumeCPU?millicores=5', 400, 'not given function argument'],
  ['post', '/ConsumeMem?megabytes=x&durationSec=1', 400, 'incorrect function argument'],
  ['post', '/BumpMetric?delta=1&durationSec=1', 400, 'not given function argument'],
];

for (const [method, path, status, text] of refused) {
  void test(`a consumer refuses ${method} ${path}`, async (context) => {
    const running = run(context, new FakeClock(), consumer);
    assert.deepEqual(await running[method](path), [status, `${text}\n`]);
  });
}

const controller = {
  image: 'registry.k8s.io/e2e-test-images/agnhost:2.57',
  args: ['resource-consumer-controller', '--consumer-service-name=c', '--consumer-service-namespace=ns'],
};

void test('a controller spreads a total over consumers', async (context) => {
  const clock = new FakeClock();
  const { process, ports } = run(context, clock, consumer);
  const { post } = run(context, clock, { ...controller, consumers: ports });
  const before = process.stats().cpuSeconds;
  const [status, text] = await post('/ConsumeCPU?millicores=250&durationSec=10&requestSizeMillicores=100');
  assert.deepEqual(
    [status, text.split('\n').toSorted()],
    [
      200,
      [
        '',
        'Consumed 100 millicores',
        'Consumed 100 millicores',
        'Consumed 50 millicores',
        'RC manager: sending 2 requests to consume 100 millicores each and 1 request to consume 50 millicores',
      ],
    ],
  );
  await clock.advance(10_000);
  assert.equal((process.stats().cpuSeconds - before).toFixed(1), '2.5');
  assert.deepEqual(await post('/ConsumeCPU?millicores=250&durationSec=10'), [400, 'not given function argument\n']);
  assert.deepEqual(await post('/GetCurrentStatus'), [404, 'unknown function\n']);
  const [tooMany] = await post('/ConsumeMem?megabytes=9999999999999&durationSec=1&requestSizeMegabytes=1');
  assert.equal(tooMany, 400);
});

void test('a controller says what it cannot reach', async (context) => {
  const { post } = run(context, new FakeClock(), controller);
  const [, text] = await post('/BumpMetric?metric=m&delta=1&durationSec=10&requestSizeMetrics=1');
  assert.match(text, /\nFailed to connect to consumer: dial tcp: connect: connection refused\n$/);
});

void test('the page of hpa-example takes its time where it is held to less', async (context) => {
  const clock = new FakeClock();
  const { process, get } = run(context, clock, { image: 'registry.k8s.io/hpa-example', cpuQuota: 10_000 });
  const before = process.stats().cpuSeconds;
  const page = get('/');
  let isDone = false;
  void page.then(() => (isDone = true));
  await settle(50);
  await clock.advance(199);
  assert.equal(isDone, false);
  await clock.advance(2);
  assert.deepEqual(await page, [200, 'OK!']);
  assert.equal((process.stats().cpuSeconds - before).toFixed(3), '0.020');
});
