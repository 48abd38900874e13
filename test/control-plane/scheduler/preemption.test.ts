import assert from 'node:assert/strict';
import test from 'node:test';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import type { PodDisruptionBudget } from '../../../src/api/types/policy-v1.ts';
import { findPreemption } from '../../../src/control-plane/scheduler/preemption.ts';
import { schedulePod } from '../../../src/control-plane/scheduler/scheduling-algorithm.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { type TestNode, testCluster, testPod, type TestPodFacts } from '../../support/scheduling-cluster.ts';

function running(name: string, priority: number, cpu: string, more: TestPodFacts = {}): Pod {
  const startTime = '2026-01-01T00:00:00Z';
  return testPod(name, { requests: { cpu }, status: { startTime }, ...more, spec: { priority, ...more.spec } });
}

function budget(
  name: string,
  app: string,
  disruptionsAllowed: number,
  disruptedPods?: Record<string, string>,
): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app } } },
    status: {
      disruptionsAllowed,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
      ...(disruptedPods === undefined ? {} : { disruptedPods }),
    },
  };
}

const guarded = (name: string, priority: number, cpu: string): Pod =>
  running(name, priority, cpu, { labels: { app: 'db' } });
const started = (name: string, startTime: string): Pod => running(name, 1, '4', { status: { startTime } });
const going: TestPodFacts = {
  deleted: true,
  status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] },
};
const unhelpful = 'Preemption is not helpful for scheduling';

const cases: readonly {
  readonly name: string;
  readonly nodes: Readonly<Record<string, TestNode>>;
  readonly pod?: TestPodFacts;
  readonly budgets?: readonly PodDisruptionBudget[];
  /** `node: victims`, or why there is none. */
  readonly found: string;
}[] = [
  {
    name: 'the least important ones go, and no more than have to',
    nodes: { a: { pods: [running('low', 1, '2'), running('lower', 0, '1'), running('lowest', -5, '1')] } },
    found: 'a: lower lowest',
  },
  {
    name: 'as important or more so, they stay',
    nodes: { a: { pods: [running('equal', 10, '2'), running('higher', 20, '2')] } },
    found: 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  },
  {
    name: 'a node that is too small, and one that is tainted',
    nodes: { a: { allocatable: { cpu: '1' } }, b: { taints: [{ key: 'x', effect: 'NoSchedule' }] } },
    found: `preemption: 0/2 nodes are available: 2 ${unhelpful}.`,
  },
  {
    name: 'the lesser ones together are not enough',
    nodes: { a: { pods: [running('low', 1, '1'), running('higher', 20, '3')] } },
    found: 'preemption: 0/1 nodes are available: 1 Insufficient cpu.',
  },
  {
    name: 'the node whose most important victim is least important',
    nodes: { a: { pods: [running('a1', 5, '4')] }, b: { pods: [running('b1', 3, '4')] } },
    found: 'b: b1',
  },
  {
    name: 'then the smallest sum of priorities',
    nodes: {
      a: { pods: [running('a1', 3, '3'), running('a2', 3, '1')] },
      b: { pods: [running('b1', 3, '3'), running('b2', 1, '1')] },
    },
    found: 'b: b1',
  },
  {
    name: 'then the latest start',
    nodes: {
      a: { pods: [started('a1', '2026-01-01T00:00:00Z')] },
      b: { pods: [started('b1', '2026-01-02T00:00:00Z')] },
    },
    found: 'b: b1',
  },
  {
    name: 'a budget keeps its pods as long as others will do',
    nodes: { a: { pods: [guarded('db', 0, '2'), running('web', 1, '2')] } },
    budgets: [budget('db', 'db', 0)],
    found: 'a: web',
  },
  {
    name: 'a node without violations before one with less important victims',
    nodes: { a: { pods: [guarded('db', 0, '4')] }, b: { pods: [running('web', 5, '4')] } },
    budgets: [budget('db', 'db', 0)],
    found: 'b: web',
  },
  {
    name: 'a budget is no veto',
    nodes: { a: { pods: [guarded('db', 0, '4')] } },
    budgets: [budget('db', 'db', 0)],
    found: 'a: db',
  },
  {
    name: 'a budget with room, or that knows already, is not violated',
    nodes: { a: { pods: [guarded('db', 0, '4')] }, b: { pods: [running('web', 5, '4')] } },
    budgets: [budget('db', 'db', 1), budget('db2', 'db', 0, { db: '2026-01-01T00:00:00Z' })],
    found: 'a: db',
  },
  {
    name: 'who may not preempt',
    nodes: { a: { pods: [running('low', 1, '4')] } },
    pod: { spec: { preemptionPolicy: 'Never' } },
    found: 'preemption: not eligible due to preemptionPolicy=Never.',
  },
  {
    name: 'who waits for victims that are going',
    nodes: { a: { pods: [running('low', 1, '4', going)] } },
    pod: { status: { nominatedNodeName: 'a' } },
    found: 'preemption: not eligible due to a terminating pod on the nominated node.',
  },
  {
    name: 'anti-affinity is satisfied by evicting',
    nodes: {
      a: {
        pods: [running('low', 1, '1', { labels: { app: 'web' } }), running('high', 20, '1')],
      },
    },
    pod: {
      spec: {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } },
            ],
          },
        },
      },
    },
    found: 'a: low',
  },
];

for (const { name, nodes, pod: facts = {}, budgets = [], found } of cases) {
  test(name, () => {
    const cluster = testCluster({ nodes });
    const pod = testPod('new', { requests: { cpu: '2' }, ...facts, spec: { priority: 10, ...facts.spec } });
    const result = schedulePod(pod, cluster, seededRandom(1));
    assert.ok(!result.fits && result.mayPreempt);
    const { unfit } = result;
    const outcome = findPreemption({ pod, cluster, unfit, budgets, nominated: () => [], random: seededRandom(1) });
    const said =
      typeof outcome === 'string'
        ? outcome
        : `${outcome.nodeName}: ${outcome.victims.map(({ metadata }) => metadata.name).join(' ')}`;
    assert.equal(said, found);
  });
}
