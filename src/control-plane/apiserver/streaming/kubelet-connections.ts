import type { Transport } from '../../../apimachinery/http.ts';
import { StatusError } from '../../../apimachinery/status.ts';

/** How the API server reaches the kubelets; handed in, since only the cluster knows where they run. */
export interface KubeletConnections {
  /** A way to the server of a node's kubelet. @throws StatusError when the node is not known. */
  connectionTo(nodeName: string): Promise<Transport>;
  /** A way to what listens on an address of the cluster's network: a pod, or a node. */
  networkTo(scheme: 'http' | 'https', host: string, port: number): Transport;
}

/** For a server without nodes. */
export const noKubelets: KubeletConnections = {
  connectionTo: (nodeName) => Promise.reject(unreachable(`no kubelet can be reached from here: ${nodeName}`)),
  networkTo: (_scheme, host, port) => ({
    send: () => Promise.reject(new Error(`dial tcp ${host}:${port}: connect: network is unreachable`)),
    close: () => Promise.resolve(),
  }),
};

function unreachable(message: string): StatusError {
  return new StatusError({ message, reason: 'InternalError', code: 500 });
}
