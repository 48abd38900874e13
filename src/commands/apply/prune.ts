import { NoMatchError, type RestMapper, type RestMapping } from '../../apimachinery/rest-mapping.ts';
import type { Client, DeleteOptions } from '../../client/client.ts';
import { CommandError } from '../../cli/command.ts';
import { lastAppliedAnnotation } from '../../patch/last-applied.ts';
import type { DryRun } from '../../resource/dry-run.ts';
import { resourceOf } from '../../resource/resource-access.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';

/** What is said where no kinds are named that may be deleted. */
export const wholeClusterWarning =
  'Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.';

/** Kinds that --prune deletes where --prune-allowlist names none. */
const usualKinds: readonly string[] = [
  'core/v1/ConfigMap',
  'core/v1/Endpoints',
  'core/v1/PersistentVolumeClaim',
  'core/v1/Pod',
  'core/v1/ReplicationController',
  'core/v1/Secret',
  'core/v1/Service',
  'batch/v1/Job',
  'batch/v1/CronJob',
  'networking.k8s.io/v1/Ingress',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/ReplicaSet',
  'apps/v1/StatefulSet',
  'core/v1/Namespace',
  'core/v1/PersistentVolume',
];

/** The kinds of --prune-allowlist, `group/version/Kind` each, or the usual ones. @throws CommandError */
export function pruneMappings(allowlist: readonly string[], mapper: RestMapper): RestMapping[] {
  return (allowlist.length === 0 ? usualKinds : allowlist).map((text) => {
    const [group = '', version = '', kind = '', ...rest] = text.split('/');
    if (kind === '' || rest.length > 0) {
      throw new CommandError(`invalid GroupVersionKind format: ${text}, please follow <group/version/kind>`);
    }
    try {
      return mapper.mappingForKind({ group: group === 'core' ? '' : group, kind }, version);
    } catch (error) {
      if (error instanceof NoMatchError) throw new CommandError(error.message);
      throw error;
    }
  });
}

/** Where is looked for what to prune. */
export interface PruneScope {
  readonly mappings: readonly RestMapping[];
  readonly namespaces: Iterable<string>;
  readonly labelSelector: string;
  /** What was applied just now. */
  readonly keptUids: ReadonlySet<string>;
}

/** An object that was applied before and is no longer in the input. */
export interface PrunableObject {
  readonly object: Unstructured;
  readonly mapping: RestMapping;
  readonly namespace: string;
}

/**
 * Finds objects of the kinds with the annotation that apply leaves, but those that were applied now. Namespaced kinds
 * first, cluster-scoped ones last.
 */
export async function findPrunable(scope: PruneScope, client: Client): Promise<PrunableObject[]> {
  const { mappings, labelSelector, keptUids } = scope;
  const places = [
    ...[...scope.namespaces].flatMap((namespace) =>
      mappings.filter(({ namespaced }) => namespaced).map((mapping) => ({ mapping, namespace })),
    ),
    ...mappings.filter(({ namespaced }) => !namespaced).map((mapping) => ({ mapping, namespace: '' })),
  ];
  const found = await Promise.all(
    places.map(async ({ mapping, namespace }) => resourceOf(client, mapping, namespace).list({ labelSelector })),
  );
  return places.flatMap(({ mapping, namespace }, index) => {
    const about = { apiVersion: apiVersionOf(mapping), kind: mapping.gvk.kind };
    return (found[index]?.items ?? [])
      .filter(
        ({ metadata }) =>
          metadata.annotations?.[lastAppliedAnnotation] !== undefined && !keptUids.has(metadata.uid ?? ''),
      )
      .map((item) => ({ object: { ...about, ...item }, mapping, namespace }));
  });
}

/** Deletes what `findPrunable` finds, one after the other. @param pruned told of each one */
export async function prune(
  scope: PruneScope,
  { deletion, dryRun }: { readonly deletion: DeleteOptions; readonly dryRun: DryRun },
  client: Client,
  pruned: (object: Unstructured) => void,
): Promise<void> {
  for (const { object, mapping, namespace } of await findPrunable(scope, client)) {
    if (dryRun !== 'client') {
      const options = { ...deletion, ...(dryRun === 'server' ? { dryRun: 'All' as const } : {}) };
      await resourceOf(client, mapping, namespace).delete(object.metadata.name ?? '', options);
    }
    pruned(object);
  }
}

function apiVersionOf({ gvk }: RestMapping): string {
  return gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`;
}
