import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { Container, Pod, Probe } from '../../../src/api/types/core-v1.ts';
import { createHostLocalNetwork } from '../../../src/node/cni/host-local-network.ts';
import { createSimulatedRuntime } from '../../../src/node/cri/simulated-runtime.ts';
import { connectionPair } from '../../../src/node/cri/connection-pair.ts';
import { dialPod } from '../../../src/node/kubelet/pod-network.ts';
import { containerConfig, podSandbox } from '../../support/container-config.ts';
import { createRuntimeProber } from '../../../src/node/kubelet/prober.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { createNodeCluster } from '../../support/node-cluster.ts';

test('probes ask what really runs', async (context) => {
  const { api, clock, work } = await createNodeCluster(context);
  const readiness = async (
    name: string,
    container: Omit<Container, 'name'>,
    readinessProbe: Probe,
  ): Promise<boolean> => {
    await api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        nodeName: 'node',
        containers: [{ name: 'main', ...container, readinessProbe: { ...readinessProbe, periodSeconds: 1 } }],
      },
    });
    for (let second = 0; second < 3; second++) {
      await work();
      await clock.advance(1000);
      // Answers over a connection take turns of their own.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      await work();
    }
    const pod = await api.client.resource<Pod>({ group: '', version: 'v1', resource: 'pods' }, 'default').get(name);
    return pod.status?.containerStatuses?.[0]?.ready === true;
  };
  const server = { image: 'registry.k8s.io/e2e-test-images/agnhost:2', args: ['netexec'] };
  const shell = { image: 'busybox', command: ['sh', '-c', 'touch /tmp/ok; sleep 1000'] };
  assert.equal(await readiness('a', server, { httpGet: { path: '/healthz', port: 8080 } }), true);
  assert.equal(await readiness('b', server, { httpGet: { path: '/echo?code=500', port: 8080 } }), false);
  assert.equal(await readiness('c', server, { tcpSocket: { port: 8080 } }), true);
  assert.equal(await readiness('d', server, { tcpSocket: { port: 81 } }), false);
  assert.equal(await readiness('e', shell, { exec: { command: ['cat', '/tmp/ok'] } }), true);
  assert.equal(await readiness('f', shell, { exec: { command: ['cat', '/tmp/none'] } }), false);
  const secure = (port: number): Probe => ({ httpGet: { path: '/', port, scheme: 'HTTPS' } });
  const porter = { image: server.image, args: ['porter'], env: [{ name: 'SERVE_PORT_80', value: 'a' }] };
  assert.equal(await readiness('l', porter, secure(80)), false);
  const silent = { image: server.image, args: ['port-forward-tester'], env: [{ name: 'BIND_PORT', value: '80' }] };
  assert.equal(await readiness('m', silent, secure(80)), false);
  const health = { image: server.image, args: ['grpc-health-checking', '--service=a', '--delay-unhealthy-sec=2'] };
  assert.equal(await readiness('i', health, { grpc: { port: 5000, service: 'a' }, failureThreshold: 9 }), true);
  assert.equal(await readiness('j', health, { grpc: { port: 5000, service: 'b' } }), false);
  assert.equal(await readiness('k', health, { grpc: { port: 2333, service: 'a' } }), false);
  // What the simulated runtime does not have it cannot ask.
  assert.equal(await readiness('g', { image: 'postgres' }, { exec: { command: ['pg_isready'] } }), true);
  assert.equal(await readiness('h', { image: 'nginx' }, { httpGet: { path: '/', port: 80 } }), true);
});

const redirects: readonly (readonly [path: string, expected: object])[] = [
  ['/redirect?location=/hostname', { ok: true, output: 'main' }],
  ['/redirect?location=/redirect?location=/echo?msg=there', { ok: true, output: 'there' }],
  ['/redirect?location=/echo?code=500', { ok: false, output: 'HTTP probe failed with statuscode: 500' }],
  [
    '/redirect?location=http://elsewhere/',
    {
      ok: true,
      isWarning: true,
      output: 'Probe terminated redirects, Response body: <a href="http://elsewhere/">Found</a>.\n\n',
    },
  ],
];

