import type { CommandDefinition, FlagDefinition } from '../command.ts';
import type { CommandEntry } from '../command-table.ts';
import { FlagParseError, type FlagSet, parseFlags, valueWithout } from '../flag-parser.ts';
import { firstWord } from '../first-word.ts';
import { argumentCompletions, requiredFlags } from './argument-completion.ts';
import { type Completions, directives, words } from './directives.ts';
import { type Ask, completeArgument, configEntries, containersOf, type ListFolder, namesOf } from './object-names.ts';

/** A command line that cannot be completed; the message is for who looks for the reason. */
export class CompletionError extends Error {}

/** What completion knows of the program. */
export interface CompletionWorld {
  readonly table: readonly CommandEntry[];
  readonly globals: readonly FlagDefinition[];
  /** `--name=value` each: flags of the command that count as given. */
  readonly presets: readonly string[];
  /** Runs a command line with these global flags. */
  ask(globals: readonly string[]): Ask;
  readonly listFolder: ListFolder;
  /** Of the table, those that plugins add: they complete themselves. */
  readonly plugins: readonly CommandEntry[];
  completePlugin(path: readonly string[], args: readonly string[]): Promise<Completions>;
}

/** A command and what is left of the line for it. */
interface Found {
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

/** Completes the last word of a command line as cobra does. @throws CompletionError */
export async function completeLine(line: readonly string[], world: CompletionWorld): Promise<Completions> {
  const word = line.at(-1) ?? '';
  const before = line.slice(0, -1);
  const { path, rest } = findCommand(before, world);
  if (path[0] === 'help') return completeHelp(rest, word, world);
  if (world.plugins.some((entry) => isPath(entry.path, path))) {
    const { candidates, directive } = await world.completePlugin(path, [...rest, word]);
    const children = rest.length === 0 ? described(childrenOf(path, world), word) : [];
    return words([...children, ...candidates], directive);
  }
  const entry = world.table.find((one) => isPath(one.path, path));
  const definition = await entry?.load?.();
  const command = (entry?.standsFor ?? path).join(' ');
  const flags = [...(definition?.flags ?? []), ...world.globals, helpFlag(path)];
  const typed = flagBeforeWord(rest, word, flags);
  const values = parse(typed.rest, flags, definition, world.presets);
  if (values.help) return words([]);
  // Commands about the kubeconfig have a --kubeconfig of their own, which completion does not look at.
  const asked = world.globals.filter(({ name }) => path[0] !== 'config' || name !== 'kubeconfig');
  const ask = world.ask(givenGlobals(values.set, asked));
  const isBehindDash = (values.set.argumentsBeforeDash ?? -1) >= 0;
  if (typed.unknown !== undefined && !isBehindDash) {
    throw new CompletionError(`Subcommand '${path.at(-1) ?? 'kubectl'}' does not support flag '${typed.unknown}'`);
  }
  if (typed.flag !== undefined && !isBehindDash) {
    return completeFlagValue(typed.flag, command, values.args, typed.word, definition, ask);
  }
  const required = requiredFlagNames(command, flags, values.set, word);
  if (word.startsWith('-') && !word.includes('=') && !isBehindDash) {
    const all = [...world.globals, ...(definition?.flags ?? []), helpFlag(path)];
    return words(
      required.length > 0 ? required : flagNames(all, values.set, word, path.length === 0 ? [] : world.globals),
    );
  }
  const hasOwnFlags = (definition?.flags ?? []).some(({ name }) => values.set.changed(name));
  const children = values.args.length === 0 && !hasOwnFlags ? childrenOf(path, world) : [];
  const about = argumentCompletions[command];
  const found =
    about === undefined ? undefined : await completeArgument(about, values.args, word, ask, world.listFolder);
  return {
    candidates: [...described(children, word), ...required, ...(found?.candidates ?? [])],
    directive: found?.directive ?? (children.length > 0 ? directives.noFiles : directives.default),
  };
}

function isPath(path: readonly string[], wanted: readonly string[]): boolean {
  return path.length === wanted.length && path.every((word, index) => word === wanted[index]);
}

function findCommand(line: readonly string[], { table, globals }: CompletionWorld): Found {
  let path: readonly string[] = [];
  let switches: readonly string[] = [];
  let rest = line;
  for (;;) {
    const at = firstWord(rest, globals, switches);
    const word = rest[at];
    if (word === undefined) return { path, rest };
    if (path.length === 0 && word === 'help') return { path: ['help'], rest: rest.filter((_, index) => index !== at) };
    const parent = path;
    const entry = table.find(
      ({ path: own, aliases = [] }) =>
        own.length === parent.length + 1 &&
        isPath(own.slice(0, -1), parent) &&
        (own.at(-1) === word || aliases.includes(word)),
    );
    if (entry === undefined) {
      if (path.length > 0) return { path, rest };
      throw new CompletionError(`unable to find a command for arguments: [${line.join(' ')}]`);
    }
    ({ path, switches = [] } = entry);
    rest = rest.filter((_, index) => index !== at);
  }
}

function childrenOf(path: readonly string[], { table }: Pick<CompletionWorld, 'table'>): CommandEntry[] {
  const children = table.filter(
    (entry) => entry.hidden !== true && entry.path.length === path.length + 1 && isPath(entry.path.slice(0, -1), path),
  );
  // Help and the list of global flags are commands as well, though no help lists them.
  const further =
    path.length > 0
      ? []
      : [
          { path: ['help'], short: 'Help about any command' },
          { path: ['options'], short: 'Print the list of flags inherited by all commands' },
        ];
  return [...children, ...further].toSorted((left, right) =>
    (left.path.at(-1) ?? '') < (right.path.at(-1) ?? '') ? -1 : 1,
  );
}

function described(entries: readonly CommandEntry[], word: string): string[] {
  return entries
    .filter(({ path }) => (path.at(-1) ?? '').startsWith(word))
    .map(({ path, short }) => `${path.at(-1) ?? ''}\t${short}`);
}

function completeHelp(words_: readonly string[], word: string, world: CompletionWorld): Completions {
  let path: readonly string[] = [];
  try {
    if (words_.length > 0) ({ path } = findCommand(words_, world));
  } catch (error) {
    if (error instanceof CompletionError) return words([]);
    throw error;
  }
  return words(described(childrenOf(path, world), word));
}

function helpFlag(path: readonly string[]): FlagDefinition {
  const description = `help for ${path.at(-1) ?? 'kubectl'}`;
  return { name: 'help', shorthand: 'h', type: 'bool', default: 'false', description };
}

/** The flag whose value the word is, or the name of one that is not there, and the line without it. */
interface TypedFlag {
  readonly flag?: FlagDefinition;
  readonly unknown?: string;
  readonly word: string;
  readonly rest: readonly string[];
}

function flagBeforeWord(rest: readonly string[], word: string, flags: readonly FlagDefinition[]): TypedFlag {
  // Of several short flags in one the last is meant; what is written behind one as its value is taken for flags, too.
  const nameOf = (text: string): string => (text.startsWith('--') ? text.slice(2) : text.slice(-1));
  const find = (name: string): FlagDefinition | undefined =>
    name.length === 1 ? flags.find(({ shorthand }) => shorthand === name) : flags.find((flag) => flag.name === name);
  const sign = word.indexOf('=');
  if (word.startsWith('-') && sign >= 0) {
    const name = nameOf(word.slice(0, sign));
    const flag = find(name);
    return flag === undefined ? { unknown: name, word, rest } : { flag, word: word.slice(sign + 1), rest };
  }
  const last = rest.at(-1) ?? '';
  if (word.startsWith('-') || !/^-./.test(last) || last === '--' || last.includes('=')) return { word, rest };
  const flag = find(nameOf(last));
  if (flag === undefined) return { unknown: nameOf(last), word, rest };
  return valueWithout(flag) === undefined ? { flag, word, rest: rest.slice(0, -1) } : { word, rest };
}

function parse(
  rest: readonly string[],
  flags: readonly FlagDefinition[],
  definition: CommandDefinition | undefined,
  presets: readonly string[],
): { readonly set: FlagSet; readonly args: readonly string[]; readonly help: boolean } {
  try {
    const { values, args, help } = parseFlags(flags, rest, { flagsFirst: definition?.flagsFirst === true, presets });
    return { set: values, args, help };
  } catch (error) {
    if (!(error instanceof FlagParseError)) throw error;
    throw new CompletionError(`Error while parsing flags from args [${rest.join(' ')}]: ${error.message}`);
  }
}

/** The global flags of the line, for the questions that it takes to complete it. */
function givenGlobals(set: FlagSet, globals: readonly FlagDefinition[]): string[] {
  return globals
    .filter(({ name }) => set.changed(name))
    .flatMap(({ name, type }) => {
      if (type === 'stringArray' || type === 'stringSlice') return set.list(name).map((one) => `--${name}=${one}`);
      if (type === 'bool') return [`--${name}=${set.bool(name)}`];
      if (type === 'int32') return [`--${name}=${set.int(name)}`];
      return type === 'string' ? [`--${name}=${set.string(name)}`] : [];
    });
}

async function completeFlagValue(
  flag: FlagDefinition,
  command: string,
  args: readonly string[],
  word: string,
  definition: CommandDefinition | undefined,
  ask: Ask,
): Promise<Completions> {
  const isOwn = definition?.flags.some((one) => one === flag) === true;
  switch (flag.name) {
    case 'filename':
      return words(['json', 'yaml', 'yml'], directives.filterExtensions);
    case 'namespace':
      return words(await namesOf('namespace', word, ask));
    case 'context':
      return isOwn ? words([], directives.default) : words(await configEntries('contexts', word, ask));
    case 'cluster':
    case 'user':
      return isOwn ? words([], directives.default) : words(await configEntries(`${flag.name}s`, word, ask));
    case 'output': {
      if (command !== 'get') break;
      const formats = /One of: \(([^)]*)\)/.exec(flag.description)?.[1]?.split(', ') ?? [];
      return words(formats.filter((format) => format.startsWith(word)));
    }
    case 'subresource':
      return words(['status', 'scale', 'resize']);
    case 'container':
      if (command === 'exec' && args[0] !== undefined) return words(await containersOf(args[0], word, ask));
      break;
    case 'clusterrole':
      if (command === 'create clusterrolebinding') return words(await namesOf('clusterrole', word, ask));
      break;
  }
  return words([], directives.default);
}

