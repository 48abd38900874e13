import type { Container, Pod } from '../../api/types/core-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import { podLinuxResources } from './pod-level-resources.ts';

/** A change of the resources of a pod. */
export interface MemoryChange {
  readonly before: Pod;
  readonly after: Pod;
  /** Bytes that each running container uses, by its name. */
  readonly usage: ReadonlyMap<string, number>;
  /** Containers that start anew for it: what they use now does not count. */
  readonly restarts: readonly Container[];
}

/** Why limits of memory cannot become what is asked for, in kubelet's words: what is used is more. Undefined when they can. */
export function memoryLimitProblem({ before, after, usage, restarts }: MemoryChange): string | undefined {
  const used = [...usage.values()].reduce((sum, bytes) => sum + bytes, 0);
  const problems: string[] = [];
  const forPod = podLinuxResources(after).memoryLimitBytes;
  if (isLower(forPod, podLinuxResources(before).memoryLimitBytes) && used >= forPod) {
    problems.push(`attempting to set pod memory limit (${forPod}) below current usage (${used})`);
  }
  const old = new Map(containersOf(before).map((container) => [container.name, limitOf(before, container)]));
  for (const container of containersOf(after)) {
    const own = usage.get(container.name);
    if (own === undefined || restarts.some(({ name }) => name === container.name)) continue;
    const limit = limitOf(after, container);
    if (!isLower(limit, old.get(container.name) ?? 0) || own < limit) continue;
    problems.push(
      `attempting to set container "${container.name}" memory limit (${limit}) below current usage (${used})`,
    );
  }
  if (problems.length === 0) return undefined;
  const text = problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`;
  return `cannot decrease memory limits: ${text}`;
}

/** 0 is no limit. */
function isLower(limit: number, before: number): boolean {
  return limit !== 0 && (before === 0 || limit < before);
}

function containersOf({ spec }: Pod): Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

/** What a container is held to, in bytes: where it has no limit of its own, that of the pod. */
function limitOf({ spec }: Pod, { resources }: Container): number {
  const limit = resources?.limits?.['memory'] ?? spec?.resources?.limits?.['memory'];
  return limit === undefined ? 0 : Number(parseQuantity(limit).value());
}
