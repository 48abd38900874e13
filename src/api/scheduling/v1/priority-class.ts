import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of PriorityClass objects. */
export const priorityClassTypes: TypeSource = {
  package: 'io.k8s.api.scheduling.v1',
  text: `
kind PriorityClass
  description: string
  globalDefault: bool
  metadata: meta.ObjectMeta=
  preemptionPolicy: string enum(Never, PreemptLowerPriority)
  value: int32=
`,
};

/** The priorityclasses resource. */
export const priorityClassResource: ResourceDefinition = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.scheduling.v1.PriorityClass',
};
