import { join } from 'node:path';
import { createMemoryStorage } from '../control-plane/storage/memory-storage.ts';
import type { Storage } from '../control-plane/storage/storage.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import { parseApiServerArguments } from './api-server-arguments.ts';
import { loadCredentials } from './cluster-credentials.ts';
import { type ClusterState, readState, servingAuthoritiesFile, writeState } from './cluster-folder.ts';
import {
  controllerManagerFlags,
  kubeletFlags,
  parseComponentArguments,
  schedulerFlags,
} from './component-arguments.ts';
import { credentialsOf } from './key-flags.ts';
import { type RunningControlPlane, startControlPlane } from './control-plane.ts';
import { featureGatesOf } from './feature-gates.ts';
import { servedApi } from './served-api.ts';
import { publishedDocumentation, publishedRoutes } from './published-routes.ts';
import { checkServiceFamily, serviceRangesOf } from './service-range.ts';
import { servingAuthorities, servingCertificate } from './serving-certificate.ts';

export interface ServeOptions {
  readonly folder: string;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const host = '127.0.0.1';

/**
 * Runs the cluster of a folder in this process until it is stopped: what `cluster start` starts detached. The state
 * file gets the process's number and port when everything is up.
 */
export async function serveCluster(options: ServeOptions): Promise<RunningControlPlane> {
  const { folder, files, clock, random, log } = options;
  const state = await readState(files, folder);
  if (state === undefined) throw new Error(`there is no cluster in ${folder}`);
  const apiServer = parseApiServerArguments(state.arguments.apiServer);
  const serviceRanges = serviceRangesOf(apiServer);
  checkServiceFamily(serviceRanges, apiServer.get('advertise-address') ?? host);
  const controllerManager = parseComponentArguments(
    'kube-controller-manager',
    state.arguments.controllerManager,
    controllerManagerFlags,
  );
  const addresses = [serviceRanges.first];
  const own = await loadCredentials({ files, folder, addresses, now: clock.now() });
  const credentials = await credentialsOf(own, { apiServer, controllerManager }, files);
  const serving = await servingCertificate({ arguments: apiServer, own: credentials.server, files, clock, log });
  const shown = serving.initial.certificate;
  const isOwn = shown === credentials.server.certificate;
  const trusted = isOwn ? '' : servingAuthorities(shown, own.authority.certificate, host, clock.now());
  await files.writeFileAtomic(join(folder, 'pki', servingAuthoritiesFile), trusted, 0o644);
  const api = await servedApi(apiServer, featureGatesOf(apiServer), log);
  const storage = await openStorage(state, folder);
  const controlPlane = await startControlPlane({
    storage,
    credentials,
    serving,
    host,
    port: state.port,
    nodes: state.nodes,
    name: state.name,
    ...(state.storage === 'memory' ? {} : { nodesFolder: join(folder, 'nodes') }),
    without: state.without ?? [],
    arguments: {
      apiServer,
      controllerManager,
      scheduler: parseComponentArguments('kube-scheduler', state.arguments.scheduler, schedulerFlags),
      kubelet: parseComponentArguments('kubelet', state.arguments.kubelet, kubeletFlags),
    },
    files,
    clock,
    random,
    log,
    api,
    routes: await publishedRoutes(api),
    documentation: await publishedDocumentation(api),
  });
  const { port, url } = controlPlane;
  await writeState(files, folder, {
    ...state,
    port,
    server: url,
    pid: process.pid,
    startedAt: new Date(clock.now()).toISOString(),
  });
  log.info('the cluster is up', { server: url });
  return {
    ...controlPlane,
    async stop() {
      await controlPlane.stop();
      const last = (await readState(files, folder)) ?? state;
      await writeState(files, folder, { ...last, pid: 0 });
      log.info('the cluster has stopped');
    },
  };
}

async function openStorage(state: ClusterState, folder: string): Promise<Storage> {
  if (state.storage === 'memory') return createMemoryStorage();
  const { openEmbeddedStorage } = await import('../control-plane/storage/embedded-storage.ts');
  return openEmbeddedStorage(join(folder, 'data'));
}