for (const [path, expected] of redirects) {
  test(`a probe that is sent elsewhere: ${path}`, async () => {
    const clock = new FakeClock();
    const network = createHostLocalNetwork('10.244.0.0/24');
    const runtime = createSimulatedRuntime({ clock, random: seededRandom(1), network });
    const image = 'registry.k8s.io/e2e-test-images/agnhost:2';
    await runtime.pullImage(image);
    const id = await runtime.runPodSandbox(podSandbox('main'));
    const containerId = await runtime.createContainer(id, containerConfig({ image, args: ['netexec'] }));
    await runtime.startContainer(containerId);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const podIP = (await runtime.listPodSandbox())[0]?.ips[0] ?? '';
    const dial = async (address: string, port: number) => {
      const connection = await dialPod(runtime, { address, port });
      if (connection === undefined) throw new Error('nowhere');
      return connection;
    };
    const container = { name: 'main', image };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [container] }, status: { podIP } };
    const prober = createRuntimeProber({ runtime, clock, dial });
    assert.deepEqual(await prober.probe(pod, container, { httpGet: { path, port: 8080 } }, containerId), expected);
  });
}

test('a probe that is sent round and round gives up', async () => {
  const clock = new FakeClock();
  const runtime = createSimulatedRuntime({
    clock,
    random: seededRandom(1),
    network: createHostLocalNetwork('10.244.0.0/24'),
  });
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    response.writeHead(302, { location: '/again' });
    response.end();
  });
  const dial = async () => {
    const [near, far] = connectionPair();
    server.emit('connection', far);
    return near;
  };
  const container = { name: 'main', image: 'busybox' };
  const status = { podIP: '10.0.0.1' };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [container] }, status };
  const prober = createRuntimeProber({ runtime, clock, dial });
  const action = { host: '10.0.0.1', path: '/', port: 80 };
  assert.deepEqual(await prober.probe(pod, container, { httpGet: action }, 'any'), {
    ok: false,
    output: 'Get "http://10.0.0.1:80/": stopped after 10 redirects',
  });
  assert.equal(asked, 10);
});

test('programs in pods ask each other', async (context) => {
  const { api, clock, work } = await createNodeCluster(context);
  const create = async (name: string, container: Partial<Container>): Promise<void> => {
    const containers = [{ name: 'main', image: 'registry.k8s.io/e2e-test-images/agnhost:2', ...container }];
    await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { nodeName: 'node', containers } });
    await work();
  };
  await create('one', { args: ['netexec'] });
  await create('two', { args: ['netexec', '--http-port=8083'] });
  const url = 'http://10.244.0.3:8083/dial?host=10.244.0.2&port=8080&request=hostname&tries=2';
  const script = `curl -s '${url}'; echo hello | nc -w 1 10.244.0.2 81 || echo refused`;
  await create('asks', { image: 'busybox', command: ['sh', '-c', script] });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(0);
  const { body } = await api.client.request({ method: 'GET', path: '/api/v1/namespaces/default/pods/asks/log' });
  const refused = 'nc: connect to 10.244.0.2 port 81 (tcp) failed: Connection refused\nrefused\n';
  assert.equal(Buffer.from(body).toString('utf8'), `{"responses":["one","one"]}${refused}`);
});

test('a probe of a container that has gone fails, and nothing else does', async () => {
  const clock = new FakeClock();
  const network = createHostLocalNetwork('10.244.0.0/24');
  const runtime = createSimulatedRuntime({ clock, random: seededRandom(1), network });
  const prober = createRuntimeProber({ runtime, clock, dial: () => Promise.reject(new Error('nowhere')) });
  const container = { name: 'main', image: 'busybox' };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container] } };
  const probes: Probe[] = [{ httpGet: { port: 80 } }, { tcpSocket: { port: 80 } }, { exec: { command: ['true'] } }];
  for (const probe of probes) {
    const expected = { ok: false, output: 'container "gone" not found' };
    assert.deepEqual(await prober.probe(pod, container, probe, 'gone'), expected);
  }
});
