import { type Expr, walk } from './ast.ts';
import type { CheckedExpression } from './checker.ts';
import type { FunctionDeclaration } from './declarations.ts';
import { planProgram } from './evaluator.ts';
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
 * Why a conversion of a literal cannot come out: cel-go makes those when it prepares a program (`int("x")`), so that the
 * expression is refused before it ever runs.
 */
export function failedConversion(
  checked: CheckedExpression,
  functions: ReadonlyMap<string, FunctionDeclaration>,
): string | undefined {
  let failure: string | undefined;
  walk(checked.expr, (expr) => {
    if (failure === undefined && isConversion(expr)) failure = failureOf(expr, checked, functions);
  });
  return failure;
}

function isConversion(expr: Expr): boolean {
  return (
    expr.kind === 'call' &&
    expr.target === undefined &&
    expr.args.length === 1 &&
    expr.args[0]?.kind === 'literal' &&
    conversions.has(expr.name)
  );
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
