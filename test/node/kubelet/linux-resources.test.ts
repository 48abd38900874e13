import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec, ResourceRequirements } from '../../../src/api/types/core-v1.ts';
import { linuxResources } from '../../../src/node/kubelet/linux-resources.ts';
import { createKubeletHarness } from '../../support/kubelet-harness.ts';

const gibi = 2 ** 30;

function podWith(resources: ResourceRequirements, spec: Partial<PodSpec> = {}): Pod {
  const containers = [{ name: 'main', image: 'busybox', resources }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers, ...spec } };
}

test('requests and limits become what the kernel holds a container to', () => {
  const both = { cpu: '20m', memory: '35Mi' };
  const cases: [ResourceRequirements, Partial<PodSpec>, (number | string)[]][] = [
    [{}, {}, [2, -1, 0, 1000]],
    [{ requests: both, limits: both }, {}, [20, 2000, 35 * 2 ** 20, -997]],
    [{ limits: { cpu: '5m' } }, {}, [5, 1000, 0, 999]],
    [{ requests: { cpu: '2', memory: '1Gi' } }, {}, [2048, -1, 0, 750]],
    [{ requests: { memory: '4Gi' } }, {}, [2, -1, 0, 3]],
    [{ requests: { memory: '10Mi' } }, {}, [2, -1, 0, 998]],
    [{ requests: { memory: '1Gi' } }, { priority: 2_000_001_000 }, [2, -1, 0, -997]],
    [{ requests: { cpu: '1m' } }, { resources: { limits: { cpu: '1', memory: '1Gi' } } }, [2, 100_000, gibi, -997]],
  ];
  for (const [resources, spec, expected] of cases) {
    const pod = podWith(resources, spec);
    const [container] = pod.spec?.containers ?? [];
    assert.ok(container !== undefined);
    const { cpuShares, cpuQuota, memoryLimitBytes, oomScoreAdjust } = linuxResources(pod, container, 4 * gibi);
    assert.deepEqual([cpuShares, cpuQuota, memoryLimitBytes, oomScoreAdjust], expected, JSON.stringify(resources));
  }
});

test('a container sees it, and sees it change, also where its own files cannot', async (context) => {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  const amounts = (cpu: string, memory: string): ResourceRequirements => {
    return { requests: { cpu, memory }, limits: { cpu, memory } };
  };
  const command = ['sh', '-c', 'sleep 1000'];
  const securityContext = { readOnlyRootFilesystem: true };
  const container = { name: 'main', image: 'busybox', command, securityContext, resources: amounts('20m', '35Mi') };
  await harness.create('p', { spec: { containers: [container] } });
  for (let turn = 0; turn < 10; turn++) await harness.clock.advance(0);
  const seen = async (): Promise<string> => {
    const [running] = await harness.runtime.listContainers();
    const script =
      'cd /sys/fs/cgroup; head -n 1 cpu.max; cat cpu.weight memory.max /proc/1/oom_score_adj; mount -t cgroup2';
    const { stdout } = await harness.runtime.execSync(running?.id ?? '', ['sh', '-c', script], 0);
    return Buffer.from(stdout).toString('utf8');
  };
  const mounted = 'cgroup on /sys/fs/cgroup type cgroup2 (ro,nosuid,nodev,noexec,relatime)\n';
  assert.equal(await seen(), `2000 100000\n1\n36700160\n-997\n${mounted}`);
  const body = { spec: { containers: [{ name: 'main', resources: amounts('1', '40Mi') }] } };
  const { status } = await harness.api.request('PATCH', '/api/v1/namespaces/default/pods/p/resize', body, {
    'content-type': 'application/strategic-merge-patch+json',
  });
  assert.equal(status, 200);
  for (let turn = 0; turn < 10; turn++) await harness.clock.advance(0);
  assert.equal(await seen(), `100000 100000\n39\n41943040\n-997\n${mounted}`);
});
