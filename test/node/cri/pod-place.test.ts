import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHostLocalNetwork } from '../../../src/node/cni/host-local-network.ts';
import { findPlaces } from '../../../src/node/cri/pod-place.ts';
import { dialPod, sendDatagram } from '../../../src/node/kubelet/pod-network.ts';
import type { PodSandboxConfig, PortMapping } from '../../../src/node/cri/runtime.ts';
import { createSimulatedRuntime } from '../../../src/node/cri/simulated-runtime.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { containerConfig, podSandbox } from '../../support/container-config.ts';

const image = 'registry.k8s.io/e2e-test-images/agnhost:2';

function mapping(hostIp: string, protocol = 'TCP'): PortMapping {
  return { containerPort: 8080, hostPort: 54323, hostIp, protocol };
}

test('one host port on different addresses and protocols leads to different pods', async () => {
  const clock = new FakeClock();
  const network = createHostLocalNetwork('10.244.0.0/24');
  const runtime = createSimulatedRuntime({ clock, random: seededRandom(1), network });
  await runtime.pullImage(image);
  const run = async (name: string, args: readonly string[], special: Partial<PodSandboxConfig>): Promise<string> => {
    const id = await runtime.runPodSandbox(podSandbox(name, special));
    const container = await runtime.createContainer(id, containerConfig({ image, args }));
    await runtime.startContainer(container);
    return container;
  };
  const self = await run('one', ['netexec'], { portMappings: [mapping('127.0.0.1')] });
  await run('two', ['netexec'], { portMappings: [mapping('192.168.64.2')] });
  await run('three', ['netexec', '--http-port=8008', '--udp-port=8080'], { portMappings: [mapping('', 'UDP')] });
  const host = await run('host', ['pause'], { hostNetwork: true });
  await settle();
  const output = async (container: string, script: string): Promise<string> => {
    const { stdout, exitCode } = await runtime.execSync(container, ['sh', '-c', script], 0);
    return `${exitCode} ${Buffer.from(stdout).toString()}`;
  };
  assert.equal(await output(host, 'curl -s http://127.0.0.1:54323/hostname'), '0 one');
  assert.equal(await output(host, 'echo hostname | nc -u -w 5 127.0.0.1 54323'), '0 three');
  assert.equal(await output(host, 'curl -s http://127.0.0.1:8080/hostname'), '7 ');
  assert.equal(await output(self, 'curl -s http://localhost:8080/hostname'), '0 one');
  assert.equal(await output(self, 'curl -s http://127.0.0.1:54323/hostname'), '7 ');

  const sandboxes = await runtime.listPodSandbox();
  const places = (address: string, protocol: 'TCP' | 'UDP', port = 54_323): string[] =>
    findPlaces(sandboxes, { address, port, protocol }, '192.168.64.2').map(
      (found) => `${sandboxes.find(({ id }) => id === found.sandboxId)?.metadata.name ?? ''}:${found.port}`,
    );
  assert.deepEqual(places('192.168.64.2', 'TCP'), ['two:8080', 'host:54323']);
  assert.deepEqual(places('192.168.64.2', 'UDP'), ['three:8080', 'host:54323']);
  assert.deepEqual(places('192.168.64.2', 'TCP', 80), ['host:80']);
  assert.deepEqual(places('192.168.64.3', 'TCP'), []);
  assert.deepEqual(places(sandboxes[0]?.ips[0] ?? '', 'TCP', 80), ['one:80']);
});

test('who is asked sees where it comes from, and on the network of the host what listens is reached', async () => {
  const clock = new FakeClock();
  const network = createHostLocalNetwork('10.244.0.0/24');
  const hostIP = '192.168.64.2';
  const runtime: ReturnType<typeof createSimulatedRuntime> = createSimulatedRuntime({
    clock,
    random: seededRandom(1),
    network,
    hostIP,
    dial: async (address, port, from) => {
      const connection = await dialPod(runtime, { address, port }, { hostIP, from });
      if (connection === undefined) throw new Error(`dial tcp ${address}:${port}: connect: no route to host`);
      return connection;
    },
    sendDatagram: (address, port, payload, from, protocol) =>
      sendDatagram(runtime, { address, port }, payload, { hostIP, from }, protocol),
    dialHost: async (port) =>
      port === 10_248 ? dialPod(runtime, { address: hostIP, port: 9000 }, { hostIP }) : undefined,
  });
  await runtime.pullImage(image);
  const run = async (name: string, args: readonly string[], hostNetwork = false): Promise<string> => {
    const id = await runtime.runPodSandbox(podSandbox(name, { hostNetwork }));
    const container = await runtime.createContainer(id, containerConfig({ image, args }));
    await runtime.startContainer(container);
    return container;
  };
  const client = await run('client', ['pause']);
  await run('server', ['netexec']);
  // Nothing says on what it listens.
  const host = await run('host', ['netexec', '--http-port=9000', '--udp-port=9001', '--sctp-port=9002'], true);
  await settle();
  const output = async (container: string, script: string): Promise<string> => {
    const { stdout, exitCode } = await runtime.execSync(container, ['sh', '-c', script], 0);
    return `${exitCode} ${Buffer.from(stdout).toString().replace(/:\d+$/, '')}`;
  };
  const ips = (await runtime.listPodSandbox()).map((each) => each.ips[0] ?? '');
  assert.equal(await output(client, `curl -s http://${ips[1] ?? ''}:8080/clientip`), `0 ${ips[0] ?? ''}`);
  assert.equal(await output(host, `curl -s http://${ips[1] ?? ''}:8080/clientip`), `0 ${hostIP}`);
  assert.equal(await output(host, 'curl -s http://localhost:9000/clientip'), '0 127.0.0.1');
  assert.equal(await output(client, `curl -s http://${hostIP}:9000/hostname`), '0 host');
  assert.equal(await output(client, `echo clientip | nc -u -w 1 ${ips[1] ?? ''} 8081`), `0 ${ips[0] ?? ''}`);
  assert.equal(await output(client, `echo clientip | nc -u -w 1 ${hostIP} 9001`), `0 ${ips[0] ?? ''}`);
  assert.equal(await output(client, `agnhost connect ${hostIP}:9002 --protocol=sctp`), '0 ');
  assert.equal(await output(client, `agnhost connect ${hostIP}:9001 --protocol=sctp`), '1 ');
  assert.equal(await output(host, 'agnhost connect 127.0.0.1:9002 --protocol=sctp'), '0 ');
  // What of the node itself listens on its loopback address is there for pods of its network alone.
  assert.equal(await output(host, 'curl -s http://127.0.0.1:10248/hostname'), '0 host');
  assert.equal(await output(client, 'curl -s http://127.0.0.1:10248/hostname'), '7 ');
});
