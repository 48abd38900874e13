import type { Namespace, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import type { DeviceClass, ResourceClaim, ResourceSlice } from '../../api/types/resource-v1.ts';
import type { StorageClass } from '../../api/types/storage-v1.ts';
import type { LabelSelector } from '../../apimachinery/labels.ts';
import type { NodeInfo } from './scheduler-cache.ts';

/** Devices, and who has claimed them. */
export interface DeviceView {
  claim(namespace: string, name: string): ResourceClaim | undefined;
  /** Whether devices are on their way to a claim. */
  isPending(claim: ResourceClaim): boolean;
  deviceClass(name: string): DeviceClass | undefined;
  slices(): readonly ResourceSlice[];
  /** `driver/pool/device` of what somebody has already. */
  taken(): ReadonlySet<string>;
}

/** The cluster as plugins see it while one pod is looked at. */
export interface ClusterView {
  readonly nodes: readonly NodeInfo[];
  namespace(name: string): Namespace | undefined;
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  volumes(): readonly PersistentVolume[];
  storageClass(name: string): StorageClass | undefined;
  readonly devices: DeviceView;
  /** What the services and the controller of a pod select: its like; undefined when nothing selects it. */
  selectorOfLike(pod: Pod): LabelSelector | undefined;
}

/** Why a pod does not fit a node; several reasons may hold at once. */
export interface Unfit {
  readonly reasons: readonly string[];
  /** Evicting other pods would not help. */
  readonly unresolvable: boolean;
}

/** @returns undefined when the pod fits */
export type NodeCheck = (node: NodeInfo) => Unfit | undefined;

/** The pod fits nowhere, whatever the nodes are like. */
export interface Rejection {
  readonly rejected: string;
  /** The plugin for claims of devices says so, so that it was reached. */
  readonly isOfClaims?: boolean;
}

/** Says which nodes a pod can run on; the names are those of kube-scheduler's plugins. */
export interface FilterPlugin {
  readonly name: string;
  /** Looks at the pod and the whole cluster once. @returns undefined when every node will do */
  prepare(pod: Pod, cluster: ClusterView): NodeCheck | Rejection | undefined;
}

/** The marks of one pod's nodes. */
export interface NodeScore {
  score(node: NodeInfo): number;
  /** Brings the marks to 0 to 100; absent: they are. */
  normalize?(scores: readonly number[], nodes: readonly NodeInfo[]): number[];
}

/** Ranks nodes that fit: 0 to 100 each, times the weight. */
export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  /** Looks at the pod and the whole cluster once. @returns undefined when all nodes are alike */
  prepare(pod: Pod, cluster: ClusterView, feasible: readonly NodeInfo[]): NodeScore | undefined;
}

/** Evicting other pods cannot make the pod fit. */
export function unresolvable(...reasons: readonly string[]): Unfit {
  return { reasons, unresolvable: true };
}

/** Another set of pods on the node could make it fit. */
export function unfit(...reasons: readonly string[]): Unfit {
  return { reasons, unresolvable: false };
}

/** Scaled so that the highest has 100. */
export function scaledToHighest(scores: readonly number[]): number[] {
  const highest = Math.max(...scores);
  return scores.map((score) => (highest === 0 ? 0 : Math.floor((score * 100) / highest)));
}

/** Scaled so that the lowest has the most; what counts nothing has 100. */
export function scaledReverse(scores: readonly number[]): number[] {
  return scaledToHighest(scores).map((score) => 100 - score);
}
