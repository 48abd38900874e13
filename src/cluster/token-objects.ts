import type { TokenObjects } from '../control-plane/authentication/service-account-token.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';

const resources = {
  Pod: { group: '', version: 'v1', resource: 'pods' },
  Secret: { group: '', version: 'v1', resource: 'secrets' },
  Node: { group: '', version: 'v1', resource: 'nodes' },
} as const;

/** Looks up what tokens are bound to, with the server's own client. */
export function tokenObjects(client: () => Client): TokenObjects {
  const uidOf = async (
    gvr: { group: string; version: string; resource: string },
    namespace: string | undefined,
    name: string,
  ): Promise<string | undefined> => {
    try {
      const object = await client().resource(gvr, namespace).get(name);
      return object.metadata.deletionTimestamp === undefined ? object.metadata.uid : undefined;
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  return {
    serviceAccountUid: (namespace, name) =>
      uidOf({ group: '', version: 'v1', resource: 'serviceaccounts' }, namespace, name),
    boundUid: (kind, namespace, name) => uidOf(resources[kind], kind === 'Node' ? undefined : namespace, name),
  };
}
