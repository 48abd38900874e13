import type { JsonValue } from '../apimachinery/json.ts';
import type { Schema } from '../apimachinery/schema.ts';
import type { TypeDefinition } from './resource-definition.ts';

/**
 * Types of one package, written down in a small language, a line each:
 *
 *     type ContainerPort                  an object type; `atomic` (map type) and `unions(JSON)` may follow
 *     kind Pod                            the same with apiVersion and kind
 *     scalar Quantity quantity            a named scalar
 *       name!: string=                    a field; `!` required, in Go's order; `=` has the zero value of its type
 *       protocol: string="TCP"            a default, as JSON
 *       ports: [ContainerPort] map(a, b)  a list; atomic, set or map with its keys
 *       modes: [string enum(A, B)]        a list of what is one of these
 *       labels: {string}                  a map
 *       spec: core.PodSpec=               a type of another package
 *
 * Further words after a field's type: `merge(key)` and `strategy(name)` for strategic merge, `enum(A, B)`,
 * `atomic-map`, `granular-map`, and `null` for what is written as null when it is not set. Scalars: string, int32, int64, integer, double, bool, bytes, time, object.
 */
export interface TypeSource {
  /** Prefix of the full names, such as `io.k8s.api.core.v1`. */
  readonly package: string;
  readonly text: string;
}

const packageAliases: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  resource: 'io.k8s.apimachinery.pkg.api.resource',
  runtime: 'io.k8s.apimachinery.pkg.runtime',
  intstr: 'io.k8s.apimachinery.pkg.util.intstr',
  core: 'io.k8s.api.core.v1',
  batch: 'io.k8s.api.batch.v1',
};

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  integer: { type: 'integer' },
  double: { type: 'number', format: 'double' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  object: { type: 'object' },
};

/** What `scalar NAME KIND` may say. */
const namedScalars: Readonly<Record<string, Schema>> = {
  any: {},
  time: { type: 'string', format: 'date-time' },
  quantity: { format: 'quantity' },
  'int-or-string': { format: 'int-or-string', intOrString: true },
};

/**
 * Reads types. Kinds get no group-version-kind here: the registry knows which resource they belong to.
 * @throws Error naming the package and the line for what it cannot read.
 */
export function parseTypes(source: TypeSource): TypeDefinition[] {
  const definitions: TypeDefinition[] = [];
  let properties: Record<string, Schema> = {};
  let required: string[] = [];
  for (const line of source.text.split('\n')) {
    if (line.trim() === '') continue;
    if (line.startsWith('  ')) {
      const field = parseField(line.trim(), source.package);
      properties[field.name] = field.schema;
      if (field.isRequired) required.push(field.name);
      continue;
    }
    const [word = '', name = '', ...rest] = line.split(' ');
    const fullName = `${source.package}.${name}`;
    if (word === 'scalar') {
      const schema = namedScalars[rest[0] ?? ''];
      if (schema === undefined) throw new Error(`${source.package}: cannot read "${line}"`);
      definitions.push({ name: fullName, schema, gvks: [] });
      continue;
    }
    if (word !== 'type' && word !== 'kind') throw new Error(`${source.package}: cannot read "${line}"`);
    properties = word === 'kind' ? { apiVersion: { type: 'string' }, kind: { type: 'string' } } : {};
    required = [];
    definitions.push({ name: fullName, schema: objectSchema(properties, required, rest.join(' ')), gvks: [] });
  }
  return definitions.map((definition) => ({ ...definition, schema: withSortedFields(definition.schema) }));
}

/** Fields are published by their names; only those that are required are told of in the order that they have in Go. */
function withSortedFields(schema: Schema): Schema {
  if (schema.properties === undefined) return schema;
  const entries = Object.entries(schema.properties);
  // Kinds begin with what says so.
  const fixed = entries[0]?.[0] === 'apiVersion' && entries[1]?.[0] === 'kind' ? 2 : 0;
  const sorted = entries.slice(fixed).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return { ...schema, properties: Object.fromEntries([...entries.slice(0, fixed), ...sorted]) };
}

