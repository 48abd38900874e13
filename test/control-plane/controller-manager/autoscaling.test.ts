import assert from 'node:assert/strict';
import test from 'node:test';
import type { HorizontalPodAutoscalerBehavior, HPAScalingPolicy } from '../../../src/api/types/autoscaling-v2.ts';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import { formatTime } from '../../../src/apimachinery/object-meta.ts';
import { ScalingHistory } from '../../../src/control-plane/controller-manager/autoscaling-limits.ts';
import { goSelector } from '../../../src/control-plane/controller-manager/autoscaling-proposals.ts';
import {
  replicasForAmount,
  replicasForShare,
  replicasForTotal,
  replicasForUtilization,
} from '../../../src/control-plane/controller-manager/autoscaling-replicas.ts';

const now = Date.UTC(2026, 0, 1, 1);
const tolerances = { up: 0.1, down: 0.1 };

type Kind = 'ready' | 'pending' | 'starting' | 'failed' | 'unmeasured';

function podOf(name: string, kind: Kind, cpu: string | undefined): Pod {
  const started = kind === 'starting' ? now - 60_000 : now - 3_600_000;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [{ name: 'main', image: 'a', ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }) }],
    },
    status: {
      phase: { pending: 'Pending', failed: 'Failed' }[kind as string] ?? 'Running',
      startTime: formatTime(started),
      conditions: [
        { type: 'Ready', status: kind === 'starting' ? 'False' : 'True', lastTransitionTime: formatTime(started) },
      ],
    },
  };
}

/** Pods, each with what it is and what it uses of the processor, in thousandths. */
function factsOf(
  pods: readonly (readonly [kind: Kind, use: number])[],
  current = pods.length,
  cpu: string | undefined = '1',
) {
  return {
    pods: pods.map(([kind], index) => podOf(`p${index}`, kind, cpu)),
    uses: new Map(
      pods.flatMap(([kind, value], index) =>
        kind === 'unmeasured' ? [] : [[`p${index}`, { value, at: now, window: 30_000 }] as const],
      ),
    ),
    resource: 'cpu',
    current,
    tolerances,
    now,
  };
}

const utilizations: readonly {
  readonly name: string;
  readonly pods: readonly (readonly [Kind, number])[];
  readonly target: number;
  readonly replicas: number;
  readonly utilization: number;
}[] = [
  {
    name: 'on target',
    pods: [
      ['ready', 500],
      ['ready', 500],
    ],
    target: 50,
    replicas: 2,
    utilization: 50,
  },
  {
    name: 'near the target',
    pods: [
      ['ready', 540],
      ['ready', 540],
    ],
    target: 50,
    replicas: 2,
    utilization: 54,
  },
  {
    name: 'above',
    pods: [
      ['ready', 900],
      ['ready', 900],
    ],
    target: 50,
    replicas: 4,
    utilization: 90,
  },
  {
    name: 'below',
    pods: [
      ['ready', 100],
      ['ready', 100],
      ['ready', 100],
    ],
    target: 50,
    replicas: 1,
    utilization: 10,
  },
  {
    name: 'pods that start do not grow it further',
    pods: [
      ['ready', 900],
      ['starting', 900],
      ['pending', 0],
    ],
    target: 50,
    replicas: 3,
    utilization: 90,
  },
  {
    name: 'pods that failed do not count',
    pods: [
      ['ready', 900],
      ['failed', 0],
    ],
    target: 50,
    replicas: 2,
    utilization: 90,
  },
  {
    name: 'nobody measured one: no pods fewer for that',
    pods: [
      ['ready', 300],
      ['ready', 300],
      ['unmeasured', 0],
    ],
    target: 50,
    replicas: 3,
    utilization: 30,
  },
  {
    name: 'nobody measured one: it is taken to use nothing when there are to be more',
    pods: [
      ['ready', 1000],
      ['ready', 1000],
      ['unmeasured', 0],
    ],
    target: 50,
    replicas: 4,
    utilization: 100,
  },
];

for (const { name, pods, target, replicas, utilization } of utilizations) {
  test(`utilization: ${name}`, () => {
    const proposal = replicasForUtilization(factsOf(pods), target, '');
    assert.deepEqual([proposal.replicas, proposal.utilization], [replicas, utilization]);
  });
}

const failures: readonly (readonly [string, () => unknown, string])[] = [
  ['no pods', () => replicasForAmount(factsOf([]), 1), 'no pods returned by selector while calculating replica count'],
  [
    'no pod is ready',
    () => replicasForAmount(factsOf([['pending', 0]]), 1),
    'did not receive metrics for targeted pods (pods might be unready)',
  ],
  [
    'a pod that does not say what it asks for',
    () => replicasForUtilization({ ...factsOf([['ready', 1]]), pods: [podOf('p0', 'ready', undefined)] }, 50, ''),
    'missing request for cpu in container main of Pod p0',
  ],
];

for (const [name, judge, message] of failures) {
  test(`metrics: ${name}`, () => assert.throws(judge, { message }));
}

test('amounts, totals and shares', () => {
  const { pods } = factsOf([
    ['ready', 0],
    ['ready', 0],
    ['pending', 0],
  ]);
  const amount = replicasForAmount(
    {
      ...factsOf([
        ['ready', 300],
        ['ready', 500],
      ]),
      resource: '',
    },
    200,
  );
  assert.deepEqual(amount, { replicas: 4, average: 400 });
  assert.equal(replicasForTotal(pods, 3, 1.05, tolerances), 3);
  assert.equal(replicasForTotal(pods, 3, 2.5, tolerances), 5);
  assert.equal(replicasForTotal(pods, 0, 2.5, tolerances), 3);
  assert.deepEqual(replicasForShare(10_000, 2000, 2, tolerances), { replicas: 5, average: 5000 });
  assert.deepEqual(replicasForShare(4100, 2000, 2, tolerances), { replicas: 2, average: 2050 });
});

