import { fieldReaders } from '../../selectable-fields.ts';
import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { resourceSliceStrategy } from './resource-slice-strategy.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ResourceSlice } from '../../types/resource-v1.ts';

/** The types of ResourceSlice objects. */
export const resourceSliceTypes: TypeSource = {
  package: 'io.k8s.api.resource.v1',
  text: `
kind ResourceSlice
  metadata: meta.ObjectMeta=
  spec!: ResourceSliceSpec=

type CapacityRequestPolicy
  default: resource.Quantity null
  validRange: CapacityRequestPolicyRange
  validValues: [resource.Quantity] atomic

type CapacityRequestPolicyRange
  max: resource.Quantity
  min!: resource.Quantity
  step: resource.Quantity

type Counter
  value!: resource.Quantity

type CounterSet
  name!: string=
  counters!: {Counter}

type Device
  allNodes: bool
  allowMultipleAllocations: bool
  attributes: {DeviceAttribute}
  bindingConditions: [string] atomic
  bindingFailureConditions: [string] atomic
  bindsToNode: bool
  capacity: {DeviceCapacity}
  consumesCounters: [DeviceCounterConsumption] atomic
  name!: string=
  nodeAllocatableResourceMappings: {NodeAllocatableResourceMapping}
  nodeName: string
  nodeSelector: core.NodeSelector
  taints: [DeviceTaint] atomic

type DeviceAttribute
  bool: bool
  bools: [bool] atomic
  int: int64
  ints: [int64] atomic
  string: string
  strings: [string] atomic
  version: string
  versions: [string] atomic

type DeviceCapacity
  requestPolicy: CapacityRequestPolicy
  value!: resource.Quantity

type DeviceCounterConsumption
  counterSet!: string=
  counters!: {Counter}

type DeviceTaint
  key!: string=
  effect!: string= enum(NoExecute, NoSchedule, None)
  timeAdded: meta.Time
  value: string

type NodeAllocatableResourceMapping
  allocationMultiplier: resource.Quantity
  capacityKey: string

type ResourcePool
  name!: string=
  generation!: int64=
  resourceSliceCount!: int64=

type ResourceSliceSpec
  allNodes: bool
  devices: [Device] atomic
  driver!: string=
  nodeName: string
  nodeSelector: core.NodeSelector
  perDeviceNodeSelection: bool
  pool!: ResourcePool=
  sharedCounters: [CounterSet] atomic
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Node',
    'string',
    '@resource.v1.ResourceSliceSpec.nodeName',
    (object: ResourceSlice) => object.spec.nodeName ?? '',
  ),
  column('Driver', 'string', '@resource.v1.ResourceSliceSpec.driver', (object: ResourceSlice) => object.spec.driver),
  column('Pool', 'string', '@resource.v1.ResourcePool.name', (object: ResourceSlice) => object.spec.pool.name),
  ageColumn,
];

/** The resourceslices resource. */
export const resourceSliceResource: ResourceDefinition = {
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  resource: 'resourceslices',
  singular: 'resourceslice',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.resource.v1.ResourceSlice',
  columns,
  selectableFields: fieldReaders(['spec.nodeName', 'spec.driver']),
  strategy: resourceSliceStrategy,
};
