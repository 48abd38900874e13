import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { secureConnection } from '../apimachinery/streaming/secure-connection.ts';
import type { DialBeside } from '../client/http-transport.ts';
import { decodeDnsQuery, type DnsAnswer, type DnsQuestion, encodeDnsAnswer } from '../apimachinery/dns-message.ts';
import type { HttpHandler, Transport } from '../apimachinery/http.ts';
import { StatusError } from '../apimachinery/status.ts';
import { createDialedTransport } from '../client/dialed-transport.ts';
import { createInProcessTransport } from '../client/in-process-transport.ts';
import type { MessageProtocol } from '../node/cri/pod-place.ts';
import { dnsPort } from '../node/cri/simulation/name-resolver.ts';
import type { NetworkPolicies } from '../node/proxy/network-policies.ts';
import type { ServiceProxy } from '../node/proxy/service-proxy.ts';
import type { KubeletConnections } from '../control-plane/apiserver/streaming/kubelet-connections.ts';

/** A node of this process, as far as the API server has to do with it. */
export interface LocalNode {
  readonly nodeName: string;
  /** Its kubelet's server. */
  readonly handle: HttpHandler;
  /** Connects to a port of one of its pods or of its own; undefined when the address is none of them. @throws Error when refused */
  dial(address: string, port: number, from?: string): Promise<Duplex | undefined>;
  /** Sends a datagram, or a message of SCTP, to a port of one of its pods. @returns what comes back, if anything does */
  sendDatagram(
    address: string,
    port: number,
    payload: Uint8Array,
    from?: string,
    protocol?: MessageProtocol,
  ): Promise<Uint8Array | undefined>;
}

/** The way to some nodes, and which they are. */
export interface LocalConnections extends KubeletConnections {
  has(nodeName: string): boolean;
  /** Connects to what runs in pods of these nodes, by the address of a pod or a service; undefined for all else. */
  readonly dialBeside: DialBeside;
}

/** The nodes of this process, which the API server reaches without a socket; other addresses by the network. */
export class LocalKubelets implements LocalConnections {
  readonly #nodes = new Map<string, LocalNode>();
  #services: ServiceProxy | undefined;
  #policies: NetworkPolicies | undefined;
  #dns: { readonly address: string; readonly answer: (question: DnsQuestion) => DnsAnswer } | undefined;
  #apiServer: { readonly host: string; readonly port: number } | undefined;

  /** A node of this process. */
  add(node: LocalNode): void {
    this.#nodes.set(node.nodeName, node);
  }

  /** The services of the cluster. */
  useServices(services: ServiceProxy): void {
    this.#services = services;
  }

  /** The cluster's DNS, which is at an address of services as long as no service has that. */
  useDns(address: string, answer: (question: DnsQuestion) => DnsAnswer): void {
    this.#dns = { address, answer };
  }

  /** What pods may send to and be sent. */
  usePolicies(policies: NetworkPolicies): void {
    this.#policies = policies;
  }

  /** Where the API server listens, which the service `kubernetes` leads to. */
  useApiServer(host: string, port: number): void {
    this.#apiServer = { host, port };
  }

  /** Connects to a port of a pod of these nodes, or of a service. @throws Error when nothing listens there */
  async dial(address: string, port: number, from = ''): Promise<Duplex> {
    const target = this.#isApiServer(address, port) ? undefined : this.#services?.targetOf(address, port, from);
    const { address: to, port: toPort, masquerade: seenAs = from } = target ?? { address, port };
    // What is not allowed is lost on the way.
    if (this.#policies?.allows({ from, seenAs, to, port: toPort, protocol: 'TCP' }) === false) {
      throw new Error(`dial tcp ${address}:${port}: i/o timeout`);
    }
    if (this.#isApiServer(to, toPort)) return dialTcp('http', to, toPort);
    for (const node of this.#nodes.values()) {
      const connection = await node.dial(to, toPort, seenAs);
      if (connection !== undefined) return connection;
    }
    throw new Error(`dial tcp ${to}:${toPort}: connect: no route to host`);
  }

  #isApiServer(address: string, port: number): boolean {
    return address === this.#apiServer?.host && port === this.#apiServer.port;
  }

  /**
   * Sends a datagram, or a message over an association of SCTP, to a pod of these nodes, or to a service.
   * @returns what comes back, if anything does
   * @throws Error in the words of Go's net when a service has nobody, or an association is refused
   */
  async sendDatagram(
    address: string,
    port: number,
    payload: Uint8Array,
    from: string,
    protocol: MessageProtocol = 'UDP',
  ): Promise<Uint8Array | undefined> {
    const service = this.#services?.targetOf(address, port, from, protocol);
    if (service === undefined && protocol === 'UDP' && address === this.#dns?.address && port === dnsPort) {
      const query = decodeDnsQuery(payload);
      return query === undefined ? undefined : encodeDnsAnswer(query, this.#dns.answer(query));
    }
    const target = service ?? { address, port };
    const seenAs = target.masquerade ?? from;
    const { address: to, port: toPort } = target;
    if (this.#policies?.allows({ from, seenAs, to, port: toPort, protocol }) === false) return undefined;
    for (const node of this.#nodes.values()) {
      const answer = await node.sendDatagram(to, toPort, payload, seenAs, protocol);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  readonly dialBeside: DialBeside = async (host, port) => {
    const target = this.#services?.targetOf(host, port, '') ?? { address: host, port };
    for (const node of this.#nodes.values()) {
      const connection = await node.dial(target.address, target.port);
      if (connection !== undefined) return connection;
    }
    return undefined;
  };

  /** Whether a node is one of this process. */
  has(nodeName: string): boolean {
    return this.#nodes.has(nodeName);
  }

  async connectionTo(nodeName: string): Promise<Transport> {
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) return createInProcessTransport(node.handle);
    throw new StatusError({
      message: `the kubelet of node ${nodeName} is not part of this process and cannot be reached`,
      reason: 'InternalError',
      code: 500,
    });
  }

  networkTo(scheme: 'http' | 'https', host: string, port: number): Transport {
    return {
      send: async (request) => {
        for (const node of this.#nodes.values()) {
          const connection = await node.dial(host, port);
          if (connection === undefined) continue;
          return createDialedTransport(() => overScheme(scheme, connection)).send(request);
        }
        return createDialedTransport(() => dialTcp(scheme, host, port)).send(request);
      },
      close: () => Promise.resolve(),
    };
  }
}

/** A connection to a pod as a scheme wants it. */
async function overScheme(scheme: 'http' | 'https', connection: Duplex): Promise<Duplex> {
  return scheme === 'http' ? connection : secureConnection(connection);
}

/** The certificate of a pod says nothing that could be verified, as for the real API server. */
async function dialTcp(scheme: 'http' | 'https', host: string, port: number): Promise<Duplex> {
  const options = { host, port, timeout: 30_000 };
  const socket = scheme === 'http' ? connectPlain(options) : connectTls({ ...options, rejectUnauthorized: false });
  socket.once('timeout', () => socket.destroy(new Error(`dial tcp ${host}:${port}: i/o timeout`)));
  await once(socket, scheme === 'http' ? 'connect' : 'secureConnect');
  socket.setTimeout(0);
  return socket;
}
