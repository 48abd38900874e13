import { goQuote } from '../../apimachinery/field-error.ts';
import { unquoteGo } from '../../apimachinery/go-literal.ts';
import type { Token } from './lexer.ts';
import type { Operand } from './nodes.ts';

type Fail = (message: string) => never;

/** `0x1.8p3`, a whole number where it is one. */
function hexFloat(plain: string, token: Token, fail: Fail): Operand {
  const [, sign = '', whole = '', fraction = '', power] =
    /^([-+]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([-+]?\d+))?$/.exec(plain) ?? [];
  const digits = whole + fraction;
  if (power === undefined || digits === '') fail(`illegal number syntax: ${goQuote(token.text)}`);
  const size = Number.parseInt(digits, 16) * 2 ** (Number(power) - 4 * fraction.length);
  const value = sign === '-' ? -size : size;
  return { type: 'number', value, isFloat: !Number.isInteger(value), text: token.text, position: token.position };
}

/** A number or a character of a template. @param fail throws for what is none */
export function parseNumber(token: Token, fail: Fail): Operand {
  const { text, position } = token;
  if (token.type === 'char') {
    const value = unquoteGo(text);
    if (value === undefined || value === '') return fail('invalid syntax');
    if (Array.from(value).length > 1) fail(`malformed character constant: ${text}`);
    return { type: 'number', value: value.codePointAt(0) ?? 0, isFloat: false, text, position };
  }
  const plain = text.replaceAll('_', '');
  const isHex = /^[-+]?0[xX]/.test(plain);
  if (isHex && /[.pP]/.test(plain)) return hexFloat(plain, token, fail);
  const isFloat = /[.eE]/.test(plain) && !isHex;
  if (isFloat && !Number.isFinite(Number(plain))) fail(`illegal number syntax: ${goQuote(text)}`);
  if (isFloat) return { type: 'number', value: Number(plain), isFloat, text, position };
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(plain) ?? [];
  if (!/^(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9]\d*)$/.test(digits)) {
    const problem = /^0\d+$/.test(digits) ? 'integer overflow' : 'illegal number syntax';
    return fail(`${problem}: ${goQuote(text)}`);
  }
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = sign === '-' ? -size : size;
  const isSafe = Number.isSafeInteger(Number(value));
  return { type: 'number', value: isSafe ? Number(value) : value, isFloat: false, text, position };
}
