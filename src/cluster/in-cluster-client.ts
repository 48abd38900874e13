import type { Client } from '../client/client.ts';
import { createHttpTransport } from '../client/http-transport.ts';
import { createClient } from '../client/rest-client.ts';
import { inClusterConfig } from '../node/cri/simulation/images/in-cluster-api.ts';
import type { ProcessContext } from '../node/cri/simulation/process-context.ts';

/**
 * A client of the cluster's API server, as programs in pods have it: over the pod's network, by the token that is
 * mounted. @throws Error in the words of client-go outside of a cluster
 */
export function inClusterClient(context: ProcessContext, userAgent: string): Client {
  const { server, authority } = inClusterConfig(context);
  return createClient({
    transport: createHttpTransport({ server, ca: authority, dial: (host, port) => context.dial(host, port) }),
    authorization: () => Promise.resolve(`Bearer ${inClusterConfig(context).token}`),
    userAgent,
    clock: context.clock,
  });
}
