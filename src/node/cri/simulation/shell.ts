import { openRedirections } from './shell-redirections.ts';
import type { ProcessContext } from './process-context.ts';
import { runBuiltIn } from './shell-builtins.ts';
import { expandPattern, expandText, expandWord, type ExpansionSource } from './shell-expansion.ts';
import {
  type ListItem,
  type Pipeline,
  type Script,
  type ShellCommand,
  ShellSyntaxError,
  type Word,
} from './shell-grammar.ts';
import { KeptOutput, Pipe } from './shell-pipes.ts';
import { ShellExit, ShellJump, ShellState } from './shell-state.ts';
import { parseScript } from './shell-syntax.ts';
import { runProgram } from './run-program.ts';
import { type Burst, processSeconds, type ProcessUsage } from './usage-meter.ts';
import { FileError, MemoryFiles } from './memory-files.ts';
import { ProcessInput } from './process-input.ts';

/** So many turns of a loop may follow each other without a pause: a busy loop must not keep the node from its work. */
const turnsWithoutPause = 200;
/** Nor may they take longer than that, together. */
const burstMillis = 10;
const pauseSeconds = 0.01;

/** Programs that shells have built in: no process is made for them. */
const inShells: ReadonlySet<string> = new Set(['[', 'echo', 'false', 'kill', 'printf', 'pwd', 'test', 'true']);

/**
 * `sh -c SCRIPT`, `sh FILE`, or `sh` alone, which reads commands from its input: POSIX's shell language with `[[`, but
 * for aliases, job control and `getopts`.
 */
export async function runShell(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const state = new ShellState(context);
  while (/^[-+][a-z]+$/.test(words[0] ?? '') && !/^-[a-z]*c$/.test(words[0] ?? '')) {
    state.setOptions(words.shift() ?? '');
  }
  const [first, script] = words;
  if (first !== undefined && /^-[a-z]*c$/.test(first)) {
    state.setOptions(first.replace('c', ''));
    state.setArguments(words.slice(3), words[2] ?? 'sh');
    return runWhole(script ?? '', context, state);
  }
  if (first !== undefined) {
    state.setArguments(words.slice(1), first);
    try {
      const path = MemoryFiles.absolute(first, context.workingFolder);
      return await runWhole(Buffer.from(context.files.readFile(path)).toString('utf8'), context, state);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await context.stderr.write(Buffer.from(`sh: can't open '${first}': No such file or directory\n`));
      return 2;
    }
  }
  return runLines(context, state);
}

/** Commands line by line, from a person or a pipe. */
async function runLines(context: ProcessContext, state: ShellState): Promise<number> {
  if (context.interactive) context.interrupts.clear();
  while (!context.signal.aborted) {
    if (context.interactive) await context.stdout.write(Buffer.from(`${state.workingFolder} # `));
    const line = await context.stdin.readLine();
    if (line === undefined) break;
    try {
      state.lastCode = await new ShellRun(context, state).script(parseScript(line));
    } catch (error) {
      if (error instanceof ShellExit) return error.code;
      if (!(error instanceof ShellSyntaxError || error instanceof ShellJump)) throw error;
      if (error instanceof ShellSyntaxError) await context.stderr.write(Buffer.from(`sh: ${error.message}\n`));
      state.lastCode = 2;
    }
  }
  return state.lastCode;
}

async function runWhole(script: string, context: ProcessContext, state: ShellState): Promise<number> {
  const run = new ShellRun(context, state);
  let code: number;
  try {
    code = await run.script(parseScript(script));
  } catch (error) {
    code = await codeOf(error, context);
  }
  return run.atExit(code);
}

/** What a shell ends with when something made it end. */
async function codeOf(error: unknown, context: ProcessContext): Promise<number> {
  if (error instanceof ShellExit) return error.code;
  if (error instanceof ShellJump) return 0;
  if (!(error instanceof ShellSyntaxError)) throw error;
  await context.stderr.write(Buffer.from(`sh: ${error.message}\n`));
  return 2;
}

/** One shell at work on scripts with one set of streams. */
export class ShellRun {
  readonly context: ProcessContext;
  readonly state: ShellState;
  #turns = 0;
  #burst: Burst | undefined;

  constructor(context: ProcessContext, state: ShellState) {
    this.context = context;
    this.state = state;
  }

  /** @throws ShellExit, ShellJump, ShellSyntaxError */
  async script(script: Script, isCondition = false): Promise<number> {
    for (const [index, item] of script.entries()) {
      await this.#runTraps();
      if (this.context.signal.aborted) throw new ShellExit(this.state.lastCode);
      if (item.operator === '&&' && this.state.lastCode !== 0) continue;
      if (item.operator === '||' && this.state.lastCode === 0) continue;
      const isTested = isCondition || ['&&', '||'].includes(script[index + 1]?.operator ?? '');
      await this.#item(item, isTested);
    }
    await this.#runTraps();
    return this.state.lastCode;
  }

