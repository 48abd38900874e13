import { join } from 'node:path';
import { messageOf } from '../apimachinery/error-message.ts';
import type { Transport } from '../apimachinery/http.ts';
import { createHttpTransport } from '../client/http-transport.ts';
import { createClient } from '../client/rest-client.ts';
import { removeClusterContext, writeClusterContext } from '../kubeconfig/kubeconfig.ts';
import { type Clock, sleep } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import {
  actualFolder,
  type ClusterState,
  clustersFolder,
  logFile,
  readState,
  removeLocation,
  servingAuthoritiesFile,
  writeLocation,
  writeState,
} from './cluster-folder.ts';
import { parseApiServerArguments } from './api-server-arguments.ts';
import { shutdownSettings } from './shut-down.ts';
import { askToStop, isRunning, kill, startDetached } from './cluster-process.ts';

/** Something about a cluster that cannot be done; the message is what follows `error: `. */
export class ClusterError extends Error {}

export interface StartOptions {
  readonly name: string;
  /** Folder of the cluster. */
  readonly folder: string;
  /** 0: the one it had, or a free one. */
  readonly port: number;
  /** undefined: as many as it had, or one. */
  readonly nodes: number | undefined;
  readonly storage: 'embedded' | 'memory' | undefined;
  /** What is left out: `controller-manager`, `scheduler`; undefined: what was. */
  readonly without: readonly string[] | undefined;
  /** undefined: those it had. */
  readonly arguments: Partial<ClusterState['arguments']>;
  /** The file that gets the context. */
  readonly kubeconfig: string;
  /** How long to wait for the cluster to be ready. */
  readonly waitMillis: number;
}

export interface ClusterWorld {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly home: string;
  readonly signal: AbortSignal;
}

export interface StartResult {
  readonly state: ClusterState;
  /** Whether it ran already. */
  readonly wasRunning: boolean;
  readonly readyAfterMillis: number;
}

const pollMillis = 25;

/** Starts a cluster, detached, and waits until it is ready; one that runs is left as it is. @throws ClusterError */
export async function startCluster(asked: StartOptions, world: ClusterWorld): Promise<StartResult> {
  checkName(asked.name);
  const { files, clock } = world;
  const options = { ...asked, folder: await actualFolder(files, asked.folder) };
  const begun = clock.now();
  const before = await readState(files, options.folder);
  if (before !== undefined && isRunning(before.pid)) {
    const isUp = before.startedAt !== '';
    const state = isUp ? before : await waitUntilReady(options, world, () => !isRunning(before.pid));
    await putContext(options, state, world);
    return { state, wasRunning: true, readyAfterMillis: 0 };
  }
  const state: ClusterState = {
    name: options.name,
    port: options.port === 0 ? (before?.port ?? 0) : options.port,
    nodes: options.nodes ?? before?.nodes ?? 1,
    storage: options.storage ?? before?.storage ?? 'embedded',
    pid: 0,
    server: before?.server ?? '',
    kubeconfig: options.kubeconfig,
    startedAt: '',
    without: options.without ?? before?.without ?? [],
    arguments: {
      apiServer: options.arguments.apiServer ?? before?.arguments.apiServer ?? [],
      controllerManager: options.arguments.controllerManager ?? before?.arguments.controllerManager ?? [],
      scheduler: options.arguments.scheduler ?? before?.arguments.scheduler ?? [],
      kubelet: options.arguments.kubelet ?? before?.arguments.kubelet ?? [],
    },
  };
  const isNew = !(await files.exists(options.folder));
  try {
    await writeState(files, options.folder, state);
  } catch (error) {
    throw new ClusterError(`the directory ${options.folder} cannot be written: ${(error as Error).message}`);
  }
  const child = startDetached(['cluster', 'serve', '--data-dir', options.folder], logFile(options.folder));
  let ready: ClusterState;
  try {
    ready = await waitUntilReady(options, world, () => child.exitCode !== null);
  } catch (error) {
    // What never ran leaves nothing behind.
    if (isNew && child.exitCode !== null) await files.remove(options.folder);
    if (child.exitCode === null) await noteProcess(options.folder, child.pid ?? 0, files);
    throw error;
  }
  await putContext(options, ready, world);
  if (world.home !== '') await writeLocation(files, usualFolder(options.name, world), options.folder);
  return { state: ready, wasRunning: false, readyAfterMillis: clock.now() - begun };
}

