import type { ControllerRevision } from '../../api/types/apps-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerReference } from '../../client/controller-references.ts';
import type { ControllerContext } from './controller.ts';
import { computeTemplateHash } from './template-hash.ts';

const revisionsResource = { group: 'apps', version: 'v1', resource: 'controllerrevisions' } as const;

/** Revisions of an owner, the oldest first. */
export function byRevision(left: ControllerRevision, right: ControllerRevision): number {
  return left.revision - right.revision || ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1);
}

/**
 * The revision that stands for `data` (an owner's template): the one that is there, made the newest again, or a new one.
 * @param data see revisionData
 * @param existing the owner's revisions
 */
export async function ensureRevision(
  context: ControllerContext,
  owner: KubeObject,
  data: unknown,
  labels: Readonly<Record<string, string>>,
  hashLabel: string,
  existing: readonly ControllerRevision[],
): Promise<ControllerRevision> {
  const sorted = existing.toSorted(byRevision);
  const newest = sorted.at(-1);
  const next = (newest?.revision ?? 0) + 1;
  const resource = context.client.resource<ControllerRevision>(revisionsResource, owner.metadata.namespace);
  const same = sorted.toReversed().find((revision) => equalJson(revision.data, data));
  if (same !== undefined) {
    return same === newest ? same : resource.update({ ...same, revision: next });
  }
  for (let collisions = 0; ; collisions++) {
    const { annotations } = owner.metadata;
    const hash = computeTemplateHash(data, collisions === 0 ? undefined : collisions);
    const revision: ControllerRevision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${owner.metadata.name ?? ''}-${hash}`,
        namespace: owner.metadata.namespace ?? '',
        labels: { ...labels, [hashLabel]: hash },
        ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
        ownerReferences: [controllerReference(owner)],
      },
      data: data as Record<string, unknown>,
      revision: next,
    };
    try {
      return await resource.create(revision);
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
      const found = await resource.get(revision.metadata.name ?? '');
      if (equalJson(found.data, data)) return found;
    }
  }
}

/** What a revision of a set keeps: its template, as a strategic merge patch that puts it in the place of another. */
export function revisionData(template: object | undefined): Record<string, unknown> {
  return sortedKeys({ spec: { template: { ...template, $patch: 'replace' } } }) as Record<string, unknown>;
}

/** As Go writes maps: who compares revisions (kubectl, Kubernetes' own tests) compares their bytes. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortedKeys(item)]));
}

/** Removes the oldest revisions beyond a limit; those in use stay. */
export async function truncateHistory(
  context: ControllerContext,
  revisions: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
  limit: number,
): Promise<void> {
  const unused = revisions.filter((revision) => !inUse.has(revision.metadata.name ?? '')).toSorted(byRevision);
  for (const revision of unused.slice(0, Math.max(0, unused.length - limit))) {
    await context.client
      .resource<ControllerRevision>(revisionsResource, revision.metadata.namespace)
      .delete(revision.metadata.name ?? '')
      .catch((error: unknown) => {
        if (!hasReason(error, 'NotFound')) throw error;
      });
  }
}
