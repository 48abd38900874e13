import type { ConfigMap, Namespace } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController } from './keyed-controller.ts';
import { isNamespaceGoing } from './pod-control.ts';

const namespacesResource = { group: '', version: 'v1', resource: 'namespaces' } as const;
const configMapsResource = { group: '', version: 'v1', resource: 'configmaps' } as const;
const mapName = 'kube-root-ca.crt';
const annotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Every namespace has a config map with the cluster's certificate authority. */
export function createRootCaPublisher(context: ControllerContext): Controller {
  const namespaces = context.informers.informer<Namespace>(namespacesResource);
  const maps = context.informers.informer<ConfigMap>(configMapsResource);
  const data = { 'ca.crt': context.authority.certificate };
  return createKeyedController({
    name: 'root-ca-certificate-publisher-controller',
    context,
    register(queue) {
      const enqueue = (namespace: Namespace): void => queue.add(namespace.metadata.name ?? '');
      const enqueueMap = (map: ConfigMap): void => {
        if (map.metadata.name === mapName) queue.add(map.metadata.namespace ?? '');
      };
      namespaces.addHandler({ added: enqueue, updated: enqueue });
      maps.addHandler({ updated: enqueueMap, deleted: enqueueMap });
    },
    async sync(name) {
      const namespace = namespaces.get('', name);
      if (namespace === undefined || namespace.status?.phase === 'Terminating') return;
      const resource = context.client.resource<ConfigMap>(configMapsResource, name);
      const current = maps.get(name, mapName);
      try {
        if (current === undefined) {
          const metadata = { name: mapName, namespace: name, annotations: { [annotation]: description } };
          await resource.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
        } else if (!equalJson(current.data ?? {}, data)) {
          await resource.update({ ...current, data });
        }
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists') && !hasReason(error, 'NotFound') && !isNamespaceGoing(error))
          throw error;
      }
    },
  });
}
