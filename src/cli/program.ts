import { join } from 'node:path';
import { Command } from 'commander';
import { messageOf } from '../apimachinery/error-message.ts';
import type { Transport } from '../apimachinery/http.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import type { PluginPolicy } from '../kubeconfig/plugin-policy.ts';
import type { BundledApi } from '../schema-cache/bundled-api.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { IOStreams } from '../system/io-streams.ts';
import type { Keychain } from '../system/keychain.ts';
import type { VerboseLog } from '../system/klog.ts';
import type { Random } from '../system/random.ts';
import { exitCodeOf } from '../system/signals.ts';
import {
  type ClusterAccess,
  type CommandContext,
  type CommandDefinition,
  CommandError,
  type FlagDefinition,
  HelpfulError,
  SilentExit,
  UsageError,
} from './command.ts';
import type { CommandEntry } from './command-table.ts';
import { FlagParseError, FlagSet, type ParsedFlags, parseFlags } from './flag-parser.ts';
import { firstWord } from './first-word.ts';
import { globalFlags } from './global-flags.ts';
import { terminalSafe } from './terminal-output.ts';
import { uninitializedChoice } from './uninitialized-choice.ts';

/** What the program is handed; only `main` (and tests) make one. */
export interface ProgramWorld {
  readonly streams: IOStreams;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Of this process. */
  readonly clock: Clock;
  readonly random: Random;
  readonly files: FileSystem;
  readonly signal: AbortSignal;
  /** Runs a plugin, or a program that a command needs, with this one's streams; without it none are looked for. */
  readonly runInPlace?: (path: string, args: readonly string[], env: ProgramWorld['env']) => Promise<number>;
  /** Runs a program for what it writes; undefined when it fails. Without it plugins complete nothing. */
  readonly runForOutput?: (
    path: string,
    args: readonly string[],
    env: ProgramWorld['env'],
  ) => Promise<string | undefined>;
  /** The system's keychain; without it nothing can be kept there. */
  readonly keychain?: () => Promise<Keychain>;
  /** Records what this process does, until the answer is called; without it --profile is refused. */
  readonly startProfile?: (kind: 'cpu' | 'heap', path: string) => Promise<() => Promise<void>>;
  /** What requests go through instead of connections to the server that the kubeconfig names. */
  readonly transport?: Transport;
  /** What this program itself knows of the built-in kinds; without it a command needs a server for that. */
  readonly bundledApi?: () => Promise<BundledApi>;
  /** Makes the access to the cluster; from the kubeconfig and the flags when absent. */
  readonly clusterAccess?: (world: ProgramWorld, globals: FlagSet) => ClusterAccess;
}

const rootAbout =
  'kubectl controls Kubernetes clusters.\n\n Learn more at https://kubernetes.io/docs/reference/kubectl/';

/**
 * Runs one command line: finds the command in the tree, loads it, reads its flags, runs it and says what went wrong.
 * @returns the exit code
 */
export async function runProgram(
  table: readonly CommandEntry[],
  argv: readonly string[],
  world: ProgramWorld,
): Promise<number> {
  const program = new Program(table, world);
  try {
    return await program.run(argv);
  } catch (error) {
    const { endingOf } = await import('./exit.ts');
    const { PrinterError } = await import('../printers/printer.ts');
    if (error instanceof PrinterError) terminalSafe(world.streams.out).write(error.printed);
    if (world.signal.aborted && !(error instanceof SilentExit)) {
      return program.interruptedExitCode ?? exitCodeOf(world.signal);
    }
    const { log } = program;
    const path = program.commandPath.split(' ').slice(1);
    if (log !== undefined) (await import('./error-log.ts')).logError(error, path, program.isRaw, log);
    const { text, exitCode } = endingOf(error, path.join(' '));
    if (text !== '') terminalSafe(world.streams.err).write(text);
    return error instanceof SilentExit ? exitCode : (program.errorExitCode ?? exitCode);
  } finally {
    await world.streams.out.flush();
    await world.streams.err.flush();
  }
}

/** A node of commander's tree that finds subcommands as cobra does: flags of the parent may stand before them. */
class TreeCommand extends Command {
  /** What the command's own flags without values are called. */
  switches: readonly string[] = [];
  readonly #flags: readonly FlagDefinition[];

