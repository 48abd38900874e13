import type { TypeSource } from '../../type-language.ts';

/** Types of io.k8s.apimachinery.pkg.api.resource. */
export const resourceTypes: TypeSource = {
  package: 'io.k8s.apimachinery.pkg.api.resource',
  text: `
scalar Quantity quantity
`,
};

/** Types of io.k8s.apimachinery.pkg.apis.meta.v1. */
export const metaTypes: TypeSource = {
  package: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  text: `
kind APIGroup
  name!: string=
  preferredVersion: GroupVersionForDiscovery=
  serverAddressByClientCIDRs: [ServerAddressByClientCIDR] atomic
  versions!: [GroupVersionForDiscovery] atomic

kind APIGroupList
  groups!: [APIGroup] atomic

type APIResource
  categories: [string] atomic
  group: string
  name!: string=
  singularName!: string=
  namespaced!: bool=
  shortNames: [string] atomic
  kind!: string=
  storageVersionHash: string
  verbs!: [string]
  version: string

kind APIResourceList
  groupVersion!: string=
  resources!: [APIResource] atomic

kind APIVersions
  versions!: [string] atomic
  serverAddressByClientCIDRs!: [ServerAddressByClientCIDR] atomic

type Condition
  type!: string=
  status!: string=
  observedGeneration: int64
  lastTransitionTime!: Time
  reason!: string=
  message!: string=

type DeleteOptions
  apiVersion: string
  dryRun: [string] atomic
  gracePeriodSeconds: int64
  ignoreStoreReadErrorWithClusterBreakingPotential: bool
  kind: string
  orphanDependents: bool
  preconditions: Preconditions
  propagationPolicy: string

type FieldSelectorRequirement
  key!: string=
  operator!: string=
  values: [string] atomic

type FieldsV1 open

type GroupVersionForDiscovery
  groupVersion!: string=
  version!: string=

type LabelSelector atomic
  matchExpressions: [LabelSelectorRequirement] atomic
  matchLabels: {string}

type LabelSelectorRequirement
  key!: string=
  operator!: string=
  values: [string] atomic

type ListMeta
  continue: string
  remainingItemCount: int64
  resourceVersion: string
  selfLink: string
  shardInfo: ShardInfo

type ManagedFieldsEntry
  apiVersion: string
  fieldsType: string
  fieldsV1: FieldsV1
  manager: string
  operation: string
  subresource: string
  time: Time

scalar MicroTime time

type ObjectMeta
  annotations: {string}
  creationTimestamp: Time
  deletionGracePeriodSeconds: int64
  deletionTimestamp: Time
  finalizers: [string] set strategy(merge)
  generateName: string
  generation: int64
  labels: {string}
  managedFields: [ManagedFieldsEntry] atomic
  name: string
  namespace: string
  ownerReferences: [OwnerReference] map(uid) merge(uid)
  resourceVersion: string
  selfLink: string
  uid: string

type OwnerReference atomic
  apiVersion!: string=
  blockOwnerDeletion: bool
  controller: bool
  kind!: string=
  name!: string=
  uid!: string=

type Patch open

type Preconditions
  resourceVersion: string
  uid: string

type ServerAddressByClientCIDR
  clientCIDR!: string=
  serverAddress!: string=

type ShardInfo
  selector!: string=

kind Status
  code: int32
  details: StatusDetails
  message: string
  metadata: ListMeta=
  reason: string
  status: string

type StatusCause
  field: string
  message: string
  reason: string

type StatusDetails
  causes: [StatusCause] atomic
  group: string
  kind: string
  name: string
  retryAfterSeconds: int32
  uid: string

scalar Time time

type WatchEvent
  type!: string=
  object!: runtime.RawExtension
`,
};

/** Types of io.k8s.apimachinery.pkg.runtime. */
export const runtimeTypes: TypeSource = {
  package: 'io.k8s.apimachinery.pkg.runtime',
  text: `
type RawExtension open
`,
};

/** Types of io.k8s.apimachinery.pkg.util.intstr. */
export const intstrTypes: TypeSource = {
  package: 'io.k8s.apimachinery.pkg.util.intstr',
  text: `
scalar IntOrString int-or-string
`,
};

/** Types of io.k8s.apimachinery.pkg.version. */
export const versionTypes: TypeSource = {
  package: 'io.k8s.apimachinery.pkg.version',
  text: `
type Info
  major!: string=
  minor!: string=
  emulationMajor: string
  emulationMinor: string
  gitVersion!: string=
  gitCommit!: string=
  gitTreeState!: string=
  buildDate!: string=
  goVersion!: string=
  minCompatibilityMajor: string
  minCompatibilityMinor: string
  compiler!: string=
  platform!: string=
`,
};
