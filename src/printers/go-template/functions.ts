import { GoLiteral, goSprint, goSprintln, typeName } from '../go-format.ts';
import { goSprintf } from '../go-printf.ts';
import { escapeQuery } from '../../apimachinery/go-url.ts';
import { wrongBase64Byte } from '../../apimachinery/base64.ts';
import { comparisonKind, isGoInteger } from '../../apimachinery/go-value.ts';

/** A function that failed; the message goes behind `error calling NAME: `. */
export class FunctionError extends Error {}

/** A value that is not there: a map's absent key. It prints as `<no value>`. */
export const noValue = undefined;

/** A function of templates, with how many operands it takes at least and at most. */
export interface TemplateFunction {
  readonly least: number;
  readonly most: number;
  /** @param shown the first operand as it stands in the template */
  call(values: readonly unknown[], shown: string): unknown;
}

const anyNumber = Number.POSITIVE_INFINITY;

/** Whether a value counts as true: not empty, not zero, not absent. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (value instanceof GoLiteral) return Number(value.value) !== 0;
  if (typeof value === 'bigint') return value !== 0n;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? Object.keys(value).length > 0 : Boolean(value);
}

function kindOf(value: unknown): string | undefined {
  if (!(value instanceof GoLiteral)) return comparisonKind(value);
  return value.type === 'int' ? 'int' : 'float';
}

function numberOf(value: unknown): unknown {
  return value instanceof GoLiteral ? value.value : value;
}

function incompatible(left: unknown, right: unknown): FunctionError {
  return new FunctionError(`incompatible types for comparison: ${typeName(left)} and ${typeName(right)}`);
}

function areEqual(left: unknown, right: unknown): boolean {
  const leftKind = kindOf(left);
  const rightKind = kindOf(right);
  const leftIsNil = left === null || left === undefined;
  const rightIsNil = right === null || right === undefined;
  if (leftIsNil || rightIsNil) return leftIsNil && rightIsNil;
  if (leftKind !== rightKind) throw incompatible(left, right);
  if (leftKind === undefined) {
    if (Array.isArray(left) === Array.isArray(right)) {
      throw new FunctionError(`non-comparable type ${goSprintf('%s', [right])}: ${typeName(right)}`);
    }
    const about = `${goSprintf('%s', [left])}: ${typeName(left)}, ${typeName(right)}: ${goSprintf('%v', [right])}`;
    throw new FunctionError(`non-comparable types ${about}`);
  }
  // eslint-disable-next-line eqeqeq -- a bigint equals the same number
  return numberOf(left) == numberOf(right);
}

function isLess(left: unknown, right: unknown): boolean {
  const leftKind = kindOf(left);
  const rightKind = kindOf(right);
  if (leftKind === undefined || rightKind === undefined) throw new FunctionError('invalid type for comparison');
  if (leftKind !== rightKind) throw incompatible(left, right);
  if (leftKind === 'bool') throw new FunctionError('invalid type for comparison');
  const a = numberOf(left) as string | number;
  const b = numberOf(right) as string | number;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  return a < b;
}

function equalsAny([left, ...rights]: readonly unknown[]): boolean {
  if (rights.length === 0) throw new FunctionError('missing argument for comparison');
  return rights.some((right) => areEqual(left, right));
}

function indexOf(item: unknown, steps: readonly unknown[]): unknown {
  if (item === null || item === undefined) throw new FunctionError('index of untyped nil');
  let current: unknown = item;
  for (const step of steps) {
    if (current === null || current === undefined) throw new FunctionError('index of nil pointer');
    current = indexOnce(current, step);
  }
  return current;
}

function indexOnce(item: unknown, step: unknown): unknown {
  if (typeof item === 'object' && !Array.isArray(item) && !(item instanceof GoLiteral)) {
    if (step === null || step === undefined) throw new FunctionError('value is nil; should be of type string');
    if (typeof step !== 'string') throw new FunctionError(`value has type ${typeName(step)}; should be string`);
    const map = item as Record<string, unknown>;
    return Object.hasOwn(map, step) ? map[step] : noValue;
  }
  if (!Array.isArray(item) && typeof item !== 'string') {
    throw new FunctionError(`can't index item of type ${typeName(item)}`);
  }
  const list = typeof item === 'string' ? Array.from(Buffer.from(item)) : item;
  const at = position(step, list.length);
  // Right behind the end it is reflection that complains.
  if (at === list.length) {
    throw new FunctionError(`reflect: ${typeof item === 'string' ? 'string' : 'slice'} index out of range`);
  }
  return list[at] as unknown;
}

/** @param most the largest position allowed */
function position(given: unknown, most: number): number {
  if (given === null || given === undefined) throw new FunctionError('cannot index slice/array with nil');
  const step = given instanceof GoLiteral && given.type === 'int' ? given.value : given;
  if ((typeof step !== 'number' && typeof step !== 'bigint') || !isGoInteger(step)) {
    throw new FunctionError(`cannot index slice/array with type ${typeName(given)}`);
  }
  const index = Number(step);
  if (index < 0 || index > most) throw new FunctionError(`index out of range: ${index}`);
  return index;
}

