import type { Container, Pod } from '../../api/types/core-v1.ts';
import { parseQuantity, type Quantity } from '../../apimachinery/quantity.ts';
import { isSidecar } from './pod-phase.ts';

/** What a pod has on the disk of its node, in bytes. */
export interface LocalStorageUse {
  /** By the name of a volume. */
  readonly volume: (name: string) => number;
  /** By the name of a container: what it wrote outside of volumes, and its log. */
  readonly container: (name: string) => number;
}

const resource = 'ephemeral-storage';

/** Whether anything of a pod limits what it may have on the disk of its node. */
export function hasStorageLimit({ spec }: Pod): boolean {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const isLimited = (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined);
  return isLimited || containers.some((container) => limitOf(container) !== undefined);
}

/**
 * Why a pod has to go for what it has on the disk: an emptyDir over its size limit, the pod over the sum of its
 * containers' limits, or a container over its own (the local storage part of the kubelet's eviction manager).
 */
export function storageExcess(pod: Pod, use: LocalStorageUse): string | undefined {
  const { volumes = [], containers = [] } = pod.spec ?? {};
  for (const { name, emptyDir } of volumes) {
    const limit = emptyDir?.sizeLimit === undefined ? undefined : parseQuantity(emptyDir.sizeLimit);
    if (limit !== undefined && limit.sign() === 1 && use.volume(name) > limit.toNumber()) {
      return `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ${JSON.stringify(limit.toString())}. `;
    }
  }
  const podLimit = podLimitOf(pod);
  const all = [...(pod.spec?.initContainers ?? []), ...containers];
  // What is in memory is not on the disk.
  const onDisk = volumes.filter(({ emptyDir }) => emptyDir !== undefined && emptyDir.medium !== 'Memory');
  const total = sum(all.map(({ name }) => use.container(name))) + sum(onDisk.map(({ name }) => use.volume(name)));
  if (podLimit !== undefined && total > podLimit.toNumber()) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${podLimit.toString()}. `;
  }
  for (const container of containers) {
    const limit = limitOf(container);
    if (limit === undefined || limit.isZero() || use.container(container.name) <= limit.toNumber()) continue;
    const text = JSON.stringify(limit.toString());
    return `Container ${container.name} exceeded its local ephemeral storage limit ${text}. `;
  }
  return undefined;
}

function limitOf({ resources }: Container): Quantity | undefined {
  const text = resources?.limits?.[resource];
  return text === undefined ? undefined : parseQuantity(text);
}

/** The sum over containers and sidecars, or what one init container may have where that is more. */
function podLimitOf({ spec }: Pod): Quantity | undefined {
  const steps = (spec?.initContainers ?? []).filter((container) => !isSidecar(container));
  const lasting = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isSidecar)];
  let limit: Quantity | undefined;
  for (const container of lasting) {
    const own = limitOf(container);
    if (own !== undefined) limit = limit === undefined ? own : limit.add(own);
  }
  for (const step of steps) {
    const own = limitOf(step);
    if (own !== undefined && (limit === undefined || limit.compare(own) < 0)) limit = own;
  }
  return limit;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
