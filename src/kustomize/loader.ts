import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { FileSystem } from '../system/file-system.ts';
import { KustomizeError, wrapped } from './build-error.ts';
import { systemReasonOrMessage } from '../system/file-errors.ts';

/** Which files a kustomization may read besides folders that it names. */
export type LoadRestriction = 'LoadRestrictionsRootOnly' | 'LoadRestrictionsNone';

/** The files of one kustomization: paths are taken from its folder, which they may not leave. */
export class Loader {
  /** The folder, absolute, symbolic links followed. */
  readonly root: string;
  readonly #files: FileSystem;
  readonly #restriction: LoadRestriction;
  readonly #referrer: Loader | undefined;

  private constructor(root: string, files: FileSystem, restriction: LoadRestriction, referrer: Loader | undefined) {
    this.root = root;
    this.#files = files;
    this.#restriction = restriction;
    this.#referrer = referrer;
  }

  /** A loader at the folder that a command names. @throws KustomizeError where there is none */
  static async at(target: string, cwd: string, files: FileSystem, restriction: LoadRestriction): Promise<Loader> {
    refuseRemote(target);
    return new Loader(await folderAt(target, cwd, files), files, restriction, undefined);
  }

  /** A loader for a base or component. @throws KustomizeError also where the folder is this one or above it */
  async into(path: string): Promise<Loader> {
    if (path === '') throw new KustomizeError('new root cannot be empty');
    refuseRemote(path);
    if (isAbsolute(path)) throw new KustomizeError(`new root '${path}' cannot be absolute`);
    const root = await folderAt(join(this.root, path), this.root, this.#files);
    this.#refuseCycle(root);
    return new Loader(root, this.#files, this.#restriction, this);
  }

  #refuseCycle(candidate: string): void {
    if (isInOrBelow(this.root, candidate)) {
      throw new KustomizeError(`cycle detected: candidate root '${candidate}' contains visited root '${this.root}'`);
    }
    if (this.#referrer !== undefined) this.#referrer.#refuseCycle(candidate);
  }

  /** The bytes of a file. @throws KustomizeError where it is missing or outside of the root */
  async load(path: string): Promise<Uint8Array> {
    if (isWebAddress(path)) {
      throw new KustomizeError(`${path}: kubectl-ts builds from local files only; fetch it first`);
    }
    const absolute = resolve(this.root, path);
    if (this.#restriction === 'LoadRestrictionsNone') return this.#read(absolute);
    const { folder, file } = await cleanedPath(absolute, this.#files);
    if (file === undefined) throw new KustomizeError(`'${absolute}' must resolve to a file`);
    if (!isInOrBelow(folder, this.root)) {
      throw new KustomizeError(`security; file '${absolute}' is not in or below '${this.root}'`);
    }
    return this.#read(join(folder, file));
  }

  /** The text of a file. */
  async loadText(path: string): Promise<string> {
    return Buffer.from(await this.load(path)).toString('utf8');
  }

  async #read(path: string): Promise<Uint8Array> {
    try {
      return await this.#files.readFile(path);
    } catch (error) {
      const operation = codeOf(error) === 'EISDIR' ? 'read' : 'open';
      throw new KustomizeError(`${operation} ${path}: ${goReason(error)}`);
    }
  }
}

function isWebAddress(path: string): boolean {
  return /^https?:/i.test(path);
}

/** Paths that git would clone; folders are what is left. */
function refuseRemote(path: string): void {
  const isRemote =
    /^(git::)?(ssh|https?|file):\/\//i.test(path) ||
    /^(git::)?github\.com[/:][^/]+\/[^/]/i.test(path) ||
    /^(git::)?[a-z][a-z0-9-]*@[^/]+[:/]/i.test(path);
  if (isRemote) throw new KustomizeError(`${path}: kubectl-ts builds from local folders only; clone it first`);
}

function isInOrBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

async function folderAt(path: string, cwd: string, files: FileSystem): Promise<string> {
  const notThere = 'must build at directory';
  if (path === '') throw new KustomizeError(`${notThere}: directory path cannot be empty`);
  let cleaned;
  try {
    cleaned = await cleanedPath(resolve(cwd, path), files, path);
  } catch (error) {
    throw wrapped(`${notThere}: not a valid directory`, error);
  }
  if (cleaned.file !== undefined) throw new KustomizeError(`${notThere}: '${path}': file is not directory`);
  return cleaned.folder;
}

interface CleanedPath {
  readonly folder: string;
  readonly file: string | undefined;
}

async function cleanedPath(path: string, files: FileSystem, given = path): Promise<CleanedPath> {
  let real: string;
  try {
    real = await files.realPath(path);
  } catch (error) {
    const failing = await firstMissing(path, files);
    throw new KustomizeError(`evalsymlink failure on '${given}' : lstat ${failing}: ${goReason(error)}`);
  }
  if ((await files.stat(real)).isFolder) return { folder: real, file: undefined };
  const folder = dirname(real);
  return { folder, file: real.slice(folder === '/' ? 1 : folder.length + 1) };
}

/** The first part of a path that is not there. */
async function firstMissing(path: string, files: FileSystem): Promise<string> {
  let missing = path;
  for (;;) {
    const above = dirname(missing);
    if (above === missing) return missing;
    try {
      return join(await files.realPath(above), missing.slice(above === '/' ? 1 : above.length + 1));
    } catch {
      missing = above;
    }
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}

function goReason(error: unknown): string {
  return codeOf(error) === 'ELOOP' ? 'too many links' : systemReasonOrMessage(error);
}
