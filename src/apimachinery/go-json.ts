import { sortedKeys } from './go-value.ts';

const htmlEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** A string as Go's encoding/json writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped, half surrogates replaced. */
export function goJsonString(text: string): string {
  const quoted = JSON.stringify(text);
  if (!/[<>&\u2028\u2029]|\\u[dD][89a-fA-F]/.test(quoted)) return quoted;
  return escapeHtmlInJson(quoted).replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\\ufffd');
}

/** JSON that is written already, with the characters escaped that Go's encoder escapes; they stand in its texts alone. */
export function escapeHtmlInJson(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => htmlEscapes[char] ?? char);
}

/**
 * A JSON value as Go's encoder writes it: HTML characters escaped, keys sorted, but those of a Map, which stands for a
 * struct, as they come; indented when `indent` is given.
 * @param margin what stands before every line but the first, of a value inside another
 */
export function stringifyGoJson(value: unknown, indent = '', margin = ''): string {
  return write(value, indent, margin);
}

function write(value: unknown, indent: string, margin: string): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return goJsonString(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  if (typeof value !== 'object') throw new Error(`no JSON for a ${typeof value}`);
  const inner = margin + indent;
  const newline = indent === '' ? '' : `\n${inner}`;
  const end = indent === '' ? '' : `\n${margin}`;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${newline}${value.map((item) => write(item, indent, inner)).join(`,${newline}`)}${end}]`;
  }
  const colon = indent === '' ? ':' : ': ';
  const members = membersOf(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${goJsonString(key)}${colon}${write(member, indent, inner)}`);
  return members.length === 0 ? '{}' : `{${newline}${members.join(`,${newline}`)}${end}}`;
}

/** A value whose members keep the order they stand in when it is written: that of the fields of a type. */
export function inFieldOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inFieldOrder);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, member]) => [key, inFieldOrder(member)] as const));
}

function membersOf(value: object): readonly (readonly [string, unknown])[] {
  if (value instanceof Map) return [...(value as ReadonlyMap<string, unknown>)];
  const object = value as Record<string, unknown>;
  return sortedKeys(object).map((key) => [key, object[key]] as const);
}
