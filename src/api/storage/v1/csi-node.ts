import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  topologyKeys: [string] atomic

type CSINodeSpec
  drivers!: [CSINodeDriver] map(name) merge(name)

type VolumeNodeResources
  count: int32
`,
};

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
};