  constructor(name: string, flags: readonly FlagDefinition[]) {
    super(name);
    this.#flags = flags;
    this.helpOption(false).helpCommand(false).allowUnknownOption().allowExcessArguments();
  }

  override createCommand(name?: string): TreeCommand {
    return new TreeCommand(name ?? '', this.#flags);
  }

  /** The first word that is neither a flag nor its value names a subcommand, where there is one of that name. */
  override parseOptions(argv: string[]): { operands: string[]; unknown: string[] } {
    const at = this.commands.length === 0 ? -1 : firstWord(argv, this.#flags, this.switches);
    const name = argv[at];
    const isChild = this.commands.some((child) => child.name() === name || child.aliases().includes(name ?? ''));
    if (name === undefined || !isChild) return { operands: argv, unknown: [] };
    return { operands: [name], unknown: argv.filter((_, index) => index !== at) };
  }
}

class Program {
  /** Of the command that runs, where it is not the usual one. */
  errorExitCode: number | undefined;
  interruptedExitCode: number | undefined;
  commandPath = 'kubectl';
  /** Once the command line was read, where -v or --vmodule ask for more than nothing. */
  log: VerboseLog | undefined;
  /** --raw is given. */
  isRaw = false;
  #table: readonly CommandEntry[];
  readonly #world: ProgramWorld;
  readonly #globals: readonly FlagDefinition[];
  readonly #hasPreferences: boolean;
  #exitCode = 0;
  #argv: readonly string[] = [];
  #presets: readonly string[] = [];
  #pluginPolicy: PluginPolicy | undefined;

  constructor(table: readonly CommandEntry[], world: ProgramWorld) {
    this.#hasPreferences = (world.env['KUBECTL_KUBERC'] ?? '').toLowerCase() !== 'false';
    const isThere = (name: string | undefined): boolean => this.#hasPreferences || name !== 'kuberc';
    this.#table = table.filter(({ path }) => isThere(path[0]));
    this.#world = world;
    this.#globals = globalFlags(homeFolder(world.env)).filter(({ name }) => isThere(name));
  }

  async run(given: readonly string[]): Promise<number> {
    const argv = this.#hasPreferences && given.length > 0 ? await this.#withPreferences(given) : given;
    this.#argv = argv;
    const root = new TreeCommand('kubectl', this.#globals);
    root.action(() => this.#runRoot(root.args));
    const nodes = new Map<string, TreeCommand>([['', root]]);
    for (const entry of this.#table) {
      const parent = nodes.get(entry.path.slice(0, -1).join(' '));
      const node = parent?.command(entry.path.at(-1) ?? '');
      if (node === undefined) throw new Error(`command ${entry.path.join(' ')} has no parent in the table`);
      node.switches = entry.switches ?? [];
      for (const alias of entry.aliases ?? []) node.alias(alias);
      nodes.set(entry.path.join(' '), node);
      node.action(() => this.#runEntry(entry, node.args));
    }
    const help = root.command('help', { hidden: true });
    help.action(() => this.#runHelp(help.args));
    await root.parseAsync([...argv], { from: 'user' });
    return this.#exitCode;
  }

  /** The command line as the kuberc file makes it (KEP-3104). */
  async #withPreferences(argv: readonly string[]): Promise<readonly string[]> {
    const { env, files, streams } = this.#world;
    const home = homeFolder(env);
    const dash = argv.indexOf('--');
    const isNamed = (dash < 0 ? argv : argv.slice(0, dash)).some((word) => word.includes('--kuberc'));
    // Nearly always there is none, and nothing needs to be loaded to know that.
    if (!isNamed && (env['KUBERC'] ?? '') === '' && !(await files.exists(join(home, '.kube', 'kuberc')))) return argv;
    const { preferredCommandLine } = await import('./preferences/preferred-command-line.ts');
    const commands = { find: (words: readonly string[]) => this.#find(words), flagsOf: this.#flagsOf };
    try {
      const preferred = await preferredCommandLine(argv, home, this.#world, commands);
      this.#presets = preferred.presets;
      if (preferred.alias !== undefined) this.#addAlias(preferred.alias.name, preferred.alias.standsFor);
      this.#pluginPolicy = preferred.pluginPolicy;
      return preferred.argv;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      streams.err.write(`error occurred while applying preferences ${error.message}\n`);
      throw new SilentExit(1);
    }
  }

  /** An alias is a command like the one it stands for, with the same subcommands. */
  #addAlias(name: string, standsFor: readonly string[]): void {
    const added = this.#table
      .filter(({ path }) => standsFor.every((word, index) => path[index] === word))
      .map(({ aliases = [], ...entry }): CommandEntry => {
        const below = entry.path.slice(standsFor.length);
        return { ...entry, aliases: below.length === 0 ? [] : aliases, path: [name, ...below], standsFor: entry.path };
      });
    this.#table = [...this.#table, ...added];
  }

  /** The command that words lead to; undefined where the first one is none. */
  #find(words: readonly string[]): CommandEntry | undefined {
    let found: CommandEntry = { path: [], short: '' };
    let rest = words;
    for (;;) {
      const at = firstWord(rest, this.#globals, found.switches);
      const next = this.#childrenOf(found.path).find(
        (entry) => entry.path.at(-1) === rest[at] || entry.aliases?.includes(rest[at] ?? '') === true,
      );
      if (next === undefined) return found.path.length === 0 && at >= 0 ? undefined : found;
      found = next;
      rest = rest.filter((_, index) => index !== at);
    }
  }

  #flagsOf = async (entry: CommandEntry): Promise<readonly FlagDefinition[]> => {
    const definition = await entry.load?.();
    return [...(definition?.flags ?? []), ...this.#globals];
  };

  async #runRoot(argv: readonly string[]): Promise<void> {
    const word = argv[firstWord(argv, this.#globals)];
    if (word !== undefined) {
      if (await this.#runPlugin(1)) return;
      throw new CommandError(await this.#unknownCommand(word));
    }
    this.#parse(this.#globals, argv);
    await this.#printHelp([]);
  }

  /** Runs the plugin that the command line names. @returns whether there is one */
  async #runPlugin(minWords: number): Promise<boolean> {
    const { env, files, streams, runInPlace } = this.#world;
    if (runInPlace === undefined) return false;
    const { findPlugin } = await import('./plugins.ts');
    try {
      const plugin = await findPlugin(this.#argv, minWords, env, files);
      if (plugin === undefined) return false;
      this.#exitCode = await runInPlace(plugin.path, plugin.args, env);
      return true;
    } catch (error) {
      streams.err.write(`Error: ${messageOf(error)}\n`);
      throw new SilentExit(1);
    }
  }

  /** `create` alone takes plugins as further subcommands: `kubectl-create-foo`. */
  async #runSubcommandPlugin(entry: CommandEntry, argv: readonly string[]): Promise<boolean> {
    const [first = '-'] = argv;
    if (entry.path.join(' ') !== 'create' || first.startsWith('-')) return false;
    return this.#runPlugin(this.#argv.length - argv.length + 1);
  }

  async #unknownCommand(word: string): Promise<string> {
    const { suggestionsFor } = await import('./suggestions.ts');
    const close = suggestionsFor(
      word,
      this.#table
        .filter(({ path, hidden }) => path.length === 1 && hidden !== true)
        .map(({ path, suggestFor }) => ({ name: path.join(' '), suggestFor })),
    );
    const hint = close.length === 0 ? '' : `\n\nDid you mean this?\n${close.map((name) => `\t${name}\n`).join('')}`;
    return `unknown command ${goQuote(word)} for "kubectl"${hint}`;
  }

  async #runHelp(words: readonly string[]): Promise<void> {
    let path: readonly string[] = [];
    for (const word of words.filter((one) => !one.startsWith('-'))) {
      const next = this.#childrenOf(path).find(
        (entry) => entry.path.at(-1) === word || entry.aliases?.includes(word) === true,
      );
      if (next === undefined) {
        if (path.length > 0) break;
        const { err } = this.#world.streams;
        err.write(`Unknown help topic [\`${words.join(' ')}\`]\n\n`);
        return this.#printHelp([], err, true);
      }
      path = next.path;
    }
    await this.#printHelp(path);
  }

  #childrenOf(path: readonly string[]): readonly CommandEntry[] {
    return this.#table.filter(
      (entry) => entry.path.length === path.length + 1 && path.every((word, index) => entry.path[index] === word),
    );
  }

  async #pluginCommands(): Promise<readonly CommandEntry[]> {
    const { pluginCommands } = await import('./completion/plugin-completion.ts');
    return pluginCommands(this.#table, this.#world, true);
  }

  async #runEntry(entry: CommandEntry, argv: readonly string[]): Promise<void> {
    this.commandPath = ['kubectl', ...entry.path].join(' ');
    if (await this.#runSubcommandPlugin(entry, argv)) return;
    const definition = await entry.load?.();
    if (definition === undefined) {
      await this.#runGroup(entry, argv);
      return;
    }
    const parsed = this.#parse([...definition.flags, ...this.#globals], argv, definition);
    if (parsed.help) {
      await this.#printHelp(entry.path);
      return;
    }
    await this.#execute(definition, parsed);
  }

  /** Runs another command line in the same world but for the streams. @returns what it printed */
  async #runAside(argv: readonly string[]): Promise<string> {
    const { memoryIOStreams } = await import('../system/memory-io-streams.ts');
    const streams = memoryIOStreams();
    await runProgram(this.#table, argv, { ...this.#world, streams });
    // What is logged on the way is told; what it ends with is not.
    const logged = streams.stderr.split('\n').filter((line) => /^(?:[IWE]\d{4} |Warning: )/.test(line));
    for (const line of logged) this.#world.streams.err.write(`${line}\n`);
    return streams.stdout;
  }

  /** A command that only holds others. */
  async #runGroup(entry: CommandEntry, argv: readonly string[]): Promise<void> {
    const parsed = this.#parse(this.#globals, argv);
    const isAsked = parsed.help || entry.alone === 'succeeds';
    if (!isAsked && parsed.args.length > 0) {
      throw new UsageError(`unknown command ${goQuote(parsed.args.join(' '))}`);
    }
    const { out, err } = this.#world.streams;
    await this.#printHelp(entry.path, isAsked || entry.alone === 'fails-on-stdout' ? out : err);
    if (!isAsked) this.#exitCode = 1;
  }

  #parse(flags: readonly FlagDefinition[], argv: readonly string[], definition?: CommandDefinition): ParsedFlags {
    if (definition?.rawArguments === true) {
      return { args: argv, values: new FlagSet(flags), help: false, warnings: [] };
    }
    try {
      const presets = definition === undefined ? [] : this.#presets;
      const parsed = parseFlags(flags, argv, { flagsFirst: definition?.flagsFirst === true, presets });
      for (const warning of parsed.warnings) this.#world.streams.err.write(`${warning}\n`);
      return parsed;
    } catch (error) {
      if (!(error instanceof FlagParseError)) throw error;
      this.errorExitCode = definition?.errorExitCode;
      // Where 1 says something else, flags are refused as wrong arguments are.
      if (this.errorExitCode !== undefined) throw new UsageError(error.message);
      throw new CommandError(`${error.message}\nSee '${this.commandPath} --help' for usage.`);
    }
  }

