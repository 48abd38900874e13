import { MemoryFiles } from './memory-files.ts';
import { evaluateArithmetic } from './shell-arithmetic.ts';
import { ShellSyntaxError } from './shell-grammar.ts';
import type { ProcessContext } from './process-context.ts';
import { runProgram } from './run-program.ts';
import type { ShellRun } from './shell.ts';
import { ShellExit, ShellJump } from './shell-state.ts';
import { parseScript } from './shell-syntax.ts';
import { evaluateTest } from './test-expression.ts';

type BuiltIn = (
  args: readonly string[],
  run: ShellRun,
  values: readonly [string, string][],
) => number | Promise<number>;

const builtIns: Readonly<Record<string, BuiltIn>> = {
  ':': () => 0,
  '[': (args, run) => test(args.slice(0, -1), run),
  '[[': (args, run) => test(args.slice(0, -1), run),
  '.': (args, run) => sourceFile(args, run),
  source: (args, run) => sourceFile(args, run),
  break: ([levels]) => jump('break', Number(levels ?? 1)),
  cd: changeFolder,
  command: findCommand,
  continue: ([levels]) => jump('continue', Number(levels ?? 1)),
  eval: (args, run) => run.script(parseScript(args.join(' '))),
  exec: replaceShell,
  exit: ([code], { state }) => {
    throw new ShellExit(code === undefined ? state.lastCode : Number(code) & 0xff);
  },
  export: (words, run) => declare(words, run, (name) => run.state.export(name)),
  kill: sendSignal,
  let: evaluateAll,
  local: (words, run) => declare(words, run, (name) => run.state.local(name)),
  read: readVariables,
  readonly: (words, run) => declare(words, run, () => undefined),
  return: ([code], { state }) => jump('return', code === undefined ? state.lastCode : Number(code)),
  set: (words, { state }) => {
    const rest = [...words];
    while (/^[-+][a-z]+$/.test(rest[0] ?? '')) state.setOptions(rest.shift() ?? '');
    if (rest[0] === '--') state.setArguments(rest.slice(1));
    else if (rest.length > 0) state.setArguments(rest);
    return 0;
  },
  shift: ([count], { state }) => {
    state.setArguments(state.arguments.slice(Number(count ?? 1)));
    return 0;
  },
  test: (args, run) => test(args, run),
  trap: setTraps,
  type: (args, run) => findCommand(['-v', ...args], run),
  ulimit: () => 0,
  umask: () => 0,
  unset: (names, { state }) => {
    for (const name of names) if (!name.startsWith('-')) state.unset(name);
    return 0;
  },
  wait: async ([id], { state }) => state.wait(id === undefined ? undefined : Number(id)),
};

/** Whether the shell does something itself. */
export function isBuiltIn(name: string): boolean {
  return Object.hasOwn(builtIns, name);
}

/** Runs what the shell does itself. @returns its code; undefined when the name is none of these */
export async function runBuiltIn(
  name: string,
  args: readonly string[],
  run: ShellRun,
  values: readonly [string, string][],
): Promise<number | undefined> {
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (builtIn === undefined) return undefined;
  return builtIn(args, run, values);
}

function jump(kind: ShellJump['kind'], levels: number): never {
  throw new ShellJump(kind, levels);
}

async function test(args: readonly string[], { context, state }: ShellRun): Promise<number> {
  return evaluateTest(args, { ...context, workingFolder: state.workingFolder });
}

async function sourceFile([path = '', ...args]: readonly string[], run: ShellRun): Promise<number> {
  const text = run.context.files.readFile(MemoryFiles.absolute(path, run.state.workingFolder));
  if (args.length > 0) run.state.setArguments(args);
  return run.script(parseScript(Buffer.from(text).toString('utf8')));
}

/** `let EXPRESSION…`: fails when the last is zero. */
function evaluateAll(expressions: readonly string[], { state }: ShellRun): number {
  if (expressions.length === 0) throw new ShellSyntaxError('let: expression expected');
  let value = 0;
  for (const expression of expressions) {
    value = evaluateArithmetic(expression, {
      get: (name) => state.get(name) ?? '',
      set: (name, text) => state.set(name, text),
    });
  }
  return value === 0 ? 1 : 0;
}

async function changeFolder([path]: readonly string[], { context, state }: ShellRun): Promise<number> {
  const wanted = path ?? state.get('HOME') ?? '/root';
  const target = MemoryFiles.absolute(wanted, state.workingFolder);
  if (context.files.find(target)?.kind === 'folder') {
    state.workingFolder = target;
    return 0;
  }
  await context.stderr.write(Buffer.from(`sh: cd: can't cd to ${wanted}: No such file or directory\n`));
  return 2;
}

/** `command -v NAME` and `command NAME …`. */
async function findCommand(words: readonly string[], run: ShellRun): Promise<number> {
  const { context, state } = run;
  if (words[0] !== '-v') return runProgram(words, programContext(run));
  const name = words[1] ?? '';
  if (!Object.hasOwn(builtIns, name) && !state.functions.has(name)) {
    try {
      context.findProgram(name);
    } catch {
      return 127;
    }
  }
  await context.stdout.write(Buffer.from(`${name}\n`));
  return 0;
}

function programContext({ context, state }: ShellRun): ProcessContext {
  return { ...context, env: state.exported(), workingFolder: state.workingFolder };
}

async function replaceShell(words: readonly string[], run: ShellRun): Promise<number> {
  if (words.length === 0) return 0;
  for (const signal of run.state.traps.keys()) run.state.trap(undefined, signal);
  throw new ShellExit(await runProgram(words, programContext(run)));
}

function declare(words: readonly string[], { state }: ShellRun, mark: (name: string) => void): number {
  for (const word of words) {
    const [, name, value] = /^([A-Za-z_]\w*)(?:=([^]*))?$/.exec(word) ?? [];
    if (name === undefined) continue;
    mark(name);
    if (value !== undefined) state.set(name, value);
  }
  return 0;
}

async function readVariables(words: readonly string[], { context, state }: ShellRun): Promise<number> {
  const names = words.filter((word) => !word.startsWith('-'));
  const line = await context.stdin.readLine();
  if (line === undefined) return 1;
  const pieces = line.trim().split(/[ \t]+/);
  const targets = names.length === 0 ? ['REPLY'] : names;
  for (const [index, name] of targets.entries()) {
    const isLast = index === targets.length - 1;
    state.set(name, isLast ? pieces.slice(index).join(' ') : (pieces[index] ?? ''));
  }
  return 0;
}

const numbers: Readonly<Record<string, string>> = { 0: 'EXIT', 1: 'HUP', 2: 'INT', 3: 'QUIT', 9: 'KILL', 15: 'TERM' };

function signalName(text: string): string {
  return numbers[text] ?? text.toUpperCase().replace(/^SIG/, '');
}

function setTraps(words: readonly string[], { state }: ShellRun): number {
  const [action, ...signals] = words[0] === '--' ? words.slice(1) : words;
  if (action === undefined) return 0;
  if (signals.length === 0) state.trap(undefined, signalName(action));
  for (const signal of signals) state.trap(action === '-' ? undefined : action, signalName(signal));
  return 0;
}

/** `kill [-SIGNAL] 1`: the container's own command is the only other process that can be named. */
async function sendSignal(words: readonly string[], { context }: ShellRun): Promise<number> {
  return runProgram(['kill', ...words], context);
}
