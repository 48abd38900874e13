import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { deviceClassStrategy } from './device-class-strategy.ts';
import { ageColumn, nameColumn } from '../../columns.ts';

/** The types of DeviceClass objects. */
export const deviceClassTypes: TypeSource = {
  package: 'io.k8s.api.resource.v1',
  text: `
kind DeviceClass
  metadata: meta.ObjectMeta=
  spec!: DeviceClassSpec=

type CELDeviceSelector
  expression!: string=

type DeviceClassConfiguration
  opaque: OpaqueDeviceConfiguration

type DeviceClassSpec
  config: [DeviceClassConfiguration] atomic
  extendedResourceName: string
  selectors: [DeviceSelector] atomic

type DeviceSelector
  cel: CELDeviceSelector

type OpaqueDeviceConfiguration
  driver!: string=
  parameters!: runtime.RawExtension
`,
};

const columns: readonly Column[] = [nameColumn, ageColumn];

/** The deviceclasses resource. */
export const deviceClassResource: ResourceDefinition = {
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  resource: 'deviceclasses',
  singular: 'deviceclass',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.resource.v1.DeviceClass',
  columns,
  strategy: deviceClassStrategy,
};