/** Writes down which process goes on starting, so that it can be stopped. */
async function noteProcess(folder: string, pid: number, files: FileSystem): Promise<void> {
  const state = await readState(files, folder);
  if (state?.pid === 0) await writeState(files, folder, { ...state, pid });
}

function usualFolder(name: string, world: ClusterWorld): string {
  return join(clustersFolder(world.home), name);
}

function checkName(name: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/.test(name)) return;
  throw new ClusterError(
    `invalid cluster name ${JSON.stringify(name)}: want lower case letters, digits and '-', at most 42 characters`,
  );
}

async function waitUntilReady(
  options: StartOptions,
  world: ClusterWorld,
  hasEnded: () => boolean,
): Promise<ClusterState> {
  const { files, clock, signal } = world;
  const end = clock.now() + options.waitMillis;
  for (;;) {
    const state = await readState(files, options.folder);
    const isUp = state !== undefined && state.pid !== 0 && state.startedAt !== '';
    if (isUp && (await answersReady(state, options.folder, files))) return state;
    if (hasEnded()) throw new ClusterError(`the cluster did not start:\n${await lastLines(files, options.folder, 5)}`);
    if (clock.now() >= end) {
      throw new ClusterError(
        `the cluster was not ready after ${Math.round(options.waitMillis / 1000)}s; it goes on starting, its log is ${logFile(options.folder)}`,
      );
    }
    if (!(await sleep(clock, pollMillis, signal))) throw new ClusterError('interrupted; the cluster goes on starting');
  }
}

/** The authorities that stand beside the serving certificate of --tls-cert-file. */
async function servingAuthorities(folder: string, files: FileSystem): Promise<string> {
  const path = join(folder, 'pki', servingAuthoritiesFile);
  return (await files.exists(path)) ? Buffer.from(await files.readFile(path)).toString('utf8') : '';
}

/** The way to a cluster for its administrator: not every cluster answers those who do not say who they are. */
async function adminTransport({ server }: ClusterState, folder: string, files: FileSystem): Promise<Transport> {
  const read = async (name: string): Promise<string> =>
    Buffer.from(await files.readFile(join(folder, 'pki', name))).toString('utf8');
  return createHttpTransport({
    server,
    ca: `${await read('ca.crt')}${await servingAuthorities(folder, files)}`,
    clientCertificate: await read('admin.crt'),
    clientKey: await read('admin.key'),
  });
}

async function answersReady(state: ClusterState, folder: string, files: FileSystem): Promise<boolean> {
  const transport = await adminTransport(state, folder, files);
  try {
    const response = await transport.send({ method: 'GET', path: '/readyz', headers: {} });
    return response.status === 200;
  } catch {
    return false;
  } finally {
    await transport.close();
  }
}

/**
 * Gives a running cluster an addon; what of it is there stays as it is.
 * @param addon one of addonNames
 * @param usual the cluster's folder, where no other was chosen when it was made
 * @returns whether anything was not there
 * @throws ClusterError for a cluster without nodes, and with what the server said when it could not be added
 */
export async function addToCluster(
  addon: string,
  state: ClusterState,
  usual: string,
  world: ClusterWorld,
): Promise<boolean> {
  if (state.nodes === 0) throw new ClusterError(`the addon ${addon} needs a node to run on, and the cluster has none`);
  const folder = await actualFolder(world.files, usual);
  const { addAddon } = await import('./addons/addons.ts');
  const transport = await adminTransport(state, folder, world.files);
  const client = createClient({ transport, userAgent: 'kubectl-ts', clock: world.clock });
  try {
    return await addAddon(client, addon);
  } catch (error) {
    throw new ClusterError(`the addon ${addon} could not be added: ${messageOf(error)}`, { cause: error });
  } finally {
    await client.close();
  }
}

