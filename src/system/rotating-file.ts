import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock } from './clock.ts';
import { makeFolders } from './make-folders.ts';

/** When a file is set aside and how long those set aside stay; 0 is without limit everywhere. */
export interface RotationLimits {
  readonly maxBytes: number;
  readonly maxAgeDays: number;
  readonly maxBackups: number;
  /** Whether files that were set aside are compressed, as `….gz`. */
  readonly isCompressed?: boolean;
}

const dayMillis = 24 * 60 * 60 * 1000;

/**
 * A file that lines are added to. When it would grow beyond its limit it is renamed to
 * `NAME-2026-01-02T03-04-05.678.EXT` (the time in UTC, as gopkg.in/natefinch/lumberjack.v2 names them) and begun anew.
 * A line is in the file when `append` returns.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #limits: RotationLimits;
  readonly #clock: Clock;
  #handle: number | undefined;
  #size = 0;
  /** Resolves when the file that was set aside last is compressed. */
  compressed: Promise<void> = Promise.resolve();

  constructor(path: string, limits: RotationLimits, clock: Clock) {
    this.#path = path;
    this.#limits = limits;
    this.#clock = clock;
    makeFolders(dirname(path), 0o700);
    this.#handle = this.#open(0o600);
  }

  /** Adds text. @throws Error when it cannot be written, or is larger than a whole file may be. */
  append(text: string): void {
    const bytes = Buffer.from(text);
    const { maxBytes } = this.#limits;
    if (maxBytes > 0 && bytes.byteLength > maxBytes) {
      throw new Error(`write length ${bytes.byteLength} exceeds maximum file size ${maxBytes}`);
    }
    if (maxBytes > 0 && this.#size > 0 && this.#size + bytes.byteLength > maxBytes) this.#rotate();
    this.#handle ??= this.#open(0o600);
    let written = 0;
    while (written < bytes.byteLength) written += writeSync(this.#handle, bytes, written);
    this.#size += bytes.byteLength;
  }

  /** Closes the file; the next append opens it again. */
  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  #open(mode: number): number {
    const handle = openSync(this.#path, 'a', mode);
    this.#size = fstatSync(handle).size;
    return handle;
  }

  #rotate(): void {
    this.close();
    const mode = statSync(this.#path).mode & 0o777;
    const backup = this.#backupPath();
    renameSync(this.#path, backup);
    this.#handle = this.#open(mode);
    this.#removeOld();
    if (this.#limits.isCompressed === true) this.compressed = compress(backup, mode);
  }

  #backupPath(): string {
    const { folder, stem, extension } = this.#nameParts();
    const time = new Date(this.#clock.now()).toISOString().slice(0, 23).replaceAll(':', '-');
    return join(folder, `${stem}-${time}${extension}`);
  }

  #nameParts(): { readonly folder: string; readonly stem: string; readonly extension: string } {
    const extension = extname(this.#path);
    return { folder: dirname(this.#path), stem: basename(this.#path, extension), extension };
  }

  /** Those beyond the newest few, and those that are too old, go. */
  #removeOld(): void {
    const { maxAgeDays, maxBackups } = this.#limits;
    const { folder, stem, extension } = this.#nameParts();
    const backups = readdirSync(folder)
      .flatMap((name) => {
        const plain = name.endsWith(`${extension}.gz`) ? name.slice(0, -'.gz'.length) : name;
        if (!plain.startsWith(`${stem}-`) || !plain.endsWith(extension)) return [];
        const time = plain.slice(stem.length + 1, plain.length - extension.length);
        const [day = '', clockTime = ''] = time.split('T');
        const at = Date.parse(`${day}T${clockTime.replaceAll('-', ':')}Z`);
        return Number.isNaN(at) ? [] : [{ name, at }];
      })
      .toSorted((one, other) => other.at - one.at);
    const oldest = maxAgeDays > 0 ? this.#clock.now() - maxAgeDays * dayMillis : Number.NEGATIVE_INFINITY;
    backups.forEach(({ name, at }, index) => {
      if ((maxBackups > 0 && index >= maxBackups) || at < oldest) rmSync(join(folder, name), { force: true });
    });
  }
}

/** Compresses a file in its place; where that fails it stays as it is. */
async function compress(path: string, mode: number): Promise<void> {
  const target = `${path}.gz`;
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(target, { mode }));
    rmSync(path, { force: true });
  } catch {
    rmSync(target, { force: true });
  }
}
