import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../schema.ts';

/**
 * Makes text of the numbers and booleans that stand in YAML where a type has text, as sigs.k8s.io/yaml does when it reads
 * into a Go type. Types that read themselves (quantities, times, IntOrString) get what is written.
 */
export function withYamlStrings(value: JsonValue, declared: Schema, types: SchemaSource): JsonValue {
  const schema = declared.ref === undefined ? declared : resolveSchema(declared, types);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => withYamlStrings(item, items, types));
  }
  if (isJsonObject(value)) {
    const result: JsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      const member = schema.properties === undefined ? schema.additionalProperties : ownMember(schema.properties, name);
      setOwn(result, name, member === undefined ? item : withYamlStrings(item, member, types));
    }
    return result;
  }
  const isText = schema.type === 'string' && declared.ref === undefined && schema.intOrString !== true;
  if (!isText || value === null || ['date-time', 'int-or-string', 'byte'].includes(schema.format ?? '')) return value;
  return String(value);
}

function ownMember(properties: Readonly<Record<string, Schema>>, name: string): Schema | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}