async function putContext(options: StartOptions, state: ClusterState, world: ClusterWorld): Promise<void> {
  const read = async (name: string): Promise<string> =>
    Buffer.from(await world.files.readFile(join(options.folder, 'pki', name))).toString('utf8');
  await writeClusterContext(world.files, options.kubeconfig, {
    name: contextName(state.name),
    server: state.server,
    authority: `${await read('ca.crt')}${await servingAuthorities(options.folder, world.files)}`,
    certificate: await read('admin.crt'),
    key: await read('admin.key'),
  });
}

/** The context of a cluster: `kubectl-ts` for the default one, `kubectl-ts-NAME` for others. */
export function contextName(name: string): string {
  return name === defaultClusterName ? name : `${defaultClusterName}-${name}`;
}

/** The name of the cluster when none is given. */
export const defaultClusterName = 'kubectl-ts';

/** The last lines of a cluster's log. */
export async function lastLines(files: FileSystem, usual: string, count: number): Promise<string> {
  const folder = await actualFolder(files, usual);
  if (!(await files.exists(logFile(folder)))) return '';
  const text = Buffer.from(await files.readFile(logFile(folder))).toString('utf8');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** Stops a cluster and waits until its process is gone. @returns false when it did not run. */
export async function stopCluster(usual: string, world: ClusterWorld): Promise<boolean> {
  const folder = await actualFolder(world.files, usual);
  const state = await readState(world.files, folder);
  if (state === undefined) throw new ClusterError(`there is no cluster in ${folder}`);
  if (!isRunning(state.pid) || !askToStop(state.pid)) return false;
  const flags = parseApiServerArguments(state.arguments.apiServer);
  const end = world.clock.now() + shutdownSettings(flags).delayMillis + 15_000;
  while (isRunning(state.pid)) {
    if (world.clock.now() > end) {
      kill(state.pid);
      await writeState(world.files, folder, { ...state, pid: 0 });
    }
    await sleep(world.clock, pollMillis);
  }
  return true;
}

/** Stops a cluster and removes everything of it, its context included. */
export async function deleteCluster(usual: string, world: ClusterWorld): Promise<void> {
  const folder = await actualFolder(world.files, usual);
  const state = await readState(world.files, folder);
  if (state === undefined) throw new ClusterError(`there is no cluster in ${folder}`);
  await stopCluster(folder, world);
  await removeClusterContext(world.files, state.kubeconfig, contextName(state.name));
  await world.files.remove(folder);
  if (world.home !== '') await removeLocation(world.files, usualFolder(state.name, world), folder);
}

/** A cluster as `cluster list` and `status` show it. */
export interface ClusterSummary {
  readonly state: ClusterState;
  readonly folder: string;
  readonly running: boolean;
}

/** All clusters that are in the usual place or known there, by name. */
export async function listClusters(world: ClusterWorld): Promise<ClusterSummary[]> {
  const root = clustersFolder(world.home);
  if (!(await world.files.exists(root))) return [];
  const summaries: ClusterSummary[] = [];
  for (const name of await world.files.readFolder(root)) {
    const summary = await clusterSummary(join(root, name), world);
    if (summary !== undefined) summaries.push(summary);
  }
  return summaries;
}

/** One cluster; undefined when there is none in the folder. */
export async function clusterSummary(usual: string, world: ClusterWorld): Promise<ClusterSummary | undefined> {
  const folder = await actualFolder(world.files, usual);
  const state = await readState(world.files, folder);
  return state === undefined ? undefined : { state, folder, running: isRunning(state.pid) };
}
