import type { Node, Taint } from '../../api/types/core-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { ControllerContext } from './controller.ts';

/** Nodes as a URL names them. */
export const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;

const noSchedule = 'NoSchedule';
const maxTries = 5;
/** Which condition, at which value, has which taint. */
const conditionTaints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: 'node.kubernetes.io/not-ready', Unknown: 'node.kubernetes.io/unreachable' },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const unschedulableKey = 'node.kubernetes.io/unschedulable';
const ownKeys = new Set([
  unschedulableKey,
  ...Object.values(conditionTaints).flatMap((taints) => Object.values(taints)),
]);

/** The taint that has pods leave a node that is not ready. */
export const notReadyTaint: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' };
/** The taint that has pods leave a node that nobody hears of. */
export const unreachableTaint: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };

/** Key and effect tell taints apart. */
export function isSameTaint(left: Taint, right: Taint): boolean {
  return left.key === right.key && left.effect === right.effect;
}

/** The NoSchedule taints that a node's conditions ask for. */
export function taintsOfConditions({ spec, status }: Node): Taint[] {
  const keys = (status?.conditions ?? []).flatMap(({ type, status: value }) => conditionTaints[type]?.[value] ?? []);
  if (spec?.unschedulable === true) keys.push(unschedulableKey);
  return keys.map((key) => ({ key, effect: noSchedule }));
}

/** Brings the NoSchedule taints of a node in line with its conditions; what others tainted stays. */
export async function taintByConditions(context: ControllerContext, node: Node): Promise<void> {
  const wanted = taintsOfConditions(node);
  const own = (node.spec?.taints ?? []).filter(({ key, effect }) => effect === noSchedule && ownKeys.has(key));
  const missing = wanted.filter((taint) => !own.some((known) => isSameTaint(known, taint)));
  const surplus = own.filter((taint) => !wanted.some((known) => isSameTaint(known, taint)));
  await swapTaints(context, node.metadata.name ?? '', missing, surplus);
}

/** Adds taints to a node, with the time, and removes others; nothing is written when nothing changes. */
export async function swapTaints(
  { client, clock }: ControllerContext,
  name: string,
  added: readonly Taint[],
  removed: readonly Taint[],
): Promise<void> {
  if (added.length === 0 && removed.length === 0) return;
  for (let attempt = 1; ; attempt++) {
    try {
      await swapTaintsOnce({ client, clock }, name, added, removed);
      return;
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      // Somebody else changed the node meanwhile.
      if (!hasReason(error, 'Conflict') || attempt === maxTries) throw error;
    }
  }
}

async function swapTaintsOnce(
  { client, clock }: Pick<ControllerContext, 'client' | 'clock'>,
  name: string,
  added: readonly Taint[],
  removed: readonly Taint[],
): Promise<void> {
  const nodes = client.resource<Node>(nodesResource);
  const node = await nodes.get(name);
  const before = node.spec?.taints ?? [];
  const kept = before.filter((taint) => !removed.some((other) => isSameTaint(other, taint)));
  const fresh = added.filter((taint) => !before.some((other) => isSameTaint(other, taint)));
  if (fresh.length === 0 && kept.length === before.length) return;
  const timeAdded = formatTime(clock.now());
  const taints = [...kept, ...fresh.map((taint) => ({ ...taint, timeAdded }))];
  const { resourceVersion } = node.metadata;
  const patch = { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
  await nodes.patch(name, 'application/merge-patch+json', patch);
}
