import type { FlagDefinition, FlagValues } from './command.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { assignValue, defaultValue, type FlagValue, FlagValueError } from './flag-values.ts';

/** A command line that cannot be read, with pflag's message. */
export class FlagParseError extends Error {}

/** Help was asked for with -h or --help. */
const helpFlag: FlagDefinition = { name: 'help', shorthand: 'h', type: 'bool', default: 'false', description: '' };

export interface ParsedFlags {
  readonly args: readonly string[];
  readonly values: FlagSet;
  readonly help: boolean;
  /** Lines for standard error: deprecated flags that were used. */
  readonly warnings: readonly string[];
}

/** The value a flag takes when it stands without one; undefined when it needs one. */
export function valueWithout(definition: FlagDefinition): string | undefined {
  if (definition.optional !== undefined) return definition.optional;
  if (definition.type === 'bool' || definition.type === 'tristate') return 'true';
  return definition.type === 'count' ? '+1' : undefined;
}

/** Flags by name and shorthand, with their values. Getters throw on a name that was not declared. */
export class FlagSet implements FlagValues {
  readonly #byName = new Map<string, FlagValue>();
  readonly #byShorthand = new Map<string, FlagValue>();
  argumentsBeforeDash = -1;
  /** Every flag of the command line in its order, as `--name=value`; what is secret is not shown. */
  readonly given: string[] = [];

  /** @param definitions an earlier one hides a later one of the same name, as a command's own flag hides a global one */
  constructor(definitions: readonly FlagDefinition[]) {
    for (const definition of definitions) {
      if (this.#byName.has(definition.name)) continue;
      const flag: FlagValue = { definition, value: defaultValue(definition), changed: false };
      this.#byName.set(definition.name, flag);
      if (definition.shorthand !== undefined) this.#byShorthand.set(definition.shorthand, flag);
    }
  }

  /** The flags of these definitions alone: one that a flag of the same name hides has its default value. */
  only(definitions: readonly FlagDefinition[]): FlagSet {
    const set = new FlagSet(definitions);
    for (const [name, flag] of this.#byName) {
      if (set.#byName.get(name)?.definition === flag.definition) set.#byName.set(name, flag);
    }
    return set;
  }

  bool = (name: string): boolean => this.#value(name) as boolean;
  string = (name: string): string => this.#value(name) as string;
  int = (name: string): number => this.#value(name) as number;
  float = (name: string): number => this.#value(name) as number;
  duration = (name: string): number => this.#value(name) as number;
  list = (name: string): readonly string[] => this.#value(name) as readonly string[];
  map = (name: string): ReadonlyMap<string, string> => this.#value(name) as ReadonlyMap<string, string>;

  changed(name: string): boolean {
    const flag = this.#byName.get(name);
    if (flag === undefined) throw new Error(`flag --${name} was not declared`);
    return flag.changed;
  }

  /** By name, with `_` as good as `-`. */
  find(name: string): FlagValue | undefined {
    return this.#byName.get(name) ?? this.#byName.get(name.replaceAll('_', '-'));
  }

  findShorthand(letter: string): FlagValue | undefined {
    return this.#byShorthand.get(letter);
  }

  #value(name: string): FlagValue['value'] {
    const flag = this.#byName.get(name);
    if (flag === undefined) throw new Error(`flag --${name} was not declared`);
    return flag.value;
  }
}

/**
 * Reads a command line as pflag does, after flags that are preset: flags anywhere, `--x v`, `--x=v`, `-xv`, `-x=v`, `-abc`, `--` ends the flags.
 * @throws FlagParseError
 */
export function parseFlags(
  definitions: readonly FlagDefinition[],
  argv: readonly string[],
  options: { readonly flagsFirst?: boolean; readonly presets?: readonly string[] } = {},
): ParsedFlags {
  const values = new FlagSet([...definitions, helpFlag]);
  // What preferences give counts as given, and is not part of the command line.
  new FlagReader(values, options.presets ?? [], false).read();
  values.given.length = 0;
  const reader = new FlagReader(values, argv, options.flagsFirst === true);
  reader.read();
  return { args: reader.args, values, help: values.bool('help'), warnings: reader.warnings };
}

const secretFlags: ReadonlySet<string> = new Set(['password', 'token', 'username']);

class FlagReader {
  readonly args: string[] = [];
  readonly warnings: string[] = [];
  readonly #values: FlagSet;
  readonly #argv: readonly string[];
  readonly #flagsFirst: boolean;
  #at = 0;

