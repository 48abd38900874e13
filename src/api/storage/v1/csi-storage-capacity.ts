import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { csiStorageCapacityStrategy } from './csi-storage-capacity-strategy.ts';

/** The types of CSIStorageCapacity objects. */
export const csiStorageCapacityTypes: TypeSource = {
  package: 'io.k8s.api.storage.v1',
  text: `
kind CSIStorageCapacity
  capacity: resource.Quantity
  maximumVolumeSize: resource.Quantity
  metadata: meta.ObjectMeta=
  nodeTopology: meta.LabelSelector
  storageClassName!: string=
`,
};

/** The csistoragecapacities resource. */
export const csiStorageCapacityResource: ResourceDefinition = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  resource: 'csistoragecapacities',
  singular: 'csistoragecapacity',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.storage.v1.CSIStorageCapacity',
  strategy: csiStorageCapacityStrategy,
};
