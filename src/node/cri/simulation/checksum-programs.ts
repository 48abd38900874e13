import { createHash } from 'node:crypto';
import { FileError, MemoryFiles } from './memory-files.ts';
import type { ProcessContext, Program } from './process-context.ts';

/** `md5sum`, `sha1sum`, `sha256sum` and `sha512sum`: checksums of files or of standard input, or (`-c`) whether they are right. */
export const checksumPrograms: Readonly<Record<string, Program>> = Object.fromEntries(
  ['md5', 'sha1', 'sha256', 'sha512'].map((algorithm) => [
    `${algorithm}sum`,
    (context: ProcessContext) => runChecksum(context, algorithm),
  ]),
);

async function runChecksum(context: ProcessContext, algorithm: string): Promise<number> {
  const words = context.args.slice(1);
  const checks = words.includes('-c');
  const named = words.filter((word) => !/^-[a-z]/.test(word));
  let code = 0;
  for (const path of named.length === 0 ? ['-'] : named) {
    const content = await contentOf(context, path);
    if (content === undefined) code = 1;
    else if (checks) code = Math.max(code, await check(context, algorithm, Buffer.from(content).toString('utf8')));
    else await write(context, `${sumOf(algorithm, content)}  ${path}\n`);
  }
  return code;
}

/** A list of sums, as the program itself writes it. @returns 1 when one of them is wrong */
async function check(context: ProcessContext, algorithm: string, list: string): Promise<number> {
  let [wrong, all] = [0, 0];
  for (const line of list.split('\n')) {
    const [, sum = '', path = ''] = /^([0-9a-f]+) [ *](.+)$/.exec(line) ?? [];
    if (path === '') continue;
    all++;
    const content = await contentOf(context, path);
    const isRight = content !== undefined && sumOf(algorithm, content) === sum;
    if (!isRight) wrong++;
    await write(context, `${path}: ${isRight ? 'OK' : 'FAILED'}\n`);
  }
  if (wrong === 0) return 0;
  const text = `${context.args[0] ?? ''}: WARNING: ${wrong} of ${all} computed checksums did NOT match\n`;
  await context.stderr.write(Buffer.from(text));
  return 1;
}

/** What is in a file, or (`-`) comes in; that it is not there is told. */
async function contentOf(context: ProcessContext, path: string): Promise<Uint8Array | undefined> {
  const { args, files, workingFolder, stdin, stderr, signal } = context;
  if (path === '-') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin.chunks(signal)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  try {
    return files.readFile(MemoryFiles.absolute(path, workingFolder));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason = error.message.slice(error.message.lastIndexOf(': ') + 2);
    await stderr.write(Buffer.from(`${args[0] ?? ''}: can't open '${path}': ${reason}\n`));
    return undefined;
  }
}

function sumOf(algorithm: string, content: Uint8Array): string {
  return createHash(algorithm).update(content).digest('hex');
}

function write({ stdout }: ProcessContext, text: string): Promise<void> {
  return stdout.write(Buffer.from(text));
}
