import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setPersistentVolumeClaimDefaults } from './core-defaults.ts';
import { persistentVolumeClaimStrategy } from './persistent-volume-claim-strategy.ts';
import { accessModesText, quantityCell, storageClassOf } from './volume-cells.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../../columns.ts';
import type { PersistentVolumeClaim } from '../../types/core-v1.ts';

/** The types of PersistentVolumeClaim objects. */
export const persistentVolumeClaimTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind PersistentVolumeClaim
  metadata: meta.ObjectMeta=
  spec: PersistentVolumeClaimSpec=
  status: PersistentVolumeClaimStatus=

type ModifyVolumeStatus
  status!: string= enum(InProgress, Infeasible, Pending)
  targetVolumeAttributesClassName: string

type PersistentVolumeClaimCondition
  lastProbeTime: meta.Time
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type PersistentVolumeClaimStatus
  accessModes: [string enum(ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod)] atomic
  allocatedResourceStatuses: {string enum(ControllerResizeInProgress, ControllerResizeInfeasible, NodeResizeInProgress, NodeResizeInfeasible, NodeResizePending)} granular-map
  allocatedResources: {resource.Quantity}
  capacity: {resource.Quantity}
  conditions: [PersistentVolumeClaimCondition] map(type) merge(type)
  currentVolumeAttributesClassName: string
  modifyVolumeStatus: ModifyVolumeStatus
  phase: string enum(Bound, Lost, Pending)
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'string', '@core.v1.PersistentVolumeClaimStatus.phase', (object: PersistentVolumeClaim) =>
    object.metadata.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating',
  ),
  column(
    'Volume',
    'string',
    '@core.v1.PersistentVolumeClaimSpec.volumeName',
    (object: PersistentVolumeClaim) => object.spec?.volumeName ?? '',
  ),
  column('Capacity', 'string', '@core.v1.PersistentVolumeClaimStatus.capacity', (object: PersistentVolumeClaim) =>
    object.spec?.volumeName ? quantityCell(object.status?.capacity?.['storage']) : '',
  ),
  column(
    'Access Modes',
    'string',
    '@core.v1.PersistentVolumeClaimStatus.accessModes',
    (object: PersistentVolumeClaim) => (object.spec?.volumeName ? accessModesText(object.status?.accessModes) : ''),
  ),
  column('StorageClass', 'string', 'StorageClass of the pvc', (object: PersistentVolumeClaim) =>
    storageClassOf(object.metadata.annotations, object.spec?.storageClassName),
  ),
  column(
    'VolumeAttributesClass',
    'string',
    'VolumeAttributesClass of the pvc',
    (object: PersistentVolumeClaim) => object.spec?.volumeAttributesClassName ?? '<unset>',
  ),
  ageColumn,
  wideColumn(
    'VolumeMode',
    'string',
    '@core.v1.PersistentVolumeClaimSpec.volumeMode',
    (object: PersistentVolumeClaim) => object.spec?.volumeMode ?? '<unset>',
  ),
];

/** The persistentvolumeclaims resource. */
export const persistentVolumeClaimResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  columns,
  setDefaults: setPersistentVolumeClaimDefaults,
  strategy: persistentVolumeClaimStrategy,
};
