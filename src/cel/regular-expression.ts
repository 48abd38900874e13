/** A pattern that RE2 does not take. */
export class PatternError extends Error {}

const cache = new Map<string, RegExp>();
const cacheLimit = 1000;

/**
 * A pattern in RE2's syntax (https://github.com/google/re2/wiki/Syntax) as JavaScript's: flags in groups, named groups,
 * classes of POSIX, `\A`, `\z`, `\Q…\E`. What RE2 does not have (look-around, back-references) is refused.
 * @throws PatternError worded as Go's regexp package does.
 */
export function compilePattern(pattern: string): RegExp {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = new Translator(pattern).compile();
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Classes that JavaScript's `u` mode reads wider than RE2. */
const perlClasses: Readonly<Record<string, string>> = {
  d: '0-9',
  s: '\\t\\n\\f\\r ',
  w: '0-9A-Za-z_',
};

function failure(kind: string, part: string): PatternError {
  return new PatternError(`error parsing regexp: ${kind}: \`${part}\``);
}

class Translator {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  #position = 0;
  #flags = '';

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
  }

  compile(): RegExp {
    const body = this.#alternatives(0);
    if (this.#position < this.#characters.length) throw failure('unexpected )', this.#pattern);
    try {
      return new RegExp(body, 'u');
    } catch (error) {
      throw failure('invalid pattern', `${this.#pattern}: ${String(error)}`);
    }
  }

  #peek(ahead = 0): string {
    return this.#characters[this.#position + ahead] ?? '';
  }

  #rest(): string {
    return this.#characters.slice(this.#position).join('');
  }

  /** Up to the end of the group, whose flags end with it. */
  #alternatives(depth: number): string {
    if (depth > 1000) throw new PatternError('error parsing regexp: expression nests too deeply');
    const outer = this.#flags;
    let out = '';
    let canRepeat = false;
    while (this.#position < this.#characters.length && this.#peek() !== ')') {
      const before = this.#position;
      const char = this.#peek();
      if (char === '|') {
        this.#position++;
        out += '|';
        canRepeat = false;
      } else if (char === '*' || char === '+' || char === '?' || (char === '{' && this.#repeat() !== undefined)) {
        if (!canRepeat) throw failure('missing argument to repetition operator', this.#repeat() ?? char);
        out += this.#takeRepeat();
        canRepeat = false;
        if (/^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(this.#rest())) {
          const start = this.#characters.slice(before, this.#position).join('');
          throw failure('invalid nested repetition operator', `${start}${this.#repeat() ?? this.#peek()}`);
        }
      } else {
        const atom = this.#atom(depth);
        out += atom;
        canRepeat = atom !== '';
      }
    }
    this.#flags = outer;
    return out;
  }

  #repeat(): string | undefined {
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#rest());
    return match?.[0];
  }

  #takeRepeat(): string {
    const counted = this.#repeat();
    const operator = counted ?? this.#peek();
    if (counted !== undefined) {
      const [low = 0, high = low] = counted
        .slice(1, -1)
        .split(',')
        .filter((part) => part !== '')
        .map(Number);
      if (low > 1000 || high > 1000 || high < low) throw failure('invalid repeat count', counted);
    }
    this.#position += operator.length;
    const isLazy = this.#peek() === '?';
    if (isLazy) this.#position++;
    return operator + (isLazy !== this.#flags.includes('U') ? '?' : '');
  }

  #atom(depth: number): string {
    const char = this.#peek();
    if (char === '(') return this.#group(depth);
    if (char === '[') return this.#class();
    if (char === '\\') return this.#escape();
    this.#position++;
    if (char === '.') return this.#flags.includes('s') ? '[^]' : '[^\\n]';
    if (char === '^') return this.#flags.includes('m') ? '(?:^|(?<=\\n))' : '^';
    if (char === '$') return this.#flags.includes('m') ? '(?:$|(?=\\n))' : '$';
    return this.#literal(char);
  }

  #literal(char: string): string {
    const plain = /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
    if (!this.#flags.includes('i')) return plain;
    const [lower, upper] = [char.toLowerCase(), char.toUpperCase()];
    return lower === upper || Array.from(lower + upper).length !== 2 ? plain : `[${lower}${upper}]`;
  }

  #group(depth: number): string {
    const rest = this.#rest();
    const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
    const flags = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
    let open = '(';
    if (named !== null) {
      this.#position += named[0].length;
      open = `(?<${named[1] ?? ''}>`;
    } else if (flags !== null) {
      const [whole, on = '', off = '', end] = flags;
      this.#position += Array.from(whole).length;
      const outer = this.#flags;
      this.#flags = Array.from(`${outer}${on}`)
        .filter((flag) => !off.includes(flag))
        .join('');
      if (end === ')') return '';
      const inside = this.#alternatives(depth + 1);
      this.#flags = outer;
      return this.#close(`(?:${inside})`);
    } else if (rest.startsWith('(?')) {
      throw failure('invalid or unsupported Perl syntax', /^\(\?(?:P?<?[=!]?|.)/.exec(rest)?.[0] ?? '(?');
    } else this.#position++;
    return this.#close(`${open}${this.#alternatives(depth + 1)})`);
  }

  #close(group: string): string {
    if (this.#peek() !== ')') throw failure('missing closing )', this.#pattern);
    this.#position++;
    return group;
  }

  #class(): string {
    const start = this.#position++;
    const isNegated = this.#peek() === '^';
    if (isNegated) this.#position++;
    let body = '';
    let isFirst = true;
    while (this.#peek() !== ']' || isFirst) {
      if (this.#position >= this.#characters.length) {
        throw failure('missing closing ]', this.#characters.slice(start).join(''));
      }
      isFirst = false;
      body += this.#classItem();
    }
    this.#position++;
    return `[${isNegated ? '^' : ''}${body}]`;
  }

  #classItem(): string {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.#rest());
    if (posix !== null) {
      const [whole, negated = '', name = ''] = posix;
      const members = posixClasses[name];
      if (members === undefined) throw failure('invalid character class range', whole);
      this.#position += whole.length;
      return negated === '' ? members : complement(members);
    }
    const low = this.#classCharacter();
    if (low.length > 1 && !low.startsWith('\\x') && !low.startsWith('\\u') && !/^\\[^dswDSWpP]$/.test(low)) return low;
    if (this.#peek() !== '-' || this.#peek(1) === ']' || this.#peek(1) === '') return this.#folded(low);
    this.#position++;
    const high = this.#classCharacter();
    if ((codeOf(low) ?? 0) > (codeOf(high) ?? 0x10_ff_ff)) {
      throw failure('invalid character class range', `${low}-${high}`);
    }
    return this.#foldedRange(low, high);
  }

  #folded(char: string): string {
    if (!this.#flags.includes('i') || !/^[A-Za-z]$/.test(char)) return char;
    return char.toLowerCase() + char.toUpperCase();
  }

  #foldedRange(low: string, high: string): string {
    const range = `${low}-${high}`;
    if (!this.#flags.includes('i') || !/^(?:[a-z]-[a-z]|[A-Z]-[A-Z])$/.test(range)) return range;
    return `${range.toLowerCase()}${range.toUpperCase()}`;
  }

  #classCharacter(): string {
    const char = this.#peek();
    if (char === '\\') return this.#escape(true);
    this.#position++;
    return /[\\\]^[-]/.test(char) ? `\\${char}` : char;
  }

  #escape(inClass = false): string {
    const rest = this.#rest();
    const char = this.#peek(1);
    if (char === '') throw new PatternError('error parsing regexp: trailing backslash at end of expression: ``');
    if (char === 'Q' && !inClass) {
      const end = rest.indexOf('\\E');
      const quoted = rest.slice(2, end < 0 ? undefined : end);
      this.#position += Array.from(end < 0 ? rest : rest.slice(0, end + 2)).length;
      return Array.from(quoted, (item) => this.#literal(item)).join('');
    }
    const coded = /^\\x\{([\da-fA-F]+)\}/.exec(rest) ?? /^\\x([\da-fA-F]{2})/.exec(rest) ?? /^\\([0-7]{3})/.exec(rest);
    if (coded !== null) {
      this.#position += coded[0].length;
      const code = Number.parseInt(coded[1] ?? '', coded[0].startsWith('\\x') ? 16 : 8);
      if (code > 0x10_ff_ff) throw failure('invalid escape sequence', coded[0]);
      return `\\u{${code.toString(16)}}`;
    }
    const property = /^\\([pP])(?:\{(\^?)(\w+)\}|(\w))/.exec(rest);
    if (property !== null) return this.#property(property);
    this.#position += 2;
    if (/[dswDSW]/.test(char)) return perlClass(char, inClass);
    return simpleEscape(char, inClass);
  }

  #property([whole, letter = '', negated = '', name, short]: RegExpExecArray): string {
    this.#position += whole.length;
    const wanted = name ?? short ?? '';
    if (wanted === 'Any') return '\\u{0}-\\u{10ffff}';
    const isNegated = (letter === 'P') !== (negated === '^');
    const isCategory = /^[A-Z][a-z]?$/.test(wanted);
    const escape = `\\${isNegated ? 'P' : 'p'}{${isCategory ? wanted : `Script=${wanted}`}}`;
    try {
      return new RegExp(escape, 'u').source;
    } catch {
      throw failure('invalid character class range', whole);
    }
  }
}

