import { stringifyJson } from '../../apimachinery/json-codec.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';

/**
 * A step of a path as FieldsV1 writes it: `f:name` (field), `k:{"name":"a"}` (list item by key, names sorted), `v:"x"`
 * (set item), `i:0` (index) (KEP-555). Equal steps are equal strings.
 */
export type PathElement = string;

/** The step to a field. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** The step to a list item by its key fields; the names must be sorted. */
export function keyElement(key: JsonObject): PathElement {
  return `k:${stringifyJson(key)}`;
}

/** The step to an item of a set. */
export function valueElement(item: JsonValue): PathElement {
  return `v:${stringifyJson(item)}`;
}

/**
 * Brings a step that somebody else wrote to our spelling.
 * @returns undefined for a kind of step we do not know, which is to be ignored.
 * @throws Error for one that cannot be read.
 */
export function readPathElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new Error('key must be 2 characters long:');
  if (text[1] !== ':') throw new Error(`missing colon: ${text}`);
  switch (text[0]) {
    case 'f':
      return text;
    case 'k': {
      const key = JSON.parse(text.slice(2)) as JsonValue;
      if (!isJsonObject(key)) throw new Error(`invalid key: ${text}`);
      const names = Object.keys(key);
      if (names.length === 1) return text.includes(' ') || text.includes('\\') ? keyElement(key) : text;
      return keyElement(Object.fromEntries(names.sort().map((name) => [name, key[name] ?? null])));
    }
    case 'v':
      return valueElement(JSON.parse(text.slice(2)) as JsonValue);
    case 'i':
      if (!/^[+-]?\d+$/.test(text.slice(2))) throw new Error(`invalid index: ${text}`);
      return `i:${Number(text.slice(2))}`;
    default:
      return undefined;
  }
}

const kindOrder = 'fkvi';

/** The order in which FieldsV1 lists steps: fields, keys, values, indices; each kind by what it says. */
export function comparePathElements(left: PathElement, right: PathElement): number {
  if (left === right) return 0;
  const kind = left[0] ?? '';
  const byKind = kindOrder.indexOf(kind) - kindOrder.indexOf(right[0] ?? '');
  if (byKind !== 0) return byKind;
  if (kind === 'f') return left < right ? -1 : 1;
  return compareJson(JSON.parse(left.slice(2)) as JsonValue, JSON.parse(right.slice(2)) as JsonValue);
}

/** Numbers before texts before booleans before lists before maps before null, as structured-merge-diff orders values. */
function rankOf(value: JsonValue): number {
  if (typeof value === 'number' || typeof value === 'bigint') return 0;
  if (typeof value === 'string') return 1;
  if (typeof value === 'boolean') return 2;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

function compareJson(left: JsonValue, right: JsonValue): number {
  const byRank = rankOf(left) - rankOf(right);
  if (byRank !== 0) return byRank;
  if (Array.isArray(left) && Array.isArray(right)) return compareEach(left, right, compareJson);
  if (isJsonObject(left) && isJsonObject(right)) {
    return compareEach(sortedFields(left), sortedFields(right), compareFields);
  }
  if (left === null || right === null || left === right) return 0;
  return left < right ? -1 : 1;
}

type Field = readonly [name: string, value: JsonValue];

function sortedFields(object: JsonObject): Field[] {
  return Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1));
}

function compareFields(left: Field, right: Field): number {
  if (left[0] !== right[0]) return left[0] < right[0] ? -1 : 1;
  return compareJson(left[1], right[1]);
}

function compareEach<T>(left: readonly T[], right: readonly T[], compare: (left: T, right: T) => number): number {
  for (const [index, item] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const result = compare(item, other);
    if (result !== 0) return result;
  }
  return left.length - right.length;
}

/** `.spec.ports[port=80,protocol="TCP"].name`: how errors show a path. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatElement).join('');
}

function formatElement(element: PathElement): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('i:')) return `[${text}]`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const key = JSON.parse(text) as JsonObject;
  return `[${Object.entries(key)
    .map(([name, value]) => `${name}=${keyText(value)}`)
    .join(',')}]`;
}

/** A value of a key; only those that do not fit are lists or maps. */
function keyText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(keyText).join(',')}]`;
  if (!isJsonObject(value)) return stringifyJson(value);
  return Object.entries(value)
    .map(([name, item]) => `${name}=${keyText(item)}`)
    .join('');
}
