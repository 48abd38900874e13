import { sortedKeys } from '../../../apimachinery/go-value.ts';
import { isJsonObject, setOwn, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { OpenApiVersion } from './schema-rendering.ts';

/** The keywords of a schema in the order in which the real server publishes them; extensions follow by name. */
const keywords: readonly string[] = [
  'id description type nullable format title default',
  'maximum exclusiveMaximum minimum exclusiveMinimum',
  'maxLength minLength pattern maxItems minItems uniqueItems multipleOf enum maxProperties minProperties',
  'required items allOf oneOf anyOf not properties additionalProperties patternProperties dependencies',
  'additionalItems definitions discriminator readOnly externalDocs example $schema $ref',
].flatMap((line) => line.split(' '));

/** The fields of a rule of `x-kubernetes-validations`, and of `externalDocs`, as they are declared. */
const ruleFields = ['rule', 'message', 'messageExpression', 'reason', 'fieldPath', 'optionalOldSelf'];
const documentFields = ['description', 'url'];

/**
 * A schema with its keywords, and those of the schemas within, in the order of the real server's documents. Swagger 2.0
 * is read and written once more to be merged, which sorts what stands in extensions.
 */
export function inOrderOfKeywords(schema: JsonObject, version: OpenApiVersion): JsonObject {
  const extensions = sortedKeys(schema).filter((name) => !keywords.includes(name));
  const ordered: JsonObject = {};
  for (const name of [...keywords, ...extensions]) {
    const value = schema[name];
    if (value !== undefined) ordered[name] = orderedValue(name, value, version);
  }
  return ordered;
}

function orderedValue(name: string, value: JsonValue, version: OpenApiVersion): JsonValue {
  const within = (item: JsonValue): JsonValue => (isJsonObject(item) ? inOrderOfKeywords(item, version) : item);
  switch (name) {
    case 'items':
    case 'not':
    case 'additionalProperties':
      return within(value);
    case 'allOf':
    case 'oneOf':
    case 'anyOf':
      return Array.isArray(value) ? value.map(within) : value;
    case 'properties':
      return byName(value, within);
    case 'default':
    case 'enum':
    case 'example':
      return sorted(value);
    case 'externalDocs':
      return isJsonObject(value) ? pick(value, documentFields) : value;
    case 'x-kubernetes-validations':
      if (version === 'v2' || !Array.isArray(value)) return sorted(value);
      return value.map((rule) => (isJsonObject(rule) ? pick(rule, ruleFields) : rule));
    default:
      return value;
  }
}

function pick(value: JsonObject, names: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  for (const name of names) if (value[name] !== undefined) picked[name] = value[name];
  return picked;
}

function sorted(value: JsonValue): JsonValue {
  return Array.isArray(value) ? value.map(sorted) : byName(value, sorted);
}

function byName(value: JsonValue, change: (item: JsonValue) => JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const name of sortedKeys(value)) {
    const item = value[name];
    if (item !== undefined) setOwn(result, name, change(item));
  }
  return result;
}
