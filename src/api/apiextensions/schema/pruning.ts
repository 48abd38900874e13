import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../../apimachinery/json.ts';
import { namedSchema, subSchema } from './schema-keywords.ts';

const resourceFields = new Set(['apiVersion', 'kind', 'metadata']);

/** A value without the fields that its schema does not know. @param isRoot whether it is a whole resource */
export function pruneValue(value: JsonValue, schema: JsonObject, isRoot: boolean): JsonValue {
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (Array.isArray(value)) {
    const items = subSchema(schema, 'items');
    if (items === undefined) return isOpen ? value : value.map((item) => pruneValue(item, {}, false));
    return value.map((item) => pruneValue(item, items, isEmbedded(items)));
  }
  if (!isJsonObject(value)) return value;
  const additional = schema['additionalProperties'];
  const kept: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    const own = namedSchema(schema, 'properties', name);
    if (own !== undefined) setOwn(kept, name, pruneValue(item, own, isEmbedded(own)));
    else if (isRoot && resourceFields.has(name)) setOwn(kept, name, item);
    else if (isJsonObject(additional)) setOwn(kept, name, pruneValue(item, additional, isEmbedded(additional)));
    else if (isOpen || additional === true) setOwn(kept, name, item);
  }
  return kept;
}

function isEmbedded(schema: JsonObject): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}
