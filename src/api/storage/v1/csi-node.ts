import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { CSINode } from '../../types/storage-v1.ts';
import { csiNodeStrategy } from './csi-node-strategy.ts';

/** The types of CSINode objects. */
export const csiNodeTypes: TypeSource = {
  package: 'io.k8s.api.storage.v1',
  text: `
kind CSINode
  metadata: meta.ObjectMeta=
  spec!: CSINodeSpec=

type CSINodeDriver
  allocatable: VolumeNodeResources
  name!: string=
  nodeID!: string=
  topologyKeys: [string] atomic null

type CSINodeSpec
  drivers!: [CSINodeDriver] map(name) merge(name) null

type VolumeNodeResources
  count: int32
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Drivers',
    'integer',
    'Drivers indicates the number of CSI drivers registered on the node',
    // A node without drivers has none at all.
    (object: CSINode) => object.spec.drivers?.length ?? 0,
  ),
  ageColumn,
];

/** The csinodes resource. */
export const csiNodeResource: ResourceDefinition = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  resource: 'csinodes',
  singular: 'csinode',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.storage.v1.CSINode',
  columns,
  strategy: csiNodeStrategy,
};
