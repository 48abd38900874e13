import { hostname } from 'node:os';
import { join } from 'node:path';
import { longestShutdownMillis, shutDown, shutdownSettings } from './shut-down.ts';
import type { Documentation } from '../api/documentation.ts';
import type { RouteHandler } from '../control-plane/apiserver/server.ts';
import { DefaultServiceCidr } from '../control-plane/apiserver/bootstrap/default-service-cidr.ts';
import { bootstrapCluster } from '../control-plane/apiserver/bootstrap/bootstrap-cluster.ts';
import { listen, type Listener } from '../control-plane/apiserver/listen.ts';
import type { Client } from '../client/client.ts';
import type { InformerFactory } from '../client/informer.ts';
import { createInformerFactory } from '../client/informer-factory.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import { createSeriesEventRecorder } from '../client/series-event-recorder.ts';
import { controllerNames, createControllerManager } from '../control-plane/controller-manager/controller-manager.ts';
import { ControllerChoice } from '../control-plane/controller-manager/controller-names.ts';
import type { WorkqueueObserver } from '../client/workqueue.ts';
import { createScheduler } from '../control-plane/scheduler/scheduler.ts';
import { startCompactor } from '../control-plane/storage/compactor.ts';
import { createNetworkPolicies } from '../node/proxy/network-policies.ts';
import { createServiceProxy } from '../node/proxy/service-proxy.ts';
import {
  createLocalPathProvisioner,
  type LocalPathProvisioner,
  localPathProvisioner,
  type LocalPathProvisionerOptions,
} from '../node/storage/local-path-provisioner.ts';
import { FileSpace } from '../node/cri/simulation/file-space.ts';
import { MemoryFiles } from '../node/cri/simulation/memory-files.ts';
import { diskFileSystem } from '../node/cri/simulation/mount-table.ts';
import type { Storage } from '../control-plane/storage/storage.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import { readProcessStats } from '../system/process-stats.ts';
import type { Random } from '../system/random.ts';
import type { ServedApi } from './served-api.ts';
import { assembleApiServer, type AssembledApiServer } from './api-server-assembly.ts';
import type { ClusterCredentials } from './cluster-credentials.ts';
import {
  booleanArgument,
  ComponentArgumentError,
  integerArgument,
  type ComponentArguments,
} from './component-arguments.ts';
import { clusterComponents } from './component-health.ts';
import {
  createElectedComponent,
  electionIdentity,
  leaderElectionSettings,
  type StartedComponent,
} from './elected-component.ts';
import { listeningOptions } from './listening-flags.ts';
import { LocalKubelets } from './local-kubelets.ts';
import { createNode, nodeDiskBytes, nodeName, type RunningNode } from './node.ts';
import { type NodeDisk, openNodeDisk } from './node-disk.ts';
import type { ServingCertificate } from './serving-certificate.ts';
import { serviceRangesOf } from './service-range.ts';

export interface ControlPlaneOptions {
  readonly storage: Storage;
  readonly credentials: ClusterCredentials;
  /** What the API server shows. */
  readonly serving: ServingCertificate;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How many nodes to run. */
  readonly nodes: number;
  /** Where the files of nodes are kept; undefined when they are gone with the process. */
  readonly nodesFolder?: string;
  /** What others do for this cluster: `controller-manager`, `scheduler`. */
  readonly without: readonly string[];
  /** Prefix of the nodes' names. */
  readonly name: string;
  readonly arguments: {
    readonly apiServer: ComponentArguments;
    readonly controllerManager: ComponentArguments;
    readonly scheduler: ComponentArguments;
    readonly kubelet: ComponentArguments;
  };
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly api: ServedApi;
  readonly routes: readonly RouteHandler[];
  /** Texts of types and fields. */
  readonly documentation: Documentation;
}

/** A control plane with its nodes, all in this process. */
export interface RunningControlPlane {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly port: number;
  readonly apiServer: AssembledApiServer;
  stop(): Promise<void>;
  /** How long stopping may take at most. */
  readonly longestStopMillis: number;
}

