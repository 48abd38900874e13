import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { PodDisruptionBudget } from '../../types/policy-v1.ts';
import { podDisruptionBudgetStrategy } from './pod-disruption-budget-strategy.ts';

/** The types of PodDisruptionBudget objects. */
export const podDisruptionBudgetTypes: TypeSource = {
  package: 'io.k8s.api.policy.v1',
  text: `
kind PodDisruptionBudget
  metadata: meta.ObjectMeta=
  spec: PodDisruptionBudgetSpec=
  status: PodDisruptionBudgetStatus=

type PodDisruptionBudgetSpec
  maxUnavailable: intstr.IntOrString
  minAvailable: intstr.IntOrString
  selector: meta.LabelSelector strategy(replace)
  unhealthyPodEvictionPolicy: string enum(AlwaysAllow, IfHealthyBudget)

type PodDisruptionBudgetStatus
  conditions: [meta.Condition] map(type) merge(type)
  currentHealthy: int32=
  desiredHealthy: int32=
  disruptedPods: {meta.Time}
  disruptionsAllowed: int32=
  expectedPods: int32=
  observedGeneration: int64
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Min Available',
    'string',
    'The minimum number of pods that must be available.',
    (object: PodDisruptionBudget) => `${object.spec?.minAvailable ?? 'N/A'}`,
  ),
  column(
    'Max Unavailable',
    'string',
    'The maximum number of pods that may be unavailable.',
    (object: PodDisruptionBudget) => `${object.spec?.maxUnavailable ?? 'N/A'}`,
  ),
  column(
    'Allowed Disruptions',
    'integer',
    'Calculated number of pods that may be disrupted at this time.',
    (object: PodDisruptionBudget) => object.status?.disruptionsAllowed ?? 0,
  ),
  ageColumn,
];

/** The poddisruptionbudgets resource. */
export const podDisruptionBudgetResource: ResourceDefinition = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  columns,
  strategy: podDisruptionBudgetStrategy,
};
