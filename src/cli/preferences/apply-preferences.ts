import { goQuote } from '../../apimachinery/field-error.ts';
import { CommandError, type FlagDefinition } from '../command.ts';
import type { CommandEntry } from '../command-table.ts';
import { FlagParseError, parseFlags } from '../flag-parser.ts';
import { type CommandAlias, type OptionDefault, type Preference, preferenceProblem } from './preference.ts';

/** The commands that there are. */
export interface KnownCommands {
  /** The command that words lead to, flags among them left out; undefined where the first one is none. */
  find(words: readonly string[]): CommandEntry | undefined;
  /** The flags of a command, the global ones included. */
  flagsOf(entry: CommandEntry): Promise<readonly FlagDefinition[]>;
}

/** A command line as preferences make it. */
export interface PreferredCommandLine {
  readonly argv: readonly string[];
  /** The alias that the command line names, which is a command from then on. */
  readonly alias?: { readonly name: string; readonly standsFor: readonly string[] };
  /** `--name=value` each: flags that count as given, but not as written by the user. */
  readonly presets: readonly string[];
}

/**
 * Adds what an alias puts behind its name, and finds the defaults for the command's flags that the command line does
 * not give itself.
 * @param warn told of what is left out of account
 * @throws CommandError
 */
export async function applyPreferences(
  argv: readonly string[],
  preference: Preference,
  commands: KnownCommands,
  warn: (text: string) => void,
): Promise<PreferredCommandLine> {
  const problem = preferenceProblem(preference);
  if (problem !== undefined) throw new CommandError(problem);
  // The commands that complete a line are none before the line is looked at.
  const found = commands.find(argv);
  const entry = found?.path[0]?.startsWith('__complete') === true ? undefined : found;
  const alias = entry === undefined ? findAlias(argv, preference, commands, warn) : undefined;
  const aliased = alias === undefined ? { argv, presets: [] } : await expandAlias(argv, alias, commands);
  const defaults = await defaultsFor({ argv, entry, alias }, preference, commands, warn);
  return { ...aliased, presets: [...aliased.presets, ...defaults] };
}

/** The first word that is no flag names the alias, whatever stands before it. */
function aliasIndex(argv: readonly string[]): number {
  return argv.findIndex((word) => !word.startsWith('-') && !word.startsWith('__complete'));
}

function findAlias(
  argv: readonly string[],
  { aliases }: Preference,
  commands: KnownCommands,
  warn: (text: string) => void,
): CommandAlias | undefined {
  const name = argv[aliasIndex(argv)];
  const alias = aliases.find((one) => one.name === name);
  if (alias === undefined) return undefined;
  if (commands.find([alias.name]) === undefined) return alias;
  warn(`Warning: Setting alias ${goQuote(alias.name)} to a built-in command is not supported\n`);
  return undefined;
}

async function expandAlias(
  argv: readonly string[],
  alias: CommandAlias,
  commands: KnownCommands,
): Promise<PreferredCommandLine> {
  const words = alias.command.split(/\s+/).filter((word) => word !== '');
  const entry = commands.find(words);
  if (entry === undefined) {
    throw new CommandError(
      `command ${goQuote(alias.command)} not found to set alias ${goQuote(alias.name)}: [${words.join(' ')}]`,
    );
  }
  const presets = await presetsOf(alias.options, entry, argv, commands, {
    unknown: (flag) => `invalid alias flag ${flag} in alias kubectl`,
    wrong: ({ name, default: value }, reason) =>
      `could not apply value ${value} to flag ${name} in alias kubectl err: ${reason}`,
  });
  const at = aliasIndex(argv);
  const expanded = [...argv.slice(0, at + 1), ...alias.prependArgs, ...argv.slice(at + 1), ...alias.appendArgs];
  return { argv: expanded, presets, alias: { name: alias.name, standsFor: entry.path } };
}

/** A command line, and what it names: a command, an alias, or neither. */
interface GivenCommandLine {
  readonly argv: readonly string[];
  readonly entry: CommandEntry | undefined;
  readonly alias: CommandAlias | undefined;
}

async function defaultsFor(
  { argv, entry, alias }: GivenCommandLine,
  { defaults }: Preference,
  commands: KnownCommands,
  warn: (text: string) => void,
): Promise<readonly string[]> {
  if (entry === undefined && alias === undefined) return [];
  const presets: string[] = [];
  for (const { command, options } of defaults) {
    const words = command.split(/\s+/).filter((word) => word !== '');
    if (alias !== undefined && words[0] === alias.name) {
      throw new CommandError(`alias ${alias.name} can not be overridden`);
    }
    const named = commands.find(words);
    if (named === undefined) {
      warn(`Warning: command ${goQuote(command)} not found to set kuberc override\n`);
      continue;
    }
    // As in the real program the last word alone tells commands apart.
    if (entry === undefined || named.path.at(-1) !== entry.path.at(-1)) continue;
    const found = await presetsOf(options, entry, argv, commands, {
      unknown: (flag) => `invalid flag ${flag} for command ${command}`,
      wrong: ({ name, default: value }, reason) =>
        `could not apply override value ${value} to flag ${name} in command ${command} err: ${reason}`,
    });
    presets.push(...found);
  }
  return presets;
}

/** What is said of options that cannot be used. */
interface OptionMessages {
  unknown(flag: string): string;
  wrong(option: OptionDefault, reason: string): string;
}

/** The options that the command line does not give itself. @throws CommandError */
async function presetsOf(
  options: readonly OptionDefault[],
  entry: CommandEntry,
  argv: readonly string[],
  commands: KnownCommands,
  messages: OptionMessages,
): Promise<readonly string[]> {
  const presets: string[] = [];
  if (options.length === 0) return presets;
  const flags = await commands.flagsOf(entry);
  for (const option of options) {
    const flag = flags.find(({ name }) => name === option.name);
    if (flag === undefined) throw new CommandError(messages.unknown(option.name));
    if (isGiven(flag, argv)) continue;
    const preset = `--${flag.name}=${option.default}`;
    try {
      parseFlags([flag], [preset]);
    } catch (error) {
      if (error instanceof FlagParseError) throw new CommandError(messages.wrong(option, error.message));
      throw error;
    }
    presets.push(preset);
  }
  return presets;
}

/** Whether a flag stands somewhere on the command line, as far as that can be told without reading it. */
function isGiven({ name, shorthand }: FlagDefinition, argv: readonly string[]): boolean {
  return argv.some((word) => {
    if (word === `--${name}` || word.startsWith(`--${name}=`)) return true;
    if (shorthand === undefined) return false;
    if (word.startsWith(`-${shorthand}`)) return true;
    return /^-[a-zA-Z]+$/.test(word) && word.includes(shorthand);
  });
}