function perlClass(char: string, inClass: boolean): string {
  const members = perlClasses[char.toLowerCase()] ?? '';
  if (char === char.toLowerCase()) return inClass ? members : `[${members}]`;
  return inClass ? complement(members) : `[^${members}]`;
}

function simpleEscape(char: string, inClass: boolean): string {
  if (char === 'A' && !inClass) return '(?<![^])';
  if (char === 'z' && !inClass) return '(?![^])';
  if ((char === 'b' || char === 'B') && !inClass) return `\\${char}`;
  const control: Readonly<Record<string, string>> = { a: '\\x07', f: '\\f', n: '\\n', r: '\\r', t: '\\t', v: '\\v' };
  const known = control[char];
  if (known !== undefined) return known;
  if (/\w/.test(char) || (char.codePointAt(0) ?? 0) > 0x7f) throw failure('invalid escape sequence', `\\${char}`);
  return /[\^$\\.*+?()[\]{}|/]/.test(char) || (char === '-' && inClass) ? `\\${char}` : char;
}

/** Everything outside some classes, as ranges. */
function complement(members: string): string {
  const excluded = new RegExp(`[${members}]`, 'u');
  const ranges: string[] = [];
  let start = -1;
  const hex = (code: number): string => `\\u{${code.toString(16)}}`;
  for (let code = 0; code <= 0x80; code++) {
    const isOutside = code < 0x80 && !excluded.test(String.fromCodePoint(code));
    if (isOutside && start < 0) start = code;
    if (!isOutside && start >= 0) {
      ranges.push(`${hex(start)}-${hex(code - 1)}`);
      start = -1;
    }
  }
  return `${ranges.join('')}\\u{80}-\\u{10ffff}`;
}

function codeOf(member: string): number | undefined {
  const coded = /^\\u\{([\da-f]+)\}$/.exec(member);
  if (coded !== null) return Number.parseInt(coded[1] ?? '', 16);
  return member.startsWith('\\') ? member.codePointAt(1) : member.codePointAt(0);
}
