import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../src/api/types/core-v1.ts';
import { linuxResources } from '../../../src/node/kubelet/linux-resources.ts';
import { podCgroup, podLevelResources } from '../../../src/node/kubelet/pod-level-resources.ts';
import { createNodeCluster } from '../../support/node-cluster.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

function asking(requests: Record<string, string>, limits: Record<string, string>, more: object = {}): Container {
  return { name: 'c', image: 'busybox', resources: { requests, limits }, ...more };
}

function podOf(spec: PodSpec): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { uid: 'u' }, spec };
}

const cases: readonly (readonly [of: string, spec: PodSpec, has: ResourceRequirements])[] = [
  ['nothing', { containers: [{ name: 'c', image: 'i' }] }, {}],
  [
    'the sum of its containers',
    { containers: [asking({ cpu: '100m' }, { cpu: '1' }), asking({ cpu: '1', memory: '1Mi' }, { cpu: '1' })] },
    { requests: { cpu: '1100m', memory: '1Mi' }, limits: { cpu: '2' } },
  ],
  [
    'no limit where a container has none',
    { containers: [asking({ cpu: '1' }, { cpu: '1' }), asking({ cpu: '1' }, {})] },
    { requests: { cpu: '2' } },
  ],
  [
    'what it states for itself',
    {
      containers: [asking({ cpu: '1' }, {})],
      resources: { requests: { cpu: '2' }, limits: { cpu: '3', memory: '1Gi' } },
    },
    { requests: { cpu: '2' }, limits: { cpu: '3', memory: '1Gi' } },
  ],
  [
    'an init container that needs more, beside a sidecar that stays',
    {
      initContainers: [asking({ cpu: '1' }, {}, { restartPolicy: 'Always' }), asking({ cpu: '5' }, {})],
      containers: [asking({ cpu: '2' }, {})],
    },
    { requests: { cpu: '6' } },
  ],
  [
    'its overhead as well',
    { containers: [asking({ cpu: '1' }, {})], overhead: { cpu: '250m' } },
    { requests: { cpu: '1250m' } },
  ],
];

for (const [of, spec, has] of cases) {
  test(`a pod as a whole has ${of}`, () => assert.deepEqual(podLevelResources(podOf(spec)), has));
}

test('control groups are by the quality of service', () => {
  const amounts = { cpu: '1', memory: '1Gi' };
  const folder = (...containers: Container[]): string => podCgroup(podOf({ containers }));
  assert.equal(folder(asking(amounts, amounts)), '/sys/fs/cgroup/kubepods/podu');
  assert.equal(folder(asking(amounts, {})), '/sys/fs/cgroup/kubepods/burstable/podu');
  assert.equal(folder(asking({}, {})), '/sys/fs/cgroup/kubepods/besteffort/podu');
});

test('memory that the pod asks for beyond its containers counts for each of them', () => {
  const container = asking({ memory: '100' }, {});
  const containers = [container, { ...container, name: 'd' }];
  const score = (memory: string): number =>
    linuxResources(podOf({ containers, resources: { requests: { memory } } }), container, 1000).oomScoreAdjust;
  assert.equal(score('200'), 900);
  assert.equal(score('400'), 800);
});

test('a pod that asks for more as a whole gets it, and its control group and status say so', async (context) => {
  const { api, createPod, runtime, work } = await createNodeCluster(context);
  const resources = (cpu: string, memory: string): ResourceRequirements => ({
    requests: { cpu, memory },
    limits: { cpu, memory },
  });
  const { metadata } = await createPod('p', {
    resources: resources('1', '128Mi'),
    volumes: [{ name: 'cgroups', hostPath: { path: '/sys/fs/cgroup' } }],
    containers: [
      {
        name: 'main',
        image: 'busybox',
        command: ['sleep', '1000'],
        volumeMounts: [{ name: 'cgroups', mountPath: '/node' }],
      },
    ],
  });
  const held = async (): Promise<string> => {
    const [container] = await runtime.listContainers({});
    const script = `cd /node/kubepods/pod${metadata.uid ?? ''}; cat cpu.weight cpu.max memory.max`;
    const { stdout } = await runtime.execSync(container?.id ?? '', ['sh', '-c', script], 0);
    return Buffer.from(stdout).toString().trim().replaceAll('\n', ', ');
  };
  const get = (): Promise<Pod> => api.client.resource<Pod>(podsResource, 'default').get('p');
  const { status } = await get();
  assert.deepEqual(status?.resources, resources('1', '128Mi'));
  assert.deepEqual(status.allocatedResources, { cpu: '1', memory: '128Mi' });
  assert.equal(await held(), '39, 100000 100000, 134217728');
  const pod = { metadata: { name: 'p' }, spec: { resources: resources('2', '256Mi') } };
  const path = '/api/v1/namespaces/default/pods/p/resize';
  const headers = { 'content-type': 'application/merge-patch+json' };
  assert.equal((await api.request('PATCH', path, pod, headers)).status, 200);
  await work();
  const after = await get();
  assert.deepEqual(after.status?.resources, resources('2', '256Mi'));
  assert.deepEqual(after.status.allocatedResources, { cpu: '2', memory: '256Mi' });
  assert.equal(await held(), '79, 200000 100000, 268435456');
});
