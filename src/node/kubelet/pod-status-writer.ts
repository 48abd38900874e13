import type { Pod, PodCondition, PodStatus } from '../../api/types/core-v1.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import type { Client } from '../../client/client.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/** Writes a status in place of the one that the pod is known with. @returns the pod as it is then */
export async function writePodStatus(client: Client, pod: Pod, status: PodStatus): Promise<Pod> {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const patch = { metadata: { uid }, status: { ...status, ...removedFields(pod.status, status) } };
  return client
    .resource<Pod>(podsResource, namespace)
    .patch(name, 'application/strategic-merge-patch+json', patch, { subresource: 'status' });
}

/** What takes away what the new status no longer has; some lists are merged by a key. */
function removedFields(old: PodStatus | undefined, status: PodStatus): Record<string, unknown> {
  const gone = Object.keys(old ?? {}).filter((key) => !Object.hasOwn(status, key));
  const removed: Record<string, unknown> = Object.fromEntries(gone.map((key) => [key, null]));
  const conditions = (status.conditions ?? []).map((condition) => withoutOldTexts(condition, old));
  const remove = <T>(field: string, items: readonly T[], before: readonly T[], keyOf: (item: T) => object): void => {
    const keys = new Set(items.map((item) => JSON.stringify(keyOf(item))));
    const stale = before.map(keyOf).filter((key) => !keys.has(JSON.stringify(key)));
    if (items.length === 0 || stale.length === 0) return;
    removed[field] = [...items, ...stale.map((key) => ({ ...key, $patch: 'delete' }))];
  };
  remove('podIPs', status.podIPs ?? [], old?.podIPs ?? [], ({ ip }) => ({ ip }));
  remove('hostIPs', status.hostIPs ?? [], old?.hostIPs ?? [], ({ ip }) => ({ ip }));
  if (status.conditions !== undefined) removed['conditions'] = conditions;
  remove('conditions', conditions, old?.conditions ?? [], ({ type }) => ({ type }));
  return removed;
}

/** A condition is merged into the one that is there: what it says no more has to be taken away. */
function withoutOldTexts(condition: PodCondition, old: PodStatus | undefined): PodCondition & Record<string, unknown> {
  const before = old?.conditions?.find(({ type }) => type === condition.type) ?? {};
  const stale = ['reason', 'message'].filter((key) => Object.hasOwn(before, key) && !Object.hasOwn(condition, key));
  return { ...condition, ...Object.fromEntries(stale.map((key) => [key, null])) };
}

/** The number of an object's version, for which of two is newer. */
export function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion ?? '0');
}
