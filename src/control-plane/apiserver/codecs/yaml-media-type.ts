import { formatJsonPath } from '../../../apimachinery/json-path-text.ts';
import { maxInt64 } from '../../../apimachinery/yaml-scalar.ts';
import { isJsonObject, type JsonValue, setOwn } from '../../../apimachinery/json.ts';
import { parseJson, JsonSyntaxError } from '../../../apimachinery/json-codec.ts';
import { parseYaml, stringifyYaml, YamlError } from '../../../apimachinery/yaml.ts';
import { summarizeBody } from '../decoding/object-body.ts';
import { BodySyntaxError, type DecodedBody, type MediaTypeCodec } from '../negotiation.ts';

/** `application/yaml`. It does not stream, so a watch cannot have it. */
export const yamlCodec: MediaTypeCodec = {
  mediaType: 'application/yaml',
  isJson: false,
  encode: (object) => Buffer.from(stringifyYaml(object)),
  decode(body) {
    try {
      return decodeYaml(body);
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      throw new BodySyntaxError(error.message, summarizeBody(body));
    }
  },
};

/** Reads YAML (or JSON, which is YAML too) as the real server does: by way of JSON with sorted keys. */
export function decodeYaml(body: Uint8Array): DecodedBody {
  const literals = new Map<string, string>();
  const problem = utf8Problem(body);
  if (problem !== undefined) throw new YamlError(`yaml: ${problem}`, undefined, '');
  const text = Buffer.from(body).toString('utf8');
  // Some escapes of JSON are none of YAML's.
  const json = /^\s*\{/.test(text) && !/\\(?:\/|u[dD][89a-fA-F])/.test(text) ? plainJson(text, literals) : undefined;
  if (json !== undefined) return { value: sortedKeys(json), strictErrors: [], ...told(literals) };
  const duplicates: string[] = [];
  const value = sortedKeys(
    withoutUnsigned(
      parseFirst(text, (message) => duplicates.push(message)),
      [],
      literals,
    ),
  );
  const strictErrors =
    duplicates.length === 0 ? [] : [`yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`];
  return { value, strictErrors, ...told(literals) };
}

function told(literals: ReadonlyMap<string, string>): Pick<DecodedBody, 'numberLiterals'> {
  return literals.size === 0 ? {} : { numberLiterals: () => literals };
}

/** Integers beyond 63 bits as the numbers that JSON's decoder makes of them, with how they were written. */
function withoutUnsigned(
  value: JsonValue,
  path: readonly (string | number)[],
  literals: Map<string, string>,
): JsonValue {
  if (typeof value === 'bigint' && value > maxInt64) {
    literals.set(formatJsonPath(path), `${value}`);
    return Number(value);
  }
  if (Array.isArray(value)) return value.map((item, index) => withoutUnsigned(item, [...path, index], literals));
  if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === 'bigint' || typeof item === 'object') {
        setOwn(value, key, withoutUnsigned(item, [...path, key], literals));
      }
    }
  }
  return value;
}

/** The first document. What stands behind it is not looked at. */
function parseFirst(text: string, onDuplicateKey: (message: string) => void): JsonValue {
  const messages: string[] = [];
  const parse = (part: string): JsonValue =>
    parseYaml(part, { onDuplicateKey: (message) => messages.push(message), keepsUnsigned: true });
  let value: JsonValue;
  try {
    value = parse(text);
  } catch (error) {
    const end = /^\s*\{/.test(text) ? endOfBraces(text) : startOfSecond(text);
    // Behind a colon it would have been a key.
    if (end === undefined || /^\s*(:|$)/.test(text.slice(end))) throw error;
    messages.length = 0;
    value = parse(text.slice(0, end));
  }
  for (const message of messages) onDuplicateKey(message);
  return value;
}

/** Where a second document begins; undefined where there is none. */
function startOfSecond(text: string): number | undefined {
  const match = /^(?:\s*(?:#.*)?\n)*(?:---(?:\s.*)?\n)?(?:.*\n)*?(?=---(?:\s|$))/.exec(text);
  return match === null || match[0].trim() === '' ? undefined : match[0].length;
}

/** Where the first pair of braces ends; undefined when it does not. */
function endOfBraces(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|[{}[\]]/gs)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else continue;
    if (depth === 0) return index + 1;
  }
  return undefined;
}

/** JSON in which nothing is there twice: of what is, YAML tells with the line. */
function plainJson(text: string, literals: Map<string, string>): JsonValue | undefined {
  try {
    let isTwice = false;
    const value = parseJson(text, {
      onDuplicateKey: () => void (isTwice = true),
      onNumber(path, literal) {
        if (/^\d{19,20}$/.test(literal) && BigInt(literal) > maxInt64 && BigInt(literal) < 2n ** 64n) {
          literals.set(formatJsonPath(path), literal);
        }
      },
    });
    return isTwice ? undefined : value;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return undefined;
  }
}

/** The first character that takes so many octets. */
const smallestOfWidth: readonly number[] = [0, 0, 0x80, 0x800, 0x10000];

/** What is wrong with bytes that should be UTF-8 (RFC 3629), in the words of go-yaml; undefined when nothing is. */
function utf8Problem(body: Uint8Array): string | undefined {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(body);
    return undefined;
  } catch {
    // Where and what it is follows.
  }
  for (let at = 0; at < body.byteLength;) {
    const lead = body[at] ?? 0;
    const width = lead < 0x80 ? 1 : lead >> 5 === 0b110 ? 2 : lead >> 4 === 0b1110 ? 3 : lead >> 3 === 0b11110 ? 4 : 0;
    if (width === 0) return 'invalid leading UTF-8 octet';
    if (at + width > body.byteLength) return 'incomplete UTF-8 octet sequence';
    const rest = [...body.subarray(at + 1, at + width)];
    if (rest.some((octet) => octet >> 6 !== 0b10)) return 'invalid trailing UTF-8 octet';
    const character = rest.reduce((value, octet) => value * 64 + (octet & 0x3f), lead & (0xff >> (width + 1)));
    if (character < (smallestOfWidth[width] ?? 0)) return 'invalid length of a UTF-8 sequence';
    if ((character >= 0xd800 && character <= 0xdfff) || character > 0x10ffff) return 'invalid Unicode character';
    at += width;
  }
  return undefined;
}

function sortedKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sortedKeys(item)]),
  );
}
