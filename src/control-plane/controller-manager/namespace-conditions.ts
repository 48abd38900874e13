import type { NamespaceStatus } from '../../api/types/core-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';

type NamespaceCondition = NonNullable<NamespaceStatus['conditions']>[number];

/** What is left of one kind in a namespace that is being deleted. */
export interface RemainingContent {
  /** `pods.` or `deployments.apps`. */
  readonly resource: string;
  readonly count: number;
  /** How many objects each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
}

/** How far the deletion of a namespace's content has come. */
export interface ContentState {
  /** Why discovery failed; undefined when it did not. */
  readonly discoveryFailure: string | undefined;
  /** Errors of kinds that could not be deleted. */
  readonly failures: readonly string[];
  readonly remaining: readonly RemainingContent[];
}

interface Wording {
  readonly type: string;
  readonly well: readonly [reason: string, message: string];
  /** Undefined when all is well. */
  trouble(state: ContentState): readonly [reason: string, message: string] | undefined;
}

const wordings: readonly Wording[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    well: ['ResourcesDiscovered', 'All resources successfully discovered'],
    trouble: ({ discoveryFailure }) =>
      discoveryFailure === undefined ? undefined : ['DiscoveryFailed', discoveryFailure],
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    well: ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    trouble: () => undefined,
  },
  {
    type: 'NamespaceDeletionContentFailure',
    well: ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    trouble: ({ failures }) =>
      failures.length === 0
        ? undefined
        : [
            'ContentDeletionFailed',
            `Failed to delete all resource types, ${failures.length} remaining: ${failures.toSorted().join(', ')}`,
          ],
  },
  {
    type: 'NamespaceContentRemaining',
    well: ['ContentRemoved', 'All content successfully removed'],
    trouble({ remaining }) {
      if (remaining.length === 0) return undefined;
      const parts = remaining.map(({ resource, count }) => `${resource} has ${count} resource instances`).toSorted();
      return ['SomeResourcesRemain', `Some resources are remaining: ${parts.join(', ')}`];
    },
  },
  {
    type: 'NamespaceFinalizersRemaining',
    well: ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    trouble({ remaining }) {
      const counts = new Map<string, number>();
      for (const { finalizers } of remaining) {
        for (const [name, count] of finalizers) counts.set(name, (counts.get(name) ?? 0) + count);
      }
      if (counts.size === 0) return undefined;
      const parts = [...counts].map(([name, count]) => `${name} in ${count} resource instances`).toSorted();
      return ['SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${parts.join(', ')}`];
    },
  },
];

/** The conditions of a namespace that is being deleted; what is as before keeps its time. */
export function namespaceConditions(
  known: readonly NamespaceCondition[],
  state: ContentState,
  now: number,
): NamespaceCondition[] {
  const others = known.filter(({ type }) => !wordings.some((wording) => wording.type === type));
  const current = wordings.map((wording): NamespaceCondition => {
    const { type, well } = wording;
    const found = wording.trouble(state);
    const [reason, message] = found ?? well;
    const status = found === undefined ? 'False' : 'True';
    const before = known.find((condition) => condition.type === type);
    const isSame = before?.status === status && before.reason === reason && before.message === message;
    return isSame ? before : { type, status, reason, message, lastTransitionTime: formatTime(now) };
  });
  return [...others, ...current];
}
