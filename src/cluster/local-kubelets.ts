import type { HttpHandler, Transport } from '../apimachinery/http.ts';
import { StatusError } from '../apimachinery/status.ts';
import { createInProcessTransport } from '../client/in-process-transport.ts';
import type { KubeletConnections } from '../control-plane/apiserver/streaming/kubelet-connections.ts';

/** The kubelets of this process, which the API server calls without a socket. */
export class LocalKubelets implements KubeletConnections {
  readonly #transports = new Map<string, Transport>();

  /** A node of this process. */
  add(nodeName: string, handle: HttpHandler): void {
    this.#transports.set(nodeName, createInProcessTransport(handle));
  }

  async connectionTo(nodeName: string): Promise<Transport> {
    const transport = this.#transports.get(nodeName);
    if (transport !== undefined) return transport;
    throw new StatusError({
      message: `the kubelet of node ${nodeName} is not part of this process and cannot be reached`,
      reason: 'InternalError',
      code: 500,
    });
  }
}
