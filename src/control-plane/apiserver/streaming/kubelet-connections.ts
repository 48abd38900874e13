import type { Transport } from '../../../apimachinery/http.ts';
import { StatusError } from '../../../apimachinery/status.ts';

/** How the API server reaches the kubelets; handed in, since only the cluster knows where they run. */
export interface KubeletConnections {
  /** A way to the server of a node's kubelet. @throws StatusError when the node is not known. */
  connectionTo(nodeName: string): Promise<Transport>;
}

/** For a server without nodes. */
export const noKubelets: KubeletConnections = {
  connectionTo: (nodeName) =>
    Promise.reject(
      new StatusError({
        message: `no kubelet can be reached from here: ${nodeName}`,
        reason: 'InternalError',
        code: 500,
      }),
    ),
};