  async #execute(definition: CommandDefinition, parsed: ParsedFlags): Promise<void> {
    const { values } = parsed;
    const globals = values.only(this.#globals);
    let warnings = 0;
    let access: ClusterAccess | undefined;
    const world = this.#world;
    const makeAccess = async (): Promise<ClusterAccess> => {
      const make =
        world.clusterAccess ??
        (await import('./cluster-access.ts')).clusterAccessFromFlags({
          onWarning: () => {
            warnings++;
          },
          pluginPolicy: this.#pluginPolicy,
          uninitialized: uninitializedChoice(definition, values, parsed.args),
          log: this.log,
          path: definition.path,
          isRaw: this.isRaw,
        });
      return (access ??= make(world, globals));
    };
    const { env, cwd, clock, random, files, signal } = world;
    if (globals.int('v') > 0 || globals.string('vmodule') !== '') {
      const { verboseLog, vmoduleProblem } = await import('./verbosity.ts');
      const problem = vmoduleProblem(globals.string('vmodule'));
      if (problem !== undefined) throw new CommandError(`${problem}\nSee '${this.commandPath} --help' for usage.`);
      this.log = verboseLog(globals, world);
      this.isRaw = definition.flags.some(({ name }) => name === 'raw') && values.string('raw') !== '';
    }
    const streams = { ...world.streams, out: terminalSafe(world.streams.out) };
    const context: CommandContext = {
      streams,
      env,
      cwd,
      clock,
      random,
      files,
      signal,
      globals,
      ...(this.log === undefined ? {} : { log: this.log }),
      ...(world.runInPlace === undefined ? {} : { runInPlace: world.runInPlace }),
      ...(world.runForOutput === undefined ? {} : { runForOutput: world.runForOutput }),
      ...(world.keychain === undefined ? {} : { keychain: world.keychain }),
      ...(world.bundledApi === undefined ? {} : { bundledApi: world.bundledApi }),
      runCommand: (argv) => this.#runAside(argv),
      preferences: {
        added: this.#table.flatMap(({ path, standsFor }) => (standsFor === undefined ? [] : [{ path, standsFor }])),
        presets: this.#presets,
      },
      cluster: {
        client: async () => (await makeAccess()).client(),
        discovery: async () => (await makeAccess()).discovery(),
        openApi: async () => (await makeAccess()).openApi(),
        server: async () => (await (await makeAccess()).server?.()) ?? '',
        namespace: async () => (await makeAccess()).namespace(),
      },
    };
    this.errorExitCode = definition.errorExitCode;
    this.interruptedExitCode = definition.interruptedExitCode;
    const endProfile =
      globals.string('profile') === 'none'
        ? undefined
        : await (await import('./profile.ts')).startProfileOf(globals, world);
    try {
      const options = await definition.toOptions(parsed.args, values, context);
      if (this.log !== undefined) {
        await (await import('./verbosity.ts')).announceClient(definition, values, await makeAccess());
      }
      this.#exitCode = (await definition.run(options, context)) ?? 0;
    } catch (error) {
      if (error instanceof HelpfulError) await this.#printHelp(this.commandPath.split(' ').slice(1));
      const isTold = error instanceof CommandError && error.cause === undefined;
      if (isTold || access === undefined || signal.aborted) throw error;
      const { complainOfDiscovery } = await import('./discovery-complaints.ts');
      throw await complainOfDiscovery(error, { path: definition.path, args: parsed.args, flags: values, context });
    } finally {
      await endProfile?.();
      if (access !== undefined) await closeAccess(access);
    }
    if (warnings > 0 && globals.bool('warnings-as-errors')) {
      throw new CommandError(`${warnings} warning${warnings === 1 ? '' : 's'} received`);
    }
  }