  async #item({ pipeline, background }: ListItem, isTested: boolean): Promise<void> {
    if (background) {
      this.state.background(this.#subshell([{ operator: ';', pipeline, background: false }]));
      this.state.lastCode = 0;
      return;
    }
    this.state.lastCode = await this.#pipeline(pipeline, isTested);
    const isFailure = this.state.lastCode !== 0 && !isTested && !pipeline.negated;
    if (isFailure && this.state.stopsOnFailure) throw new ShellExit(this.state.lastCode);
  }

  async #pipeline({ commands, negated }: Pipeline, isTested: boolean): Promise<number> {
    const [only] = commands;
    let code: number;
    if (only !== undefined && commands.length === 1) code = await this.command(only, isTested || negated);
    else code = await this.#piped(commands);
    return negated ? Number(code === 0) : code;
  }

  /** All side by side, each with a state of its own; the last one's code counts. */
  async #piped(commands: readonly ShellCommand[]): Promise<number> {
    let stdin = this.context.stdin;
    const running: Promise<number>[] = [];
    for (const [index, command] of commands.entries()) {
      const isLast = index === commands.length - 1;
      const pipe = new Pipe();
      const signal = AbortSignal.any([this.context.signal, pipe.closed]);
      const streams = isLast ? { stdin } : { stdin, stdout: pipe, signal };
      const reader = stdin;
      const script: Script = [{ operator: ';', pipeline: { negated: false, commands: [command] }, background: false }];
      running.push(
        this.#subshell(script, streams).finally(() => {
          pipe.end();
          // What is before it finds nobody who reads.
          if (index > 0) reader.leave();
        }),
      );
      stdin = new ProcessInput(pipe, () => pipe.close());
    }
    return (await Promise.all(running)).at(-1) ?? 0;
  }

  /** Runs with a copy of the state. */
  async #subshell(script: Script, streams: Partial<ProcessContext> = {}): Promise<number> {
    const run = new ShellRun({ ...this.context, signals: new Map(), ...streams }, this.state.copy());
    let code: number;
    try {
      code = await run.script(script);
    } catch (error) {
      code = await codeOf(error, run.context);
    }
    return run.atExit(code);
  }

  async command(command: ShellCommand, isTested: boolean): Promise<number> {
    const context = await this.#redirected(command);
    if (context === undefined) return 1;
    const inner = context === this.context ? this : new ShellRun(context, this.state);
    return inner.#form(command, isTested);
  }

  async #redirected(command: ShellCommand): Promise<ProcessContext | undefined> {
    if (command.redirections.length === 0) return this.context;
    try {
      return await openRedirections(command.redirections, this.context, this.expansion());
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await this.context.stderr.write(Buffer.from(`${this.context.args[0] ?? 'sh'}: ${error.message}\n`));
      return undefined;
    }
  }

  async #form(command: ShellCommand, isTested: boolean): Promise<number> {
    switch (command.kind) {
      case 'simple':
        return this.#simple(command);
      case 'if':
        for (const { condition, body } of command.branches) {
          if ((await this.script(condition, true)) === 0) return this.script(body, isTested);
        }
        this.state.lastCode = 0;
        return this.script(command.otherwise, isTested);
      case 'loop':
        return this.#loop(
          async () => ((await this.script(command.condition, true)) === 0) !== command.until,
          () => this.script(command.body, isTested),
        );
      case 'for': {
        const words = command.words === undefined ? [...this.state.arguments] : await this.expand(command.words);
        return this.#loop(
          () => Promise.resolve(words.length > 0),
          () => {
            this.state.set(command.name, words.shift() ?? '');
            return this.script(command.body, isTested);
          },
        );
      }
      case 'case':
        return this.#case(command, isTested);
      case 'group':
        return this.script(command.body, isTested);
      case 'subshell':
        return this.#subshell(command.body);
      default:
        this.state.functions.set(command.name, command.body);
        return 0;
    }
  }

  async #loop(goesOn: () => Promise<boolean>, turn: () => Promise<number>): Promise<number> {
    let code = 0;
    while (await goesOn()) {
      if (this.context.signal.aborted) throw new ShellExit(code);
      await this.#breathe();
      try {
        code = await turn();
      } catch (error) {
        if (!(error instanceof ShellJump) || error.kind === 'return') throw error;
        if (error.levels > 1) throw new ShellJump(error.kind, error.levels - 1);
        code = 0;
        if (error.kind === 'break') break;
      }
    }
    this.state.lastCode = code;
    return code;
  }

  /** Lets the rest of the node go on. */
  async #breathe(): Promise<void> {
    const { clock, usage, signal } = this.context;
    const burst = (this.#burst ??= this.#beginBurst(usage));
    if (++this.#turns % turnsWithoutPause !== 0 && clock.now() - burst.startedAt < burstMillis) return;
    await burst.rest(pauseSeconds, signal);
    if (this.#burst === burst) this.#burst = undefined;
  }

  /** What is computed from now on, until something is waited for. */
  #beginBurst(usage: ProcessUsage): Burst {
    const burst = usage.begin();
    // Turns that wait for nothing leave the event loop no time for this.
    setImmediate(() => {
      burst.end();
      if (this.#burst === burst) this.#burst = undefined;
    });
    return burst;
  }

  async #case(command: Extract<ShellCommand, { kind: 'case' }>, isTested: boolean): Promise<number> {
    const source = this.expansion();
    const text = await expandText(command.word, source);
    for (const { patterns, body } of command.branches) {
      for (const pattern of patterns) {
        const expression = new RegExp(`^(?:${await expandPattern(pattern, source)})$`);
        if (expression.test(text)) return this.script(body, isTested);
      }
    }
    return 0;
  }

  async #simple({ assignments, words }: Extract<ShellCommand, { kind: 'simple' }>): Promise<number> {
    const source = this.expansion();
    const [first] = words;
    const isTest = first?.length === 1 && first[0]?.kind === 'text' && first[0].text === '[[';
    const [name, ...args] = isTest ? await this.#texts(words) : await this.expand(words);
    const values: [string, string][] = [];
    for (const assignment of assignments) values.push([assignment.name, await expandText(assignment.value, source)]);
    if (name === undefined) {
      for (const [variable, value] of values) this.state.set(variable, value);
      // What a substitution ended with counts for an assignment.
      return values.length === 0 ? 0 : this.state.lastCode;
    }
    if (this.state.traces) await this.context.stderr.write(Buffer.from(`+ ${[name, ...args].join(' ')}\n`));
    const called = this.state.functions.get(name);
    if (called !== undefined) return this.#call(called, args, values);
    const builtIn = await runBuiltIn(name, args, this, values);
    if (builtIn !== undefined) return builtIn;
    if (!inShells.has(name)) {
      if (this.#burst === undefined) this.context.usage.spend(processSeconds);
      else this.#burst.owe(processSeconds);
    }
    return runProgram([name, ...args], this.#programContext(values));
  }

  #programContext(values: readonly [string, string][]): ProcessContext {
    const env = new Map([...this.state.exported(), ...values]);
    return { ...this.context, env, workingFolder: this.state.workingFolder };
  }

  async #call(body: ShellCommand, args: readonly string[], values: readonly [string, string][]): Promise<number> {
    const { state } = this;
    const before = state.enter(args);
    for (const [variable, value] of values) state.set(variable, value);
    try {
      return await this.command(body, false);
    } catch (error) {
      if (error instanceof ShellJump && error.kind === 'return') return error.levels;
      throw error;
    } finally {
      state.leave(before);
    }
  }

  /** The words of a command as they are filled in. */
  async expand(words: readonly Word[]): Promise<string[]> {
    const source = this.expansion();
    const expanded: string[] = [];
    for (const word of words) expanded.push(...(await expandWord(word, source)));
    return expanded;
  }

  async #texts(words: readonly Word[]): Promise<string[]> {
    const source = this.expansion();
    const texts: string[] = [];
    for (const word of words) texts.push(await expandText(word, source));
    return texts;
  }

  expansion(): ExpansionSource {
    const { state, context } = this;
    return {
      get: (name) => state.get(name),
      set: (name, value) => state.set(name, value),
      arguments: () => state.arguments,
      outputOf: async (script) => {
        const kept = new KeptOutput();
        state.lastCode = await this.#subshell(script, { stdout: kept });
        return kept.bytes().toString('utf8');
      },
      files: context.files,
      workingFolder: state.workingFolder,
    };
  }

  async #runTraps(): Promise<void> {
    for (let action = this.state.nextTrap(); action !== undefined; action = this.state.nextTrap()) {
      const { lastCode } = this.state;
      await this.script(parseScript(action));
      this.state.lastCode = lastCode;
    }
  }

  /** The trap of EXIT, once. @returns the code that the shell then ends with */
  async atExit(code: number): Promise<number> {
    const action = this.state.traps.get('EXIT');
    this.state.traps.delete('EXIT');
    if (action === undefined || action === '') return code;
    try {
      this.state.lastCode = code;
      await this.script(parseScript(action));
      return code;
    } catch (error) {
      return codeOf(error, this.context);
    }
  }
}
