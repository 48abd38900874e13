import { isEqual } from '../../../cel/equality.ts';
import { type CelType, structType } from '../../../cel/types.ts';
import {
  CelEvaluationError,
  CelMap,
  CelList,
  CelOpaque,
  CelOptional,
  CelTypeValue,
  type CelValue,
  typeOf,
} from '../../../cel/values.ts';
import { CelUint } from '../../../cel/numbers.ts';
import { jsonFromCel } from '../../../cel/json-values.ts';
import type { JsonObject, JsonValue } from '../../../apimachinery/json.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { jsonPatchType, patchObjectType } from './policy-types.ts';

/** What a mutation constructs: `Object.spec{…}`, `JSONPatch{…}`. */
export class PatchObject extends CelOpaque {
  readonly type: CelType;
  readonly fields: ReadonlyMap<string, CelValue>;

  constructor(typeName: string, fields: ReadonlyMap<string, CelValue>) {
    super();
    this.type = structType(typeName);
    this.fields = fields;
  }

  override field(name: string): CelValue | undefined {
    return this.fields.get(name);
  }

  equalTo(other: CelOpaque): boolean {
    if (!(other instanceof PatchObject) || other.fields.size !== this.fields.size) return false;
    for (const [name, value] of this.fields) {
      const theirs = other.fields.get(name);
      if (theirs === undefined || !isEqual(value, theirs)) return false;
    }
    return true;
  }
}

/** Makes the objects that mutations construct. @throws CelEvaluationError for fields that cannot be */
export function makePatchObject(typeName: string, fields: ReadonlyMap<string, CelValue>): CelValue {
  if (typeName === jsonPatchType.name) {
    for (const [name, value] of fields) {
      if (name === 'value') continue;
      if (!['op', 'path', 'from'].includes(name))
        throw new CelEvaluationError(`unexpected JSONPatchType field: ${name}`);
      if (typeof value !== 'string') {
        throw new CelEvaluationError(`unexpected type ${typeOf(value).name} for JSONPatchType '${name}' field`);
      }
    }
  }
  return new PatchObject(typeName, fields);
}

/** A value of a patch as JSON. @throws CelEvaluationError */
export function patchJson(value: CelValue): JsonValue {
  if (value instanceof PatchObject) {
    const object: JsonObject = {};
    for (const [name, item] of value.fields) object[name] = patchJson(item);
    return object;
  }
  if (value instanceof CelList) return Array.from(value, patchJson);
  if (value instanceof CelOptional) return patchJson(value.get());
  if (value instanceof CelMap) {
    const object: JsonObject = {};
    for (const [key, item] of value.entries()) {
      if (typeof key !== 'string') throw new CelEvaluationError('key must be a string');
      object[key] = patchJson(item);
    }
    return object;
  }
  return jsonFromCel(value);
}

/** Go's names of types that no JSON stands for, where they differ from CEL's. */
const goTypeNames: Readonly<Record<string, string>> = {
  'kubernetes.Quantity': 'Quantity',
  'kubernetes.URL': 'URL',
  'kubernetes.Semver': 'Semver',
  'kubernetes.NamedFormat': 'Format',
  'net.IP': 'IP',
  'net.CIDR': 'CIDR',
};

/** The value of an operation of a JSON patch, in JSON as protobuf has it. @throws CelEvaluationError */
export function operationJson(value: CelValue): JsonValue {
  if (value instanceof PatchObject) {
    if (value.type.name === jsonPatchType.name) throw noJson('cannot convert to native type: *structpb.Value');
    if ([...value.fields.values()].includes(null)) {
      throw noJson('proto: invalid type: structpb.NullValue');
    }
    return objectOf(value.fields);
  }
  if (value instanceof CelList) return Array.from(value, operationJson);
  if (value instanceof CelOptional) {
    if (value.value === undefined) throw noJson('optional.none() dereference');
    return operationJson(value.value);
  }
  if (value instanceof CelMap) {
    return objectOf(Array.from(value.entries(), ([key, item]) => [keyText(key), item] as const));
  }
  if (typeof value === 'bigint') return safeNumber(value);
  if (value instanceof CelUint) return safeNumber(value.value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const shown = Number.isNaN(value) ? 'NaN' : value < 0 ? '-Inf' : '+Inf';
    const why = `proto: google.protobuf.Value.number_value: invalid ${shown} value`;
    throw noJson(`json: error calling MarshalJSON for type *structpb.Value: ${why}`);
  }
  if (value instanceof CelTypeValue) throw noJson("type conversion not supported for 'type'");
  if (value instanceof CelOpaque) {
    const { name } = typeOf(value);
    throw noJson(`type conversion error from '${goTypeNames[name] ?? name}' to '*structpb.Value'`);
  }
  return jsonFromCel(value);
}

function objectOf(fields: Iterable<readonly [string, CelValue]>): JsonObject {
  return Object.fromEntries(Array.from(fields, ([name, item]) => [name, operationJson(item)]));
}

/** What JavaScript could not hold is written as text (google.protobuf.Value). */
function safeNumber(value: bigint): JsonValue {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

function keyText(key: CelValue): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'boolean') throw noJson("type conversion error from bool to 'string'");
  throw noJson(`unsupported type conversion from '${typeOf(key).name}' to string`);
}

function noJson(why: string): CelEvaluationError {
  return new CelEvaluationError(`JSONPath valueExpression evaluated to a type that could not marshal to JSON: ${why}`);
}

/** Objects whose type is not named after the fields that lead to them: a text for each. */
export function misplacedTypes(value: CelValue, path: readonly string[] = [patchObjectType.name]): string[] {
  if (value instanceof PatchObject) {
    const [name, expected] = [value.type.name, path.join('.')];
    const own =
      name === expected
        ? []
        : [
            `unexpected type name ${goQuote(name)}, expected ${goQuote(expected)}, which matches field name path from root Object type`,
          ];
    return [...own, ...[...value.fields].flatMap(([field, item]) => misplacedTypes(item, [...path, field]))];
  }
  if (value instanceof CelList) return [...value].flatMap((item) => misplacedTypes(item, path));
  if (value instanceof CelMap) return [...value.entries()].flatMap(([, item]) => misplacedTypes(item, path));
  return [];
}
