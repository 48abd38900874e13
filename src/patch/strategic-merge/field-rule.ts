import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../../apimachinery/schema.ts';

/** A patch that cannot be applied or made; `message` is that of apimachinery's strategicpatch. */
export class StrategicMergePatchError extends Error {}

/** `$patch`: what to do with the map or list item it stands in. */
export const directiveKey = '$patch';
/** `$retainKeys`: the only keys that a map keeps. */
export const retainKeysKey = '$retainKeys';
/** `$deleteFromPrimitiveList/NAME`: items to take out of a list of scalars. */
export const deleteListPrefix = '$deleteFromPrimitiveList/';
/** `$setElementOrder/NAME`: the order of a list's items. */
export const orderPrefix = '$setElementOrder/';

/** What a type says about patching one of its fields. */
export interface FieldRule {
  /** The field's own rules: of a map's keys, or of the fields of a list's items. */
  readonly fields: FieldRules;
  readonly strategy: 'merge' | 'replace' | '';
  readonly retainsKeys: boolean;
  /** Whether the field is known to hold something that is no list. */
  readonly isNoList: boolean;
  /** The empty string for a list of scalars. */
  readonly mergeKey: string;
}

/** The rules of a type's fields. */
export interface FieldRules {
  of(field: string): FieldRule;
}

const noRules: FieldRules = { of: () => noRule };
/** Where nothing is known maps merge and everything else is replaced. */
const noRule: FieldRule = { fields: noRules, strategy: '', retainsKeys: false, isNoList: false, mergeKey: '' };

const knownRules = new WeakMap<SchemaSource, WeakMap<Schema, FieldRules>>();

/** The rules of a type, worked out as far as they are asked for; none for an unknown type. */
export function fieldRules(schema: Schema | undefined, source: SchemaSource): FieldRules {
  if (schema === undefined) return noRules;
  let known = knownRules.get(source);
  if (known === undefined) {
    known = new WeakMap();
    knownRules.set(source, known);
  }
  let rules = known.get(schema);
  if (rules === undefined) {
    rules = makeRules(schema, source);
    known.set(schema, rules);
  }
  return rules;
}

function makeRules(schema: Schema, source: SchemaSource): FieldRules {
  const { properties = {}, additionalProperties } = resolveSchema(schema, source);
  const byField = new Map<string, FieldRule>();
  return {
    of(field) {
      let rule = byField.get(field);
      if (rule === undefined) {
        rule = makeRule(Object.hasOwn(properties, field) ? properties[field] : additionalProperties, source);
        if (Object.hasOwn(properties, field)) byField.set(field, rule);
      }
      return rule;
    },
  };
}

function makeRule(field: Schema | undefined, source: SchemaSource): FieldRule {
  if (field === undefined) return noRule;
  const schema = resolveSchema(field, source);
  const strategies = (schema.patchStrategy ?? '').split(',').filter((strategy) => strategy !== '');
  const [strategy = '', ...others] = strategies.filter((name) => name !== 'retainKeys');
  if (others.length > 0) {
    throw new StrategicMergePatchError(`unexpected patch strategy: [${strategies.join(' ')}]`);
  }
  return {
    fields: fieldRules(schema.type === 'array' ? schema.items : field, source),
    strategy: strategy === 'merge' || strategy === 'replace' ? strategy : '',
    retainsKeys: strategies.includes('retainKeys'),
    isNoList: schema.type !== undefined && schema.type !== 'array',
    mergeKey: schema.patchMergeKey ?? '',
  };
}

/** What the items of lists are; one list must not mix them. @throws StrategicMergePatchError */
export function itemKind(...lists: readonly (readonly JsonValue[])[]): 'map' | 'scalar' {
  let kind: string | undefined;
  for (const list of lists) {
    for (const item of list) {
      if (kind === undefined && Array.isArray(item)) {
        throw new StrategicMergePatchError('lists of lists are not supported');
      }
      const own = goKind(item);
      if (kind !== undefined && own !== kind) {
        throw new StrategicMergePatchError(`list element types are not identical: ${goText(lists as JsonValue[])}`);
      }
      kind = own;
    }
  }
  if (kind === undefined) throw new StrategicMergePatchError('no elements in any of the given slices');
  return kind === 'map[string]interface {}' ? 'map' : 'scalar';
}

/** An item's merge key. @throws StrategicMergePatchError when it has none or is no map */
export function mergeKeyOf(item: JsonValue, mergeKey: string): JsonValue {
  const map = requireMap(item);
  const key = Object.hasOwn(map, mergeKey) ? map[mergeKey] : undefined;
  if (key === undefined) {
    throw new StrategicMergePatchError(`map: ${goText(map)} does not contain declared merge key: ${mergeKey}`);
  }
  return key;
}

/** @throws StrategicMergePatchError */
export function requireMap(value: JsonValue): JsonObject {
  if (isJsonObject(value)) return value;
  throw new StrategicMergePatchError(`expected a map[string]interface {}, but received a ${shownKind(value)}`);
}

/** @throws StrategicMergePatchError */
export function requireList(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) return value;
  throw new StrategicMergePatchError(`expected a []interface {}, but received a ${shownKind(value)}`);
}

/** A type as Go prints it; null has none. */
function shownKind(value: JsonValue): string {
  return value === null ? '%!s(<nil>)' : goKind(value);
}

/** @throws StrategicMergePatchError for a directive that is none */
export function badDirective(directive: JsonValue, map: JsonObject): StrategicMergePatchError {
  const shown = typeof directive === 'string' ? directive : `%!s(${goKind(directive)}=${goText(directive)})`;
  return new StrategicMergePatchError(`unknown patch type: ${shown} in map: ${goText(map)}`);
}

/** Go's name of a decoded value's type. */
export function goKind(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (isJsonObject(value)) return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : 'float64';
}

/** Go's %v. */
export function goText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isJsonObject(value)) {
    const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
  }
  return value === null ? '<nil>' : `${value}`;
}
