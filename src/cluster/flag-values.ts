import { isIP } from 'node:net';
import { booleanOf } from '../apimachinery/boolean.ts';
import { parseDuration } from '../apimachinery/duration.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { parseQuantity } from '../apimachinery/quantity.ts';

/** What a flag's value is; of several `strings` those given later come behind the others. */
export type FlagType =
  | 'bool'
  | 'duration'
  | 'float'
  | 'int'
  | 'integers'
  | 'ip'
  | 'level'
  | 'pairs'
  | 'patterns'
  | 'portRange'
  | 'quantity'
  | 'string'
  | 'strings';

/** What is wrong with a flag's value, in the words of Go's libraries; undefined when nothing is. */
export function problemOfFlagValue(type: FlagType, text: string): string | undefined {
  switch (type) {
    case 'bool':
      return booleanOf(text) === undefined ? notParsed('ParseBool', text) : undefined;
    case 'int':
      return problemOfInteger('ParseInt', text, /^[+-]?\d+$/, 2n ** 63n);
    case 'level':
      return problemOfInteger('ParseUint', text, /^\d+$/, 2n ** 32n);
    case 'integers':
      return text
        .split(',')
        .map((item) => problemOfFlagValue('int', item))
        .find((problem) => problem !== undefined);
    case 'float':
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? undefined : notParsed('ParseFloat', text);
    case 'duration':
      return failureOf(() => parseDuration(text));
    case 'quantity':
      return failureOf(() => parseQuantity(text));
    case 'ip':
      return isIP(text.trim()) === 0 ? `failed to parse IP: ${goQuote(text)}` : undefined;
    case 'portRange':
      return failureOf(() => parsePortRange(text));
    case 'pairs':
      return text.includes('=') ? undefined : `${text} must be formatted as key=value`;
    case 'patterns':
      return /^[^=,]+=\d+(,[^=,]+=\d+)*$/.test(text)
        ? undefined
        : `${goQuote(text)} does not have the pattern=N format`;
    default:
      return undefined;
  }
}

/** Ports from the first to the last; as `30000-32767`, `30000+10` or a single one. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Reads a range of ports (k8s.io/apimachinery/pkg/util/net.PortRange). @throws Error in Go's words */
export function parsePortRange(text: string): PortRange {
  const value = text.trim();
  const [, from = value, sign = '', to = ''] = /^([^-+]*)([-+])(.*)$/.exec(value) ?? [];
  const first = portOf(from);
  if (sign === '') return { first, last: first };
  const last = sign === '-' ? portOf(to) : Math.min(first + portOf(to), 65_535);
  if (first > 65_535 || last > 65_535) throw new Error(`the port range cannot be greater than 65535: ${value}`);
  if (last < first) throw new Error(`end port cannot be less than start port: ${value}`);
  return { first, last };
}

function portOf(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
  return Number(text);
}

function problemOfInteger(parser: string, text: string, form: RegExp, limit: bigint): string | undefined {
  if (!form.test(text)) return notParsed(parser, text);
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= limit || value < -limit
    ? `strconv.${parser}: parsing ${goQuote(text)}: value out of range`
    : undefined;
}

function notParsed(parser: string, text: string): string {
  return `strconv.${parser}: parsing ${goQuote(text)}: invalid syntax`;
}

function failureOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
