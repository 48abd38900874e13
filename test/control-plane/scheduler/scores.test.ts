import assert from 'node:assert/strict';
import test from 'node:test';
import type { PodAffinityTerm, PodSpec } from '../../../src/api/types/core-v1.ts';
import type { ScorePlugin } from '../../../src/control-plane/scheduler/framework.ts';
import { imageLocalityScore } from '../../../src/control-plane/scheduler/plugins/image-locality.ts';
import { interPodAffinityScore } from '../../../src/control-plane/scheduler/plugins/inter-pod-affinity.ts';
import { nodeAffinityScore } from '../../../src/control-plane/scheduler/plugins/node-affinity.ts';
import {
  nodeResourcesBalancedScore,
  nodeResourcesFitScore,
} from '../../../src/control-plane/scheduler/plugins/node-resources.ts';
import { podTopologySpreadScore } from '../../../src/control-plane/scheduler/plugins/pod-topology-spread.ts';
import { taintTolerationScore } from '../../../src/control-plane/scheduler/plugins/taints.ts';
import { schedulePod } from '../../../src/control-plane/scheduler/scheduling-algorithm.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { type TestClusterFacts, testCluster, testPod, type TestPodFacts } from '../../support/scheduling-cluster.ts';

const mebibyte = 1024 * 1024;
const used = (cpu: string, memory: string) => [testPod(`busy-${cpu}`, { requests: { cpu, memory } })];
const soft = { key: 'old', effect: 'PreferNoSchedule' };
const zones = { a: { labels: { zone: 'x' } }, b: { labels: { zone: 'x' } }, c: { labels: { zone: 'y' } } };
const web: PodAffinityTerm = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'web' } } };
const webs = (...names: string[]) => names.map((name) => testPod(name, { labels: { app: 'web' } }));

function preferring(kind: 'podAffinity' | 'podAntiAffinity', weight: number): Partial<PodSpec> {
  const preferred = [{ weight, podAffinityTerm: web }];
  return { affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } };
}

const cases: readonly {
  readonly name: string;
  readonly plugin: ScorePlugin;
  readonly pod: TestPodFacts;
  readonly cluster: TestClusterFacts;
  /** Undefined: all nodes are alike. */
  readonly scores: readonly number[] | undefined;
}[] = [
  {
    name: 'soft taints',
    plugin: taintTolerationScore,
    pod: {},
    cluster: { nodes: { a: { taints: [soft] }, b: { taints: [soft, { ...soft, key: 'slow' }] }, c: {} } },
    scores: [50, 0, 100],
  },
  {
    name: 'soft taints that are tolerated',
    plugin: taintTolerationScore,
    pod: { spec: { tolerations: [{ key: 'old', operator: 'Exists' }] } },
    cluster: { nodes: { a: { taints: [soft] }, b: {} } },
    scores: [100, 100],
  },
  {
    name: 'preferred nodes',
    plugin: nodeAffinityScore,
    pod: {
      spec: {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 30, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['x'] }] } },
              { weight: 10, preference: { matchExpressions: [{ key: 'zone', operator: 'Exists' }] } },
            ],
          },
        },
      },
    },
    cluster: { nodes: { ...zones, d: {} } },
    scores: [100, 100, 25, 0],
  },
  { name: 'no preferred nodes', plugin: nodeAffinityScore, pod: {}, cluster: { nodes: zones }, scores: undefined },
  {
    name: 'the emptier the better',
    plugin: nodeResourcesFitScore,
    pod: { requests: { cpu: '1', memory: '2Gi' } },
    cluster: { nodes: { a: {}, b: { pods: used('2', '4Gi') }, c: { pods: used('4', '8Gi') } } },
    scores: [75, 25, 0],
  },
  {
    name: 'pods that ask for nothing count a little',
    plugin: nodeResourcesFitScore,
    pod: {},
    cluster: { nodes: { a: { allocatable: { cpu: '1', memory: '2000Mi' } } } },
    scores: [90],
  },
  {
    name: 'an even use',
    plugin: nodeResourcesBalancedScore,
    pod: { requests: { cpu: '2', memory: '1Gi' } },
    // Alone: 50 % and 12.5 %; where memory is used already: 50 % and 50 %.
    cluster: { nodes: { a: {}, b: { pods: used('0', '3Gi') } } },
    scores: [65, 84],
  },
  {
    name: 'an even use by what asks for nothing',
    plugin: nodeResourcesBalancedScore,
    pod: {},
    cluster: { nodes: { a: {} } },
    scores: undefined,
  },
  {
    name: 'images that are there, by their size and on how many nodes',
    plugin: imageLocalityScore,
    pod: { image: 'big' },
    cluster: { nodes: { a: { images: { 'big:latest': 1000 * mebibyte } }, b: {} } },
    scores: [48, 0],
  },
  {
    name: 'small images count nothing',
    plugin: imageLocalityScore,
    pod: { image: 'small:1' },
    cluster: { nodes: { a: { images: { 'small:1': 20 * mebibyte } } } },
    scores: [0],
  },
  {
    name: 'near others',
    plugin: interPodAffinityScore,
    pod: { spec: preferring('podAffinity', 5) },
    cluster: { nodes: { ...zones, a: { ...zones.a, pods: webs('w1') } } },
    scores: [100, 100, 0],
  },
  {
    name: 'apart from others',
    plugin: interPodAffinityScore,
    pod: { spec: preferring('podAntiAffinity', 5) },
    cluster: { nodes: { ...zones, a: { ...zones.a, pods: webs('w1') } } },
    scores: [0, 0, 100],
  },
  {
    name: 'others like to have it near',
    plugin: interPodAffinityScore,
    pod: { labels: { app: 'web' } },
    cluster: { nodes: { ...zones, c: { ...zones.c, pods: [testPod('fan', { spec: preferring('podAffinity', 5) })] } } },
    scores: [0, 0, 100],
  },
  {
    name: 'nobody cares',
    plugin: interPodAffinityScore,
    pod: {},
    cluster: { nodes: { ...zones, a: { ...zones.a, pods: webs('w1') } } },
    scores: undefined,
  },
  {
    name: 'softly spread over zones',
    plugin: podTopologySpreadScore,
    pod: {
      labels: { app: 'web' },
      spec: {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'zone',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: { app: 'web' } },
          },
        ],
      },
    },
    // ln(2 + 2) a pod: 3, 3, 1.
    cluster: {
      nodes: { ...zones, a: { ...zones.a, pods: webs('w1', 'w2') }, c: { ...zones.c, pods: webs('w3') }, d: {} },
    },
    scores: [33, 33, 100, 0],
  },
  {
    name: 'spread over nodes by default',
    plugin: podTopologySpreadScore,
    pod: { labels: { app: 'web' } },
    // Two a node: 2 for the skew, and ln(3 + 2) a pod there.
    cluster: { nodes: { ...zones, a: { ...zones.a, pods: webs('w1', 'w2') } }, like: 'app=web' },
    scores: [40, 100, 100],
  },
  {
    name: 'nothing of its like is known',
    plugin: podTopologySpreadScore,
    pod: { labels: { app: 'web' } },
    cluster: { nodes: zones },
    scores: undefined,
  },
];

