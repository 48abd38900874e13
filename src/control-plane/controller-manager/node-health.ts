import type { Lease } from '../../api/types/coordination-v1.ts';
import type { Node, NodeCondition } from '../../api/types/core-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';

/** How long a node may say nothing of itself (--node-monitor-grace-period). */
const graceMillis = 50_000;
/** The same for one that has never said anything (--node-startup-grace-period). */
const startupGraceMillis = 60_000;
const reported = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

interface Heard {
  /** When the node was last heard of, by our own clock: its own may be wrong. */
  readonly at: number;
  readonly heartbeat: string | undefined;
  readonly renewTime: string | undefined;
}

/** The Ready condition of a node. */
export function readyCondition(node: Node): NodeCondition | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready');
}

/** Remembers when nodes were last heard of, by their status and their lease. */
export class NodeHealth {
  readonly #heard = new Map<string, Heard>();

  /** A node that is gone. */
  forget(name: string): void {
    this.#heard.delete(name);
  }

  /** All nodes count as heard of now: nobody could be heard for a while. */
  heardAll(now: number): void {
    for (const [name, heard] of this.#heard) this.#heard.set(name, { ...heard, at: now });
  }

  /** @returns the conditions that the node has to get because it was not heard of for too long; undefined for none */
  check(node: Node, lease: Lease | undefined, now: number): NodeCondition[] | undefined {
    const name = node.metadata.name ?? '';
    const ready = readyCondition(node);
    const created = Date.parse(node.metadata.creationTimestamp ?? '') || now;
    const before = this.#heard.get(name);
    const heartbeat = ready?.lastHeartbeatTime;
    const renewTime = lease?.spec?.renewTime;
    const isRenewed = renewTime !== undefined && (before?.renewTime === undefined || before.renewTime < renewTime);
    const isNew = before === undefined || before.heartbeat !== heartbeat || isRenewed;
    const neverSaid = before === undefined && ready === undefined && !isRenewed;
    const heard: Heard = {
      at: neverSaid ? created : isNew ? now : before.at,
      heartbeat,
      renewTime: isRenewed ? renewTime : before?.renewTime,
    };
    this.#heard.set(name, heard);
    if (now <= heard.at + (ready === undefined ? startupGraceMillis : graceMillis)) return undefined;
    const conditions = unknownConditions(node, now);
    if (ready?.status === 'Unknown') return undefined;
    // What is written is no heartbeat.
    const written = conditions.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
    this.#heard.set(name, { ...heard, heartbeat: written });
    return conditions;
  }
}

function unknownConditions(node: Node, now: number): NodeCondition[] {
  const known = node.status?.conditions ?? [];
  const { creationTimestamp } = node.metadata;
  const time = formatTime(now);
  const changed = known.map((condition): NodeCondition => {
    if (!reported.some((type) => type === condition.type) || condition.status === 'Unknown') return condition;
    const [reason, message] = ['NodeStatusUnknown', 'Kubelet stopped posting node status.'];
    return { ...condition, status: 'Unknown', reason, message, lastTransitionTime: time };
  });
  const missing = reported
    .filter((type) => !known.some((condition) => condition.type === type))
    .map((type) => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: creationTimestamp ?? time,
      lastTransitionTime: time,
    }));
  return [...changed, ...missing];
}
