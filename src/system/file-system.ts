/** What is known of a file or folder. */
export interface FileInfo {
  readonly isFolder: boolean;
  /** Whether anybody may run it. */
  readonly isExecutable: boolean;
  readonly size: number;
  readonly modifiedMillis: number;
}

/** The part of a file system the program uses. Paths are absolute. Errors are Node's, with `code`. */
export interface FileSystem {
  readFile(path: string): Promise<Uint8Array>;
  /**
   * Writes a temporary file beside it, fsyncs, renames: readers see the old or the new whole.
   * @param mode of a new file, 0600 when absent; one that is there keeps its mode and its owner
   */
  writeFileAtomic(path: string, content: Uint8Array | string, mode?: number): Promise<void>;
  exists(path: string): Promise<boolean>;
  stat(path: string): Promise<FileInfo>;
  /** The path with all symbolic links followed; of something that is there. */
  realPath(path: string): Promise<string>;
  /** Names in a folder, sorted. */
  readFolder(path: string): Promise<readonly string[]>;
  makeFolder(path: string, mode?: number): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes an empty file that must not exist yet: a lock. @throws EEXIST when it does */
  createExclusive(path: string): Promise<void>;
}