  async #printHelp(path: readonly string[], out = this.#world.streams.out, isBrief = false): Promise<void> {
    const name = path.join(' ');
    // The list of global flags is a help itself: the real program says nothing of it.
    if (name === 'options') return;
    const { renderHelp } = await import('./help.ts');
    const entry = this.#table.find((one) => one.path.join(' ') === name);
    const definition = await entry?.load?.();
    const translation = await (await import('./translations/translation.ts')).translationFor(this.#world.env);
    const plugins = path.length > 0 ? [] : await this.#pluginCommands();
    const children = [...this.#childrenOf(path), ...plugins].map((child) => {
      const short = translation?.shorts[child.path.join(' ')];
      return short === undefined ? child : { ...child, short };
    });
    const isAlias = path.length === 1 && entry?.standsFor !== undefined;
    const usage = isAlias ? '' : (definition?.usage ?? entry?.usage ?? (path.length === 0 ? '[flags]' : 'SUBCOMMAND'));
    out.write(
      renderHelp({
        commandPath: ['kubectl', ...path].join(' '),
        usage,
        about: isBrief
          ? ''
          : (translation?.abouts[entry?.standsFor?.join(' ') ?? name] ??
            definition?.long ??
            entry?.long ??
            entry?.short ??
            rootAbout),
        aliases: entry?.aliases ?? [],
        examples: definition?.examples ?? '',
        flags: definition?.flags ?? [],
        children,
      }),
    );
  }
}

async function closeAccess(access: ClusterAccess): Promise<void> {
  const { close } = access as { close?: () => Promise<void> };
  await close?.call(access);
}

/** The home folder, from the environment as the real program takes it. */
export function homeFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['HOME'] ?? env['USERPROFILE'] ?? '';
}