function requiredFlagNames(command: string, flags: readonly FlagDefinition[], set: FlagSet, word: string): string[] {
  const names = requiredFlags[command] ?? [];
  return flags.filter(({ name }) => names.includes(name) && !set.changed(name)).flatMap((flag) => formsOf(flag, word));
}

function formsOf({ name, shorthand, description }: FlagDefinition, word: string): string[] {
  const about = description.split('\n')[0] ?? '';
  const forms = [`--${name}`, ...(shorthand === undefined ? [] : [`-${shorthand}`])];
  return forms.filter((form) => form.startsWith(word)).map((form) => `${form}\t${about}`);
}

/** Flags that are not there yet or may be repeated, global ones first. */
function flagNames(
  flags: readonly FlagDefinition[],
  set: FlagSet,
  word: string,
  globals: readonly FlagDefinition[],
): string[] {
  const isList = ({ type }: FlagDefinition): boolean => /^string(Array|Slice|To)/.test(type);
  const byName = (left: FlagDefinition, right: FlagDefinition): number => (left.name < right.name ? -1 : 1);
  const own = flags.filter((flag) => !globals.includes(flag));
  const hidden = new Set(own.map(({ name }) => name));
  const shown = [...globals.filter(({ name }) => !hidden.has(name)).toSorted(byName), ...own.toSorted(byName)];
  return shown
    .filter(({ hidden: isHidden, deprecated }) => isHidden !== true && deprecated === undefined)
    .filter((flag) => !set.changed(flag.name) || isList(flag))
    .flatMap((flag) => formsOf(flag, word));
}
