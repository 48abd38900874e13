import { isEqual } from '../../../cel/equality.ts';
import { type CelType, structType } from '../../../cel/types.ts';
import {
  CelEvaluationError,
  CelMap,
  CelList,
  CelOpaque,
  CelOptional,
  type CelValue,
  typeOf,
} from '../../../cel/values.ts';
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
