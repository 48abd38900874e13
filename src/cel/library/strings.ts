import { goShortEscapes } from '../../apimachinery/go-quote.ts';
import { declare, type FunctionDeclaration, member, overload } from '../declarations.ts';
import { showKey } from '../standard-library.ts';
import { listType, types } from '../types.ts';
import { CelEvaluationError, CelList, type CelValue } from '../values.ts';
import { intOf, listOf, textOf } from './arguments.ts';
import { formatText } from './text-format.ts';

const { dyn, int, string } = types;
const strings = listType(string);

function outOfRange(position: bigint): CelEvaluationError {
  return new CelEvaluationError(`index out of range: ${position}`);
}

function charAt([text, at]: readonly CelValue[]): string {
  const characters = Array.from(textOf(text));
  const position = intOf(at);
  if (position < 0n || position > BigInt(characters.length)) throw outOfRange(position);
  return characters[Number(position)] ?? '';
}

/** The first place of a part at or after an offset; places are counted in characters. */
function indexOf([text, part, offset = 0n]: readonly CelValue[]): bigint {
  const start = intOf(offset);
  const wanted = Array.from(textOf(part));
  if (wanted.length === 0) return start;
  const characters = Array.from(textOf(text));
  if (start < 0n) throw outOfRange(start);
  for (let at = Number(start); at <= characters.length - wanted.length; at++) {
    if (wanted.every((character, index) => characters[at + index] === character)) return BigInt(at);
  }
  return -1n;
}

function lastIndexOf([text, part, offset]: readonly CelValue[]): bigint {
  const characters = Array.from(textOf(text));
  const wanted = Array.from(textOf(part));
  if (wanted.length === 0) return offset === undefined ? BigInt(characters.length) : intOf(offset);
  const start = offset === undefined ? BigInt(Math.max(0, characters.length - 1)) : intOf(offset);
  if (start < 0n) throw outOfRange(start);
  if (start >= BigInt(characters.length)) return -1n;
  for (let at = Math.min(Number(start), characters.length - wanted.length); at >= 0; at--) {
    if (wanted.every((character, index) => characters[at + index] === character)) return BigInt(at);
  }
  return -1n;
}

function replace([text, from, to, limit = -1n]: readonly CelValue[]): string {
  const most = intOf(limit);
  const [source, old, fresh] = [textOf(text), textOf(from), textOf(to)];
  if (most < 0n) return old === '' ? spread(source, fresh, Infinity) : source.replaceAll(old, () => fresh);
  if (old === '') return spread(source, fresh, Number(most));
  const parts = source.split(old);
  const kept = Math.min(Number(most), parts.length - 1);
  return (
    parts.slice(0, kept + 1).join(fresh) +
    parts
      .slice(kept + 1)
      .map((part) => old + part)
      .join('')
  );
}

/** Puts a text before each character and behind the last, at most so many times. */
function spread(source: string, fresh: string, limit: number): string {
  const characters = Array.from(source);
  let out = '';
  for (const [index, character] of characters.entries()) out += (index < limit ? fresh : '') + character;
  return characters.length < limit ? out + fresh : out;
}

function split([text, separator, limit = -1n]: readonly CelValue[]): CelList {
  const most = intOf(limit);
  const [source, by] = [textOf(text), textOf(separator)];
  if (most === 0n) return new CelList();
  const parts = by === '' ? Array.from(source) : source.split(by);
  if (most < 0n || BigInt(parts.length) <= most) return new CelList(parts);
  const head = parts.slice(0, Number(most) - 1);
  return new CelList([...head, parts.slice(Number(most) - 1).join(by)]);
}

function substring([text, from, to]: readonly CelValue[]): string {
  const characters = Array.from(textOf(text));
  const length = BigInt(characters.length);
  const start = intOf(from);
  const end = to === undefined ? length : intOf(to);
  if (to !== undefined && start > end) {
    throw new CelEvaluationError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  if (start < 0n || start > length) throw outOfRange(start);
  if (end < 0n || end > length) throw outOfRange(end);
  return characters.slice(Number(start), Number(end)).join('');
}

function join([list, separator = '']: readonly CelValue[]): string {
  const parts: string[] = [];
  for (const item of listOf(list)) {
    if (typeof item !== 'string') throw new CelEvaluationError(`join: invalid input: ${showKey(item)}`);
    parts.push(item);
  }
  return parts.join(textOf(separator));
}

function quote([text]: readonly CelValue[]): string {
  const escaped = (character: string): string => (character === '"' ? '\\"' : (goShortEscapes[character] ?? character));
  return `"${Array.from(textOf(text), escaped).join('')}"`;
}

/** cel-go's string library, as of its version 2. */
export const stringLibrary: readonly FunctionDeclaration[] = [
  declare('charAt', member('string_char_at_int', [string, int], string, charAt)),
  declare(
    'indexOf',
    member('string_index_of_string', [string, string], int, indexOf),
    member('string_index_of_string_int', [string, string, int], int, indexOf),
  ),
  declare(
    'lastIndexOf',
    member('string_last_index_of_string', [string, string], int, lastIndexOf),
    member('string_last_index_of_string_int', [string, string, int], int, lastIndexOf),
  ),
  declare(
    'lowerAscii',
    member('string_lower_ascii', [string], string, ([text]) =>
      textOf(text).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()),
    ),
  ),
  declare(
    'upperAscii',
    member('string_upper_ascii', [string], string, ([text]) =>
      textOf(text).replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()),
    ),
  ),
  declare(
    'replace',
    member('string_replace_string_string', [string, string, string], string, replace),
    member('string_replace_string_string_int', [string, string, string, int], string, replace),
  ),
  declare(
    'split',
    member('string_split_string', [string, string], strings, split),
    member('string_split_string_int', [string, string, int], strings, split),
  ),
  declare(
    'substring',
    member('string_substring_int', [string, int], string, substring),
    member('string_substring_int_int', [string, int, int], string, substring),
  ),
  declare(
    'trim',
    member('string_trim', [string], string, ([text]) => textOf(text).replaceAll(/^[\s\u0085]+|[\s\u0085]+$/g, '')),
  ),
  declare(
    'format',
    member('string_format', [string, listType(dyn)], string, ([text, list]) =>
      formatText(textOf(text), [...listOf(list)]),
    ),
  ),
  declare('strings.quote', overload('strings_quote', [string], string, quote)),
  declare(
    'join',
    member('list_join', [strings], string, join),
    member('list_join_string', [strings, string], string, join),
  ),
];
