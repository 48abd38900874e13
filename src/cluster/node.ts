import { arch, cpus, release, totalmem } from 'node:os';
import type { Duplex } from 'node:stream';
import type { Client } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import type { InformerFactory } from '../client/informer.ts';
import { createHostLocalNetwork } from '../node/cni/host-local-network.ts';
import { createSimulatedRuntime, type SimulatedRuntimeOptions } from '../node/cri/simulated-runtime.ts';
import { createKubelet, type Kubelet, type KubeletOptions } from '../node/kubelet/kubelet.ts';
import { dialPod, sendDatagram as sendDatagramTo } from '../node/kubelet/pod-network.ts';
import { createRuntimeProber } from '../node/kubelet/prober.ts';
import type { DialPod } from '../node/kubelet/runtime-prober.ts';
import { createAuthorizedServer } from '../node/kubelet/authorized-server.ts';
import { createProxyServer } from '../node/proxy/proxy-server.ts';
import type { ServiceProxy } from '../node/proxy/service-proxy.ts';
import { type CertificatePair, issueCertificate } from '../pki/certificates.ts';
import { NodePorts } from './node-ports.ts';
import type { MemoryFiles } from '../node/cri/simulation/memory-files.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import type { ComponentArguments } from './component-arguments.ts';
import type { LocalNode } from './local-kubelets.ts';
import { coreDns } from './coredns/core-dns.ts';
import { metricsServer } from './metrics-server/metrics-server.ts';
import { sampleApiServer } from './sample-api-server/sample-api-server.ts';

export interface NodeOptions {
  /** Counts from 0; decides the name, the address and the pods' range. */
  readonly index: number;
  readonly clusterName: string;
  /** Its file system. */
  readonly files: MemoryFiles;
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly arguments: ComponentArguments;
  /** The address of the cluster's DNS. */
  readonly clusterDns: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Connects to pods, of this node and others. */
  readonly dial: DialPod;
  /** Sends datagrams to pods, of this node and others. */
  readonly sendDatagram: NonNullable<SimulatedRuntimeOptions['sendDatagram']>;
  /** The services of the cluster, for what its proxy says of them. */
  readonly services: ServiceProxy;
  /** What the operating system tells of this process, and how many nodes there are in it. */
  readonly process: NonNullable<KubeletOptions['process']>;
  /** Who signs what the kubelet's server shows. */
  readonly authority: CertificatePair;
}

/** A kubelet, and the network of its pods. */
export type RunningNode = Kubelet &
  Pick<LocalNode, 'dial' | 'sendDatagram'> & {
    readonly hostIP: string;
    /** Whether an address is the node's own or of its pods. */
    readonly owns: (address: string) => boolean;
    /** Its file system. */
    readonly files: MemoryFiles;
  };

/** The room for all files of a node: they are in the memory of this machine. */
export const nodeDiskBytes: number = 1 << 30;

/** The name of a cluster's node. @param index counts from 0 */
export function nodeName(clusterName: string, index: number): string {
  return index === 0 ? `${clusterName}-node` : `${clusterName}-node-${index + 1}`;
}

/** A node with a simulated runtime: it runs nothing, and says of itself what this machine is. */
export function createNode(options: NodeOptions): RunningNode {
  const { index, files, client, informers, clock, random, log } = options;
  const name = nodeName(options.clusterName, index);
  const podCIDR = `10.244.${index}.0/24`;
  const hostIP = `192.168.${64 + Math.floor(index / 250)}.${2 + (index % 250)}`;
  files.writeFile('/etc/hosts', Buffer.from(`127.0.0.1\tlocalhost\n${hostIP}\t${name}\n`));
  files.writeFile('/etc/hostname', Buffer.from(`${name}\n`));
  const network = createHostLocalNetwork(podCIDR);
  const architecture = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' }[arch()] ?? arch();
  const { dial, sendDatagram } = options;
  files.makeFolder('/var/log');
  // What a program that is let into the node's mount namespace names.
  files.makeFolder('/proc/1/ns');
  files.writeFile('/proc/1/ns/mnt', new Uint8Array());
  const dialHost = (port: number): Promise<Duplex | undefined> => ports.dial(port, '127.0.0.1');
  const around = { dial, sendDatagram, hostIP, dialHost, processors: cpus().length };
  const programs = {
    '/coredns': coreDns({ random, log }),
    '/metrics-server': metricsServer({ random, log }),
    '/sample-apiserver': sampleApiServer({ random, log }),
  };
  const runtime = createSimulatedRuntime({ clock, random, network, files, programs, ...around });
  const dialFromHost: DialPod = (address, port) => dial(address, port, hostIP);
  const kubelet = createKubelet({
    client,
    informers,
    runtime,
    prober: createRuntimeProber({ runtime, clock, dial: dialFromHost }),
    files,
    dial: dialFromHost,
    process: options.process,
    events: createEventRecorder({ client, component: 'kubelet', host: name, clock }),
    clock,
    log,
    node: {
      name,
      hostIP,
      podCIDR,
      clusterDns: options.clusterDns,
      labels: parseLabels(options.arguments.get('node-labels') ?? ''),
      taints: [],
      capacity: {
        cpu: `${cpus().length}`,
        memory: `${Math.floor(totalmem() / 1024)}Ki`,
        pods: options.arguments.get('max-pods') ?? '110',
        'ephemeral-storage': '100Gi',
      },
      kubeletVersion: 'v1.36.2',
      runtimeVersion: 'simulated://1.0.0',
      operatingSystem: 'linux',
      architecture,
      kernelVersion: release(),
      osImage: 'kubectl-ts (simulated)',
      uid: random.uuid(),
    },
  });
  const ports = new NodePorts({
    kubelet: createAuthorizedServer({ handle: kubelet.handle, client, nodeName: name }),
    proxy: createProxyServer({ services: options.services, nodeName: name, clock }),
    identity: () => kubeletIdentity(options.authority, { name, hostIP, now: clock.now() }),
    onFailure: (error) => log.warn('the server of a node failed', { node: name, error: String(error) }),
  });
  return {
    ...kubelet,
    hostIP,
    files,
    owns: (address) => address === hostIP || address.startsWith(`10.244.${index}.`),
    async dial(address, port, from = '') {
      const pod = await dialPod(runtime, { address, port }, { hostIP, from });
      const connection = pod ?? (address === hostIP ? await ports.dial(port, from) : undefined);
      // The node's own address is made up: nothing else listens there.
      if (connection === undefined && address === hostIP) {
        throw new Error(`dial tcp ${address}:${port}: connect: connection refused`);
      }
      // Its network has no other way to a pod that is not there.
      if (connection === undefined && address.startsWith(`10.244.${index}.`)) {
        throw new Error(`dial tcp ${address}:${port}: connect: no route to host`);
      }
      return connection;
    },
    sendDatagram: (address, port, payload, from = '', protocol = 'UDP') =>
      sendDatagramTo(runtime, { address, port }, payload, { hostIP, from }, protocol),
  };
}

/** What the kubelet's server shows, as kubelets name themselves. */
function kubeletIdentity(
  authority: CertificatePair,
  { name, hostIP, now }: { readonly name: string; readonly hostIP: string; readonly now: number },
): Promise<CertificatePair> {
  return issueCertificate(authority, {
    subject: { commonName: `system:node:${name}`, organizations: ['system:nodes'] },
    usage: 'server',
    dnsNames: [name],
    ipAddresses: [hostIP],
    now,
  });
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair) => [pair.split('=')[0] ?? '', pair.split('=').slice(1).join('=')]);
  return Object.fromEntries(pairs) as Record<string, string>;
}
