import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  status!: string=
  type!: string=

type PersistentVolumeClaimStatus
  accessModes: [string] atomic
  allocatedResourceStatuses: {string} granular-map
  allocatedResources: {resource.Quantity}
  capacity: {resource.Quantity}
  conditions: [PersistentVolumeClaimCondition] map(type) merge(type)
  currentVolumeAttributesClassName: string
  modifyVolumeStatus: ModifyVolumeStatus
  phase: string enum(Bound, Lost, Pending)
`,
};

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
};
