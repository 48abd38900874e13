import type { ProcessContext } from './process-context.ts';
import type { ShellCommand } from './shell-grammar.ts';

/** The shell ends with a code. */
export class ShellExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** `break`, `continue` (so many loops) or `return` (with a code). */
export class ShellJump extends Error {
  readonly kind: 'break' | 'continue' | 'return';
  readonly levels: number;

  constructor(kind: ShellJump['kind'], levels: number) {
    super(kind);
    this.kind = kind;
    this.levels = levels;
  }
}

interface Frame {
  readonly args: readonly string[];
  readonly locals: Map<string, string | undefined>;
}

/** What changes while a shell runs. */
export class ShellState {
  workingFolder: string;
  lastCode = 0;
  stopsOnFailure = false;
  traces = false;
  arguments: readonly string[] = [];
  readonly functions = new Map<string, ShellCommand>();
  /** What is done on signals, by name without SIG; and on EXIT. */
  readonly traps = new Map<string, string>();
  readonly #context: ProcessContext;
  readonly #variables: Map<string, string>;
  readonly #exported: Set<string>;
  readonly #pending: string[] = [];
  readonly #background = new Map<number, Promise<number>>();
  #name = 'sh';
  #locals: Map<string, string | undefined> | undefined;
  #refusesUnset = false;
  #lastBackground = 0;
  #wake: (() => void) | undefined;

  constructor(context: ProcessContext) {
    this.#context = context;
    this.workingFolder = context.workingFolder;
    this.#variables = new Map(context.env);
    this.#exported = new Set(context.env.keys());
  }

  /** For a shell below this one. */
  copy(): ShellState {
    const copy = new ShellState({ ...this.#context, env: this.#variables, workingFolder: this.workingFolder });
    copy.#exported.clear();
    for (const name of this.#exported) copy.#exported.add(name);
    for (const [name, body] of this.functions) copy.functions.set(name, body);
    copy.arguments = this.arguments;
    copy.lastCode = this.lastCode;
    copy.stopsOnFailure = this.stopsOnFailure;
    copy.#refusesUnset = this.#refusesUnset;
    copy.#name = this.#name;
    return copy;
  }

  /** `-e`, `+x`, …: of those that change anything here. */
  setOptions(flags: string): void {
    const on = flags.startsWith('-');
    if (flags.includes('e')) this.stopsOnFailure = on;
    if (flags.includes('u')) this.#refusesUnset = on;
    if (flags.includes('x')) this.traces = on;
  }

  setArguments(args: readonly string[], name = this.#name): void {
    this.arguments = args;
    this.#name = name;
  }

  /** @throws ShellExit for what is not set, with `set -u` */
  get(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined && this.#refusesUnset && !/^[@*]$/.test(name)) throw new ShellExit(2);
    return value;
  }

  #value(name: string): string | undefined {
    if (/^[1-9]\d*$/.test(name)) return this.arguments[Number(name) - 1];
    switch (name) {
      case '0':
        return this.#name;
      case '?':
        return String(this.lastCode);
      case '#':
        return String(this.arguments.length);
      case '$':
        return '1';
      case '!':
        return this.#lastBackground === 0 ? undefined : String(this.#lastBackground);
      case 'PWD':
        return this.workingFolder;
      case 'RANDOM':
        return String(Math.floor(this.#context.random() * 32_768));
      default:
        return this.#variables.get(name);
    }
  }

  set(name: string, value: string): void {
    this.#variables.set(name, value);
  }

  unset(name: string): void {
    this.#variables.delete(name);
    this.#exported.delete(name);
    this.functions.delete(name);
  }

  export(name: string): void {
    this.#exported.add(name);
  }

  /** What programs get to see. */
  exported(): Map<string, string> {
    return new Map([...this.#variables].filter(([name]) => this.#exported.has(name)));
  }

  /** A function begins. */
  enter(args: readonly string[]): Frame {
    const frame = { args: this.arguments, locals: this.#locals ?? new Map<string, string | undefined>() };
    this.arguments = args;
    this.#locals = new Map();
    return frame;
  }

  /** And ends: its variables are as they were. */
  leave(frame: Frame): void {
    for (const [name, value] of this.#locals ?? []) {
      if (value === undefined) this.#variables.delete(name);
      else this.#variables.set(name, value);
    }
    this.arguments = frame.args;
    this.#locals = frame.locals;
  }

  /** A variable of the function alone. */
  local(name: string): void {
    if (this.#locals !== undefined && !this.#locals.has(name)) this.#locals.set(name, this.#variables.get(name));
  }

  /** `trap ACTION SIGNAL`; undefined as the action brings the default back. */
  trap(action: string | undefined, signal: string): void {
    if (action === undefined) this.traps.delete(signal);
    else this.traps.set(signal, action);
    if (signal === 'EXIT') return;
    if (action === undefined) this.#context.signals.delete(signal);
    else {
      this.#context.signals.set(signal, () => {
        if (action !== '') this.#pending.push(action);
        this.#wake?.();
      });
    }
  }

  /** What a signal that came asks for. */
  nextTrap(): string | undefined {
    return this.#pending.shift();
  }

  /** A command that goes on beside the others. */
  background(work: Promise<number>): void {
    this.#lastBackground = this.#lastBackground === 0 ? 10 : this.#lastBackground + 1;
    this.#background.set(this.#lastBackground, work);
  }

  /** Waits for one in the background or all, or until a signal comes. */
  async wait(id: number | undefined): Promise<number> {
    const works =
      id === undefined ? [...this.#background.values()] : [this.#background.get(id) ?? Promise.resolve(127)];
    const signalled = new Promise<number>((resolve) => {
      this.#wake = () => resolve(143);
      this.#context.signal.addEventListener('abort', () => resolve(137), { once: true });
    });
    const all = Promise.all(works).then((codes) => (id === undefined ? 0 : (codes[0] ?? 127)));
    return Promise.race([all, signalled]);
  }
}
