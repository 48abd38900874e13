import type { ByteSink } from '../runtime.ts';
import { FileError, MemoryFiles } from './memory-files.ts';
import { ProcessInput } from './process-input.ts';
import { ExecError, interruptedExitCode, type ProcessContext } from './process-context.ts';
import { parseScript, type Pipeline, ShellSyntaxError, type SimpleCommand } from './shell-syntax.ts';

/** What changes while a shell runs. */
interface ShellState {
  readonly variables: Map<string, string>;
  workingFolder: string;
  lastCode: number;
  exited: boolean;
}

/**
 * `sh -c SCRIPT`, `sh FILE`, or `sh` alone, which reads commands from its input: lists with `;`, `&&` and `||`,
 * pipelines, quotes, variables and redirections. Anything more is refused.
 */
export async function runShell(context: ProcessContext): Promise<number> {
  const state: ShellState = {
    variables: new Map(context.env),
    workingFolder: context.workingFolder,
    lastCode: 0,
    exited: false,
  };
  const [, first, script] = context.args;
  if (first !== undefined && /^-[a-z]*c$/.test(first)) return runScript(script ?? '', context, state);
  if (first !== undefined && !first.startsWith('-')) {
    try {
      const path = MemoryFiles.absolute(first, context.workingFolder);
      return await runScript(Buffer.from(context.files.readFile(path)).toString('utf8'), context, state);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await context.stderr.write(Buffer.from(`sh: can't open '${first}': No such file or directory\n`));
      return 2;
    }
  }
  if (context.interactive) context.interrupts.clear();
  while (!state.exited && !context.signal.aborted) {
    if (context.interactive) await context.stdout.write(Buffer.from(`${state.workingFolder} # `));
    const line = await context.stdin.readLine();
    if (line === undefined) break;
    await runScript(line, context, state);
  }
  return state.lastCode;
}

async function runScript(script: string, context: ProcessContext, state: ShellState): Promise<number> {
  try {
    for (const { operator, pipeline } of parseScript(script)) {
      if (state.exited || context.signal.aborted) break;
      if (operator === '&&' && state.lastCode !== 0) continue;
      if (operator === '||' && state.lastCode === 0) continue;
      state.lastCode = await runPipeline(pipeline, context, state);
    }
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    await context.stderr.write(Buffer.from(`sh: ${error.message}\n`));
    state.lastCode = 2;
  }
  return state.lastCode;
}

/** One command after the other, the output of each kept for the next: nothing here runs long and says much. */
async function runPipeline(pipeline: Pipeline, context: ProcessContext, state: ShellState): Promise<number> {
  let stdin = context.stdin;
  let code = 0;
  for (const [index, command] of pipeline.entries()) {
    const isLast = index === pipeline.length - 1;
    const kept = new KeptOutput();
    code = await runSimple(command, { ...context, stdin, stdout: isLast ? context.stdout : kept }, state);
    stdin = new ProcessInput(kept.chunks());
  }
  return code;
}

/** Output that is kept in memory. */
class KeptOutput implements ByteSink {
  #chunks: Uint8Array[] = [];

  write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(Uint8Array.from(chunk));
    return Promise.resolve();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    yield this.bytes();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

async function runSimple(command: SimpleCommand, context: ProcessContext, state: ShellState): Promise<number> {
  const lookUp = (name: string): string =>
    name === '?' ? String(state.lastCode) : name === '$' ? '1' : (state.variables.get(name) ?? '');
  const words = command.words.flatMap((word) => word.expand(lookUp));
  for (const { name, value } of command.assignments) {
    if (words.length === 0) state.variables.set(name, value.expand(lookUp).join(' '));
  }
  const env = new Map(state.variables);
  for (const { name, value } of command.assignments) env.set(name, value.expand(lookUp).join(' '));
  const redirected = await redirect(command, { ...context, env, workingFolder: state.workingFolder }, lookUp);
  if (redirected === undefined) return 1;
  const code = await runWords(words, redirected.context, state);
  redirected.finish();
  return code;
}

async function runWords(words: readonly string[], context: ProcessContext, state: ShellState): Promise<number> {
  const [name, ...args] = words;
  switch (name) {
    case undefined:
      return 0;
    case ':':
      return 0;
    case 'exit':
      state.exited = true;
      return args[0] === undefined ? state.lastCode : Number(args[0]) & 0xff;
    case 'cd':
      return changeFolder(args[0] ?? '/root', context, state);
    case 'export':
      for (const word of args) {
        const [variable = '', ...rest] = word.split('=');
        if (rest.length > 0) state.variables.set(variable, rest.join('='));
      }
      return 0;
    case 'exec':
      state.exited = true;
      return runWords(args, context, state);
    case '[':
      return runWords(['test', ...args.filter((word) => word !== ']')], context, state);
    default:
      return runProgram(name, words, context);
  }
}

async function runProgram(name: string, args: readonly string[], context: ProcessContext): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  if (context.interactive) context.interrupts.add(interrupt);
  try {
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const code = await context.findProgram(name)({ ...context, args, signal });
    return stop.signal.aborted ? interruptedExitCode : code;
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    await context.stderr.write(Buffer.from(`sh: ${name}: not found\n`));
    return error.exitCode;
  } finally {
    context.interrupts.delete(interrupt);
  }
}

async function changeFolder(path: string, context: ProcessContext, state: ShellState): Promise<number> {
  const target = MemoryFiles.absolute(path, state.workingFolder);
  if (context.files.find(target)?.kind === 'folder') {
    state.workingFolder = target;
    return 0;
  }
  await context.stderr.write(Buffer.from(`sh: cd: can't cd to ${path}: No such file or directory\n`));
  return 2;
}

/** The streams as the redirections have them; files are written when the command has ended. */
async function redirect(
  command: SimpleCommand,
  context: ProcessContext,
  lookUp: (name: string) => string,
): Promise<{ context: ProcessContext; finish: () => void } | undefined> {
  let { stdin, stdout, stderr } = context;
  const written: { path: string; output: KeptOutput; before: Uint8Array }[] = [];
  try {
    for (const { operator, descriptor, target } of command.redirections) {
      const word = target.expand(lookUp).join(' ');
      const path = MemoryFiles.absolute(word, context.workingFolder);
      if (operator === '<') {
        stdin = new ProcessInput(one(context.files.readFile(path)));
        continue;
      }
      let sink: ByteSink;
      if (operator === '>&') sink = word === '1' ? stdout : stderr;
      else if (word === '/dev/null') sink = new KeptOutput();
      else {
        const output = new KeptOutput();
        const known = context.files.find(path);
        const before = operator === '>>' && known?.kind === 'file' ? known.content : new Uint8Array();
        context.files.writeFile(path, before);
        written.push({ path, output, before });
        sink = output;
      }
      if (descriptor === 2) stderr = sink;
      else stdout = sink;
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await context.stderr.write(Buffer.from(`sh: ${error.message}\n`));
    return undefined;
  }
  return {
    context: { ...context, stdin, stdout, stderr },
    finish: () => {
      for (const { path, output, before } of written) {
        context.files.writeFile(path, Buffer.concat([before, output.bytes()]));
      }
    },
  };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
