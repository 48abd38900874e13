import type { ByteSink } from '../runtime.ts';
import { InputQueue } from './input-queue.ts';

const interrupt = 3;
const endOfInput = 4;
const erase: readonly number[] = [8, 127];
const newlines: readonly number[] = [10, 13];

/** A terminal between a person and a process. */
export interface Terminal {
  /** Lines as the process reads them. */
  readonly input: AsyncIterable<Uint8Array>;
  /** What the process writes: lines end with a carriage return too. */
  readonly output: ByteSink;
}

/**
 * A terminal in its usual mode: what is typed is shown, Backspace takes the last character back, Enter sends the line,
 * Ctrl-C interrupts, Ctrl-D at the start of a line ends the input.
 * @param onInterrupt gives whether there was something to interrupt
 */
export function createTerminal(
  keys: AsyncIterable<Uint8Array> | undefined,
  screen: ByteSink,
  onInterrupt: () => boolean,
): Terminal {
  const show = (text: string): Promise<void> => screen.write(Buffer.from(text));
  const lines = new InputQueue();
  const listen = async (): Promise<void> => {
    let line: number[] = [];
    for await (const chunk of keys ?? []) {
      for (const key of chunk) {
        if (newlines.includes(key)) {
          await show('\r\n');
          lines.add(Buffer.from([...line, 10]));
          line = [];
        } else if (erase.includes(key)) {
          if (line.length > 0) await show('\b \b');
          // A character may be several bytes; those after its first begin with the bits 10.
          while (((line.pop() ?? 0) & 0xc0) === 0x80);
        } else if (key === interrupt) {
          await show('^C\r\n');
          line = [];
          // A shell that waits for a line begins a new one.
          if (!onInterrupt()) lines.add(Buffer.from('\n'));
        } else if (key === endOfInput) {
          if (line.length === 0) return;
        } else {
          line.push(key);
          await screen.write(Buffer.from([key]));
        }
      }
    }
  };
  // Keys are heard whatever the process does: Ctrl-C is for one that does not listen.
  listen()
    .catch(() => undefined)
    .finally(() => lines.end());
  return {
    input: lines,
    output: {
      write: (chunk) =>
        screen.write(Buffer.from(Buffer.from(chunk).toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1')),
    },
  };
}
