import { goQuote } from '../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../apimachinery/schema.ts';
import { parseYaml } from '../apimachinery/yaml.ts';
import { notAnObjectText } from '../control-plane/apiserver/decoding/object-body.ts';
import { decodeTyped } from '../apimachinery/decoding/typed-decoder.ts';

/** The kinds of one sort of configuration file. */
export interface ConfigurationKind {
  readonly group: string;
  readonly kind: string;
  /** That are read, all with the same fields. */
  readonly versions: readonly string[];
  /** The fields of its types by their names; that of the file has the kind's own. */
  readonly types: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
}

const text: Schema = { type: 'string' };

/** Schemas of the fields of configuration files. */
export const configurationField = {
  text,
  texts: { type: 'array', items: text } as Schema,
  flag: { type: 'boolean' } as Schema,
  number: { type: 'integer', format: 'int32' } as Schema,
  of: (type: string): Schema => ({ ref: typeName(type) }),
  listOf: (type: string): Schema => ({ type: 'array', items: { ref: typeName(type) } }),
};

const typePrefix = 'io.k8s.apiserver.pkg.apis.apiserver.v1.';

function typeName(name: string): string {
  return `${typePrefix}${name}`;
}

/**
 * Reads a configuration file of a component as the real ones do: its kind and version must be known, keys may stand
 * once, fields that the kind does not have are errors.
 * @throws Error with what is wrong
 */
export function readConfigurationFile(content: string, file: ConfigurationKind): JsonObject {
  const repeated: string[] = [];
  const value = parseYaml(content, { onDuplicateKey: (message) => repeated.push(message) });
  requireKind(value, file);
  const { object, unknownFields } = decodeTyped(value, typeName(file.kind), typesOf(file));
  const problems = [...repeated, ...unknownFields.map((field) => `unknown field ${goQuote(field)}`)];
  if (problems.length > 0) throw new Error(`strict decoding error: ${problems.join(', ')}`);
  return object;
}

function requireKind(value: JsonValue, file: ConfigurationKind): asserts value is JsonObject {
  if (!isJsonObject(value)) throw new Error(`couldn't get version/kind; json parse error: ${notAnObjectText(value)}`);
  const shown = JSON.stringify(value);
  const { kind = '', apiVersion = '' } = value;
  if (typeof kind !== 'string' || kind === '') throw new Error(`Object 'Kind' is missing in '${shown}'`);
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    throw new Error(`Object 'apiVersion' is missing in '${shown}'`);
  }
  const isKnown = file.versions.some((version) => apiVersion === `${file.group}/${version}`);
  if (kind !== file.kind || !isKnown) {
    const known = file.versions.map((version) => `${file.group}/${version}`).join(', ');
    throw new Error(
      `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)}; want ${file.kind} of ${known}`,
    );
  }
}

function typesOf(file: ConfigurationKind): SchemaSource {
  const own = { apiVersion: text, kind: text };
  const types = new Map<string, Schema>();
  for (const [name, fields] of Object.entries(file.types)) {
    types.set(typeName(name), { type: 'object', properties: name === file.kind ? { ...own, ...fields } : fields });
  }
  return { lookup: (name) => types.get(name) };
}
