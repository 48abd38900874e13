import type { Namespace, ServiceAccount } from '../../api/types/core-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController } from './keyed-controller.ts';
import { isNamespaceGoing } from './pod-control.ts';

const namespacesResource = { group: '', version: 'v1', resource: 'namespaces' } as const;
const accountsResource = { group: '', version: 'v1', resource: 'serviceaccounts' } as const;
const defaultAccount = 'default';

/** Every namespace has a service account `default`. */
export function createServiceAccountController(context: ControllerContext): Controller {
  const namespaces = context.informers.informer<Namespace>(namespacesResource);
  const accounts = context.informers.informer<ServiceAccount>(accountsResource);
  return createKeyedController({
    name: 'serviceaccount-controller',
    context,
    register(queue) {
      const enqueue = (namespace: Namespace): void => queue.add(namespace.metadata.name ?? '');
      namespaces.addHandler({ added: enqueue, updated: enqueue });
      accounts.addHandler({
        deleted: (account) => {
          if (account.metadata.name === defaultAccount) queue.add(account.metadata.namespace ?? '');
        },
      });
    },
    async sync(name) {
      const namespace = namespaces.get('', name);
      if (namespace === undefined || namespace.status?.phase === 'Terminating') return;
      if (accounts.get(name, defaultAccount) !== undefined) return;
      try {
        await context.client.resource<ServiceAccount>(accountsResource, name).create({
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: defaultAccount, namespace: name },
        });
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists') && !isNamespaceGoing(error)) throw error;
      }
    },
  });
}
