import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { CSIDriver } from '../../types/storage-v1.ts';
import { csiDriverStrategy, setCsiDriverDefaults } from './csi-driver-strategy.ts';

/** The types of CSIDriver objects. */
export const csiDriverTypes: TypeSource = {
  package: 'io.k8s.api.storage.v1',
  text: `
kind CSIDriver
  metadata: meta.ObjectMeta=
  spec!: CSIDriverSpec=

type CSIDriverSpec
  attachRequired: bool
  fsGroupPolicy: string
  nodeAllocatableUpdatePeriodSeconds: int64
  podInfoOnMount: bool
  preventPodSchedulingIfMissing: bool
  requiresRepublish: bool
  seLinuxMount: bool
  serviceAccountTokenInSecrets: bool
  storageCapacity: bool
  tokenRequests: [TokenRequest] atomic
  volumeLifecycleModes: [string] set

type TokenRequest
  audience!: string=
  expirationSeconds: int64
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'AttachRequired',
    'boolean',
    '@storage.v1.CSIDriverSpec.attachRequired',
    (object: CSIDriver) => object.spec.attachRequired ?? true,
  ),
  column(
    'PodInfoOnMount',
    'boolean',
    '@storage.v1.CSIDriverSpec.podInfoOnMount',
    (object: CSIDriver) => object.spec.podInfoOnMount ?? false,
  ),
  column(
    'StorageCapacity',
    'boolean',
    '@storage.v1.CSIDriverSpec.storageCapacity',
    (object: CSIDriver) => object.spec.storageCapacity ?? false,
  ),
  column(
    'TokenRequests',
    'string',
    '@storage.v1.CSIDriverSpec.tokenRequests',
    (object: CSIDriver) => object.spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
  ),
  column(
    'RequiresRepublish',
    'boolean',
    '@storage.v1.CSIDriverSpec.requiresRepublish',
    (object: CSIDriver) => object.spec.requiresRepublish ?? false,
  ),
  column(
    'Modes',
    'string',
    '@storage.v1.CSIDriverSpec.volumeLifecycleModes',
    (object: CSIDriver) => (object.spec.volumeLifecycleModes ?? []).join(',') || '<none>',
  ),
  ageColumn,
];

/** The csidrivers resource. */
export const csiDriverResource: ResourceDefinition = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  singular: 'csidriver',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.storage.v1.CSIDriver',
  columns,
  setDefaults: setCsiDriverDefaults,
  strategy: csiDriverStrategy,
};
