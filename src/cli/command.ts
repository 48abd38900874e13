import type { Client } from '../client/client.ts';
import type { BundledApi } from '../schema-cache/bundled-api.ts';
import type { Discovery } from '../schema-cache/discovery.ts';
import type { OpenApi } from '../schema-cache/openapi.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { IOStreams } from '../system/io-streams.ts';
import type { Keychain } from '../system/keychain.ts';
import type { VerboseLog } from '../system/klog.ts';
import type { Random } from '../system/random.ts';

/**
 * A flag as pflag knows it. The types are pflag's: `stringArray` takes each occurrence whole, `stringSlice` splits at
 * commas; `optional` is the value of a flag given without one (`--dry-run`).
 */
export interface FlagDefinition {
  readonly name: string;
  readonly shorthand?: string;
  readonly type:
    | 'bool'
    | 'string'
    | 'int'
    | 'int32'
    | 'int64'
    | 'float32'
    | 'duration'
    | 'stringArray'
    | 'stringSlice'
    | 'stringToString'
    /** The same in component-base's own reading: split at every comma, empty parts left out, blanks around parts too. */
    | 'mapStringString'
    | 'tristate'
    | 'count';
  /** As pflag prints it: `false`, ``, `0`, `[]`, `30s`. */
  readonly default: string;
  readonly optional?: string;
  readonly description: string;
  readonly hidden?: boolean;
  /** Says no more of a wrong value than that it is one, as flags of Go's own library do. */
  readonly terse?: boolean;
  /** Text after `Flag --x has been deprecated, `. */
  readonly deprecated?: string;
}

/** Parsed flags of one invocation; every getter throws on a name the command did not declare (a bug). */
export interface FlagValues {
  bool(name: string): boolean;
  string(name: string): string;
  /** int, int32, int64. */
  int(name: string): number;
  float(name: string): number;
  /** Milliseconds. */
  duration(name: string): number;
  /** stringArray, stringSlice. */
  list(name: string): readonly string[];
  map(name: string): ReadonlyMap<string, string>;
  /** Whether it stood on the command line (or came from kuberc). */
  changed(name: string): boolean;
  /** Every flag of the command line in its order, as `--name=value`. */
  readonly given?: readonly string[];
  /** How many arguments stood before `--`; -1 or absent when there was none. */
  readonly argumentsBeforeDash?: number;
}

/** What the user's preferences make of a command line. */
export interface CommandPreferences {
  /** The paths of commands, and of those that they are other names of. */
  readonly added: readonly { readonly path: readonly string[]; readonly standsFor: readonly string[] }[];
  /** `--name=value` each. */
  readonly presets: readonly string[];
}

/** The world of a command: everything it may touch. Only main (and tests) construct one. */
export interface CommandContext {
  readonly streams: IOStreams;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Working folder, absolute. */
  readonly cwd: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: FileSystem;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** The parsed global flags (--kubeconfig, --namespace, -v …). */
  readonly globals: FlagValues;
  /** Absent unless -v or --vmodule ask for more than nothing. */
  readonly log?: VerboseLog;
  /** Runs another program with this one's streams, and gives its exit code; absent where none may be run. */
  readonly runInPlace?: (
    path: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ) => Promise<number>;
  /** Runs a program for what it writes to standard output; undefined when it fails. */
  readonly runForOutput?: (
    path: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ) => Promise<string | undefined>;
  /** The system's keychain, opened when it is asked for; absent where there is none. @throws KeychainError */
  readonly keychain?: () => Promise<Keychain>;
  /** What this program itself knows of the built-in kinds, for work without a server. */
  readonly bundledApi?: () => Promise<BundledApi>;
  /** Runs another command line of this program with nothing to read, and gives what it printed. */
  readonly runCommand?: (argv: readonly string[]) => Promise<string>;
  /** Absent where there are none. */
  readonly preferences?: CommandPreferences;
  /** Everything that speaks to the cluster, made on first use so that --help and a wrong flag never need a kubeconfig. */
  readonly cluster: ClusterAccess;
}

/** Lazily resolved access to the cluster that the flags and the kubeconfig name. */
export interface ClusterAccess {
  client(): Promise<Client>;
  /** What the server serves (see createDiscovery in src/schema-cache), from the disk where that is fresh. */
  discovery(): Promise<Discovery>;
  /** What the server publishes of its types (see createOpenApi in src/schema-cache). */
  openApi(): Promise<OpenApi>;
  /** The server's address as configured, `https://host:port`; for `cluster-info`. */
  server?(): Promise<string>;
  /** The namespace from --namespace or the context, else `default`. */
  namespace(): Promise<{ readonly name: string; readonly explicit: boolean }>;
}

/** One command: data, parse step and run step (see STYLE: flags → toOptions → run). */
export interface CommandDefinition<Options = unknown> {
  /** Words of the command's path: `['rollout', 'status']`. */
  readonly path: readonly string[];
  /** What follows the name in the usage line: `(TYPE NAME | -f FILENAME) [flags]`. */
  readonly usage: string;
  readonly aliases?: readonly string[];
  /** One line for the parent's list. */
  readonly short: string;
  /** Our own words; paragraphs are separated by an empty line. */
  readonly long?: string;
  readonly examples?: string;
  readonly flags: readonly FlagDefinition[];
  readonly hidden?: boolean;
  /** All words are arguments, flags too. */
  readonly rawArguments?: boolean;
  /** Flags end at the first argument, as for `exec` and `kubectl plugin` commands. */
  readonly flagsFirst?: boolean;
  /** The exit code of errors, where 1 says something else: `diff` uses it for differences. */
  readonly errorExitCode?: number;
  /** The exit code after Ctrl-C and other signals, of commands that handle them; else what a shell makes of the signal. */
  readonly interruptedExitCode?: number;
  /** Of a command with --include-uninitialized: whether it takes uninitialized objects in when the flag is not given. */
  wantsUninitialized?(flags: FlagValues, args: readonly string[]): boolean;
  /** Resolves and checks arguments and flags. @throws UsageError, CommandError; touches no network. */
  toOptions(args: readonly string[], flags: FlagValues, context: CommandContext): Options | Promise<Options>;
  /** Does the work; returns the exit code (0 when nothing is returned). */
  run(options: Options, context: CommandContext): Promise<number | void>;
}

/** Keeps the options' type while commands live in one table. */
export function defineCommand<Options>(definition: CommandDefinition<Options>): CommandDefinition<Options> {
  return definition;
}

/** An error that ends the command with `error: <message>` on stderr and this exit code. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** Wrong usage: `error: <message>` and `See 'kubectl <command> -h' for help and examples`, as cmdutil.UsageErrorf. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super(message, 1);
    this.name = 'UsageError';
  }
}

/**
 * Wrong arguments of a command that shows its help first, on standard output, and the message after it; without a
 * message the help is all, and nothing went wrong.
 */
export class HelpfulError extends CommandError {
  constructor(message: string) {
    super(message, message === '' ? 0 : 1);
    this.name = 'HelpfulError';
  }
}

/** Ends with a message as it is, without `error: ` before it. */
export class PlainError extends CommandError {
  constructor(message: string, exitCode = 1) {
    super(message, exitCode);
    this.name = 'PlainError';
  }
}

/** Ends with an exit code and no message; everything was said. */
export class SilentExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.name = 'SilentExit';
    this.exitCode = exitCode;
  }
}
