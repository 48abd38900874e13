import type { Pod } from '../../api/types/core-v1.ts';
import { gvkOf } from '../../apimachinery/gvk.ts';
import { isJsonObject } from '../../apimachinery/json.ts';
import { formatLabelSelector, type ObjectLabelSelector, selectorFromObject } from '../../apimachinery/labels.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../system/clock.ts';
import { CommandError } from '../command.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/** `*v1.Deployment`: what Go calls an object's type. */
export function goTypeOf(object: Unstructured): string {
  const { version, kind } = gvkOf(object);
  return `*${version}.${kind}`;
}

/** Kinds whose pods can be found, by `Kind.group`, and whether their selector is a plain map of labels. */
const selecting: Readonly<Record<string, 'selector' | 'labels'>> = {
  'ReplicaSet.apps': 'selector',
  'ReplicationController.': 'labels',
  'StatefulSet.apps': 'selector',
  'DaemonSet.apps': 'selector',
  'Deployment.apps': 'selector',
  'Job.batch': 'selector',
  'Service.': 'labels',
};

/** The selector of a workload's or service's pods. @throws CommandError for kinds that have none */
export function podSelectorOf(object: Unstructured): string {
  const { group, kind } = gvkOf(object);
  const form = selecting[`${kind}.${group}`];
  if (form === undefined) throw new CommandError(`selector for ${goTypeOf(object)} not implemented`);
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  const selector = isJsonObject(spec['selector']) ? spec['selector'] : {};
  if (kind === 'Service' && Object.keys(selector).length === 0) {
    throw new CommandError(`invalid service '${object.metadata.name ?? ''}': Service is defined without a selector`);
  }
  const whole = (form === 'labels' ? { matchLabels: selector } : selector) as ObjectLabelSelector;
  return formatLabelSelector(selectorFromObject(whole) ?? []);
}

/** Where and how long pods are looked for. */
export interface PodSearch {
  readonly client: Client;
  readonly clock: Clock;
  readonly namespace: string;
  /** How long to wait for a first pod; 0 for as long as it takes. */
  readonly timeoutMillis: number;
  readonly signal: AbortSignal;
}

/** The pods of a selector in the given order; waits for one when there is none yet. @throws CommandError */
export async function findPods(
  selector: string,
  order: (left: Pod, right: Pod) => number,
  search: PodSearch,
): Promise<readonly [Pod, ...Pod[]]> {
  const pods = search.client.resource<Pod>(podsResource, search.namespace);
  const listed = await pods.list({ labelSelector: selector, signal: search.signal });
  const [first, ...rest] = listed.items.toSorted(order);
  if (first !== undefined) return [first, ...rest];
  const stop = new AbortController();
  const timer = search.timeoutMillis > 0 ? search.clock.setTimer(() => stop.abort(), search.timeoutMillis) : undefined;
  const signal = AbortSignal.any([stop.signal, search.signal]);
  const { resourceVersion = '' } = listed.metadata;
  try {
    for await (const event of pods.watch({ labelSelector: selector, resourceVersion, signal })) {
      if (event.type === 'ADDED' || event.type === 'MODIFIED') return [event.object];
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    timer?.cancel();
    stop.abort();
  }
  throw new CommandError('timed out waiting for the condition');
}
