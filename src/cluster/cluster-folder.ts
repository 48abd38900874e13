import { join } from 'node:path';
import { parseJson } from '../apimachinery/json-codec.ts';
import { isJsonObject } from '../apimachinery/json.ts';
import type { FileSystem } from '../system/file-system.ts';

/** What a cluster remembers of itself between starts. */
export interface ClusterState {
  readonly name: string;
  /** The port it listened on last; kept, so that kubeconfigs stay right. */
  readonly port: number;
  readonly nodes: number;
  readonly storage: 'embedded' | 'memory';
  /** Process of the running server; 0 when it was stopped. */
  readonly pid: number;
  readonly server: string;
  /** The kubeconfig that got its context. */
  readonly kubeconfig: string;
  readonly startedAt: string;
  /** What of the control plane does not run here: `controller-manager`, `scheduler`. */
  readonly without?: readonly string[];
  readonly arguments: {
    readonly apiServer: readonly string[];
    readonly controllerManager: readonly string[];
    readonly scheduler: readonly string[];
    readonly kubelet: readonly string[];
  };
}

/** Where the clusters of a user live. */
export function clustersFolder(home: string): string {
  return join(home, '.kubectl-ts', 'clusters');
}

/** In a cluster's usual folder: where the cluster is that was started with `--data-dir`. */
function locationFile(usual: string): string {
  return join(usual, 'location.json');
}

/** Where a cluster lives: the folder itself, or the one that it points to. */
export async function actualFolder(files: FileSystem, folder: string): Promise<string> {
  if ((await files.exists(stateFile(folder))) || !(await files.exists(locationFile(folder)))) return folder;
  const value = parseJson(await files.readFile(locationFile(folder)));
  return isJsonObject(value) && typeof value['folder'] === 'string' ? value['folder'] : folder;
}

/**
 * Remembers in the usual folder that the cluster of this name lives elsewhere, so that its name is enough to find it.
 * A cluster of the same name in the usual folder stays the one that is meant by it.
 */
export async function writeLocation(files: FileSystem, usual: string, folder: string): Promise<void> {
  if (usual === folder || (await files.exists(stateFile(usual)))) return;
  await files.makeFolder(usual, 0o700);
  await files.writeFileAtomic(locationFile(usual), `${JSON.stringify({ folder })}\n`, 0o600);
}

/** Forgets where a cluster lived that is gone. */
export async function removeLocation(files: FileSystem, usual: string, folder: string): Promise<void> {
  if (usual !== folder && (await actualFolder(files, usual)) === folder) await files.remove(usual);
}

/** The file with a cluster's state. */
export function stateFile(folder: string): string {
  return join(folder, 'cluster.json');
}

/** What the server wrote while it ran. */
export function logFile(folder: string): string {
  return join(folder, 'cluster.log');
}

/** Reads a cluster's state; undefined when there is no cluster in the folder. */
export async function readState(files: FileSystem, folder: string): Promise<ClusterState | undefined> {
  if (!(await files.exists(stateFile(folder)))) return undefined;
  const value = parseJson(await files.readFile(stateFile(folder)));
  return isJsonObject(value) ? (value as unknown as ClusterState) : undefined;
}

/** Writes a cluster's state, whole or not at all. */
export async function writeState(files: FileSystem, folder: string, state: ClusterState): Promise<void> {
  await files.makeFolder(folder, 0o700);
  await files.writeFileAtomic(stateFile(folder), `${JSON.stringify(state, null, 2)}\n`, 0o600);
}

/** In the folder's `pki`: PEM of authorities that clients trust beside the cluster's own. */
export const servingAuthoritiesFile = 'serving-authorities.crt';
