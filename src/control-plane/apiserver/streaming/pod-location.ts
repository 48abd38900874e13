import type { Pod } from '../../../api/types/core-v1.ts';
import { badRequest, notFound, StatusError } from '../../../apimachinery/status.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { KubeletConnections, KubeletTransport } from './kubelet-connections.ts';

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

/**
 * A way to the kubelet of a pod's node. A node that is not there is told as a pod of its name: the real server names
 * what the request is about.
 * @throws StatusError
 */
export async function kubeletOf(
  kubelets: KubeletConnections,
  nodeName: string,
  insecureSkipTlsVerify?: boolean,
): Promise<KubeletTransport> {
  try {
    return await kubelets.connectionTo(nodeName, insecureSkipTlsVerify);
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) throw notFound({ group: '', resource: 'pods' }, nodeName);
    throw error;
  }
}
