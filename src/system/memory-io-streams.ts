import type { IOStreams } from './io-streams.ts';

/** Streams that a test can read: what was written, and input given beforehand. */
export interface MemoryIOStreams extends IOStreams {
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes streams in memory. @param input what standard input holds */
export function memoryIOStreams(input: string | Uint8Array = ''): MemoryIOStreams {
  const written = { out: [] as Buffer[], err: [] as Buffer[] };
  const output = (into: Buffer[]) => ({
    write: (text: string | Uint8Array) => void into.push(Buffer.from(text as string)),
    flush: () => Promise.resolve(),
    isTerminal: false,
  });
  let rest: Buffer = Buffer.from(input as string);
  let isTaken = false;
  const take = (): Uint8Array => {
    const bytes = rest;
    rest = Buffer.alloc(0);
    return bytes;
  };
  return {
    in: {
      readAll() {
        isTaken = true;
        return Promise.resolve(take());
      },
      get isTaken() {
        return isTaken;
      },
      async *chunks() {
        yield take();
      },
      readLine() {
        if (rest.length === 0) return Promise.resolve(undefined);
        const end = rest.indexOf('\n');
        const line = rest.toString('utf8', 0, end < 0 ? rest.length : end);
        rest = end < 0 ? Buffer.alloc(0) : rest.subarray(end + 1);
        return Promise.resolve(line);
      },
      isTerminal: false,
      setRawMode() {},
      close() {},
    },
    out: output(written.out),
    err: output(written.err),
    get stdout() {
      return Buffer.concat(written.out).toString('utf8');
    },
    get stderr() {
      return Buffer.concat(written.err).toString('utf8');
    },
  };
}
