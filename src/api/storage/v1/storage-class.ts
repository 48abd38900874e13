import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of StorageClass objects. */
export const storageClassTypes: TypeSource = {
  package: 'io.k8s.api.storage.v1',
  text: `
kind StorageClass
  allowVolumeExpansion: bool
  allowedTopologies: [core.TopologySelectorTerm] atomic
  metadata: meta.ObjectMeta=
  mountOptions: [string] atomic
  parameters: {string}
  provisioner!: string=
  reclaimPolicy: string enum(Delete, Recycle, Retain)
  volumeBindingMode: string enum(Immediate, WaitForFirstConsumer)
`,
};

/** The storageclasses resource. */
export const storageClassResource: ResourceDefinition = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  resource: 'storageclasses',
  singular: 'storageclass',
  shortNames: ['sc'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.storage.v1.StorageClass',
};
