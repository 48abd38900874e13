import { GoLiteral, goText, typeName } from './go-format.ts';
import { type FormatFlags, formatGoNumber, padText } from './go-number-format.ts';
import { quoteGoText } from '../apimachinery/go-quote.ts';
import { formatGoSyntax, isGoInteger, sortedKeys } from '../apimachinery/go-value.ts';

/** The widest that a width or precision may be. */
const widest = 1_000_000;

/** fmt.Sprintf for the values that JSON knows, with Go's complaints where verbs and values do not fit. */
export function goSprintf(format: string, values: readonly unknown[]): string {
  return new Formatter(Array.from(format), values).run();
}

class Formatter {
  readonly #format: readonly string[];
  readonly #values: readonly unknown[];
  #at = 0;
  #used = 0;
  #isReordered = false;
  #isGoodIndex = true;

  constructor(format: readonly string[], values: readonly unknown[]) {
    this.#format = format;
    this.#values = values;
  }

  run(): string {
    let text = '';
    while (this.#at < this.#format.length) {
      const char = this.#format[this.#at++] ?? '';
      text += char === '%' ? this.#directive() : char;
    }
    if (this.#isReordered || this.#used >= this.#values.length) return text;
    const extra = this.#values
      .slice(this.#used)
      .map((value) => (isNil(value) ? '<nil>' : `${typeName(value)}=${goText(value)}`));
    return `${text}%!(EXTRA ${extra.join(', ')})`;
  }

  #directive(): string {
    this.#isGoodIndex = true;
    let problems = '';
    const signs = this.#signs();
    let afterIndex = this.#index();
    let width: number | undefined;
    if (this.#take('*')) {
      width = this.#fromValue();
      if (width === undefined) problems += '%!(BADWIDTH)';
      afterIndex = false;
    } else {
      width = this.#number();
      if (afterIndex && width !== undefined) this.#isGoodIndex = false;
    }
    let precision: number | undefined;
    if (this.#take('.')) {
      if (afterIndex) this.#isGoodIndex = false;
      afterIndex = this.#index();
      if (this.#take('*')) {
        const given = this.#fromValue();
        if (given === undefined) problems += '%!(BADPREC)';
        precision = given !== undefined && given < 0 ? undefined : given;
        afterIndex = false;
      } else {
        precision = this.#number() ?? 0;
      }
    }
    if (!afterIndex) this.#index();
    const verb = this.#format[this.#at++];
    if (verb === undefined) return `${problems}%!(NOVERB)`;
    if (verb === '%') return `${problems}%`;
    if (!this.#isGoodIndex) return `${problems}%!${verb}(BADINDEX)`;
    if (this.#used >= this.#values.length) return `${problems}%!${verb}(MISSING)`;
    const isMinus = signs.includes('-') || (width ?? 0) < 0;
    const flags: FormatFlags = {
      minus: isMinus,
      // With %v these two ask for other forms of values, not of numbers.
      plus: signs.includes('+') && verb !== 'v',
      sharp: signs.includes('#') && verb !== 'v',
      syntax: signs.includes('#') && verb === 'v',
      space: signs.includes(' '),
      zero: signs.includes('0') && !isMinus,
      width: width === undefined ? undefined : Math.abs(width),
      precision,
    };
    return problems + formatArgument(verb, flags, this.#values[this.#used++]);
  }

  #signs(): string {
    let signs = '';
    for (let char = this.#format[this.#at]; char !== undefined && '#0+- '.includes(char);) {
      signs += char;
      char = this.#format[++this.#at];
    }
    return signs;
  }

  #take(char: string): boolean {
    if (this.#format[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #number(): number | undefined {
    let digits = '';
    while (/^[0-9]$/.test(this.#format[this.#at] ?? '')) digits += this.#format[this.#at++] ?? '';
    return digits === '' || Number(digits) > widest ? undefined : Number(digits);
  }

  /** `[3]`: which value comes next. @returns whether there was one */
  #index(): boolean {
    if (this.#format[this.#at] !== '[') return false;
    this.#isReordered = true;
    const end = this.#format.indexOf(']', this.#at);
    const inside = this.#format.slice(this.#at + 1, end).join('');
    this.#at = end < 0 ? this.#at + 1 : end + 1;
    const isNumber = end >= 0 && /^[0-9]+$/.test(inside);
    const index = Number(inside) - 1;
    if (isNumber && index >= 0 && index < this.#values.length) this.#used = index;
    else this.#isGoodIndex = false;
    return isNumber;
  }

  /** A width or a precision from the values; undefined for what is none. */
  #fromValue(): number | undefined {
    if (this.#used >= this.#values.length) return undefined;
    const value = this.#values[this.#used++];
    const number = value instanceof GoLiteral && value.type === 'int' ? value.value : value;
    if ((typeof number !== 'number' && typeof number !== 'bigint') || !isGoInteger(number)) return undefined;
    return Math.abs(Number(number)) > widest ? undefined : Number(number);
  }
}

function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function formatArgument(verb: string, flags: FormatFlags, value: unknown): string {
  if (verb === 'T') return padText(typeName(value), flags);
  if (!isNil(value)) return formatValue(verb, flags, value);
  return verb === 'v' ? padText('<nil>', flags) : `%!${verb}(<nil>)`;
}

function formatValue(verb: string, flags: FormatFlags, value: unknown): string {
  if (isNil(value)) return '<nil>';
  if (flags.syntax) return padText(formatGoSyntax(value instanceof GoLiteral ? value.value : value), flags);
  if (Array.isArray(value)) return `[${value.map((item) => formatValue(verb, flags, item)).join(' ')}]`;
  if (value instanceof GoLiteral || typeof value === 'number' || typeof value === 'bigint') {
    const number = value instanceof GoLiteral ? value.value : value;
    const isInteger = value instanceof GoLiteral ? value.type === 'int' : isGoInteger(value);
    return formatGoNumber(verb, flags, number, isInteger) ?? badVerb(verb, flags, value);
  }
  if (typeof value === 'string') return formatString(verb, flags, value) ?? badVerb(verb, flags, value);
  if (typeof value === 'boolean') {
    return verb === 't' || verb === 'v' ? padText(`${value}`, flags) : badVerb(verb, flags, value);
  }
  const map = value as Record<string, unknown>;
  const members = sortedKeys(map).map(
    (key) => `${formatValue(verb, flags, key)}:${formatValue(verb, flags, map[key])}`,
  );
  return `map[${members.join(' ')}]`;
}

function badVerb(verb: string, flags: FormatFlags, value: unknown): string {
  return `%!${verb}(${typeName(value)}=${formatValue('v', flags, value)})`;
}

function formatString(verb: string, flags: FormatFlags, value: string): string | undefined {
  const cut = flags.precision === undefined ? value : Array.from(value).slice(0, flags.precision).join('');
  switch (verb) {
    case 's':
    case 'v':
      return padText(cut, flags);
    case 'q': {
      const isRaw = flags.sharp && !/[`\u007f\ufeff]|[^\P{Cc}\t]/u.test(cut);
      return padText(isRaw ? `\`${cut}\`` : quoteGoText(cut, '"', flags.plus), flags);
    }
    case 'x':
    case 'X':
      return padText(hexText(verb, flags, value), flags);
    default:
      return undefined;
  }
}

function hexText(verb: string, flags: FormatFlags, value: string): string {
  const bytes = [...Buffer.from(value)].slice(0, flags.precision);
  const prefix = flags.sharp && bytes.length > 0 ? `0${verb}` : '';
  const digits = bytes.map((byte) => {
    const hex = byte.toString(16).padStart(2, '0');
    return verb === 'X' ? hex.toUpperCase() : hex;
  });
  return flags.space ? digits.map((pair) => prefix + pair).join(' ') : prefix + digits.join('');
}
