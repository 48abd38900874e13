// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta } from '../../apimachinery/object-meta.ts';

/** io.k8s.apimachinery.pkg.api.resource.Quantity */
export type Quantity = string;

/** io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup */
export interface APIGroup {
  apiVersion?: string;
  kind?: string;
  name: string;
  preferredVersion?: GroupVersionForDiscovery;
  serverAddressByClientCIDRs?: ServerAddressByClientCIDR[];
  versions: GroupVersionForDiscovery[];
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList */
export interface APIGroupList {
  apiVersion?: string;
  kind?: string;
  groups: APIGroup[];
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.APIResource */
export interface APIResource {
  categories?: string[];
  group?: string;
  kind: string;
  name: string;
  namespaced: boolean;
  shortNames?: string[];
  singularName: string;
  storageVersionHash?: string;
  verbs: string[];
  version?: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList */
export interface APIResourceList {
  apiVersion?: string;
  kind?: string;
  groupVersion: string;
  resources: APIResource[];
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions */
export interface APIVersions {
  apiVersion?: string;
  kind?: string;
  serverAddressByClientCIDRs: ServerAddressByClientCIDR[];
  versions: string[];
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.Condition */
export interface Condition {
  lastTransitionTime: Time;
  message: string;
  observedGeneration?: number;
  reason: string;
  status: string;
  type: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions */
export interface DeleteOptions {
  apiVersion?: string;
  dryRun?: string[];
  gracePeriodSeconds?: number;
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
  kind?: string;
  orphanDependents?: boolean;
  preconditions?: Preconditions;
  propagationPolicy?: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement */
export interface FieldSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1 */
export type FieldsV1 = Record<string, unknown>;

/** io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery */
export interface GroupVersionForDiscovery {
  groupVersion: string;
  version: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector */
export interface LabelSelector {
  matchExpressions?: LabelSelectorRequirement[];
  matchLabels?: Record<string, string>;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement */
export interface LabelSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime */
export type MicroTime = string;

/** io.k8s.apimachinery.pkg.apis.meta.v1.Patch */
export type Patch = Record<string, unknown>;

/** io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions */
export interface Preconditions {
  resourceVersion?: string;
  uid?: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR */
export interface ServerAddressByClientCIDR {
  clientCIDR: string;
  serverAddress: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo */
export interface ShardInfo {
  selector: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.Status */
export interface Status {
  apiVersion?: string;
  kind?: string;
  code?: number;
  details?: StatusDetails;
  message?: string;
  metadata?: ListMeta;
  reason?: string;
  status?: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause */
export interface StatusCause {
  field?: string;
  message?: string;
  reason?: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails */
export interface StatusDetails {
  causes?: StatusCause[];
  group?: string;
  kind?: string;
  name?: string;
  retryAfterSeconds?: number;
  uid?: string;
}

/** io.k8s.apimachinery.pkg.apis.meta.v1.Time */
export type Time = string;

/** io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent */
export interface WatchEvent {
  object: RawExtension;
  type: string;
}

/** io.k8s.apimachinery.pkg.runtime.RawExtension */
export type RawExtension = Record<string, unknown>;

/** io.k8s.apimachinery.pkg.util.intstr.IntOrString */
export type IntOrString = number | string;

/** io.k8s.apimachinery.pkg.version.Info */
export interface Info {
  buildDate: string;
  compiler: string;
  emulationMajor?: string;
  emulationMinor?: string;
  gitCommit: string;
  gitTreeState: string;
  gitVersion: string;
  goVersion: string;
  major: string;
  minCompatibilityMajor?: string;
  minCompatibilityMinor?: string;
  minor: string;
  platform: string;
}
