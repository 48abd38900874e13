import { posix } from 'node:path';
import { goQuote } from '../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { PluginPolicy } from '../../kubeconfig/plugin-policy.ts';

/** A flag that has another default. */
export interface OptionDefault {
  readonly name: string;
  readonly default: string;
}

/** Defaults of the flags of one command. */
export interface CommandDefaults {
  /** `get`, `set env`. */
  readonly command: string;
  readonly options: readonly OptionDefault[];
}

/** A command of one's own: another one with arguments and defaults. */
export interface CommandAlias {
  readonly name: string;
  readonly command: string;
  readonly prependArgs: readonly string[];
  readonly appendArgs: readonly string[];
  readonly options: readonly OptionDefault[];
}

/** What a kuberc file says (KEP-3104): kubectl.config.k8s.io Preference, v1alpha1 or v1beta1. */
export interface Preference {
  readonly defaults: readonly CommandDefaults[];
  readonly aliases: readonly CommandAlias[];
  readonly pluginPolicy: PluginPolicy;
}

/** A preference that is read, and fields of it that do not exist. */
export interface ReadPreference {
  readonly preference: Preference;
  readonly unknownFields: readonly string[];
}

/** Reads one document. @returns undefined when it is no preference, or has values of wrong types */
export function readPreference(document: JsonValue): ReadPreference | undefined {
  if (!isJsonObject(document) || document['kind'] !== 'Preference') return undefined;
  const { apiVersion } = document;
  const version = /^kubectl\.config\.k8s\.io\/(v1alpha1|v1beta1)$/.exec(
    typeof apiVersion === 'string' ? apiVersion : '',
  )?.[1];
  if (version !== 'v1alpha1' && version !== 'v1beta1') return undefined;
  const reader = new PreferenceReader();
  try {
    return { preference: reader.read(document, version), unknownFields: reader.unknownFields.toSorted() };
  } catch (error) {
    if (error instanceof WrongTypeError) return undefined;
    throw error;
  }
}

class WrongTypeError extends Error {}

type PreferenceVersion = 'v1alpha1' | 'v1beta1';

/** What the versions name differently. */
const fieldNames = {
  v1alpha1: { defaults: 'overrides', options: 'flags', policy: false },
  v1beta1: { defaults: 'defaults', options: 'options', policy: true },
} as const;

class PreferenceReader {
  readonly unknownFields: string[] = [];

  read(document: JsonObject, version: PreferenceVersion): Preference {
    const { defaults, options, policy } = fieldNames[version];
    const policyFields = policy ? ['credentialPluginPolicy', 'credentialPluginAllowlist'] : [];
    this.#check(document, '', ['apiVersion', 'kind', defaults, 'aliases', ...policyFields]);
    const aliasFields = ['name', 'command', 'prependArgs', 'appendArgs', options];
    return {
      defaults: this.#objects(document, defaults, '', ['command', options]).map(([entry, path]) => ({
        command: this.#text(entry, 'command'),
        options: this.#options(entry, options, path),
      })),
      aliases: this.#objects(document, 'aliases', '', aliasFields).map(([entry, path]) => ({
        name: this.#text(entry, 'name'),
        command: this.#text(entry, 'command'),
        prependArgs: this.#texts(entry, 'prependArgs'),
        appendArgs: this.#texts(entry, 'appendArgs'),
        options: this.#options(entry, options, path),
      })),
      pluginPolicy: policy ? this.#policy(document) : { type: '', allowlist: undefined },
    };
  }

  #policy(document: JsonObject): PluginPolicy {
    const entries = this.#objects(document, 'credentialPluginAllowlist', '', ['name', 'command']);
    const isGiven = (document['credentialPluginAllowlist'] ?? null) !== null;
    return {
      type: this.#text(document, 'credentialPluginPolicy'),
      allowlist: isGiven
        ? entries.map(([entry]) => this.#text(entry, 'command') || this.#text(entry, 'name'))
        : undefined,
    };
  }

  #options(entry: JsonObject, field: string, path: string): readonly OptionDefault[] {
    return this.#objects(entry, field, path, ['name', 'default']).map(([option]) => ({
      name: this.#text(option, 'name'),
      default: this.#text(option, 'default'),
    }));
  }

  #objects(
    parent: JsonObject,
    name: string,
    path: string,
    fields: readonly string[],
  ): readonly (readonly [JsonObject, string])[] {
    return this.#list(parent, name).map((entry, index) => {
      if (!isJsonObject(entry)) throw new WrongTypeError();
      const own = `${path}${name}[${index}].`;
      this.#check(entry, own, fields);
      return [entry, own] as const;
    });
  }

  #list(parent: JsonObject, name: string): readonly JsonValue[] {
    const value = parent[name] ?? null;
    if (value === null) return [];
    if (!Array.isArray(value)) throw new WrongTypeError();
    return value;
  }

  #texts(parent: JsonObject, name: string): readonly string[] {
    return this.#list(parent, name).map((value) => {
      if (typeof value !== 'string') throw new WrongTypeError();
      return value;
    });
  }

  #text(parent: JsonObject, name: string): string {
    const value = parent[name] ?? '';
    if (typeof value !== 'string') throw new WrongTypeError();
    return value;
  }

  #check(value: JsonObject, path: string, fields: readonly string[]): void {
    for (const name of Object.keys(value)) {
      if (!fields.includes(name)) this.unknownFields.push(`${path}${name}`);
    }
  }
}

/** What is wrong with a preference; undefined for nothing. */
export function preferenceProblem({ aliases, defaults, pluginPolicy }: Preference): string | undefined {
  const names = new Set<string>();
  for (const { name, options } of aliases) {
    if (!/^[a-zA-Z]+$/.test(name)) return 'invalid alias name, can only include alphabetical characters';
    const dashed = options.find((option) => option.name.startsWith('-'));
    if (dashed !== undefined) return `flag name ${dashed.name} should be in long form without dashes`;
    if (names.has(name)) return `duplicate alias name ${name}`;
    names.add(name);
  }
  const dashed = defaults.flatMap(({ options }) => options).find((option) => option.name.startsWith('-'));
  if (dashed !== undefined) return `flag name ${dashed.name} should be in long form without dashes`;
  return policyProblem(pluginPolicy);
}

function policyProblem({ type, allowlist }: PluginPolicy): string | undefined {
  if (type === '' || type === 'AllowAll' || type === 'DenyAll') {
    if (allowlist === undefined) return undefined;
    return `misconfigured credential plugin allowlist: plugin policy is ${goQuote(type)} but allowlist is non-nil`;
  }
  if (type !== 'Allowlist') return `unknown plugin policy: ${goQuote(type)}`;
  const about = 'credential plugin policy set to "Allowlist", but allowlist is';
  if (allowlist === undefined) return `${about} unspecified`;
  if (allowlist.length === 0) return `${about} empty; use "DenyAll" policy instead`;
  for (const [index, command] of allowlist.entries()) {
    if (command === '') return `misconfigured credential plugin allowlist: empty allowlist entry #${index + 1}`;
    const cleaned = posix.normalize(command).replace(/(?<=.)\/$/, '');
    if (cleaned !== command) return `non-normalized file path: ${goQuote(command)} vs ${goQuote(cleaned)}`;
  }
  return undefined;
}
