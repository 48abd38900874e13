import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import { type DeclaredType, declaredSizes, declaredTypeProvider } from '../../../cel/declared-types.ts';
import { type CompiledExpression, createEnvironment, type Environment } from '../../../cel/environment.ts';
import { CelCompileError } from '../../../cel/issues.ts';
import { optionalType } from '../../../cel/types.ts';
import { parseFieldPath } from './field-paths.ts';
import { subSchemas, textOf } from './schema-keywords.ts';

/** A rule of x-kubernetes-validations that was compiled, or why it could not be (KEP-2876). */
export interface CompiledRule {
  readonly rule: JsonObject;
  readonly program: CompiledExpression | undefined;
  readonly error: string | undefined;
  readonly message: CompiledExpression | undefined;
  readonly messageError: string | undefined;
  /** The most work that one evaluation can take; 0 when it could not be compiled. */
  readonly maxCost: number;
  readonly maxMessageCost: number;
  /** How often a value of the type can stand in a request. */
  readonly maxCardinality: number;
  readonly usesOldSelf: boolean;
  readonly hasOptionalOldSelf: boolean;
  /** Where errors are reported, below the value, when the rule says so. */
  readonly fieldPath: string;
}

const maxRequest = 3 * 1024 * 1024;
/** The name of the type of `self` in messages. */
export const selfTypeName = 'selfType';

/** Compiles the rules of one schema; `declared` is the type that they see as `self`. */
export function compileRules(schema: JsonObject, declared: DeclaredType): CompiledRule[] {
  const rules = subSchemas(schema, 'x-kubernetes-validations');
  const environments = new Map<boolean, Environment>();
  return rules.map((rule) => {
    const isOptional = rule['optionalOldSelf'] === true;
    let environment = environments.get(isOptional);
    if (environment === undefined) {
      environment = createEnvironment({
        variables: { self: declared.type, oldSelf: isOptional ? optionalType(declared.type) : declared.type },
        provider: declaredTypeProvider(declared),
      });
      environments.set(isOptional, environment);
    }
    return compileRule(rule, schema, declared, environment);
  });
}

function compileRule(
  rule: JsonObject,
  schema: JsonObject,
  declared: DeclaredType,
  environment: Environment,
): CompiledRule {
  const sizes = declaredSizes(declared);
  const nothing = { program: undefined, message: undefined, messageError: undefined, usesOldSelf: false };
  const compiled = {
    rule,
    ...nothing,
    error: undefined,
    maxCost: 0,
    maxMessageCost: 0,
    maxCardinality: Math.floor(maxRequest / (declared.minSize + 1)),
    hasOptionalOldSelf: rule['optionalOldSelf'] === true,
    fieldPath: '',
  };
  const text = textOf(rule, 'rule');
  if (text.trim() === '') return compiled;
  const program = tryCompile(environment, text);
  if (typeof program === 'string') return { ...compiled, error: `compilation failed: ${program}` };
  if (program.type.kind !== 'bool') return { ...compiled, error: 'cel expression must evaluate to a bool' };
  const failure = program.instantiationFailure();
  if (failure !== undefined) return { ...compiled, error: `program instantiation failed: ${failure}` };
  const usesOldSelf = [...program.checked.references.values()].some(
    (reference) => reference.kind === 'variable' && reference.name === 'oldSelf',
  );
  const done = { ...compiled, program, usesOldSelf, maxCost: program.estimateCost(sizes).max };
  const path = parseFieldPath(textOf(rule, 'fieldPath'), schema);
  const fieldPath = 'failure' in path ? '' : path.path;
  const messageText = textOf(rule, 'messageExpression');
  if (messageText === '') return { ...done, fieldPath };
  const message = tryCompile(environment, messageText);
  if (typeof message === 'string') {
    return { ...done, messageError: `messageExpression compilation failed: ${message}` };
  }
  if (message.type.kind !== 'string') {
    return { ...done, messageError: 'messageExpression must evaluate to a string' };
  }
  const messageFailure = message.instantiationFailure();
  if (messageFailure !== undefined) {
    return { ...done, messageError: `messageExpression instantiation failed: ${messageFailure}` };
  }
  return { ...done, message, maxMessageCost: message.estimateCost(sizes).max, fieldPath };
}

function tryCompile(environment: Environment, text: string): CompiledExpression | string {
  try {
    return environment.compile(text);
  } catch (error) {
    if (error instanceof CelCompileError) return error.message;
    throw error;
  }
}

/** Whether a schema or one inside it has rules. */
export function hasRules(schema: JsonObject): boolean {
  if (subSchemas(schema, 'x-kubernetes-validations').length > 0) return true;
  const { items, additionalProperties, properties } = schema;
  const inside = [items, additionalProperties, ...(isJsonObject(properties) ? Object.values(properties) : [])];
  return inside.some((child) => isJsonObject(child) && hasRules(child));
}