/**
 * Starts everything in the order in which it is needed: API server, what a cluster has from its first moment, the port,
 * controllers, scheduler, nodes. Everything but the API server knows the cluster through its client alone.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<RunningControlPlane> {
  const { clock, random, log, credentials } = options;
  let listener: Listener | undefined;
  const kubelets = new LocalKubelets();
  const apiServer = await assembleApiServer({
    storage: options.storage,
    credentials,
    arguments: options.arguments.apiServer,
    files: options.files,
    clock,
    random,
    log,
    api: options.api,
    routes: options.routes,
    documentation: options.documentation,
    components: clusterComponents(options.storage, options.without),
    kubelets,
    // A node may change what is its own and of its pods, as kubeadm sets clusters up.
    pluginsOn: options.nodes > 0 ? ['NodeRestriction'] : [],
    serverAddress: () => `${options.host}:${listener?.port ?? options.port}`,
  });
  const { serving } = options;
  listener = await listen({
    handle: apiServer.server.handle,
    onHandshakeFailure: () => apiServer.server.countHandshakeFailure(),
    tls: {
      certificate: serving.initial.certificate,
      key: serving.initial.privateKey,
      clientAuthorities: apiServer.clientAuthorities.current(),
    },
    host: options.host,
    port: options.port,
    ...listeningOptions(options.arguments.apiServer, random),
    clock,
    log,
  });
  const serviceCidr = new DefaultServiceCidr({
    client: apiServer.clientFor('kube-apiserver'),
    cidrs: serviceRangesOf(options.arguments.apiServer).ranges,
    clock,
    log,
  });
  try {
    return await startBehind({ listener, apiServer, kubelets, serviceCidr }, options);
  } catch (error) {
    // Nothing is left that would keep the process from ending.
    await serviceCidr.stop();
    serving.stop();
    await listener.close();
    await apiServer.stop();
    await options.storage.close();
    throw error;
  }
}

/** What is there when the port is open. */
interface OpenedParts {
  readonly listener: Listener;
  readonly apiServer: AssembledApiServer;
  readonly kubelets: LocalKubelets;
  readonly serviceCidr: DefaultServiceCidr;
}

/** Starts what is reached at the port, and what reaches the API server. */
async function startBehind(
  { listener, apiServer, kubelets, serviceCidr }: OpenedParts,
  options: ControlPlaneOptions,
): Promise<RunningControlPlane> {
  const { clock, serving } = options;
  const { first: serviceAddress } = serviceRangesOf(options.arguments.apiServer);
  const shutdown = shutdownSettings(options.arguments.apiServer);
  const { port, url } = listener;
  kubelets.useApiServer(options.host, port);
  apiServer.clientAuthorities.onChange((pem) => listener.setClientAuthorities(pem));
  serving.follow(({ certificate, privateKey }) => listener.setCertificate({ certificate, key: privateKey }));
  const isNew = options.storage.currentRevision() <= 1;
  await bootstrapCluster({
    openGates: options.api.openGates,
    client: apiServer.clientFor('kube-apiserver'),
    serviceAddress,
    serviceCidr,
    advertise: { address: options.arguments.apiServer.get('advertise-address') ?? options.host, port },
    clock,
    work: apiServer.persistent,
    onStep: (step) => apiServer.progress.finish(step),
  });
  // As with the real server, whose watch caches begin when it does: nothing can be watched from before.
  if (isNew) await options.storage.compact(options.storage.currentRevision());
  await apiServer.start();
  const stopCompactor = startCompactor(options.storage, clock);
  const components = await startComponents(options, apiServer, kubelets);
  return {
    url,
    port,
    apiServer,
    longestStopMillis: longestShutdownMillis(shutdown),
    async stop() {
      stopCompactor();
      await serviceCidr.stop();
      serving.stop();
      await shutDown(apiServer.server, listener, shutdown, clock);
      await components.stop();
      await apiServer.stop();
      await options.storage.close();
    },
  };
}

/** Controllers, scheduler and nodes share one set of local copies. */
async function startComponents(
  options: ControlPlaneOptions,
  apiServer: AssembledApiServer,
  kubelets: LocalKubelets,
): Promise<{ stop(): Promise<void> }> {
  const { clock, random, log } = options;
  const hasManager = !options.without.includes('controller-manager');
  const hasScheduler = !options.without.includes('scheduler');
  const informers = createInformerFactory({ client: apiServer.clientFor('informers'), clock, random, log });
  const queueObserver = (name: string): WorkqueueObserver => apiServer.queues.observer(name);
  const shared = { informers, clock, random, log, queueObserver };
  const manager = hasManager ? electedManager(options, apiServer.clientFor('kube-controller-manager'), shared) : idle;
  const scheduler = hasScheduler ? electedScheduler(options, apiServer.clientFor('kube-scheduler'), shared) : idle;
  const nodes: RunningNode[] = [];
  const disks: NodeDisk[] = [];
  const isNode = (address: string): boolean => nodes.some(({ hostIP }) => hostIP === address);
  const nodeOf = (address: string): string | undefined => nodes.find(({ owns }) => owns(address))?.nodeName;
  const services = createServiceProxy({ informers, clock, random, isNode, nodeOf });
  kubelets.useServices(services);
  // Without nodes nothing is sent between pods, and no copy of each is kept for it.
  if (options.nodes > 0) kubelets.usePolicies(createNetworkPolicies(informers));
  const clusterDns = serviceRangesOf(options.arguments.apiServer).tenth;
  kubelets.useDns(clusterDns, (question) => services.answerDns(question));
  for (let index = 0; index < options.nodes; index++) {
    const files = await openNodeFiles(options, index);
    disks.push(...files.disks);
    const node = createNode({
      index,
      files: files.files,
      clusterName: options.name,
      client: apiServer.clientFor('kubelet'),
      informers,
      arguments: options.arguments.kubelet,
      clusterDns,
      clock,
      random,
      log,
      dial: (address, port, from) => kubelets.dial(address, port, from),
      sendDatagram: (address, port, payload, from, protocol) =>
        kubelets.sendDatagram(address, port, payload, from, protocol),
      services,
      process: { stats: readProcessStats, kubelets: options.nodes },
      authority: options.credentials.authority,
    });
    kubelets.add(node);
    nodes.push(node);
  }
  const provisioner =
    nodes.length === 0
      ? undefined
      : createProvisioner({ client: apiServer.clientFor(localPathProvisioner), informers, clock, log }, nodes, disks);
  informers.start();
  await informers.waitForSync();
  await manager.start();
  await scheduler.start();
  // Before the nodes: it looks whether the cluster had any.
  const provides = async (): Promise<void> => provisioner?.start();
  await Promise.all([
    apiServer.persistent.run('starting to provide volumes', provides),
    ...nodes.map((node) => node.start()),
  ]);
  return {
    async stop() {
      await Promise.all([provisioner?.stop(), ...nodes.map((node) => node.stop())]);
      await scheduler.stop();
      await manager.stop();
      await informers.stop();
      for (const disk of disks) await disk.close();
    },
  };
}

