import type { Node } from '../api/types/core-v1.ts';
import type { Client } from '../client/client.ts';
import { createHttpTransport, type HttpTransportOptions } from '../client/http-transport.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { KubeletConnections, KubeletTransport } from '../control-plane/apiserver/streaming/kubelet-connections.ts';
import type { FileSystem } from '../system/file-system.ts';
import { type ComponentArguments, ComponentArgumentError, listArgument } from './component-arguments.ts';
import { readArgumentFile } from './watched-file.ts';

export interface RemoteKubeletsOptions {
  readonly client: Client;
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
}

/** As kube-apiserver prefers them. */
const defaultAddressTypes = ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'];
const defaultPort = 10_250;

/** Kubelets elsewhere, at the address and port that their nodes tell, over TLS. */
export class RemoteKubelets implements Pick<KubeletConnections, 'connectionTo'> {
  readonly #client: Client;
  readonly #addressTypes: readonly string[];
  readonly #port: number;
  readonly #tls: Omit<HttpTransportOptions, 'server'>;
  readonly #known = new Map<string, KubeletTransport>();

  constructor(
    client: Client,
    addressTypes: readonly string[],
    port: number,
    tls: Omit<HttpTransportOptions, 'server'>,
  ) {
    this.#client = client;
    this.#addressTypes = addressTypes;
    this.#port = port;
    this.#tls = tls;
  }

  async connectionTo(nodeName: string, insecureSkipTlsVerify = false): Promise<KubeletTransport> {
    const node = await this.#client.resource<Node>({ group: '', version: 'v1', resource: 'nodes' }).get(nodeName);
    const { addresses = [], daemonEndpoints } = node.status ?? {};
    const found = this.#addressTypes
      .map((wanted) => addresses.find(({ type }) => type === wanted)?.address)
      .find((address) => address !== undefined);
    if (found === undefined) {
      const known = addresses.map(({ type, address }) => `{${type} ${address}}`).join(' ');
      throw new StatusError({ message: `no preferred addresses found; known addresses: [${known}]`, code: 500 });
    }
    const reported = daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
    const address = `${found.includes(':') ? `[${found}]` : found}:${reported > 0 ? reported : this.#port}`;
    const key = `${address} ${insecureSkipTlsVerify}`;
    const existing = this.#known.get(key);
    if (existing !== undefined) return existing;
    const { ca, ...rest } = this.#tls;
    // Without an authority nobody can tell whose certificate it is.
    const trust = ca === undefined || insecureSkipTlsVerify ? { insecureSkipTlsVerify: true } : { ca };
    const transport = createHttpTransport({
      ...rest,
      ...trust,
      server: `https://${address}`,
      disableCompression: true,
    });
    const connection = { address, send: transport.send.bind(transport), close: transport.close.bind(transport) };
    this.#known.set(key, connection);
    return connection;
  }

  async close(): Promise<void> {
    const connections = [...this.#known.values()];
    this.#known.clear();
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

/** Reads the --kubelet-… flags of kube-apiserver. @throws ComponentArgumentError */
export async function remoteKubelets({
  client,
  arguments: flags,
  files,
}: RemoteKubeletsOptions): Promise<RemoteKubelets> {
  const read = async (flag: string): Promise<string | undefined> => {
    const path = flags.get(flag);
    return path === undefined ? undefined : readArgumentFile(files, path);
  };
  const [clientCertificate, clientKey] = [await read('kubelet-client-certificate'), await read('kubelet-client-key')];
  if ((clientCertificate === undefined) !== (clientKey === undefined)) {
    throw new ComponentArgumentError('--kubelet-client-certificate and --kubelet-client-key go together');
  }
  const ca = await read('kubelet-certificate-authority');
  const port = Number(flags.get('kubelet-port') ?? defaultPort);
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new ComponentArgumentError(`--kubelet-port: want a number from 1 to 65535`);
  }
  return new RemoteKubelets(
    client,
    listArgument(flags, 'kubelet-preferred-address-types') ?? defaultAddressTypes,
    port,
    {
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined || clientKey === undefined ? {} : { clientCertificate, clientKey }),
    },
  );
}
