import { messageOf } from '../../apimachinery/error-message.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { OwnerReference, Unstructured } from '../../apimachinery/object-meta.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../system/clock.ts';

/** Which pods of a node may be removed. */
export interface PodFilterOptions {
  readonly client: Client;
  readonly context: { readonly clock: Clock };
  readonly podSelector: string;
  /** How many pods to ask for at once; 0 for all. */
  readonly chunkSize: number;
  readonly force: boolean;
  readonly ignoreDaemonSets: boolean;
  readonly deleteEmptyDirData: boolean;
  /** Pods that should be gone for longer than this are left; 0 for none. */
  readonly skipAfterSeconds: number;
}

/** The pods of a node that may be removed, what is to be said of that, and why others may not. */
export interface PodsToRemove {
  readonly pods: readonly Unstructured[];
  readonly warnings: string;
  readonly errors: readonly string[];
}

/** Of a pod: whether it goes, with a warning perhaps, or why it may not. */
interface Verdict {
  readonly remove: boolean;
  readonly warning?: string;
  readonly problem?: string;
}

const yes: Verdict = { remove: true };
const pods = { group: '', version: 'v1', resource: 'pods' };

/** Asks for the pods of a node, and judges each. @throws StatusError */
export async function podsToRemove(node: string, options: PodFilterOptions): Promise<PodsToRemove> {
  const result: Unstructured[] = [];
  const warnings = new Map<string, string[]>();
  const problems = new Map<string, string[]>();
  const note = (map: Map<string, string[]>, text: string, { metadata }: Unstructured): void => {
    map.set(text, [...(map.get(text) ?? []), `${metadata.namespace ?? ''}/${metadata.name ?? ''}`]);
  };
  for (const pod of await podsOf(node, options)) {
    const { remove, warning, problem } = await judge(pod, options);
    if (remove) result.push(pod);
    if (warning !== undefined) note(warnings, warning, pod);
    if (problem !== undefined) note(problems, problem, pod);
  }
  const lines = (map: ReadonlyMap<string, readonly string[]>): string[] =>
    [...map].map(([text, names]) => `${text}: ${names.join(', ')}`);
  return {
    pods: result,
    warnings: lines(warnings).join('; '),
    errors: lines(problems).map((line) => `cannot delete ${line}`),
  };
}

async function podsOf(node: string, { client, podSelector, chunkSize }: PodFilterOptions): Promise<Unstructured[]> {
  const found: Unstructured[] = [];
  let next = '';
  do {
    const page = await client.resource(pods).list({
      labelSelector: podSelector,
      fieldSelector: `spec.nodeName=${node}`,
      ...(chunkSize > 0 ? { limit: chunkSize } : {}),
      ...(next === '' ? {} : { continue: next }),
    });
    found.push(...page.items.map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })));
    next = page.metadata.continue ?? '';
  } while (next !== '');
  return found;
}

/** One check after the other; the last one's warning is the one that is told. */
async function judge(pod: Unstructured, options: PodFilterOptions): Promise<Verdict> {
  if (isOverdue(pod, options)) return { remove: false };
  const ofDaemonSet = await judgeDaemonSet(pod, options);
  if (!ofDaemonSet.remove) return ofDaemonSet;
  if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return { remove: false };
  if (hasEnded(pod)) return yes;
  if (hasLocalStorage(pod) && !options.deleteEmptyDirData) {
    return { remove: false, problem: 'Pods with local storage (use --delete-emptydir-data to override)' };
  }
  if (controllerOf(pod) !== undefined) return yes;
  return options.force
    ? { remove: true, warning: 'deleting Pods that declare no controller' }
    : { remove: false, problem: 'Pods that declare no controller (use --force to override)' };
}

async function judgeDaemonSet(pod: Unstructured, options: PodFilterOptions): Promise<Verdict> {
  const owner = controllerOf(pod);
  if (owner?.kind !== 'DaemonSet' || owner.apiVersion !== 'apps/v1' || hasEnded(pod)) return yes;
  const daemonSets = { group: 'apps', version: 'v1', resource: 'daemonsets' };
  try {
    await options.client.resource(daemonSets, pod.metadata.namespace).get(owner.name);
  } catch (error) {
    if (hasReason(error, 'NotFound') && options.force) return yes;
    return { remove: false, problem: messageOf(error) };
  }
  return options.ignoreDaemonSets
    ? { remove: false, warning: 'ignoring DaemonSet-managed Pods' }
    : { remove: false, problem: 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' };
}

/** Whether a pod should have been gone for so long that it is not waited for. */
export function isOverdue(
  { metadata }: Unstructured,
  { skipAfterSeconds, context }: Pick<PodFilterOptions, 'skipAfterSeconds' | 'context'>,
): boolean {
  if (skipAfterSeconds <= 0 || metadata.deletionTimestamp === undefined) return false;
  const seconds = Math.trunc((context.clock.now() - Date.parse(metadata.deletionTimestamp)) / 1000);
  return seconds > skipAfterSeconds;
}

function controllerOf({ metadata }: Unstructured): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function hasEnded(pod: Unstructured): boolean {
  const { phase } = (pod['status'] ?? {}) as { readonly phase?: string };
  return phase === 'Succeeded' || phase === 'Failed';
}

function hasLocalStorage(pod: Unstructured): boolean {
  const { volumes = [] } = (pod['spec'] ?? {}) as { readonly volumes?: readonly { readonly emptyDir?: unknown }[] };
  return volumes.some(({ emptyDir }) => emptyDir !== undefined && emptyDir !== null);
}
