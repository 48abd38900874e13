import { FieldPath } from '../../../apimachinery/field-error.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { namedSchema, namedSchemas, subSchema } from './schema-keywords.ts';

/** Where a path leads within a schema, or why it leads nowhere. */
export type FoundField =
  | { readonly path: string; readonly root: string; readonly schema: JsonObject }
  | { readonly failure: string };

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

/**
 * Follows a path such as `.spec.replicas` or `.map['a.b']` through a schema.
 * @param allowArrayNotation whether brackets may be used
 */
export function parseFieldPath(text: string, schema: JsonObject, allowArrayNotation = true): FoundField {
  let current = schema;
  let path = new FieldPath();
  let root = '';
  const tokens = text.match(/'(?:\\.|[^'\\])*'|[.[\]]|[^.[\]]+/g) ?? [];
  for (let index = 0; index < tokens.length;) {
    const separator = tokens[index];
    let name = tokens[index + 1];
    if (separator !== '.' && separator !== '[') return { failure: `expected [ or . but got: ${separator ?? ''}` };
    if (separator === '[' && !allowArrayNotation) return { failure: 'array notation is not allowed' };
    if (name === undefined) return { failure: 'unexpected end of JSON path' };
    index += 2;
    if (separator === '[') {
      if (!/^'.*'$/s.test(name)) return { failure: `expected single quoted string but got ${name}` };
      const unescaped = unescape(name.slice(1, -1));
      if (typeof unescaped !== 'string') return unescaped;
      name = unescaped;
    }
    const step = follow(current, name);
    if (step === undefined) return { failure: 'does not refer to a valid field' };
    path = step.isNamed ? path.child(name) : path.key(name);
    if (root === '') root = name;
    current = step.schema;
    if (separator === '[') {
      const close = tokens[index++];
      if (close === undefined) return { failure: 'unexpected end of JSON path' };
      if (close !== ']') return { failure: `expected ] but got ${close}` };
    }
  }
  return { path: path.toString(), root, schema: current };
}

function follow(
  schema: JsonObject,
  name: string,
): { readonly schema: JsonObject; readonly isNamed: boolean } | undefined {
  if (namedSchemas(schema, 'properties').length > 0) {
    const property = namedSchema(schema, 'properties', name);
    return property === undefined ? undefined : { schema: property, isNamed: true };
  }
  const additional = subSchema(schema, 'additionalProperties');
  return additional === undefined ? undefined : { schema: additional, isNamed: false };
}

function unescape(text: string): string | { readonly failure: string } {
  const bad = [...text.matchAll(/\\(.)/gs)].find(([, letter = '']) => escapes[letter] === undefined);
  if (bad !== undefined) return { failure: `invalid string literal: invalid escape char ${bad[0]}` };
  return text.replaceAll(/\\(.)/gs, (_whole, letter: string) => escapes[letter] ?? '');
}