for (const { name, plugin, pod, cluster, scores } of cases) {
  test(`${plugin.name}: ${name}`, () => {
    const view = testCluster(cluster);
    const marks = plugin.prepare(testPod('new', pod), view, view.nodes);
    const raw = marks === undefined ? undefined : view.nodes.map((node) => marks.score(node));
    assert.deepEqual(raw === undefined ? undefined : (marks?.normalize?.(raw, view.nodes) ?? raw), scores);
  });
}

test('the node with the most marks is taken, equal ones by chance', () => {
  const pod = testPod('new', { requests: { cpu: '1', memory: '1Gi' } });
  const cluster = testCluster({ nodes: { a: { pods: used('2', '2Gi') }, b: {}, c: {} } });
  const random = seededRandom(1);
  const taken = new Set<string>();
  for (let time = 0; time < 20; time++) {
    const result = schedulePod(pod, cluster, random);
    taken.add(result.fits ? result.nodeName : 'none');
  }
  assert.deepEqual([...taken].toSorted(), ['b', 'c']);
});

test('a pod that was promised a node goes there, and others leave room for it', () => {
  const large = { requests: { cpu: '3' } };
  const cluster = testCluster({ nodes: { a: { pods: used('1', '1Gi') }, b: {} } });
  const promised = testPod('first', { ...large, status: { nominatedNodeName: 'a' }, spec: { priority: 5 } });
  const result = schedulePod(promised, cluster, seededRandom(1));
  assert.deepEqual(result, { fits: true, nodeName: 'a' });
  const nominated = (name: string) => (name === 'a' ? [promised] : []);
  const another = schedulePod(testPod('second', large), cluster, seededRandom(1), nominated);
  assert.deepEqual(another, { fits: true, nodeName: 'b' });
  // One that is more important need not.
  const urgent = testPod('third', { requests: { cpu: '3', memory: '7Gi' }, spec: { priority: 9 } });
  const busy = testCluster({ nodes: { a: {}, b: { pods: used('4', '1Gi') } } });
  assert.deepEqual(schedulePod(urgent, busy, seededRandom(1), nominated), { fits: true, nodeName: 'a' });
});
