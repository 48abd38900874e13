import { goQuote } from '../field-error.ts';
import { isJsonObject, notAnObjectText, notTextOfKind, type JsonObject, type JsonValue } from '../json.ts';
import { JsonSyntaxError, parseJson } from '../json-codec.ts';
import type { Schema, SchemaSource } from '../schema.ts';
import { parseYaml, YamlError } from '../yaml.ts';
import { decodeTyped } from './typed-decoder.ts';
import { TypedDecodeError } from './typed-decode-error.ts';

/** A configuration that cannot be used; the message is that of kube-apiserver. */
export class ConfigurationError extends Error {}

/** The configuration says nothing of what it is. */
export class MissingKindError extends ConfigurationError {}

/** What a configuration may be. */
export interface ConfigurationKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The types of a configuration by package and name (`v1.Policy`): their fields. */
export type ConfigurationTypes = Readonly<Record<string, Readonly<Record<string, Schema>>>>;

/** One sort of configuration files of a component. */
export interface ConfigurationFile {
  /** That are read, all with the same fields. */
  readonly kinds: readonly ConfigurationKind[];
  /** What a document is that does not say it; without it such documents are refused. */
  readonly usual?: ConfigurationKind;
  /** Where the real server makes the scheme of these kinds, which its messages name. */
  readonly scheme: string;
  /** The type of the whole; it has apiVersion and kind besides. */
  readonly root: string;
  readonly types: ConfigurationTypes;
}

const text: Schema = { type: 'string' };

/** Schemas of the fields of configuration files. */
export const configurationField = {
  any: {} as Schema,
  text,
  texts: { type: 'array', items: text } as Schema,
  textMap: { type: 'object', additionalProperties: text } as Schema,
  flag: { type: 'boolean' } as Schema,
  int32: { type: 'integer', format: 'int32' } as Schema,
  int64: { type: 'integer', format: 'int64' } as Schema,
  of: (type: string): Schema => ({ ref: fullName(type) }),
  listOf: (type: string): Schema => ({ type: 'array', items: { ref: fullName(type) } }),
};

/** A kind in several versions of its group. */
export function kindInVersions(group: string, kind: string, versions: readonly string[]): readonly ConfigurationKind[] {
  return versions.map((version) => ({ apiVersion: `${group}/${version}`, kind }));
}

/** A configuration as it is, and what strict reading says to it. */
export interface DecodedConfiguration {
  readonly object: JsonObject;
  /** Keys that stand twice and fields that the types do not have. */
  readonly complaints: readonly string[];
}

/**
 * Reads a configuration in YAML or JSON. Its fields are of their types then; null is as nothing.
 * @throws ConfigurationError for anything else, and for what strict reading complains about
 */
export function readConfiguration(content: string, file: ConfigurationFile): JsonObject {
  const { object, complaints } = decodeConfiguration(content, file);
  if (complaints.length > 0) throw new ConfigurationError(`strict decoding error: ${complaints.join(', ')}`);
  return object;
}

/** As readConfiguration; the complaints are left to the caller. @throws ConfigurationError */
export function decodeConfiguration(content: string, file: ConfigurationFile): DecodedConfiguration {
  const { value, repeated } = parse(content);
  const said = requireKind(value, content, file);
  const { object, unknownFields } = decodeFields(value, file);
  return {
    object: { ...object, ...said },
    complaints: [...repeated, ...unknownFields.map((field) => `unknown field ${goQuote(field)}`)],
  };
}

/** Reads the fields of a document, whatever its kind. @throws ConfigurationError in the words of Go's json */
export function decodeFields(
  document: JsonValue,
  { root, types }: Pick<ConfigurationFile, 'root' | 'types'>,
): ReturnType<typeof decodeTyped> {
  try {
    return decodeTyped(document, fullName(root), schemasOf(root, types));
  } catch (error) {
    if (error instanceof TypedDecodeError) throw new ConfigurationError(error.message);
    throw error;
  }
}

interface ParsedContent {
  readonly value: JsonValue;
  readonly repeated: readonly string[];
}

/** What begins as JSON is read as nothing else. */
function parse(content: string): ParsedContent {
  const repeated: string[] = [];
  try {
    if (/^\s*\{/.test(content)) parseJson(content);
    const value = parseYaml(content, { onDuplicateKey: (message) => repeated.push(`\n  ${message}`) });
    return { value, repeated: repeated.length === 0 ? [] : [`yaml: unmarshal errors:${repeated.join('')}`] };
  } catch (error) {
    if (error instanceof YamlError) throw new ConfigurationError(error.message);
    if (error instanceof JsonSyntaxError) throw noKindIn(error.message);
    throw error;
  }
}

function requireKind(
  value: JsonValue,
  content: string,
  { kinds, usual, scheme }: ConfigurationFile,
): ConfigurationKind {
  const document = value ?? {};
  if (!isJsonObject(document)) throw noKindIn(notAnObjectText(document));
  const said = (field: 'apiVersion' | 'kind'): string => {
    const item = document[field] ?? '';
    if (typeof item === 'string') return item === '' ? (usual?.[field] ?? '') : item;
    throw noKindIn(notTextOfKind(field, item));
  };
  const [apiVersion, kind] = [said('apiVersion'), said('kind')];
  if (kind === '') throw new MissingKindError(`Object 'Kind' is missing in '${content}'`);
  if (apiVersion === '') throw new MissingKindError(`Object 'apiVersion' is missing in '${content}'`);
  if (!kinds.some((known) => known.apiVersion === apiVersion && known.kind === kind)) {
    throw new ConfigurationError(
      `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme ${goQuote(scheme)}`,
    );
  }
  return { apiVersion, kind };
}

function noKindIn(why: string): ConfigurationError {
  return new ConfigurationError(`couldn't get version/kind; json parse error: ${why}`);
}

function fullName(type: string): string {
  return `configuration.${type}`;
}

function schemasOf(root: string, types: ConfigurationTypes): SchemaSource {
  const schemas = new Map<string, Schema>();
  for (const [type, fields] of Object.entries(types)) {
    const properties = type === root ? { apiVersion: text, kind: text, ...fields } : fields;
    // Required, for an empty list is kept: messages show it.
    schemas.set(fullName(type), { type: 'object', properties, required: Object.keys(properties) });
  }
  return { lookup: (name) => schemas.get(name) };
}
