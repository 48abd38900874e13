import type { TokenObjects } from '../control-plane/authentication/service-account-token.ts';
import { lastUsedLabel } from '../api/core/v1/legacy-token.ts';
import type { Secret, ServiceAccount } from '../api/types/core-v1.ts';
import type { KubeObject } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';

const resources = {
  ServiceAccount: { group: '', version: 'v1', resource: 'serviceaccounts' },
  Pod: { group: '', version: 'v1', resource: 'pods' },
  Secret: { group: '', version: 'v1', resource: 'secrets' },
  Node: { group: '', version: 'v1', resource: 'nodes' },
} as const;

/** Looks up what tokens are bound to, with the server's own client. */
export function tokenObjects(client: () => Client): TokenObjects {
  const find = async <T extends KubeObject>(
    kind: keyof typeof resources,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined> => {
    try {
      return await client().resource<T>(resources[kind], namespace).get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  return {
    async find(kind, namespace, name) {
      if (name === '') return undefined;
      const object = await find(kind, kind === 'Node' ? undefined : namespace, name);
      if (object === undefined) return undefined;
      const { uid = '', deletionTimestamp } = object.metadata;
      return deletionTimestamp === undefined ? { uid } : { uid, goesAt: Date.parse(deletionTimestamp) };
    },
    legacy: {
      secret: (namespace, name) => find<Secret>('Secret', namespace, name),
      account: (namespace, name) => find<ServiceAccount>('ServiceAccount', namespace, name),
      async markUsed({ metadata: { namespace, name = '', uid } }, day) {
        const patch = { metadata: { uid, labels: { [lastUsedLabel]: day } } };
        await client().resource(resources.Secret, namespace).patch(name, 'application/merge-patch+json', patch);
      },
    },
  };
}
