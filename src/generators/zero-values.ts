import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../apimachinery/schema.ts';

/** Fields that Go writes when they are empty though their types say no default. */
const written: Readonly<Record<string, Readonly<Record<string, JsonValue>>>> = {
  'io.k8s.api.core.v1.Event': { firstTimestamp: null, lastTimestamp: null, eventTime: null },
  'io.k8s.api.core.v1.PodCondition': { lastProbeTime: null, lastTransitionTime: null },
  'io.k8s.api.core.v1.ServicePort': { targetPort: 0 },
  'io.k8s.api.core.v1.ResourceFieldSelector': { divisor: '0' },
};

/**
 * Fills in what a Go program writes of an object that it read into its type: fields that are never left out stand there
 * with their zero values, which the published types tell as defaults.
 */
export function withZeroValues(value: JsonObject, type: string, source: SchemaSource): JsonObject {
  return filled(value, { ref: type }, source) as JsonObject;
}

function filled(value: JsonValue, schema: Schema, source: SchemaSource): JsonValue {
  const { properties, items, additionalProperties, required = [] } = resolveSchema(schema, source);
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => filled(item, items, source));
  if (!isJsonObject(value)) return value;
  if (properties === undefined) {
    if (additionalProperties === undefined) return value;
    return mapped(value, (member) => filled(member, additionalProperties, source));
  }
  const own = schema.ref === undefined ? undefined : written[schema.ref];
  const result: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const about = properties[name];
    result[name] = about === undefined ? member : filled(member, about, source);
  }
  for (const [name, about] of Object.entries(properties)) {
    if ((result[name] ?? null) !== null) continue;
    const isWritten = own !== undefined && Object.hasOwn(own, name);
    const zero = isWritten ? own[name] : zeroOf(about, required.includes(name));
    if (zero !== undefined) result[name] = filled(zero, about, source);
    else if (result[name] === null) delete result[name];
  }
  return result;
}

function mapped(value: JsonObject, change: (member: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]));
}

function zeroOf({ default: value }: Schema, isRequired: boolean): JsonValue | undefined {
  if (value === undefined) return isRequired ? null : undefined;
  const isZero =
    value === '' || value === 0 || value === false || (isJsonObject(value) && Object.keys(value).length === 0);
  return isZero ? cloneJson(value) : undefined;
}