/** The files of a node, with those that were kept when it ran last. */
async function openNodeFiles(
  { nodesFolder, name, files: fileSystem, clock, random, log }: ControlPlaneOptions,
  index: number,
): Promise<{ readonly files: MemoryFiles; readonly disks: readonly NodeDisk[] }> {
  const files = new MemoryFiles(() => clock.now(), new FileSpace(nodeDiskBytes), diskFileSystem);
  if (nodesFolder === undefined) return { files, disks: [] };
  const folder = join(nodesFolder, nodeName(name, index));
  return { files, disks: [await openNodeDisk({ folder, fileSystem, files, clock, random, log })] };
}

/** What another program does. */
const idle: StartedComponent = { start: () => {}, stop: () => Promise.resolve() };

interface SharedByComponents {
  readonly informers: InformerFactory;
  readonly queueObserver: (name: string) => WorkqueueObserver;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

function electedManager(options: ControlPlaneOptions, client: Client, shared: SharedByComponents): StartedComponent {
  const { credentials } = options;
  const flags = options.arguments.controllerManager;
  const controllers = flags.get('controllers') ?? '*';
  const problem = new ControllerChoice(controllers).problem(controllerNames);
  if (problem !== undefined) throw new ComponentArgumentError(`--controllers: ${problem}`);
  return createElectedComponent({
    ...shared,
    client,
    settings: leaderElectionSettings('kube-controller-manager', flags),
    eventSource: 'kube-controller-manager',
    identity: electionIdentity('kube-controller-manager', credentials.authority.certificate),
    releasesAtEnd: false,
    make: () => {
      const manager = createControllerManager({
        ...shared,
        client,
        authority: credentials.authority,
        signingAuthority: credentials.signingAuthority ?? credentials.authority,
        serviceAccountKey: credentials.serviceAccountKey,
        allocateNodeCidrs: booleanArgument(flags, 'allocate-node-cidrs', false),
        optionalResources: new Set(options.api.resources.map(({ resource }) => resource)),
        terminatedPodThreshold: integerArgument(flags, 'terminated-pod-gc-threshold', 12_500),
        controllers,
      });
      return startedWithInformers(manager, shared.informers);
    },
  });
}

function electedScheduler(options: ControlPlaneOptions, client: Client, shared: SharedByComponents): StartedComponent {
  const eventSource = 'default-scheduler';
  return createElectedComponent({
    ...shared,
    client,
    settings: leaderElectionSettings('kube-scheduler', options.arguments.scheduler),
    eventSource,
    identity: electionIdentity('kube-scheduler', options.credentials.authority.certificate),
    releasesAtEnd: true,
    make: () => {
      const events = createSeriesEventRecorder({
        client,
        reportingController: eventSource,
        reportingInstance: `${eventSource}-${hostname()}`,
        clock: shared.clock,
      });
      return startedWithInformers(createScheduler({ ...shared, client, events }), shared.informers);
    },
  });
}

/** What is made anew may watch what nobody did before. */
function startedWithInformers(component: StartedComponent, informers: InformerFactory): StartedComponent {
  return {
    async start() {
      informers.start();
      await informers.waitForSync();
      await component.start();
    },
    stop: () => component.stop(),
  };
}

/** Volumes for claims, on these nodes. */
function createProvisioner(
  options: Pick<LocalPathProvisionerOptions, 'client' | 'informers' | 'clock' | 'log'>,
  nodes: readonly RunningNode[],
  disks: readonly NodeDisk[],
): LocalPathProvisioner {
  const { client, clock } = options;
  return createLocalPathProvisioner({
    ...options,
    events: createEventRecorder({ client, component: localPathProvisioner, clock }),
    foldersOf(name) {
      const index = nodes.findIndex(({ nodeName: each }) => each === name);
      const files = nodes[index]?.files;
      if (files === undefined) return undefined;
      return {
        makeFolder: (path, mode) => files.makeFolder(path, mode),
        remove: (path) => files.remove(path),
        // What cannot be written now is written later.
        saved: () => disks[index]?.flush().catch(() => undefined) ?? Promise.resolve(),
      };
    },
  });
}
