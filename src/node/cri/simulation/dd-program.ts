import { FileError, MemoryFiles } from './memory-files.ts';
import type { ProcessContext } from './process-context.ts';

/** More than this is not written: files are in memory. */
const mostBytes = 256 << 20;

const units: Readonly<Record<string, number>> = { '': 1, c: 1, w: 2, b: 512, k: 1024, K: 1024, M: 1 << 20, G: 1 << 30 };

/** `dd if=FILE of=FILE bs=SIZE count=NUMBER`: blocks of a file, or of zeros, into another or to standard output. */
export async function runDd(context: ProcessContext): Promise<number> {
  const { args, files, workingFolder, stdin, stdout, stderr, signal } = context;
  const operands = new Map(args.slice(1).map((word) => [word.split('=')[0], word.slice(word.indexOf('=') + 1)]));
  const fail = async (text: string): Promise<number> => {
    await stderr.write(Buffer.from(`dd: ${text}\n`));
    return 1;
  };
  const [blockBytes, count] = [bytesOf(operands.get('bs') ?? '512'), bytesOf(operands.get('count') ?? 'all')];
  const source = operands.get('if');
  if (blockBytes === undefined || blockBytes === 0) return fail(`invalid number: '${operands.get('bs') ?? ''}'`);
  const wanted = count === undefined ? Infinity : blockBytes * count;
  try {
    let input: Uint8Array;
    if (source === undefined) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stdin.chunks(signal)) chunks.push(chunk);
      input = Buffer.concat(chunks);
    } else if (source === '/dev/zero') {
      if (wanted > mostBytes) return await fail(`error writing '${operands.get('of') ?? ''}': No space left on device`);
      input = new Uint8Array(wanted);
    } else input = files.readFile(MemoryFiles.absolute(source, workingFolder));
    const output = input.subarray(0, Math.min(input.byteLength, wanted));
    const target = operands.get('of');
    if (target === undefined) await stdout.write(output);
    else if (target !== '/dev/null')
      files.writeFile(MemoryFiles.absolute(target, workingFolder), Uint8Array.from(output));
    const blocks = `${Math.floor(output.byteLength / blockBytes)}+${output.byteLength % blockBytes === 0 ? 0 : 1} records`;
    await stderr.write(Buffer.from(`${blocks} in\n${blocks} out\n`));
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return fail(`failed to open ${error.message}`);
  }
}

function bytesOf(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+)([cwbkKMG]?)B?$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (units[unit] ?? 1);
}
