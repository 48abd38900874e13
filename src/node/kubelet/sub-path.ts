import type { Container, VolumeMount } from '../../api/types/core-v1.ts';
import { ContainerConfigError } from './container-environment.ts';
import type { NodeFiles } from './node-files.ts';

/** Where a mount's path inside its volume is looked for. */
export interface SubPathPlace {
  readonly files: NodeFiles;
  /** The folder of the volume on the node. */
  readonly volume: string;
  readonly subPath: string;
  readonly mount: VolumeMount;
  readonly container: Container;
}

/**
 * A file or folder of a volume, as a path without links; a folder is made when nothing is there, as open as the volume
 * is. Links that lead out of the volume are not followed: a container could see all of the node through them.
 * @throws ContainerConfigError without a word of what the node's files are
 */
export function subPathOnNode(place: SubPathPlace): string {
  const { files, volume, subPath } = place;
  const base = files.resolve(volume) ?? volume;
  const path = `${base}/${subPath}`;
  if (files.find(path) === undefined) makeInside(place, base);
  const found = files.resolve(path);
  if (found === undefined || !isWithin(found, base)) throw failure('prepare subPath', place);
  return found;
}

/** Folder after folder: each has to be in the volume, and none may be a link to nowhere. */
function makeInside(place: SubPathPlace, base: string): void {
  const { files } = place;
  let folder = base;
  for (const part of place.subPath.split('/').filter((name) => name !== '' && name !== '.')) {
    const next = `${folder}/${part}`;
    const resolved = files.resolve(next);
    if (resolved === undefined) break;
    folder = resolved;
  }
  if (!isWithin(folder, base)) throw failure('create subPath directory', place);
  try {
    files.makeFolder(`${base}/${place.subPath}`, files.find(base)?.mode ?? 0o750);
  } catch {
    throw failure('create subPath directory', place);
  }
}

function isWithin(path: string, base: string): boolean {
  return path === base || path.startsWith(base === '/' ? base : `${base}/`);
}

function failure(what: string, { mount, container }: SubPathPlace): ContainerConfigError {
  const text = `failed to ${what} for volumeMount ${JSON.stringify(mount.name)} of container ${JSON.stringify(container.name)}`;
  return new ContainerConfigError(text);
}
