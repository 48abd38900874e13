import { goQuote } from './field-error.ts';
import { formatGoFloat } from './go-float.ts';

/** Whether a number is an int64 to Go's decoders of JSON; others are float64. */
export function isGoInteger(value: unknown): value is number | bigint {
  return (
    typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63)
  );
}

/** A map's keys in the order Go prints and encodes them: by the bytes of their UTF-8. */
export function sortedKeys(object: object): string[] {
  const keys = Object.keys(object);
  // Code units sort like UTF-8 unless surrogates are about.
  // eslint-disable-next-line no-control-regex -- the range of plain ASCII
  if (keys.every((key) => /^[\x00-\x7f]*$/.test(key))) return keys.sort();
  return keys.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

/** A JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`, `<nil>`, `1e+06`. */
export function formatGoValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return isGoInteger(value) ? `${value}` : formatGoFloat(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  if (Array.isArray(value)) return `[${value.map(formatGoValue).join(' ')}]`;
  const object = value as Record<string, unknown>;
  const members = sortedKeys(object).map((key) => `${key}:${formatGoValue(object[key])}`);
  return `map[${members.join(' ')}]`;
}

/** A JSON value in Go's syntax, as `%#v` prints it. */
export function formatGoSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number') return isGoInteger(value) ? `${value}` : formatGoFloat(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  if (Array.isArray(value)) return `[]interface {}{${value.map(formatGoSyntax).join(', ')}}`;
  const object = value as Record<string, unknown>;
  const members = sortedKeys(object).map((key) => `${goQuote(key)}:${formatGoSyntax(object[key])}`);
  return `map[string]interface {}{${members.join(', ')}}`;
}

/** The Go type that a JSON value is decoded to. */
export function goTypeName(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'object') return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  return isGoInteger(value) ? 'int64' : 'float64';
}

/** The kind that Go's comparisons of templates sort a value into; undefined for what cannot be compared. */
export function comparisonKind(value: unknown): 'bool' | 'int' | 'float' | 'string' | undefined {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number' || typeof value === 'bigint') return isGoInteger(value) ? 'int' : 'float';
  return undefined;
}
