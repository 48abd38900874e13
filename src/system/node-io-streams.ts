import type { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { InputStream, IOStreams, OutputStream } from './io-streams.ts';

type TerminalWritable = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
type TerminalReadable = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/**
 * The process's standard streams.
 * @param input asked for when it is read: making it takes longer than many a command.
 * @param onBrokenPipe called when nobody reads the output any more.
 * @param onWriteError called when the output cannot be written: the disk is full, say.
 */
export function nodeStreams(
  input: () => TerminalReadable,
  output: TerminalWritable,
  errors: TerminalWritable,
  onBrokenPipe: () => void,
  onWriteError: (error: Error) => void,
): IOStreams {
  return {
    in: new NodeInput(input),
    out: nodeOutput(output, onBrokenPipe, onWriteError),
    err: nodeOutput(errors, onBrokenPipe, onWriteError),
  };
}

function nodeOutput(
  stream: TerminalWritable,
  onBrokenPipe: () => void,
  onWriteError: (error: Error) => void,
): OutputStream {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') onBrokenPipe();
    else onWriteError(error);
  });
  return {
    write: (text) => void stream.write(text),
    flush: () => new Promise((resolve) => stream.write('', () => resolve())),
    isTerminal: stream.isTTY === true,
    ...(stream.columns === undefined ? {} : { columns: stream.columns }),
    watchSize(listener) {
      const tell = (): void => {
        const { columns, rows } = stream;
        if (columns !== undefined && rows !== undefined) listener({ width: columns, height: rows });
      };
      tell();
      stream.on('resize', tell);
      return () => void stream.removeListener('resize', tell);
    },
  };
}

class NodeInput implements InputStream {
  readonly #open: () => TerminalReadable;
  #isOpen = false;
  #isTaken = false;
  #lines: AsyncIterator<string> | undefined;

  constructor(open: () => TerminalReadable) {
    this.#open = () => {
      this.#isOpen = true;
      return open();
    };
  }

  get isTerminal(): boolean {
    return isatty(0);
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  async readAll(): Promise<Uint8Array> {
    this.#isTaken = true;
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.chunks()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#open()) yield chunk as Uint8Array;
  }

  async readLine(): Promise<string | undefined> {
    if (this.#lines === undefined) {
      const { createInterface } = await import('node:readline');
      this.#lines = createInterface({ input: this.#open() })[Symbol.asyncIterator]();
    }
    const next = await this.#lines.next();
    return next.done === true ? undefined : next.value;
  }

  setRawMode(raw: boolean): void {
    const stream = this.#open();
    if (stream.setRawMode === undefined) return;
    stream.setRawMode(raw);
    // Node's raw mode still adds carriage returns to what is written; the far end has set its lines already.
    if (raw && process.platform !== 'win32') {
      const { spawnSync } = process.getBuiltinModule('node:child_process');
      spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
    }
  }

  close(): void {
    if (this.#isOpen) this.#open().destroy();
  }
}
