import type { FileNode, MemoryFiles } from './memory-files.ts';

/** The type of the file system of a node's disk. */
export const diskFileSystem = 'ext4';

/** Something of elsewhere that is seen at a place. */
export interface MountPoint {
  readonly node: FileNode;
  readonly readOnly: boolean;
  /** What is mounted, as lists of mounts name it. */
  readonly source: string;
  /** The type of the file system: `tmpfs`. */
  readonly fileSystem: string;
  /** The files of the node that it comes from; absent for what is made here. */
  readonly origin?: MountOrigin;
}

/** Where a mount comes from, and what goes between the two places (mount propagation). */
export interface MountOrigin {
  readonly files: MemoryFiles;
  readonly path: string;
  /** What is mounted there later is seen here. */
  readonly receives: boolean;
  /** What is mounted here is mounted there. */
  readonly passesOn: boolean;
}

/** What is mounted where, by places without links. */
export class MountTable {
  readonly #points = new Map<string, MountPoint>();

  get isEmpty(): boolean {
    return this.#points.size === 0;
  }

  set(place: string, point: MountPoint): void {
    this.#points.delete(place);
    this.#points.set(place, point);
  }

  /** @returns what was mounted there */
  delete(place: string): MountPoint | undefined {
    const point = this.#points.get(place);
    this.#points.delete(place);
    return point;
  }

  /** What is seen at a place because it is mounted there, here or where it comes from. */
  at(place: string): MountPoint | undefined {
    if (this.#points.size === 0) return undefined;
    const own = this.#points.get(place);
    if (own !== undefined) return own;
    const around = this.around(place);
    if (around?.point.origin?.receives !== true) return undefined;
    const { files, path } = around.point.origin;
    return files.mounts.at(joined(path, place.slice(around.place.length)));
  }

  /** The innermost mount that a place is in. */
  around(place: string): { readonly place: string; readonly point: MountPoint } | undefined {
    if (this.#points.size === 0) return undefined;
    for (let at = place; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const point = this.#points.get(at);
      if (point !== undefined) return { place: at, point };
    }
    return undefined;
  }

  /** Where a mount at a place belongs: here, or where what is around it comes from and passes on to. */
  home(place: string): { readonly table: MountTable; readonly place: string } {
    const around = this.around(place);
    const origin = around?.point.origin;
    const isPassedOn = origin?.passesOn === true && (around?.place !== place || origin.receives);
    if (origin === undefined || around === undefined || !isPassedOn || this.#points.has(place)) {
      return { table: this, place };
    }
    return origin.files.mounts.home(joined(origin.path, place.slice(around.place.length)));
  }

  /** What is mounted below a path, by the rest of its place. */
  below(path: string): Map<string, MountPoint> {
    const prefix = path === '/' ? '/' : `${path}/`;
    const found = [...this.#points].filter(([place]) => place.startsWith(prefix));
    return new Map(found.map(([place, point]) => [place.slice(prefix.length - 1), point]));
  }

  /** All of them, in the order in which they were made. */
  list(): readonly (readonly [place: string, point: MountPoint])[] {
    return [...this.#points];
  }
}

function joined(path: string, rest: string): string {
  return path === '/' ? rest : `${path}${rest}`;
}
