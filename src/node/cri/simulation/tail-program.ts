import { sleep } from '../../../system/clock.ts';
import { FileError, MemoryFiles } from './memory-files.ts';
import { killedExitCode, type ProcessContext } from './process-context.ts';

const lookMillis = 1000;

interface TailOptions {
  readonly unit: 'c' | 'n';
  readonly fromStart: boolean;
  readonly count: number;
  readonly follows: boolean;
  readonly paths: readonly string[];
}

/** The end of files or of standard input: `-n [+]N`, `-c [+]N`, and `-f`, which goes on with what is written. */
export async function runTail(context: ProcessContext): Promise<number> {
  const { files, stdin, stdout, stderr, signal, workingFolder } = context;
  const options = parseOptions(context.args.slice(1));
  if (options === undefined) {
    await stderr.write(Buffer.from('tail: this simulated tail knows -c, -n and -f\n'));
    return 1;
  }
  if (options.paths.length === 0) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin.chunks(signal)) chunks.push(chunk);
    await stdout.write(endOf(Buffer.concat(chunks), options));
    return 0;
  }
  let code = 0;
  const seen = new Map<string, number>();
  for (const path of options.paths) {
    try {
      const content = Buffer.from(files.readFile(MemoryFiles.absolute(path, workingFolder)));
      seen.set(path, content.length);
      await stdout.write(endOf(content, options));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await stderr.write(Buffer.from(`tail: ${error.message}\n`));
      code = 1;
    }
  }
  return options.follows && seen.size > 0 ? follow(context, seen) : code;
}

/** Says what is added to files until the process is killed. @param seen how long they were */
async function follow(context: ProcessContext, seen: Map<string, number>): Promise<number> {
  const { clock, files, signal, stdout, workingFolder } = context;
  while (await sleep(clock, lookMillis, signal)) {
    for (const [path, length] of seen) {
      const node = files.find(MemoryFiles.absolute(path, workingFolder));
      if (node?.kind !== 'file') continue;
      // A file that got shorter was written anew.
      const from = node.content.byteLength < length ? 0 : length;
      if (node.content.byteLength > from) await stdout.write(node.content.subarray(from));
      seen.set(path, node.content.byteLength);
    }
  }
  return killedExitCode;
}

function parseOptions(words: readonly string[]): TailOptions | undefined {
  let [unit, fromStart, count, follows]: ['c' | 'n', boolean, number, boolean] = ['n', false, 10, false];
  const paths: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, flag = '', value = ''] = /^-([cnfF])(\+?\d*)$/.exec(word) ?? /^-()(\d+)$/.exec(word) ?? [];
    if (!word.startsWith('-') || word === '-') {
      if (word !== '-') paths.push(word);
    } else if (flag === 'f' || flag === 'F') follows = true;
    else {
      const amount = value === '' ? (words[++at] ?? '') : value;
      if (!/^[-+]?\d+$/.test(amount)) return undefined;
      if (flag === 'c' || flag === 'n') unit = flag;
      fromStart = amount.startsWith('+');
      count = Math.abs(Number(amount));
    }
  }
  return { unit, fromStart, count, follows, paths };
}

function endOf(content: Buffer, { unit, fromStart, count }: TailOptions): Buffer {
  if (unit === 'c') return content.subarray(fromStart ? Math.max(0, count - 1) : Math.max(0, content.length - count));
  const lines = content.toString('latin1').split(/(?<=\n)/);
  const chosen = lines.slice(fromStart ? Math.max(0, count - 1) : Math.max(0, lines.length - count));
  return Buffer.from(chosen.join(''), 'latin1');
}
