import type { ByteSink } from '../runtime.ts';
import { grownBytes } from './growing-bytes.ts';
import { FileError, MemoryFiles } from './memory-files.ts';
import type { ProcessContext } from './process-context.ts';
import { ProcessInput } from './process-input.ts';
import { expandText, type ExpansionSource } from './shell-expansion.ts';
import type { Redirection } from './shell-grammar.ts';

const nowhere: ByteSink = { write: () => Promise.resolve() };

/** The streams as redirections have them. @throws FileError */
export async function openRedirections(
  redirections: readonly Redirection[],
  context: ProcessContext,
  source: ExpansionSource,
): Promise<ProcessContext> {
  let { stdin, stdout, stderr } = context;
  for (const { operator, descriptor, target } of redirections) {
    const word = await expandText(target, source);
    if (operator === '<<') {
      stdin = new ProcessInput(one(Buffer.from(word)));
      continue;
    }
    const path = MemoryFiles.absolute(word, source.workingFolder);
    if (operator === '<') {
      stdin = path === '/dev/null' ? new ProcessInput() : new ProcessInput(one(context.files.readFile(path)));
      continue;
    }
    let sink: ByteSink;
    if (operator === '>&') sink = word === '2' ? stderr : word === '-' ? nowhere : stdout;
    else sink = deviceOf(path, { ...context, stdout, stderr }) ?? openFile(context.files, path, operator === '>>');
    if (descriptor === 2) stderr = sink;
    else stdout = sink;
  }
  return { ...context, stdin, stdout, stderr };
}

function deviceOf(path: string, context: ProcessContext): ByteSink | undefined {
  switch (path) {
    case '/dev/null':
      return nowhere;
    case '/dev/stdout':
    case '/dev/fd/1':
    case '/proc/self/fd/1':
      return context.stdout;
    case '/dev/stderr':
    case '/dev/fd/2':
    case '/proc/self/fd/2':
      return context.stderr;
    case '/proc/1/fd/1':
    case '/proc/1/fd/2':
      return context.mainOutput;
    default:
      return undefined;
  }
}

/** A file that grows with what is written. @throws FileError */
function openFile(files: MemoryFiles, path: string, appends: boolean): ByteSink {
  const known = files.find(path);
  try {
    files.writeFile(path, appends && known?.kind === 'file' ? known.content : new Uint8Array());
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason = error.message
      .slice(error.message.lastIndexOf(': ') + 2)
      .replace('No such file or directory', 'nonexistent directory');
    throw new FileError(`can't create ${path}: ${reason}`);
  }
  return {
    write: (chunk) => {
      const now = files.find(path);
      const before = now?.kind === 'file' ? now.content : new Uint8Array();
      files.writeFile(path, grownBytes(before, chunk));
      return Promise.resolve();
    },
  };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
