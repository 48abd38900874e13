import { type CallExpr, type Expr, type ListExpr, type MapExpr, walk } from './ast.ts';
import type { CheckedExpression } from './checker.ts';
import { toDuration, toTimestamp } from './conversions.ts';
import type { CelIssue } from './issues.ts';
import { clauseMessage, FormatSyntaxError, parseFormat } from './library/text-format.ts';
import { compilePattern, PatternError } from './regular-expression.ts';
import { type CelType, formatType, isDyn, isSameType, optionalValueType, types } from './types.ts';
import { CelEvaluationError } from './values.ts';

/** What is wrong with the literals in a checked expression: durations, times, patterns, formats, mixed lists and maps. */
export function checkLiterals(checked: CheckedExpression): CelIssue[] {
  const issues: CelIssue[] = [];
  const isExempt = formatArguments(checked);
  walk(checked.expr, (expr) => {
    if (expr.kind === 'call') issues.push(...checkCall(expr, checked));
    if (isExempt.has(expr.id)) return;
    if (expr.kind === 'list') issues.push(...checkList(expr, checked));
    if (expr.kind === 'map') issues.push(...checkMap(expr, checked));
  });
  return issues;
}

/** Everything inside the arguments of format(), where types may be mixed. */
function formatArguments({ expr: root }: CheckedExpression): ReadonlySet<number> {
  const inside = new Set<number>();
  walk(root, (expr) => {
    if (expr.kind !== 'call' || expr.name !== 'format') return;
    for (const arg of expr.args) walk(arg, ({ id }) => inside.add(id));
  });
  return inside;
}

const readers: Readonly<Record<string, (value: string | bigint) => unknown>> = {
  duration: toDuration,
  timestamp: toTimestamp,
  matches: (value) => (typeof value === 'string' ? compilePattern(value) : undefined),
};

function checkCall(expr: CallExpr, checked: CheckedExpression): CelIssue[] {
  if (expr.name === 'format') return checkFormat(expr, checked);
  const read = Object.hasOwn(readers, expr.name) ? readers[expr.name] : undefined;
  const [literal] = expr.args;
  if (read === undefined || literal?.kind !== 'literal') return [];
  if (typeof literal.value !== 'string' && typeof literal.value !== 'bigint') return [];
  try {
    read(literal.value);
    return [];
  } catch (error) {
    if (!(error instanceof CelEvaluationError) && !(error instanceof PatternError)) throw error;
    return [{ offset: literal.offset, message: `invalid ${expr.name} argument` }];
  }
}

function mixed(expr: Expr, expected: CelType, actual: CelType): CelIssue {
  return { offset: expr.offset, message: `expected type '${formatType(expected)}' but found '${formatType(actual)}'` };
}

function typeOf(expr: Expr, { types: known }: CheckedExpression, isOptional: boolean): CelType {
  const type = known.get(expr.id) ?? types.dyn;
  return isOptional ? (optionalValueType(type) ?? type) : type;
}

function checkList({ elements, optional }: ListExpr, checked: CheckedExpression): CelIssue[] {
  const [first] = elements;
  if (first === undefined) return [];
  const expected = typeOf(first, checked, optional.has(0));
  for (const [index, element] of elements.entries()) {
    const actual = typeOf(element, checked, optional.has(index));
    if (!isSameType(expected, actual)) return [mixed(element, expected, actual)];
  }
  return [];
}

function checkMap({ entries }: MapExpr, checked: CheckedExpression): CelIssue[] {
  const [first] = entries;
  if (first === undefined) return [];
  const key = typeOf(first.key, checked, false);
  const value = typeOf(first.value, checked, first.optional);
  return entries.flatMap((entry) => {
    const issues: CelIssue[] = [];
    const [ownKey, ownValue] = [typeOf(entry.key, checked, false), typeOf(entry.value, checked, entry.optional)];
    if (!isSameType(key, ownKey)) issues.push(mixed(entry.key, key, ownKey));
    if (!isSameType(value, ownValue)) issues.push(mixed(entry.value, value, ownValue));
    return issues;
  });
}

const clauseKinds: Readonly<Record<string, readonly string[]>> = {
  s: ['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes', 'duration', 'type', 'null'],
  d: ['int', 'uint'],
  f: ['double', 'string'],
  e: ['double', 'string'],
  b: ['int', 'uint', 'bool'],
  x: ['int', 'uint', 'string', 'bytes'],
  X: ['int', 'uint', 'string', 'bytes'],
  o: ['int', 'uint'],
};

/** A format that is written out, with its arguments in a list. */
function checkFormat({ target, args, offset }: CallExpr, checked: CheckedExpression): CelIssue[] {
  const [list] = args;
  if (target?.kind !== 'literal' || typeof target.value !== 'string' || list?.kind !== 'list') return [];
  let clauses;
  try {
    clauses = parseFormat(target.value, list.elements.length).filter((part) => typeof part !== 'string');
  } catch (error) {
    if (error instanceof FormatSyntaxError) return [{ offset, message: error.message }];
    throw error;
  }
  for (const [index, { letter }] of clauses.entries()) {
    const element = list.elements[index];
    const bad = element === undefined ? undefined : firstMisfit(element, letter, checked);
    if (bad !== undefined) {
      return [{ offset: bad.offset, message: clauseMessage(letter, typeOf(bad, checked, false).name) }];
    }
  }
  if (list.elements.length <= clauses.length) return [];
  const counts = `(expected ${clauses.length}, got ${list.elements.length})`;
  return [{ offset, message: `too many arguments supplied to string.format ${counts}` }];
}

function firstMisfit(expr: Expr, letter: string, checked: CheckedExpression): Expr | undefined {
  const type = typeOf(expr, checked, false);
  if (!isDyn(type) && !(clauseKinds[letter] ?? []).includes(type.kind)) return expr;
  if (letter !== 's' || (expr.kind !== 'list' && expr.kind !== 'map')) return undefined;
  const inside = expr.kind === 'list' ? expr.elements : expr.entries.flatMap(({ key, value }) => [key, value]);
  for (const child of inside) {
    const bad = firstMisfit(child, letter, checked);
    if (bad !== undefined) return bad;
  }
  return undefined;
}
