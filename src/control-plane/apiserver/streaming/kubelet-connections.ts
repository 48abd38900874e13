import { messageOf } from '../../../apimachinery/error-message.ts';
import type { Transport } from '../../../apimachinery/http.ts';
import { internalError, StatusError } from '../../../apimachinery/status.ts';
import { asTransportError } from '../../../client/transport-error.ts';
import { transportReason } from '../../../client/transport-reason.ts';

/** A way to a kubelet's server. */
export interface KubeletTransport extends Transport {
  /** `host:port`; absent for one of this process. */
  readonly address?: string;
}

/** How the API server reaches the kubelets; handed in, since only the cluster knows where they run. */
export interface KubeletConnections {
  /**
   * A way to the server of a node's kubelet.
   * @param insecureSkipTlsVerify whether its certificate is taken as it is
   * @throws StatusError when the node is not known
   */
  connectionTo(nodeName: string, insecureSkipTlsVerify?: boolean): Promise<KubeletTransport>;
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

/** A request to a kubelet that got no answer, as the real server tells it. @param doing goes before what is wrong */
export function kubeletFailure(error: unknown, { address }: KubeletTransport, doing: string): StatusError {
  if (address === undefined) return internalError(messageOf(error));
  return new StatusError({ message: `${doing}: ${transportReason(asTransportError(error, address))}`, code: 500 });
}

function unreachable(message: string): StatusError {
  return new StatusError({ message, reason: 'InternalError', code: 500 });
}