function sliceOf([item, ...steps]: readonly unknown[]): unknown {
  if (item === null || item === undefined) throw new FunctionError('slice of untyped nil');
  if (steps.length > 3) throw new FunctionError(`too many slice indexes: ${steps.length}`);
  if (typeof item === 'string') {
    if (steps.length === 3) throw new FunctionError('cannot 3-index slice a string');
  } else if (!Array.isArray(item)) {
    throw new FunctionError(`can't slice item of type ${typeName(item)}`);
  }
  const bytes = typeof item === 'string' ? Buffer.from(item) : undefined;
  const { length } = bytes ?? (item as unknown[]);
  const [start = 0, stop = length] = steps.map((step) => position(step, length));
  if (start > stop) throw new FunctionError(`invalid slice index: ${start} > ${stop}`);
  return bytes === undefined ? (item as unknown[]).slice(start, stop) : bytes.subarray(start, stop).toString('utf8');
}

function lengthOf(value: unknown): GoLiteral {
  return new GoLiteral(countOf(value), 'int');
}

function countOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value === null) throw new FunctionError('len of nil pointer');
  if (value === undefined) {
    throw new FunctionError('reflect: call of reflect.Value.Type on zero Value');
  }
  if (typeof value === 'object' && !(value instanceof GoLiteral)) return Object.keys(value).length;
  throw new FunctionError(`len of type ${typeName(value)}`);
}

/** The text that escaping functions work on: one string as it is, anything else as `print` shows it. */
function escapedText(values: readonly unknown[]): string {
  const shown = values.map((value) => (value === null || value === undefined ? '<no value>' : value));
  return shown.length === 1 && typeof shown[0] === 'string' ? shown[0] : goSprint(shown);
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};
const scriptEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": String.raw`\'`,
  '"': String.raw`\"`,
  '<': String.raw`\u003C`,
  '>': String.raw`\u003E`,
  '&': String.raw`\u0026`,
  '=': String.raw`\u003D`,
};

function escapeScript(text: string): string {
  return Array.from(text, (char) => {
    const known = scriptEscapes[char];
    if (known !== undefined) return known;
    if (char === ' ' || char === '\x7f' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char)) return char;
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  }).join('');
}

/** Whether a path of keys and positions leads to something; without a path there is always something. */
function exists([item, ...steps]: readonly unknown[]): boolean {
  if (steps.length === 0) return true;
  let current = item;
  for (const step of steps) {
    try {
      current = indexOf(current, [step]);
    } catch (error) {
      if (error instanceof FunctionError) return false;
      throw error;
    }
    if (current === noValue) return false;
  }
  return current !== null && current !== undefined;
}

function decodeBase64([value]: readonly unknown[]): string {
  const text = value as string;
  const wrong = wrongBase64Byte(text);
  if (wrong !== undefined) throw new FunctionError(`base64 decode failed: illegal base64 data at input byte ${wrong}`);
  return Buffer.from(text, 'base64').toString('utf8');
}

/** No value of JSON can be called. @param shown the operand, for the message */
function callValue([value]: readonly unknown[], shown: string): never {
  if (value === null || value === undefined) throw new FunctionError('call of nil');
  throw new FunctionError(`non-function ${shown} of type ${typeName(value)}`);
}

function define(least: number, most: number, call: TemplateFunction['call']): TemplateFunction {
  return { least, most, call };
}

/** The functions of text/template, and the two that kubectl adds; `and` and `or`, which evaluate lazily, are apart. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['not', define(1, 1, ([value]) => !isTrue(value))],
  ['call', define(1, anyNumber, callValue)],
  ['len', define(1, 1, ([value]) => lengthOf(value))],
  ['index', define(1, anyNumber, ([item, ...steps]) => indexOf(item, steps))],
  ['slice', define(1, anyNumber, sliceOf)],
  ['print', define(0, anyNumber, goSprint)],
  ['println', define(0, anyNumber, goSprintln)],
  ['printf', define(1, anyNumber, ([format, ...values]) => goSprintf(format as string, values))],
  ['html', define(0, anyNumber, (values) => escapedText(values).replace(/[\0"'&<>]/g, (c) => htmlEscapes[c] ?? c))],
  ['js', define(0, anyNumber, (values) => escapeScript(escapedText(values)))],
  ['urlquery', define(0, anyNumber, (values) => escapeQuery(escapedText(values)))],
  ['eq', define(1, anyNumber, equalsAny)],
  ['ne', define(2, 2, ([left, right]) => !areEqual(left, right))],
  ['lt', define(2, 2, ([left, right]) => isLess(left, right))],
  ['le', define(2, 2, ([left, right]) => isLess(left, right) || areEqual(left, right))],
  ['gt', define(2, 2, ([left, right]) => !isLess(left, right) && !areEqual(left, right))],
  ['ge', define(2, 2, ([left, right]) => !isLess(left, right))],
  ['exists', define(1, anyNumber, exists)],
  ['base64decode', define(1, 1, decodeBase64)],
]);
