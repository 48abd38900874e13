import type { Pod } from '../../../api/types/core-v1.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';

/** The pod a streaming request is about. @throws StatusError NotFound */
export async function podOf({ store, namespace, name }: Endpoint): Promise<Pod> {
  return await store.get(namespace, name);
}

/** The container that is meant: the one named, or the only one. @throws StatusError 400 */
export function chosenContainer(pod: Pod, container: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const podName = pod.metadata.name ?? '';
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  if (container !== '') {
    if (!names.includes(container)) throw badRequest(`container ${container} is not valid for pod ${podName}`);
    return container;
  }
  const [first] = containers;
  if (first !== undefined && containers.length === 1) return first.name;
  const choice = containers.length === 0 ? '' : `, choose one of: [${names.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${podName}${choice}`);
}

/** The node a pod runs on. @throws StatusError 400 when it is not bound yet */
export function nodeOf(pod: Pod): string {
  const node = pod.spec?.nodeName ?? '';
  if (node === '') throw badRequest(`pod ${pod.metadata.name ?? ''} does not have a host assigned`);
  return node;
}