  constructor(values: FlagSet, argv: readonly string[], flagsFirst: boolean) {
    this.#values = values;
    this.#argv = argv;
    this.#flagsFirst = flagsFirst;
  }

  read(): void {
    while (this.#at < this.#argv.length) {
      const word = this.#argv[this.#at++] ?? '';
      if (word === '--') {
        this.#values.argumentsBeforeDash = this.args.length;
        this.args.push(...this.#argv.slice(this.#at));
        return;
      }
      if (word.startsWith('--')) {
        this.#long(word);
      } else if (word.startsWith('-') && word.length > 1) {
        this.#short(word.slice(1));
      } else if (this.#flagsFirst) {
        this.args.push(word, ...this.#argv.slice(this.#at));
        return;
      } else {
        this.args.push(word);
      }
    }
  }

  #long(word: string): void {
    const body = word.slice(2);
    if (body.startsWith('-') || body.startsWith('=')) throw new FlagParseError(`bad flag syntax: ${word}`);
    const at = body.indexOf('=');
    const name = at < 0 ? body : body.slice(0, at);
    const flag = this.#values.find(name);
    if (flag === undefined) throw new FlagParseError(`unknown flag: --${name}`);
    const absent = valueWithout(flag.definition);
    if (at >= 0) this.#assign(flag, body.slice(at + 1));
    else if (absent !== undefined) this.#assign(flag, absent);
    else if (this.#at < this.#argv.length) this.#assign(flag, this.#argv[this.#at++] ?? '');
    else throw new FlagParseError(`flag needs an argument: --${name}`);
  }

  #short(letters: string): void {
    let rest = letters;
    while (rest !== '') {
      const letter = rest[0] ?? '';
      const flag = this.#values.findShorthand(letter);
      if (flag === undefined) throw new FlagParseError(`unknown shorthand flag: ${quoteLetter(letter)} in -${rest}`);
      const absent = valueWithout(flag.definition);
      if (rest.length > 2 && rest[1] === '=') {
        this.#assign(flag, rest.slice(2));
        return;
      }
      if (absent !== undefined) {
        this.#assign(flag, absent);
        rest = rest.slice(1);
        continue;
      }
      if (rest.length > 1) this.#assign(flag, rest.slice(1));
      else if (this.#at < this.#argv.length) this.#assign(flag, this.#argv[this.#at++] ?? '');
      else throw new FlagParseError(`flag needs an argument: ${quoteLetter(letter)} in -${rest}`);
      return;
    }
  }

  #assign(flag: FlagValue, text: string): void {
    const { definition } = flag;
    this.#values.given.push(`--${definition.name}=${secretFlags.has(definition.name) ? 'CLASSIFIED' : text}`);
    try {
      assignValue(flag, text);
    } catch (error) {
      if (!(error instanceof FlagValueError)) throw error;
      const shown =
        definition.shorthand === undefined ? `--${definition.name}` : `-${definition.shorthand}, --${definition.name}`;
      throw new FlagParseError(
        `invalid argument ${goQuote(text)} for ${goQuote(shown)} flag: ${definition.terse === true ? 'parse error' : error.message}`,
      );
    }
    if (definition.deprecated !== undefined) {
      this.warnings.push(`Flag --${definition.name} has been deprecated, ${definition.deprecated}`);
    }
  }
}

function quoteLetter(letter: string): string {
  return `'${letter}'`;
}
