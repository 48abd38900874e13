import type { Pod } from '../../api/types/core-v1.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { Query } from '../../client/client.ts';
import { CommandError } from '../../cli/command.ts';
import {
  allContainerNames,
  defaultContainerAnnotation,
  defaultedNotice,
  findContainer,
  notAContainer,
} from '../../cli/pods/container-choice.ts';
import type { LogTarget } from '../../cli/pods/show-logs.ts';
import { isPod } from '../../cli/pods/pod-object.ts';
import { byLogging } from '../../cli/pods/pod-order.ts';
import { findPods, goTypeOf, podSelectorOf, type PodSearch } from '../../cli/pods/pods-of-object.ts';

/** PodLogOptions. */
export interface LogQuery {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly insecureSkipTLSVerifyBackend: boolean;
  readonly sinceTime?: string;
  readonly sinceSeconds?: number;
  readonly limitBytes?: number;
  readonly tailLines?: number;
}

/** Which of the logs are wanted. */
export interface LogWish {
  readonly query: LogQuery;
  readonly allContainers: boolean;
  readonly allPods: boolean;
}

type LogSearch = PodSearch & {
  /** Tells the user of choices that were made. */
  readonly tell: (text: string) => void;
};

/** The logs that an object, or the pods of a selector, stand for. @throws CommandError */
export async function logTargets(
  object: Unstructured | readonly Pod[],
  wish: LogWish,
  search: LogSearch,
): Promise<readonly LogTarget[]> {
  const pods = isList(object) ? object : await podsOf(object, wish, search);
  return pods.flatMap((pod) => containersOf(pod, wish, search.tell));
}

function isList(object: Unstructured | readonly Pod[]): object is readonly Pod[] {
  return Array.isArray(object);
}

async function podsOf(object: Unstructured, wish: LogWish, search: LogSearch): Promise<readonly Pod[]> {
  if (isPod(object)) return [object];
  const selector = selectorOf(object);
  const namespace = object.metadata.namespace ?? '';
  const pods = await findPods(selector, byLogging, { ...search, namespace });
  if (pods.length === 1 || wish.allPods) return pods;
  search.tell(`Found ${pods.length} pods, using pod/${pods[0].metadata.name ?? ''}\n`);
  return [pods[0]];
}

function selectorOf(object: Unstructured): string {
  try {
    return podSelectorOf(object);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`cannot get the logs from ${goTypeOf(object)}: ${error.message}`);
  }
}

function containersOf(pod: Pod, wish: LogWish, tell: (text: string) => void): LogTarget[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const names = wish.allContainers
    ? [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name)
    : [chosenContainer(pod, wish, tell)];
  return names.map((container) => {
    if (findContainer(pod, container) === undefined) throw new CommandError(notAContainer(pod, container));
    const { name = '', namespace = '' } = pod.metadata;
    return { namespace, pod: name, container, query: { ...sentQuery(wish.query), container } };
  });
}

function chosenContainer(pod: Pod, { query, allPods }: LogWish, tell: (text: string) => void): string {
  if (query.container !== '') return query.container;
  const annotated = pod.metadata.annotations?.[defaultContainerAnnotation] ?? '';
  if (annotated !== '') {
    if (findContainer(pod, annotated) !== undefined) return annotated;
    tell(`Default container name ${goQuote(annotated)} not found in pod ${pod.metadata.name ?? ''}\n`);
  }
  const first = pod.spec?.containers?.[0]?.name;
  if (first === undefined) {
    throw new CommandError(`pod ${pod.metadata.name ?? ''} has no containers: ${allContainerNames(pod)}`);
  }
  if (!allPods) tell(defaultedNotice(pod, first));
  return first;
}

/** Without what is off, as client-go leaves it out. */
function sentQuery(query: LogQuery): Query {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== false)) as Query;
}