/** The properties and required lists are filled in by the lines that follow. */
function objectSchema(properties: Record<string, Schema>, required: string[], words: string): Schema {
  const unions = /unions\((.*)\)$/.exec(words)?.[1];
  const isOpen = words === 'open';
  return {
    type: 'object',
    ...(isOpen ? {} : { properties, required }),
    ...(words.startsWith('atomic') ? { mapType: 'atomic' as const } : {}),
    ...(unions === undefined ? {} : { unions: JSON.parse(unions) as JsonValue }),
  };
}

function parseField(text: string, packageName: string): { name: string; schema: Schema; isRequired: boolean } {
  const match = /^([^:!]+)(!?): (.*)$/.exec(text);
  if (match === null) throw new Error(`${packageName}: cannot read "${text}"`);
  const [, name = '', mark = '', rest = ''] = match;
  const { schema, end } = parseTypeExpression(rest, 0, packageName);
  return { name, schema: withWords(schema, rest.slice(end)), isRequired: mark === '!' };
}

function parseTypeExpression(text: string, start: number, packageName: string): { schema: Schema; end: number } {
  let schema: Schema;
  let end: number;
  const open = text[start];
  if (open === '[' || open === '{') {
    const inner = withItemEnum(parseTypeExpression(text, start + 1, packageName), text);
    end = inner.end + 1;
    schema =
      open === '[' ? { type: 'array', items: inner.schema } : { type: 'object', additionalProperties: inner.schema };
  } else {
    const name = /^[\w.-]+/.exec(text.slice(start))?.[0] ?? '';
    end = start + name.length;
    schema = scalars[name] ?? { ref: fullTypeName(name, packageName) };
  }
  if (text[end] !== '=') return { schema, end };
  const literal = /^("[^"]*"|-?[\d.]+|true|false)/.exec(text.slice(end + 1))?.[0] ?? '';
  const value = literal === '' ? zeroValue(schema) : (JSON.parse(literal) as JsonValue);
  return { schema: { ...schema, default: value }, end: end + 1 + literal.length };
}

/** Inside brackets: `[string enum(A, B)]`. */
function withItemEnum(inner: { schema: Schema; end: number }, text: string): { schema: Schema; end: number } {
  const words = /^ enum\([^)]*\)/.exec(text.slice(inner.end))?.[0];
  return words === undefined ? inner : { schema: withWords(inner.schema, words), end: inner.end + words.length };
}

function fullTypeName(name: string, packageName: string): string {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return `${packageName}.${name}`;
  const prefix = name.slice(0, dot);
  return `${packageAliases[prefix] ?? prefix}.${name.slice(dot + 1)}`;
}

function zeroValue(schema: Schema): JsonValue {
  if (schema.ref !== undefined || schema.type === 'object') return {};
  if (schema.type === 'boolean') return false;
  return schema.type === 'string' ? '' : 0;
}

function withWords(schema: Schema, words: string): Schema {
  let result: Schema = schema;
  for (const match of words.matchAll(/([\w-]+)(?:\(([^)]*)\))?/g)) {
    const [, word = '', text = ''] = match;
    const list = text.split(',').map((item) => item.trim());
    if (word === 'map') result = { ...result, listType: 'map', listMapKeys: list };
    else if (word === 'set' || word === 'atomic') result = { ...result, listType: word };
    else if (word === 'merge')
      result = { ...result, patchMergeKey: text, patchStrategy: result.patchStrategy ?? 'merge' };
    else if (word === 'null') result = { ...result, shownAsNull: true };
    else if (word === 'strategy') result = { ...result, patchStrategy: text };
    else if (word === 'enum') result = { ...result, enum: list.map((item) => (item === '""' ? '' : item)) };
    else if (word === 'atomic-map') result = { ...result, mapType: 'atomic' };
    else if (word === 'granular-map') result = { ...result, mapType: 'granular' };
    else throw new Error(`cannot read "${word}" in "${words}"`);
  }
  return result;
}
