import { sortedKeys } from '../../../apimachinery/go-value.ts';
import { isJsonObject, setOwn, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';

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

/** A schema with its keywords, and those of the schemas within, in the order of the real server's documents. */
export function inOrderOfKeywords(schema: JsonObject): JsonObject {
  const extensions = sortedKeys(schema).filter((name) => !keywords.includes(name));
  const ordered: JsonObject = {};
  for (const name of [...keywords, ...extensions]) {
    const value = schema[name];
    if (value !== undefined) ordered[name] = orderedValue(name, value);
  }
  return ordered;
}

function orderedValue(name: string, value: JsonValue): JsonValue {
  switch (name) {
    case 'items':
    case 'not':
    case 'additionalProperties':
      return isJsonObject(value) ? inOrderOfKeywords(value) : value;
    case 'allOf':
    case 'oneOf':
    case 'anyOf':
      return each(value, inOrderOfKeywords);
    case 'properties':
      return byName(value, (property) => (isJsonObject(property) ? inOrderOfKeywords(property) : property));
    case 'default':
    case 'enum':
    case 'example':
      return sorted(value);
    case 'externalDocs':
      return isJsonObject(value) ? pick(value, documentFields) : value;
    case 'x-kubernetes-validations':
      return each(value, (rule) => pick(rule, ruleFields));
    default:
      return value;
  }
}

function each(value: JsonValue, change: (item: JsonObject) => JsonObject): JsonValue {
  return Array.isArray(value) ? value.map((item) => (isJsonObject(item) ? change(item) : item)) : value;
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
