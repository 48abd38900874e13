import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { podStrategy } from '../../../../src/api/core/v1/pod-strategy.ts';
import type { RequestContext } from '../../../../src/api/resource-definition.ts';
import type { Pod, PodAffinityTerm } from '../../../../src/api/types/core-v1.ts';
import type { LabelSelector } from '../../../../src/api/types/meta-v1.ts';

const labels = { app: 'web', 'pod-template-hash': 'h1', tier: '' };
const hashIs = (operator: 'In' | 'NotIn') => ({ key: 'pod-template-hash', operator, values: ['h1'] });

/** What a new pod with this spec becomes; parts that are one object here are written apart, as in a request. */
function merged(spec: Pod['spec'], own: Readonly<Record<string, string>> = labels): Pod {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: own }, spec });
  const pod = JSON.parse(text) as Pod & Unstructured;
  podStrategy.prepareForCreate?.(pod, { now: new Date(0) } as unknown as RequestContext);
  return pod;
}

const selectorsOfAffinity = ({ spec }: Pod): (LabelSelector | undefined)[] =>
  [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm.labelSelector),
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.labelSelector),
  ]);

const cases: readonly [name: string, term: Partial<PodAffinityTerm>, expected: LabelSelector | undefined][] = [
  [
    'both kinds of keys come after what is there, each with the value of the pod',
    {
      labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
      matchLabelKeys: ['pod-template-hash', 'tier'],
      mismatchLabelKeys: ['app'],
    },
    {
      matchExpressions: [
        { key: 'app', operator: 'Exists' },
        hashIs('In'),
        { key: 'tier', operator: 'In', values: [''] },
        { key: 'app', operator: 'NotIn', values: ['web'] },
      ],
    },
  ],
  [
    'a selector of labels alone gets expressions beside them',
    { labelSelector: { matchLabels: { app: 'web' } }, mismatchLabelKeys: ['pod-template-hash'] },
    { matchLabels: { app: 'web' }, matchExpressions: [hashIs('NotIn')] },
  ],
  [
    'an empty selector is narrowed',
    { labelSelector: {}, matchLabelKeys: ['pod-template-hash'] },
    { matchExpressions: [hashIs('In')] },
  ],
  ['keys that the pod does not have say nothing', { labelSelector: {}, matchLabelKeys: ['absent'] }, {}],
  ['without a selector nothing is made', { matchLabelKeys: ['pod-template-hash'] }, undefined],
];

for (const [name, part, expected] of cases) {
  test(`affinity: ${name}`, () => {
    const term: PodAffinityTerm = { topologyKey: 'zone', ...part };
    const affinity = {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }],
      requiredDuringSchedulingIgnoredDuringExecution: [term],
    };
    const pod = merged({ containers: [], affinity: { podAffinity: affinity, podAntiAffinity: affinity } });
    assert.deepEqual(selectorsOfAffinity(pod), [expected, expected, expected, expected]);
  });
}

test('constraints on spreading are narrowed by matchLabelKeys', () => {
  const constraint = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: 'web' } },
    matchLabelKeys: ['pod-template-hash', 'absent'],
  };
  const pod = merged({ containers: [], topologySpreadConstraints: [constraint] });
  assert.deepEqual(pod.spec?.topologySpreadConstraints, [
    { ...constraint, labelSelector: { ...constraint.labelSelector, matchExpressions: [hashIs('In')] } },
  ]);
});

test('a pod without labels is left as it is', () => {
  const constraint = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: {},
    matchLabelKeys: ['app'],
  };
  const spec = { containers: [], topologySpreadConstraints: [constraint] };
  assert.deepEqual(merged(spec, {}).spec, spec);
});
