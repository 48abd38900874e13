import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Clock } from './clock.ts';

/** When a file is set aside and how long those set aside stay; 0 is without limit everywhere. */
export interface RotationLimits {
  readonly maxBytes: number;
  readonly maxAgeDays: number;
  readonly maxBackups: number;
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

  constructor(path: string, limits: RotationLimits, clock: Clock) {
    this.#path = path;
    this.#limits = limits;
    this.#clock = clock;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
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
    renameSync(this.#path, this.#backupPath());
    this.#handle = this.#open(mode);
    this.#removeOld();
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
        if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return [];
        const time = name.slice(stem.length + 1, name.length - extension.length);
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
