import { ShellSyntaxError } from './shell-grammar.ts';

/** The variables that an expression reads and writes. */
export interface ArithmeticVariables {
  get(name: string): string;
  set(name: string, value: string): void;
}

const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** What `$((…))` is: whole numbers with C's operators, and assignments. @throws ShellSyntaxError */
export function evaluateArithmetic(text: string, variables: ArithmeticVariables): number {
  return new Arithmetic(text, variables).whole();
}

class Arithmetic {
  readonly #tokens: readonly string[];
  readonly #variables: ArithmeticVariables;
  #at = 0;

  constructor(text: string, variables: ArithmeticVariables) {
    this.#tokens = text.match(/\d\w*|[A-Za-z_]\w*|<<|>>|[-+*/%]=|[<>=!]=|&&|\|\||\+\+|--|\S/g) ?? [];
    this.#variables = variables;
  }

  whole(): number {
    if (this.#tokens.length === 0) return 0;
    const value = this.#assignment();
    if (this.#at < this.#tokens.length) throw new ShellSyntaxError('arithmetic syntax error');
    return value;
  }

  #assignment(): number {
    const name = this.#tokens[this.#at] ?? '';
    const operator = this.#tokens[this.#at + 1] ?? '';
    if (!/^[A-Za-z_]/.test(name) || !/^[-+*/%]?=$/.test(operator)) return this.#choice();
    this.#at += 2;
    const right = this.#assignment();
    const value = operator === '=' ? right : apply(operator.slice(0, 1), this.#read(name), right);
    this.#variables.set(name, String(value));
    return value;
  }

  #choice(): number {
    const condition = this.#binary(0);
    if (!this.#accept('?')) return condition;
    const yes = this.#assignment();
    if (!this.#accept(':')) throw new ShellSyntaxError('arithmetic syntax error');
    const no = this.#assignment();
    return condition !== 0 ? yes : no;
  }

  #binary(level: number): number {
    const signs = levels[level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const sign = this.#tokens[this.#at] ?? '';
      if (!signs.includes(sign)) return left;
      this.#at++;
      left = apply(sign, left, this.#binary(level + 1));
    }
  }

  #unary(): number {
    const token = this.#tokens[this.#at++];
    switch (token) {
      case '-':
        return -this.#unary();
      case '+':
        return this.#unary();
      case '!':
        return this.#unary() === 0 ? 1 : 0;
      case '~':
        return ~this.#unary();
      case '++':
      case '--':
        return this.#step(this.#tokens[this.#at++] ?? '', token === '++' ? 1 : -1);
      case '(': {
        const value = this.#assignment();
        if (!this.#accept(')')) throw new ShellSyntaxError('arithmetic syntax error');
        return value;
      }
      default:
        return this.#operand(token ?? '');
    }
  }

  #operand(token: string): number {
    if (/^\d/.test(token)) return parseNumber(token);
    if (!/^[A-Za-z_]/.test(token)) throw new ShellSyntaxError('arithmetic syntax error');
    const value = this.#read(token);
    if (this.#accept('++')) this.#step(token, 1);
    else if (this.#accept('--')) this.#step(token, -1);
    return value;
  }

  #step(name: string, by: number): number {
    const value = this.#read(name) + by;
    this.#variables.set(name, String(value));
    return value;
  }

  #read(name: string): number {
    const text = this.#variables.get(name).trim();
    return text === '' ? 0 : parseNumber(text);
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

function parseNumber(text: string): number {
  const number = /^-?0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  if (!Number.isInteger(number)) throw new ShellSyntaxError('arithmetic syntax error');
  return number;
}

function apply(sign: string, left: number, right: number): number {
  switch (sign) {
    case '||':
      return left !== 0 || right !== 0 ? 1 : 0;
    case '&&':
      return left !== 0 && right !== 0 ? 1 : 0;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '&':
      return left & right;
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case '<=':
      return Number(left <= right);
    case '>=':
      return Number(left >= right);
    case '<':
      return Number(left < right);
    case '>':
      return Number(left > right);
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      if (right === 0) throw new ShellSyntaxError('divide by zero');
      return sign === '/' ? Math.trunc(left / right) : left % right;
  }
}
