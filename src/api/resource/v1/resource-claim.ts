import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { resourceClaimStrategy, setClaimSpecDefaults } from './resource-claim-validation.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ResourceClaim } from '../../types/resource-v1.ts';

/** The types of ResourceClaim objects. */
export const resourceClaimTypes: TypeSource = {
  package: 'io.k8s.api.resource.v1',
  text: `
kind ResourceClaim
  metadata: meta.ObjectMeta=
  spec!: ResourceClaimSpec=
  status: ResourceClaimStatus=

type AllocatedDeviceStatus
  conditions: [meta.Condition] map(type)
  data: runtime.RawExtension
  driver!: string=
  pool!: string=
  networkData: NetworkDeviceData
  device!: string=
  shareID: string

type AllocationResult
  allocationTimestamp: meta.Time
  devices: DeviceAllocationResult=
  nodeSelector: core.NodeSelector

type CapacityRequirements
  requests: {resource.Quantity}

type DeviceAllocationConfiguration
  opaque: OpaqueDeviceConfiguration
  requests: [string] atomic
  source!: string= enum(FromClaim, FromClass)

type DeviceAllocationResult
  config: [DeviceAllocationConfiguration] atomic
  results: [DeviceRequestAllocationResult] atomic

type DeviceClaim
  config: [DeviceClaimConfiguration] atomic
  constraints: [DeviceConstraint] atomic
  requests: [DeviceRequest] atomic null

type DeviceClaimConfiguration
  opaque: OpaqueDeviceConfiguration
  requests: [string] atomic

type DeviceConstraint
  distinctAttribute: string
  matchAttribute: string
  requests: [string] atomic

type DeviceRequest
  exactly: ExactDeviceRequest
  firstAvailable: [DeviceSubRequest] atomic
  name!: string=

type DeviceRequestAllocationResult
  adminAccess: bool
  bindingConditions: [string] atomic
  bindingFailureConditions: [string] atomic
  consumedCapacity: {resource.Quantity}
  request!: string=
  driver!: string=
  pool!: string=
  device!: string=
  shareID: string
  tolerations: [DeviceToleration] atomic

type DeviceSubRequest
  allocationMode: string enum(All, ExactCount)
  capacity: CapacityRequirements
  count: int64
  name!: string=
  deviceClassName!: string=
  selectors: [DeviceSelector] atomic
  tolerations: [DeviceToleration] atomic

type DeviceToleration
  effect: string enum(NoExecute, NoSchedule, None)
  key: string
  operator: string="Equal" enum(Equal, Exists)
  tolerationSeconds: int64
  value: string

type ExactDeviceRequest
  adminAccess: bool
  allocationMode: string enum(All, ExactCount)
  capacity: CapacityRequirements
  count: int64
  deviceClassName!: string=
  selectors: [DeviceSelector] atomic
  tolerations: [DeviceToleration] atomic

type NetworkDeviceData
  hardwareAddress: string
  interfaceName: string
  ips: [string] atomic

type ResourceClaimConsumerReference
  apiGroup: string
  resource!: string=
  name!: string=
  uid!: string=

type ResourceClaimSpec
  devices: DeviceClaim=

type ResourceClaimStatus
  allocation: AllocationResult
  devices: [AllocatedDeviceStatus] map(driver, device, pool, shareID)
  reservedFor: [ResourceClaimConsumerReference] map(uid) merge(uid)
`,
};

function stateCell(claim: ResourceClaim): string {
  const isDeleted = claim.metadata.deletionTimestamp !== undefined;
  if (claim.status?.allocation === undefined) return isDeleted ? 'deleted' : 'pending';
  const reserved = (claim.status.reservedFor ?? []).length > 0 ? ',reserved' : '';
  return `${isDeleted ? 'deleted,' : ''}allocated${reserved}`;
}

const columns: readonly Column[] = [
  nameColumn,
  column('State', 'string', 'A summary of the current state (allocated, pending, reserved, etc.).', stateCell),
  ageColumn,
];

/** The resourceclaims resource. */
export const resourceClaimResource: ResourceDefinition = {
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  resource: 'resourceclaims',
  singular: 'resourceclaim',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], hasTable: false }],
  type: 'io.k8s.api.resource.v1.ResourceClaim',
  columns,
  setDefaults: (object) => setClaimSpecDefaults((object as unknown as ResourceClaim).spec),
  strategy: resourceClaimStrategy,
};
