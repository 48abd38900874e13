import type { Pod, Volume } from '../../../api/types/core-v1.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Image } from '../../cri/runtime.ts';
import type { NodeFiles } from '../node-files.ts';
import type { ContainerUse, NodeUse, PodUse, Use } from './node-usage.ts';

/** A pod as its kubelet has it. */
export interface KnownPod {
  readonly pod: Pod;
  /** Where a volume of it is on the node. */
  readonly volumePath: (volume: string) => string | undefined;
}

/** What the summary tells of besides what is used of processors and memory. */
export interface SummarySources {
  readonly nodeName: string;
  readonly memoryBytes: number;
  readonly files: Pick<NodeFiles, 'find' | 'space' | 'usage'>;
  readonly podOf: (uid: string) => KnownPod | undefined;
  readonly images: () => Promise<readonly Image[]>;
}

/** FsStats of k8s.io/kubelet's stats/v1alpha1; how many files there could be is not known. */
interface FileSystemStats {
  readonly time: string;
  readonly availableBytes?: number;
  readonly capacityBytes?: number;
  readonly usedBytes: number;
}

/** VolumeStats. */
export interface VolumeStats extends FileSystemStats {
  readonly name: string;
  readonly pvcRef?: { readonly name: string; readonly namespace: string };
}

/**
 * `/stats/summary` (Summary of k8s.io/kubelet's stats/v1alpha1) as JSON. What is not known is left out: networks, faults
 * of pages, pressure, numbers of files.
 * @param isShort processors, memory and swap alone
 */
export async function usageSummary(use: NodeUse, sources: SummarySources, isShort: boolean): Promise<object> {
  const disk = isShort ? {} : await nodeDisk(use, sources);
  const system = [
    ...(use.kubelet === undefined ? [] : [systemContainer('kubelet', use.kubelet)]),
    systemContainer('pods', use.allPods),
  ];
  return {
    node: {
      nodeName: sources.nodeName,
      systemContainers: system,
      startTime: formatTime(use.since),
      cpu: cpu(use),
      memory: memory(use, sources.memoryBytes),
      ...disk,
      swap: swap(use),
    },
    pods: use.pods.map((pod) => podStats(pod, sources, isShort)),
  };
}

function systemContainer(name: string, use: Use): object {
  return { name, startTime: formatTime(use.since), cpu: cpu(use), memory: memory(use), swap: swap(use) };
}

function cpu({ at, cpuSeconds, processors }: Use): object {
  return {
    time: formatTime(at),
    ...(processors === undefined ? {} : { usageNanoCores: Math.round(processors * 1e9) }),
    usageCoreNanoSeconds: Math.round(cpuSeconds * 1e9),
  };
}

/** @param limit bytes; 0 for none */
function memory({ at, memoryBytes }: Use, limit = 0): object {
  return {
    time: formatTime(at),
    ...(limit === 0 ? {} : { availableBytes: Math.max(0, limit - memoryBytes) }),
    usageBytes: memoryBytes,
    workingSetBytes: memoryBytes,
  };
}

/** Nodes have none. */
function swap({ at }: Use): object {
  return { time: formatTime(at), swapAvailableBytes: 0, swapUsageBytes: 0 };
}

async function nodeDisk({ at, pods }: NodeUse, { files, images }: SummarySources): Promise<object> {
  const layers = pods.flatMap(({ containers }) => containers.map(({ stats }) => stats.writableLayerBytes));
  return {
    fs: fileSystem(at, files, files.space?.used ?? files.usage('/')),
    runtime: {
      imageFs: { time: formatTime(at), usedBytes: sum((await images()).map(({ sizeBytes }) => sizeBytes)) },
      containerFs: fileSystem(at, files, sum(layers)),
    },
  };
}

/** Part of the node's disk. */
function fileSystem(at: number, { space }: Pick<NodeFiles, 'space'>, usedBytes: number): FileSystemStats {
  const room =
    space === undefined ? {} : { availableBytes: space.capacity - space.used, capacityBytes: space.capacity };
  return { time: formatTime(at), ...room, usedBytes };
}

function podStats(use: PodUse, sources: SummarySources, isShort: boolean): object {
  const { sandbox, at, containers } = use;
  const { name, namespace, uid } = sandbox.metadata;
  const known = sources.podOf(uid);
  const limits = new Map(
    [...(known?.pod.spec?.containers ?? []), ...(known?.pod.spec?.initContainers ?? [])].map((one) => [
      one.name,
      bytesOf(one.resources?.limits?.['memory']),
    ]),
  );
  const volumes = isShort || known === undefined ? [] : volumeStats(at, known, sources.files);
  const onDisk = volumes.filter(({ name: volume }) => isOnDisk(known?.pod, volume)).map(({ usedBytes }) => usedBytes);
  const written = sum(containers.map(({ stats }) => stats.writableLayerBytes + stats.logBytes));
  return {
    podRef: { name, namespace, uid },
    startTime: formatTime(sandbox.createdAt),
    containers: containers.map((one) => containerStats(one, limits, sources, isShort)),
    cpu: cpu(use),
    memory: memory(use, bytesOf(known?.pod.spec?.resources?.limits?.['memory'])),
    ...(volumes.length === 0 ? {} : { volume: volumes }),
    ...(isShort ? {} : { 'ephemeral-storage': fileSystem(at, sources.files, written + sum(onDisk)) }),
    swap: swap(use),
  };
}

function containerStats(
  use: ContainerUse,
  limits: ReadonlyMap<string, number>,
  { files }: SummarySources,
  isShort: boolean,
): object {
  const { name } = use.status.metadata;
  const { writableLayerBytes, logBytes } = use.stats;
  const disk = isShort
    ? {}
    : { rootfs: fileSystem(use.at, files, writableLayerBytes), logs: fileSystem(use.at, files, logBytes) };
  const used = { cpu: cpu(use), memory: memory(use, limits.get(name)) };
  return { name, startTime: formatTime(use.status.startedAt), ...used, ...disk, swap: swap(use) };
}

/** What is in the volumes of a pod; of what other hosts or drivers have nothing is known. */
export function volumeStats(
  at: number,
  { pod, volumePath }: KnownPod,
  files: Pick<NodeFiles, 'find' | 'space' | 'usage'>,
): VolumeStats[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const path = volumePath(volume.name);
    // Folders of the node are not the pod's.
    if (path === undefined || volume.hostPath !== undefined) return [];
    const used = files.usage(path);
    const own = files.find(path)?.capacityBytes;
    const stats =
      own === undefined
        ? fileSystem(at, files, used)
        : { time: formatTime(at), availableBytes: Math.max(0, own - used), capacityBytes: own, usedBytes: used };
    const claim = claimOf(pod, volume);
    const pvcRef = claim === undefined ? {} : { pvcRef: { name: claim, namespace: pod.metadata.namespace ?? '' } };
    return [{ ...stats, name: volume.name, ...pvcRef }];
  });
}

function claimOf(pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  if (persistentVolumeClaim !== undefined) return persistentVolumeClaim.claimName;
  return ephemeral === undefined ? undefined : `${pod.metadata.name ?? ''}-${name}`;
}

/** Whether what is in a volume counts as the pod's own storage on the disk. */
function isOnDisk(pod: Pod | undefined, name: string): boolean {
  const volume = pod?.spec?.volumes?.find((one) => one.name === name);
  return (volume?.emptyDir !== undefined && volume.emptyDir.medium !== 'Memory') || volume?.configMap !== undefined;
}

function bytesOf(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity).value());
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
