import type { JsonValue } from '../apimachinery/json.ts';
import { looksLikeTime } from '../apimachinery/yaml-scalar.ts';

/** A value that cannot be written down: its tag and its text disagree, or JSON has no word for it. */
export class YamlNodeError extends Error {}

const words: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ...['true', 'True', 'TRUE'].map((word): [string, JsonValue] => [word, true]),
  ...['false', 'False', 'FALSE'].map((word): [string, JsonValue] => [word, false]),
  ...['', '~', 'null', 'Null', 'NULL'].map((word): [string, JsonValue] => [word, null]),
]);
const specialFloats: ReadonlyMap<string, number> = new Map([
  ...['.nan', '.NaN', '.NAN'].map((word): [string, number] => [word, Number.NaN]),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word): [string, number] => [word, Infinity]),
  ...['-.inf', '-.Inf', '-.INF'].map((word): [string, number] => [word, -Infinity]),
]);
const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;

interface Resolved {
  readonly tag: string;
  readonly value: JsonValue;
}

/**
 * What a plain scalar means to go-yaml v3, which kustomize reads with: booleans of YAML 1.2 only, integers as in Go
 * (`0777` and `0o777` are octal), floats, times.
 */
function resolvePlain(text: string): Resolved {
  const word = words.get(text);
  if (word !== undefined) return { tag: word === null ? '!!null' : '!!bool', value: word };
  const special = specialFloats.get(text);
  if (special !== undefined) return { tag: '!!float', value: special };
  if (text === '<<') return { tag: '!!merge', value: text };
  if (!/^[-+.0-9]/.test(text)) return { tag: '!!str', value: text };
  if (looksLikeTime(text)) return { tag: '!!timestamp', value: timeAsJson(text) };
  const digits = text.replaceAll('_', '');
  const integer = integerOf(digits);
  if (integer !== undefined)
    return { tag: '!!int', value: Number.isSafeInteger(Number(integer)) ? Number(integer) : integer };
  if (/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(digits)) {
    const value = Number(digits);
    if (Number.isFinite(value)) return { tag: '!!float', value };
  }
  return { tag: '!!str', value: text };
}

function integerOf(text: string): bigint | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = ''] = match;
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = sign === '-' ? -size : size;
  return value >= minInt64 && value <= maxUint64 ? value : undefined;
}

/** A time of YAML as Go writes it into JSON (RFC 3339, fractions without trailing zeros). */
export function timeAsJson(text: string): string {
  const match =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[-+]\d{2}:\d{2})?)?$/.exec(text);
  if (match === null) return text;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const two = (part: string | undefined): string => (part ?? '0').padStart(2, '0');
  const rest = fraction.slice(0, 9).replace(/0+$/, '');
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${rest === '' ? '' : `.${rest}`}${zone}`;
}

/** The tag that a plain scalar gets when it is read. */
export function plainScalarTag(text: string): string {
  return resolvePlain(text).tag;
}

/** The parts of a scalar that say what it is. */
interface TaggedScalar {
  readonly text: string;
  readonly tag: string;
  readonly quoted: boolean;
  readonly isTagged: boolean;
}

/** The value of a scalar, by its tag. @throws YamlNodeError where text and tag disagree */
export function scalarJson(node: TaggedScalar): JsonValue {
  const { text, tag, quoted } = node;
  if (tag === '!!str' || (tag === '' && (quoted || text.includes('\n')))) return text;
  const resolved = resolvePlain(text);
  // A tag that says what the text says is not written out, and without one quotes make text of it.
  if (quoted && tag === resolved.tag && !node.isTagged) return text;
  const { value } = resolved;
  if (tag === '' || tag === resolved.tag || (tag === '!!float' && resolved.tag === '!!int')) {
    if (typeof value !== 'number' || Number.isFinite(value)) return value === 0 ? 0 : value;
    const shown = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    throw new YamlNodeError(`json: unsupported value: ${shown}`);
  }
  if (tag === '!!binary') return Buffer.from(text, 'base64').toString('utf8');
  if (!standardTags.has(tag)) return text;
  throw new YamlNodeError(`yaml: cannot decode ${resolved.tag} \`${text}\` as a ${tag}`);
}

const standardTags = new Set(['!!int', '!!float', '!!bool', '!!null', '!!timestamp']);

/**
 * A text that go-yaml writes as a folded block and reads again, as kustomize does on the way to JSON. The writer puts a
 * line feed more behind a line that does not begin with a blank, unless the whole text begins with one; the reader takes
 * it away again only where the next line does not begin with a blank either, and there may be no `+` for all of them.
 */
export function refolded(text: string): string {
  if (!isBlockText(text)) return text;
  const addsBreaks = !/^\n*[ \t]/.test(text);
  return text.replace(/^(.+)(\n+)(?=(.?))/gm, (_whole, line: string, breaks: string, next: string) => {
    const isMoreIndented = /^[ \t]/.test(line);
    const written = addsBreaks && !isMoreIndented ? `${breaks}\n` : breaks;
    if (next === '') return line + (breaks.length > 1 ? written : breaks);
    if (isMoreIndented || /[ \t]/.test(next)) return line + written;
    return line + (written.length === 1 ? ' ' : written.slice(1));
  });
}

/** Whether go-yaml may write a text as a block: what cannot stand there as it is goes in quotes. */
function isBlockText(text: string): boolean {
  return !/^$| $| \n|[^\t\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text);
}
