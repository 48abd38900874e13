import { type Expr, walk } from './ast.ts';
import type { CheckedExpression } from './checker.ts';
import type { FunctionDeclaration } from './declarations.ts';
import { planProgram } from './evaluator.ts';
import { compilePattern, PatternError } from './regular-expression.ts';
import { CelEvaluationError } from './values.ts';

const conversions: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
]);

/**
 * Why a conversion of a literal cannot come out, or what is wrong with a pattern: cel-go makes those when it prepares a program (`int("x")`), so that the
 * expression is refused before it ever runs.
 */
export function failedConversion(
  checked: CheckedExpression,
  functions: ReadonlyMap<string, FunctionDeclaration>,
): string | undefined {
  let failure: string | undefined;
  walk(checked.expr, (expr) => {
    if (failure !== undefined) return;
    failure = isConversion(expr) ? failureOf(expr, checked, functions) : badPattern(expr);
  });
  return failure;
}

/** A conversion of a literal, or of what such a one comes to. */
function isConversion(expr: Expr): boolean {
  if (expr.kind !== 'call' || expr.target !== undefined || !conversions.has(expr.name)) return false;
  const [only, ...others] = expr.args;
  return only !== undefined && others.length === 0 && isConstant(only);
}

function isConstant(expr: Expr): boolean {
  if (expr.kind === 'list') return expr.optional.size === 0 && expr.elements.every(isConstant);
  if (expr.kind === 'map') {
    return expr.entries.every(({ key, value, optional }) => !optional && isConstant(key) && isConstant(value));
  }
  return expr.kind === 'literal' || isConversion(expr);
}

/** Patterns of searches are compiled with the program, too. */
function badPattern(expr: Expr): string | undefined {
  if (expr.kind !== 'call' || (expr.name !== 'find' && expr.name !== 'findAll')) return undefined;
  const [pattern] = expr.args;
  if (pattern?.kind !== 'literal' || typeof pattern.value !== 'string') return undefined;
  try {
    compilePattern(pattern.value);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

function failureOf(
  expr: Expr,
  checked: CheckedExpression,
  functions: ReadonlyMap<string, FunctionDeclaration>,
): string | undefined {
  try {
    const noStructs = (name: string): never => {
      throw new CelEvaluationError(`unknown type '${name}'`);
    };
    planProgram({ ...checked, expr }, functions, noStructs).evaluate(() => undefined);
    return undefined;
  } catch (error) {
    if (error instanceof CelEvaluationError) return error.message;
    throw error;
  }
}
