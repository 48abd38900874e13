import { booleanOf } from '../apimachinery/boolean.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { DurationError, formatDuration, parseDuration } from '../apimachinery/duration.ts';
import type { FlagDefinition } from './command.ts';

/** A flag's value that cannot be read; the message is the one of Go's strconv, time or csv. */
export class FlagValueError extends Error {}

type IntegerType = 'int' | 'int32' | 'int64' | 'count';

/** strconv.ParseBool. @throws FlagValueError */
export function parseBoolean(text: string): boolean {
  const value = booleanOf(text);
  if (value === undefined) throw new FlagValueError(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`);
  return value;
}

/** strconv.ParseInt with base 0: prefixes and underscores allowed. @throws FlagValueError */
export function parseInteger(text: string, type: IntegerType): number {
  const match =
    /^([+-]?)(0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB]_?[01]+(?:_[01]+)*|0[oO]?_?[0-7]+(?:_[0-7]+)*|0|[1-9][0-9]*(?:_[0-9]+)*)$/.exec(
      text,
    );
  if (match === null) throw new FlagValueError(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  const digits = (match[2] ?? '').replaceAll('_', '').replace(/^0(?=[0-7])/, '0o');
  const magnitude = BigInt(digits);
  const value = match[1] === '-' ? -magnitude : magnitude;
  const limit = type === 'int32' ? 1n << 31n : 1n << 63n;
  if (value >= limit || value < -limit) {
    throw new FlagValueError(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`);
  }
  return Number(value);
}

/** strconv.ParseFloat, decimal forms. @throws FlagValueError */
export function parseFloatText(text: string): number {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    throw new FlagValueError(`strconv.ParseFloat: parsing ${goQuote(text)}: invalid syntax`);
  }
  return Number(text);
}

/** The fields of one line of CSV, as Go's encoding/csv reads it. @throws FlagValueError */
export function parseCsvLine(text: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const { field, end } = quotedField(text, at);
      fields.push(field);
      at = end;
      if (at >= text.length) return fields;
      at++;
      continue;
    }
    const comma = text.indexOf(',', at);
    const end = comma < 0 ? text.length : comma;
    const field = text.slice(at, end);
    const bare = field.indexOf('"');
    if (bare >= 0)
      throw new FlagValueError(`parse error on line 1, column ${at + bare + 1}: bare " in non-quoted-field`);
    fields.push(field);
    if (comma < 0) return fields;
    at = comma + 1;
  }
}

function quotedField(text: string, start: number): { field: string; end: number } {
  let field = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') {
      field += text[at];
    } else if (text[at + 1] === '"') {
      field += '"';
      at++;
    } else if (at + 1 >= text.length || text[at + 1] === ',') {
      return { field, end: at + 1 };
    } else {
      throw new FlagValueError(`parse error on line 1, column ${at + 1}: extraneous or missing " in quoted-field`);
    }
  }
  throw new FlagValueError(`parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`);
}

/** `a=b,c=d`. @throws FlagValueError */
export function parsePairs(text: string): [string, string][] {
  const equals = text.split('=').length - 1;
  if (equals === 0) throw new FlagValueError(`${text} must be formatted as key=value`);
  const parts = equals === 1 ? [text.replace(/^"+|"+$/g, '')] : parseCsvLine(text);
  return parts.map((part) => {
    const at = part.indexOf('=');
    if (at < 0) throw new FlagValueError(`${part} must be formatted as key=value`);
    return [part.slice(0, at), part.slice(at + 1)];
  });
}

/** `a=b,c=d` as component-base's MapStringString reads it. @throws FlagValueError */
function parseLoosePairs(text: string): [string, string][] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      if (at < 0) throw new FlagValueError('malformed pair, expect string=string');
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    });
}

/** One flag's value while a command line is read. */
export interface FlagValue {
  readonly definition: FlagDefinition;
  value: boolean | string | number | readonly string[] | ReadonlyMap<string, string>;
  changed: boolean;
}

/** The value a flag has when it is not given. */
export function defaultValue(definition: FlagDefinition): FlagValue['value'] {
  const { type, default: text } = definition;
  switch (type) {
    case 'bool':
    case 'tristate':
      return text === 'true';
    case 'int':
    case 'int32':
    case 'int64':
    case 'count':
      return text === '' ? 0 : parseInteger(text, type);
    case 'float32':
      return text === '' ? 0 : parseFloatText(text);
    case 'duration':
      return text === '' ? 0 : parseDuration(text);
    case 'stringArray':
    case 'stringSlice': {
      const inner = text.replace(/^\[|\]$/g, '');
      return inner === '' ? [] : parseCsvLine(inner);
    }
    case 'mapStringString':
    case 'stringToString': {
      const inner = text.replace(/^\[|\]$/g, '');
      return new Map(inner === '' ? [] : parsePairs(inner));
    }
    default:
      return text;
  }
}

/** Takes one occurrence on the command line. @throws FlagValueError */
export function assignValue(flag: FlagValue, text: string): void {
  const { type } = flag.definition;
  switch (type) {
    case 'bool':
    case 'tristate':
      flag.value = parseBoolean(text);
      break;
    case 'count':
      flag.value = text === '+1' ? Number(flag.value) + 1 : parseInteger(text, type);
      break;
    case 'int':
    case 'int32':
    case 'int64':
      flag.value = parseInteger(text, type);
      break;
    case 'float32':
      flag.value = parseFloatText(text);
      break;
    case 'duration':
      flag.value = parseDurationText(text);
      break;
    case 'stringArray':
    case 'stringSlice': {
      const added = type === 'stringArray' ? [text] : text === '' ? [] : parseCsvLine(text);
      flag.value = flag.changed ? [...(flag.value as readonly string[]), ...added] : added;
      break;
    }
    case 'mapStringString':
    case 'stringToString': {
      const earlier = flag.changed ? (flag.value as ReadonlyMap<string, string>) : [];
      flag.value = new Map([...earlier, ...(type === 'stringToString' ? parsePairs(text) : parseLoosePairs(text))]);
      break;
    }
    default:
      flag.value = text;
  }
  flag.changed = true;
}

function parseDurationText(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof DurationError) throw new FlagValueError(error.message);
    throw error;
  }
}

/** The default as the help shows it: strings in quotes, durations in Go's form. */
export function shownDefault(definition: FlagDefinition): string {
  if (definition.type === 'string') return `'${definition.default}'`;
  if (definition.type === 'duration') return formatDuration(parseDuration(definition.default || '0s'));
  return definition.default;
}
