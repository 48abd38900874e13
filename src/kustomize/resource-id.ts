import { clusterScopedKinds } from './cluster-scoped-kinds.ts';

/** Group, version and kind; empty where nothing is said. */
export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What names an object among those of a build. */
export interface ResourceId extends Gvk {
  readonly name: string;
  readonly namespace: string;
}

/** Parts of a group, version and kind; absent and empty ones match anything. */
export interface GvkSelector {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
}

/** Splits an apiVersion at its first slash. */
export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  if (slash < 0) return { group: '', version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `apps/v1`. */
export function apiVersionOf({ group, version }: Gvk): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `Deployment.v1.apps`, with words for what is missing. */
export function formatGvk({ group = '', version = '', kind = '' }: GvkSelector): string {
  return `${kind || '[noKind]'}.${version || '[noVer]'}.${group || '[noGrp]'}`;
}

/** `Deployment.v1.apps/name.namespace`. */
export function formatId(id: GvkSelector & { readonly name?: string; readonly namespace?: string }): string {
  return `${formatGvk(id)}/${id.name || '[noName]'}.${id.namespace || '[noNs]'}`;
}

/** Whether the parts that the selector names are the same. */
export function isSelectedGvk(gvk: Gvk, selector: GvkSelector): boolean {
  return (
    (!selector.group || selector.group === gvk.group) &&
    (!selector.version || selector.version === gvk.version) &&
    (!selector.kind || selector.kind === gvk.kind)
  );
}

/** Whether a kind is known to stand outside of namespaces. */
export function isClusterScoped(gvk: Gvk): boolean {
  return clusterScopedKinds.has(`${apiVersionOf(gvk)} ${gvk.kind}`);
}

/** What stands for the namespace of what has none. */
export const notANamespace = '_non_namespaceable_';

/** The namespace to compare by: an absent one is `default`. */
export function effectiveNamespace(id: ResourceId): string {
  if (isClusterScoped(id)) return notANamespace;
  return id.namespace === '' ? 'default' : id.namespace;
}

/** Whether both have the same group, version, kind and name. */
export function sameNamedKind(left: ResourceId, right: ResourceId): boolean {
  return (
    left.name === right.name && left.group === right.group && left.version === right.version && left.kind === right.kind
  );
}

/** Whether both name the same object. */
export function sameId(left: ResourceId, right: ResourceId): boolean {
  return sameNamedKind(left, right) && effectiveNamespace(left) === effectiveNamespace(right);
}

/** Kinds that come first and last in the order of Gvks. */
const firstKinds = [
  'Namespace',
  'ResourceQuota',
  'StorageClass',
  'CustomResourceDefinition',
  'ServiceAccount',
  'PodSecurityPolicy',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'ConfigMap',
  'Secret',
  'Endpoints',
  'Service',
  'LimitRange',
  'PriorityClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Deployment',
  'StatefulSet',
  'CronJob',
  'PodDisruptionBudget',
];
const lastKinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** Ranks of kinds: those of the first list below 0, of the second above, all others 0. */
export function kindRanks(first: readonly string[], last: readonly string[]): (kind: string) => number {
  const ranks = new Map<string, number>();
  for (const [index, kind] of first.entries()) ranks.set(kind, index - first.length);
  for (const [index, kind] of last.entries()) ranks.set(kind, index + 1);
  return (kind) => ranks.get(kind) ?? 0;
}

/** The order of kinds that is built in. */
export const builtInOrder = { orderFirst: firstKinds, orderLast: lastKinds } as const;

const builtInRank = kindRanks(firstKinds, lastKinds);

/** Text to sort Gvks by within a rank. */
export function gvkSortText({ group = '', version = '', kind = '' }: GvkSelector): string {
  return `${group || '~G'}_${version || '~V'}_${kind || '~K'}`;
}

/** The order of Gvks: what others need comes first. */
export function compareGvks(left: GvkSelector, right: GvkSelector): number {
  const ranks = builtInRank(left.kind ?? '') - builtInRank(right.kind ?? '');
  return ranks === 0 ? compareTexts(gvkSortText(left), gvkSortText(right)) : ranks;
}

/** The order of texts by their UTF-8 bytes, as Go has it. */
export function compareTexts(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
