import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setStorageClassDefaults } from './storage-class-defaults.ts';
import { ageColumn, column } from '../../columns.ts';
import type { StorageClass } from '../../types/storage-v1.ts';
import { storageClassStrategy } from './storage-class-strategy.ts';

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

/** The name, with a mark at the default class. */
function storageClassName({ metadata }: StorageClass): string {
  const isDefault = [
    'storageclass.kubernetes.io/is-default-class',
    'storageclass.beta.kubernetes.io/is-default-class',
  ].some((annotation) => metadata.annotations?.[annotation] === 'true');
  return isDefault ? `${metadata.name ?? ''} (default)` : (metadata.name ?? '');
}

const columns: readonly Column[] = [
  column('Name', 'string', '@meta.v1.ObjectMeta.name', storageClassName, 'name'),
  column('Provisioner', 'string', '@storage.v1.StorageClass.provisioner', (object: StorageClass) => object.provisioner),
  column(
    'ReclaimPolicy',
    'string',
    '@storage.v1.StorageClass.reclaimPolicy',
    (object: StorageClass) => object.reclaimPolicy ?? 'Delete',
  ),
  column(
    'VolumeBindingMode',
    'string',
    '@storage.v1.StorageClass.volumeBindingMode',
    (object: StorageClass) => object.volumeBindingMode ?? 'Immediate',
  ),
  column(
    'AllowVolumeExpansion',
    'string',
    '@storage.v1.StorageClass.allowVolumeExpansion',
    (object: StorageClass) => object.allowVolumeExpansion ?? false,
  ),
  ageColumn,
];

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
  columns,
  setDefaults: setStorageClassDefaults,
  strategy: storageClassStrategy,
};
