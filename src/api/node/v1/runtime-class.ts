import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { RuntimeClass } from '../../types/node-v1.ts';
import { runtimeClassStrategy } from './runtime-class-strategy.ts';

/** The types of RuntimeClass objects. */
export const runtimeClassTypes: TypeSource = {
  package: 'io.k8s.api.node.v1',
  text: `
kind RuntimeClass
  handler!: string=
  metadata: meta.ObjectMeta=
  overhead: Overhead
  scheduling: Scheduling

type Overhead
  podFixed: {resource.Quantity}

type Scheduling
  nodeSelector: {string} atomic-map
  tolerations: [core.Toleration] atomic
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column('Handler', 'string', '', (object: RuntimeClass) => object.handler),
  ageColumn,
];

/** The runtimeclasses resource. */
export const runtimeClassResource: ResourceDefinition = {
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  singular: 'runtimeclass',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.node.v1.RuntimeClass',
  columns,
  strategy: runtimeClassStrategy,
};
