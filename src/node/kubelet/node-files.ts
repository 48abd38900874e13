/** Who a file belongs to, and what may be done with it. */
export interface NodeFile {
  readonly kind: 'file' | 'folder' | 'link';
  mode: number;
  uid?: number;
  gid?: number;
  special?: string;
  fileSystem?: string;
  capacityBytes?: number;
}

/** As much of a node's file system as a kubelet needs; paths are absolute. */
export interface NodeFiles {
  /** Bytes that there is room for, and those that are taken; undefined when there is no end. */
  readonly space: { readonly capacity: number; readonly used: number } | undefined;
  find(path: string): NodeFile | undefined;
  /** A path without links; undefined when nothing is there. */
  resolve(path: string): string | undefined;
  readFile(path: string): Uint8Array;
  /** The names in a folder, sorted; those of folders end in a slash. Undefined when there is no such folder. */
  readFolder(path: string): readonly string[] | undefined;
  /** How many bytes there are at a path and below it. */
  usage(path: string): number;
  writeFile(path: string, content: Uint8Array, options?: { readonly mode?: number }): void;
  /** Changes what there is to say of a file that is there. */
  mark(path: string, facts: { readonly mode?: number; readonly gid?: number }): void;
  /** With those above it; one that is there stays. */
  makeFolder(path: string, mode?: number): void;
  link(path: string, target: string): void;
  /** With all below it. */
  remove(path: string): void;
}
