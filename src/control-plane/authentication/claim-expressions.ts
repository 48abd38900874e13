import type { JsonObject } from '../../apimachinery/json.ts';
import { type CompiledExpression, createEnvironment, type Environment } from '../../cel/environment.ts';
import { CelCostError } from '../../cel/evaluator.ts';
import { CelCompileError } from '../../cel/issues.ts';
import { celFromUntyped } from '../../cel/json-values.ts';
import { type CelType, isSameType, listType, mapType, structType, types } from '../../cel/types.ts';
import { CelEvaluationError, CelList, type CelValue } from '../../cel/values.ts';
import type { UserInfo } from './authenticator.ts';

const { string } = types;
const userType = structType('kubernetes.UserInfo');
const userFields: Readonly<Record<string, CelType>> = {
  username: string,
  uid: string,
  groups: listType(string),
  extra: mapType(string, listType(string)),
};

const claimsEnvironment = createEnvironment({ variables: { claims: mapType(string, types.any) } });
const userEnvironment = createEnvironment({
  variables: { user: userType },
  provider: {
    hasType: (name) => name === userType.name,
    fieldType: (name, field) =>
      name === userType.name && Object.hasOwn(userFields, field) ? userFields[field] : undefined,
  },
});

/** An expression over the claims of a token. */
export function compileClaims(text: string, mustBeBool: boolean): CompiledExpression | string {
  return compile(claimsEnvironment, text, mustBeBool);
}

/** A condition over the user that the claims make. */
export function compileUser(text: string): CompiledExpression | string {
  return compile(userEnvironment, text, true);
}

/** @returns why not, for what cannot be used */
function compile(environment: Environment, text: string, mustBeBool: boolean): CompiledExpression | string {
  try {
    const program = environment.compile(text);
    return !mustBeBool || isSameType(program.type, types.bool) ? program : 'must evaluate to bool';
  } catch (error) {
    if (error instanceof CelCompileError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

/** @throws Error with what went wrong in the expression */
export function evaluateClaims(expression: CompiledExpression, claims: JsonObject): CelValue {
  return evaluate(expression, 'claims', celFromUntyped(claims));
}

/** @throws Error with what went wrong in the expression */
export function evaluateUser(expression: CompiledExpression, user: UserInfo): CelValue {
  const { username, uid, groups, extra } = user;
  const lists = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
  return evaluate(expression, 'user', celFromUntyped({ username, uid, groups: [...groups], extra: lists }));
}

function evaluate(expression: CompiledExpression, variable: string, value: CelValue): CelValue {
  try {
    return expression.evaluate((name) => (name === variable ? value : undefined)).value;
  } catch (error) {
    if (!(error instanceof CelEvaluationError || error instanceof CelCostError)) throw error;
    throw new Error(`expression '${expression.text}' resulted in error: ${error.message}`, { cause: error });
  }
}

/** A text, or the texts of a list, without the empty ones. @throws Error for anything else */
export function textsFromCel(value: CelValue): string[] {
  if (value === null || value === '') return [];
  if (typeof value === 'string') return [value];
  const items = value instanceof CelList ? [...value] : [undefined];
  const texts = items.filter((item): item is string => typeof item === 'string');
  if (texts.length < items.length) throw new Error('expression must return a string or a list of strings');
  return texts.filter((text) => text !== '');
}

/** Whether an expression reads `claims.FIELD`, also as `claims.?FIELD`. */
export function readsClaim({ checked }: CompiledExpression, field: string): boolean {
  return reads(checked.expr, field);
}

function reads(node: unknown, field: string): boolean {
  if (Array.isArray(node)) return node.some((item) => reads(item, field));
  if (typeof node !== 'object' || node === null) return false;
  const { kind, operand, field: name, args } = node as Record<string, unknown>;
  if (kind === 'select' && name === field && isClaims(operand)) return true;
  if (kind === 'call' && Array.isArray(args) && args.length === 2 && isClaims(args[0])) {
    const { value } = args[1] as { value?: unknown };
    if ((node as { name?: unknown }).name === '_?._' && value === field) return true;
  }
  return Object.values(node).some((part) => reads(part, field));
}

function isClaims(node: unknown): boolean {
  const { kind, name } = (node ?? {}) as { kind?: unknown; name?: unknown };
  return kind === 'ident' && name === 'claims';
}