function limited(input: {
  readonly current: number;
  readonly desired: number;
  readonly history?: readonly (readonly [secondsAgo: number, replicas: number])[];
  readonly behavior?: HorizontalPodAutoscalerBehavior;
  readonly scaled?: readonly (readonly [secondsAgo: number, from: number, to: number])[];
  readonly min?: number;
  readonly max?: number;
}): string[] {
  const { current, desired, history = [], behavior, scaled = [], min = 1, max = 100 } = input;
  const memory = new ScalingHistory(current, now - 1_000_000);
  const bounds = { current, min, max, behavior };
  for (const [secondsAgo, replicas] of history) {
    memory.limit({ ...bounds, desired: replicas, now: now - secondsAgo * 1000 });
  }
  for (const [secondsAgo, from, to] of scaled) memory.scaled(from, to, behavior, now - secondsAgo * 1000);
  const { replicas, able, limited: by } = memory.limit({ ...bounds, desired, now });
  return [`${replicas}`, able.reason, `${by.reason} ${by.status}`];
}

const rules = (selectPolicy: string, ...policies: HPAScalingPolicy[]) => ({
  selectPolicy,
  policies,
  stabilizationWindowSeconds: 0,
});
const pods = (value: number, periodSeconds = 60): HPAScalingPolicy => ({ type: 'Pods', value, periodSeconds });
const percent = (value: number, periodSeconds = 60): HPAScalingPolicy => ({ type: 'Percent', value, periodSeconds });
const free = rules('Max', percent(1000));

const limits: readonly (readonly [string, Parameters<typeof limited>[0], readonly string[]])[] = [
  ['within range', { current: 3, desired: 4 }, ['4', 'ReadyForNewScale', 'DesiredWithinRange False']],
  ['at most twice as many', { current: 5, desired: 20 }, ['10', 'ReadyForNewScale', 'ScaleUpLimit True']],
  ['at most four from few', { current: 1, desired: 20 }, ['4', 'ReadyForNewScale', 'ScaleUpLimit True']],
  ['too many', { current: 5, desired: 9, max: 8 }, ['8', 'ReadyForNewScale', 'TooManyReplicas True']],
  ['too few', { current: 5, desired: 1, min: 2 }, ['2', 'ReadyForNewScale', 'TooFewReplicas True']],
  [
    'a higher recommendation of the last five minutes holds it',
    { current: 8, desired: 2, history: [[299, 6]] },
    ['6', 'ScaleDownStabilized', 'DesiredWithinRange False'],
  ],
  [
    'one that is older does not',
    { current: 8, desired: 2, history: [[301, 6]] },
    ['2', 'ReadyForNewScale', 'DesiredWithinRange False'],
  ],
  [
    'rules: so many pods a minute',
    { current: 5, desired: 20, behavior: { scaleUp: rules('Max', pods(4)), scaleDown: free } },
    ['9', 'ReadyForNewScale', 'ScaleUpLimit True'],
  ],
  [
    'rules: what was added this minute counts',
    {
      current: 8,
      desired: 20,
      behavior: { scaleUp: rules('Max', pods(4)), scaleDown: free },
      scaled: [[30, 5, 8]],
    },
    ['9', 'ReadyForNewScale', 'ScaleUpLimit True'],
  ],
  [
    'rules: what was added before does not',
    {
      current: 8,
      desired: 20,
      behavior: { scaleUp: rules('Max', pods(4)), scaleDown: free },
      scaled: [[90, 5, 8]],
    },
    ['12', 'ReadyForNewScale', 'ScaleUpLimit True'],
  ],
  [
    'rules: the greatest change of two',
    { current: 10, desired: 50, behavior: { scaleUp: rules('Max', pods(4), percent(100)), scaleDown: free } },
    ['20', 'ReadyForNewScale', 'ScaleUpLimit True'],
  ],
  [
    'rules: the smallest change of two',
    { current: 10, desired: 50, behavior: { scaleUp: rules('Min', pods(4), percent(100)), scaleDown: free } },
    ['14', 'ReadyForNewScale', 'ScaleUpLimit True'],
  ],
  [
    'rules: no pods more',
    { current: 10, desired: 50, behavior: { scaleUp: rules('Disabled'), scaleDown: free } },
    ['10', 'ReadyForNewScale', 'ScaleUpLimit True'],
  ],
  [
    'rules: a tenth fewer',
    { current: 20, desired: 5, behavior: { scaleUp: free, scaleDown: rules('Max', percent(10)) } },
    ['18', 'ReadyForNewScale', 'ScaleDownLimit True'],
  ],
  [
    'rules: more only when that was recommended for a while',
    {
      current: 5,
      desired: 10,
      history: [[30, 7]],
      behavior: { scaleUp: { ...free, stabilizationWindowSeconds: 60 }, scaleDown: free },
    },
    ['7', 'ScaleUpStabilized', 'DesiredWithinRange False'],
  ],
];

for (const [name, input, found] of limits) {
  test(`limits: ${name}`, () => assert.deepEqual(limited(input), found));
}

test('selectors as Go prints them', () => {
  assert.equal(goSelector(undefined), 'nil');
  assert.equal(
    goSelector({ matchLabels: { b: '2', a: '1' } }),
    '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}',
  );
});
