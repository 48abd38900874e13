import { wrongDocument } from '../../../client/webhook-answer.ts';
import { aggregateMessages, type FieldError, formatFieldError, goQuote } from '../../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { JsonSyntaxError, parseJson } from '../../../apimachinery/json-codec.ts';
import { parseYaml, YamlError } from '../../../apimachinery/yaml.ts';

/** A configuration that cannot be used; the message is that of kube-apiserver. */
export class ConfigurationError extends Error {}

/** A plugin cannot begin to work as it is configured. */
export class InitializationError extends ConfigurationError {}

/** The configuration says nothing of what it is. */
export class MissingKindError extends ConfigurationError {}

/** A kind that a configuration may be. */
export interface ConfigurationKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** How configurations of one sort are read. */
export interface ConfigurationFormat {
  readonly kinds: readonly ConfigurationKind[];
  /** The Go struct of the kinds, where it has another name. */
  readonly struct?: string;
  /** Where the real server makes the scheme of these kinds, which its messages name. */
  readonly scheme: string;
  /** Whether unknown and repeated fields are refused. */
  readonly isStrict: boolean;
}

/**
 * Reads a configuration in YAML or JSON.
 * @param read gets the document, and takes its fields out of it
 * @throws ConfigurationError
 */
export function readConfiguration<T>(
  text: string,
  { kinds, struct, scheme, isStrict }: ConfigurationFormat,
  read: (document: ConfigurationObject) => T,
): T {
  const complaints: string[] = [];
  const value = parsed(text, complaints);
  if (!isJsonObject(value)) throw new ConfigurationError(wrongDocument(value).message);
  const [apiVersion, kind] = [value['apiVersion'], value['kind']];
  if (typeof kind !== 'string' || kind === '') throw new MissingKindError(`Object 'Kind' is missing in '${text}'`);
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    throw new MissingKindError(`Object 'apiVersion' is missing in '${text}'`);
  }
  if (!kinds.some((known) => known.apiVersion === apiVersion && known.kind === kind)) {
    const message = `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme ${goQuote(scheme)}`;
    throw new ConfigurationError(message);
  }
  const result = read(new ConfigurationObject(value, { struct: struct ?? kind, path: '', fields: '' }, complaints));
  if (isStrict && complaints.length > 0) {
    throw new ConfigurationError(`strict decoding error: ${complaints.join(', ')}`);
  }
  return result;
}

/** @throws ConfigurationError that lists the errors, if there are any */
export function refuseErrors(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw new ConfigurationError(aggregateMessages(errors.map(formatFieldError)));
}

function parsed(text: string, complaints: string[]): JsonValue {
  const duplicates: string[] = [];
  try {
    // What begins as JSON is read as nothing else.
    if (/^\s*\{/.test(text)) parseJson(text);
    const value = parseYaml(text, { onDuplicateKey: (message) => duplicates.push(message) });
    if (duplicates.length > 0) {
      complaints.push(`yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`);
    }
    return value ?? {};
  } catch (error) {
    if (error instanceof YamlError) throw new ConfigurationError(error.message);
    if (error instanceof JsonSyntaxError) {
      throw new ConfigurationError(`couldn't get version/kind; json parse error: ${error.message}`);
    }
    throw error;
  }
}

/** Where a value is: the Go struct around it, its path with indexes, and its field names without. */
interface Place {
  readonly struct: string;
  readonly path: string;
  readonly fields: string;
}

/** Takes fields of known types out of an object, as Go's json does. */
export class ConfigurationObject {
  readonly #value: JsonObject;
  readonly #place: Place;
  readonly #complaints: string[];

  constructor(value: JsonObject, place: Place, complaints: string[]) {
    this.#value = value;
    this.#place = place;
    this.#complaints = complaints;
  }

  /** Notes whatever is not among these fields (and apiVersion and kind, at the top). */
  expect(...names: readonly string[]): this {
    const { path } = this.#place;
    const known = path === '' ? ['apiVersion', 'kind', ...names] : names;
    for (const name of Object.keys(this.#value)) {
      if (!known.includes(name)) this.#complaints.push(`unknown field ${goQuote(this.#pathOf(name))}`);
    }
    return this;
  }

  /** The value as it is; undefined when it is not there, or null. */
  raw(name: string): JsonValue | undefined {
    return this.#value[name] ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#mismatch(name, value, 'string');
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#mismatch(name, value, 'bool');
  }

  /** @param type how Go calls it: int32, int64, time.Duration */
  integer(name: string, type: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const isFitting =
      typeof value === 'number' && Number.isInteger(value) && (type !== 'int32' || value === (value | 0));
    if (isFitting) return value;
    throw this.#mismatch(name, value, type, typeof value === 'number' ? `number ${value}` : undefined);
  }

  texts(name: string): readonly string[] | undefined {
    return this.#list(name, '[]string')?.map((item) => {
      if (typeof item === 'string') return item;
      throw this.#mismatch(name, item, 'string');
    });
  }

  textMap(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!isJsonObject(value)) throw this.#mismatch(name, value, 'map[string]string');
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        if (typeof item === 'string') return [key, item];
        throw this.#mismatch(name, item, 'string');
      }),
    );
  }

  /** @param type the Go struct, with its package */
  object(name: string, type: string): ConfigurationObject | undefined {
    const value = this.raw(name);
    return value === undefined ? undefined : this.#inner(name, value, type, this.#pathOf(name));
  }

  /** @param type the Go struct of the items, with its package */
  objects(name: string, type: string): readonly ConfigurationObject[] | undefined {
    return this.#list(name, `[]${type}`)?.map((item, index) =>
      this.#inner(name, item ?? {}, type, `${this.#pathOf(name)}[${index}]`),
    );
  }

  #list(name: string, type: string): readonly JsonValue[] | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.#mismatch(name, value, type);
    return value;
  }

  #inner(name: string, value: JsonValue, type: string, path: string): ConfigurationObject {
    if (!isJsonObject(value)) throw this.#mismatch(name, value, type);
    const struct = type.slice(type.lastIndexOf('.') + 1);
    return new ConfigurationObject(value, { struct, path, fields: this.#fieldsOf(name) }, this.#complaints);
  }

  #pathOf(name: string): string {
    return this.#place.path === '' ? name : `${this.#place.path}.${name}`;
  }

  #fieldsOf(name: string): string {
    return this.#place.fields === '' ? name : `${this.#place.fields}.${name}`;
  }

  #mismatch(name: string, value: JsonValue, type: string, shown = kindOf(value)): ConfigurationError {
    const field = `${this.#place.struct}.${this.#fieldsOf(name)}`;
    return new ConfigurationError(`json: cannot unmarshal ${shown} into Go struct field ${field} of type ${type}`);
  }
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') {
    return Number.isInteger(Number(value)) ? 'number' : `number ${value}`;
  }
  return typeof value === 'string' ? 'string' : 'object';
}
