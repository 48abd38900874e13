import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHostLocalNetwork } from '../../../src/node/cni/host-local-network.ts';
import { findPlace } from '../../../src/node/cri/pod-place.ts';
import type { PodSandboxConfig, PortMapping } from '../../../src/node/cri/runtime.ts';
import { createSimulatedRuntime } from '../../../src/node/cri/simulated-runtime.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { containerConfig } from '../../support/container-config.ts';

const image = 'registry.k8s.io/e2e-test-images/agnhost:2';

function sandbox(name: string, special: Partial<PodSandboxConfig>): PodSandboxConfig {
  return {
    metadata: { name, namespace: 'default', uid: name, attempt: 0 },
    hostname: name,
    labels: {},
    annotations: {},
    hostNetwork: false,
    portMappings: [],
    sysctls: {},
    dnsConfig: { servers: [], searches: [], options: [] },
    ...special,
  };
}

function mapping(hostIp: string, protocol = 'TCP'): PortMapping {
  return { containerPort: 8080, hostPort: 54323, hostIp, protocol };
}

test('one host port on different addresses and protocols leads to different pods', async () => {
  const clock = new FakeClock();
  const network = createHostLocalNetwork('10.244.0.0/24');
  const runtime = createSimulatedRuntime({ clock, random: seededRandom(1), network });
  await runtime.pullImage(image);
  const run = async (name: string, args: readonly string[], special: Partial<PodSandboxConfig>): Promise<string> => {
    const id = await runtime.runPodSandbox(sandbox(name, special));
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
  const place = (address: string, protocol: 'TCP' | 'UDP', port = 54_323): string | undefined => {
    const found = findPlace(sandboxes, { address, port, protocol }, '192.168.64.2');
    return found && `${sandboxes.find(({ id }) => id === found.sandboxId)?.metadata.name ?? ''}:${found.port}`;
  };
  assert.equal(place('192.168.64.2', 'TCP'), 'two:8080');
  assert.equal(place('192.168.64.2', 'UDP'), 'three:8080');
  assert.equal(place('192.168.64.2', 'TCP', 80), undefined);
  assert.equal(place('192.168.64.3', 'TCP'), undefined);
  assert.equal(place(sandboxes[0]?.ips[0] ?? '', 'TCP', 80), 'one:80');
});
