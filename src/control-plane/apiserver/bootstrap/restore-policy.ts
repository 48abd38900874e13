import type { ClusterRole, ClusterRoleBinding, Subject } from '../../../api/types/rbac-v1.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { missingRules } from '../../authorization/rbac-escalation.ts';

const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** What an object of the default policy is to become; `recreate` for one that no update makes right. */
export type Restored = Unstructured | 'recreate' | undefined;

/**
 * A role as the default policy has it: rules, selectors, labels and annotations that are missing are put back, what
 * else there is stays. Who does not want that says `autoupdate: "false"` in an annotation.
 * @returns undefined when nothing is missing
 */
export function restoreRole(current: Unstructured, wanted: Unstructured): Restored {
  if (isProtected(current)) return undefined;
  const have = current as unknown as ClusterRole;
  const want = wanted as unknown as ClusterRole;
  const restored = withMetadata(current, wanted);
  const missing = missingRules(have.rules ?? [], want.rules ?? []);
  if (missing.length > 0) restored['rules'] = [...(have.rules ?? []), ...missing];
  const selectors = have.aggregationRule?.clusterRoleSelectors ?? [];
  const wantedSelectors = want.aggregationRule?.clusterRoleSelectors ?? [];
  const missingSelectors = without(wantedSelectors, selectors);
  if (want.aggregationRule === undefined) delete restored['aggregationRule'];
  else if (missingSelectors.length > 0) {
    restored['aggregationRule'] = { clusterRoleSelectors: [...selectors, ...missingSelectors] };
  }
  return changed(current, restored);
}

/**
 * A binding as the default policy has it: subjects, labels and annotations that are missing are put back; one that
 * binds to another role is made anew.
 * @returns undefined when nothing is missing
 */
export function restoreBinding(current: Unstructured, wanted: Unstructured): Restored {
  if (isProtected(current)) return undefined;
  const have = current as unknown as ClusterRoleBinding;
  const want = wanted as unknown as ClusterRoleBinding;
  if (!equalJson(have.roleRef, want.roleRef)) return 'recreate';
  const restored = withMetadata(current, wanted);
  const missing: readonly Subject[] = without(want.subjects ?? [], have.subjects ?? []);
  if (missing.length > 0) restored['subjects'] = [...(have.subjects ?? []), ...missing];
  return changed(current, restored);
}

/** Bindings that another one was once part of, by the name of the newer one (Kubernetes 1.14). */
const splitFrom: ReadonlyMap<string, string> = new Map([['system:public-info-viewer', 'system:discovery']]);

/**
 * A default binding that is missing: where the one it was once part of is there, it begins with that one's subjects,
 * labels and annotations, so that who had taken a right away before the two were parted does not give it back.
 * @param find an existing binding by its name
 */
export function splitBinding(missing: Unstructured, find: (name: string) => Unstructured | undefined): Unstructured {
  const source = find(splitFrom.get(missing.metadata.name ?? '') ?? '');
  if (source === undefined) return missing;
  const { subjects: _subjects, ...fields } = missing;
  const { labels, annotations } = source.metadata;
  const made: Unstructured = {
    ...fields,
    metadata: {
      name: missing.metadata.name ?? '',
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    ...(source['subjects'] === undefined ? {} : { subjects: source['subjects'] }),
  };
  const restored = restoreBinding(made, missing);
  return typeof restored === 'object' ? restored : made;
}

function isProtected({ metadata }: Unstructured): boolean {
  return metadata.annotations?.[autoupdate] === 'false';
}

function withMetadata(current: Unstructured, { metadata: wanted }: Unstructured): Unstructured {
  const { metadata } = current;
  const labels = { ...wanted.labels, ...metadata.labels };
  const annotations = { ...wanted.annotations, ...metadata.annotations };
  return {
    ...current,
    metadata: {
      ...metadata,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}

function without<T extends object>(wanted: readonly T[], have: readonly T[]): T[] {
  const isSame = (one: T, other: T): boolean => equalJson(one, other);
  return wanted.filter((item) => !have.some((other) => isSame(item, other)));
}

function changed(current: Unstructured, restored: Unstructured): Unstructured | undefined {
  return equalJson(current, restored) ? undefined : restored;
}
