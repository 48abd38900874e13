import {
  type FieldError,
  fieldForbidden,
  fieldInternal,
  type FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { unbounded } from '../../../cel/cost-ranges.ts';
import { type DeclaredType, declaredTypeOf } from '../../../cel/declared-types.ts';
import { escapeFieldName } from '../../../cel/field-names.ts';
import { parseFieldPath } from './field-paths.ts';
import { internalRule } from './internal-form.ts';
import { type CompiledRule, compileRules, selfTypeName } from './rules.ts';
import { someSchema, subSchemas, textOf } from './schema-keywords.ts';

/** The most work that one rule may take by its estimate. */
const ruleCostLimit = 10_000_000;
/** The most work that all rules of a schema may take together. */
const schemaCostLimit = 100_000_000;

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** Checks how the rules of a schema are written, before they are compiled. */
export function checkRuleSyntax(schema: JsonObject, path: FieldPath): FieldError[] {
  return subSchemas(schema, 'x-kubernetes-validations').flatMap((rule, index) =>
    checkRule(rule, schema, path.child('x-kubernetes-validations').index(index)),
  );
}

function checkRule(rule: JsonObject, schema: JsonObject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const [text, message] = [textOf(rule, 'rule').trim(), textOf(rule, 'message')];
  const expression = textOf(rule, 'messageExpression');
  const fieldPath = textOf(rule, 'fieldPath');
  if (text === '') errors.push(required(path.child('rule'), 'rule is not specified'));
  else if (message !== '' && message.trim() === '') {
    errors.push(invalid(path.child('message'), message, 'must be non-empty if specified'));
  } else if (hasLineBreak(message.trim())) {
    errors.push(invalid(path.child('message'), message, 'must not contain line breaks'));
  } else if (hasLineBreak(text) && message.trim() === '') {
    errors.push(required(path.child('message'), 'message must be specified if rule contains line breaks'));
  }
  if (expression !== '' && expression.trim() === '') {
    errors.push(required(path.child('messageExpression'), 'messageExpression must be non-empty if specified'));
  }
  const { reason } = rule;
  if (typeof reason === 'string' && !reasons.includes(reason)) {
    errors.push(notSupported(path.child('reason'), reason, reasons));
  }
  if (fieldPath === '') return errors;
  const at = path.child('fieldPath');
  if (fieldPath.trim() === '') errors.push(invalid(at, fieldPath, 'must be non-empty if specified'));
  if (hasLineBreak(fieldPath)) errors.push(invalid(at, fieldPath, 'must not contain line breaks'));
  const leadsNowhere = !someSchema(schema, isNoStructure) && 'failure' in parseFieldPath(fieldPath, schema);
  if (leadsNowhere) errors.push(invalid(at, fieldPath, 'must be a valid path'));
  return errors;
}

const unstructured = ['id', '$schema', '$ref', 'patternProperties', 'dependencies', 'additionalItems', 'definitions'];

/** What is told of by itself, and keeps paths from being followed. */
function isNoStructure(schema: JsonObject): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) return true;
  return unstructured.some((keyword) => schema[keyword] !== undefined);
}

function hasLineBreak(text: string): boolean {
  return /[\n\r]/.test(text);
}

/** The work of all rules of a schema together. */
export class RuleCosts {
  #total = 0;
  readonly #expensive: { readonly path: FieldPath; readonly cost: number }[] = [];

  observe(path: FieldPath, cost: number): void {
    this.#total = Math.min(unbounded, this.#total + cost);
    if (cost >= schemaCostLimit / 100) this.#expensive.push({ path, cost });
  }

  /** What is too much, with the rules that take the most. */
  errors(path: FieldPath): FieldError[] {
    if (this.#total <= schemaCostLimit) return [];
    const worst = this.#expensive.toSorted((left, right) => right.cost - left.cost).slice(0, 4);
    const message = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...worst.map((rule) => fieldForbidden(rule.path, message)),
      fieldForbidden(path, tooExpensive(name, this.#total, schemaCostLimit)),
    ];
  }
}

function tooExpensive(name: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > 100 ? 'more than 100x' : `${times < 1.5 ? times.toFixed(6) : times.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** Where in a schema rules are compiled: their type, and how often it can stand in a request. */
export interface RuleScope {
  readonly costs: RuleCosts;
  readonly declared: DeclaredType | undefined;
  /** How many values there can be at most; undefined for no bound. */
  readonly cardinality: number | undefined;
}

/** The scope of a whole schema. */
export function rootScope(schema: JsonObject, costs: RuleCosts): RuleScope {
  return { costs, declared: declaredTypeOf(schema, selfTypeName, true), cardinality: 1 };
}

/** The scope of a schema inside another one. */
export function innerScope(
  scope: RuleScope | undefined,
  parent: JsonObject,
  child: JsonObject,
  step: { readonly property: string } | 'element',
): RuleScope | undefined {
  if (scope === undefined) return undefined;
  const own = scope.declared;
  const escaped = step === 'element' ? undefined : escapeFieldName(step.property);
  const inherited = step === 'element' ? own?.element : escaped === undefined ? undefined : own?.fields?.get(escaped);
  const isEmbedded = child['x-kubernetes-embedded-resource'] === true;
  const bound = maxElements(parent);
  return {
    costs: scope.costs,
    declared: inherited ?? declaredTypeOf(child, selfTypeName, isEmbedded),
    cardinality:
      scope.cardinality === undefined || bound === undefined
        ? undefined
        : Math.min(unbounded, scope.cardinality * bound),
  };
}

function maxElements(schema: JsonObject): number | undefined {
  const keyword =
    schema['type'] === 'array'
      ? 'maxItems'
      : schema['additionalProperties'] === undefined
        ? undefined
        : 'maxProperties';
  if (keyword === undefined || (schema['type'] !== 'array' && schema['type'] !== 'object')) return 1;
  const bound = schema[keyword];
  return typeof bound === 'number' ? Math.max(0, bound) : undefined;
}

/** Compiles the rules of a schema and weighs them. @param uncorrelatable where old values cannot be told from there on */
export function checkCompiledRules(
  schema: JsonObject,
  path: FieldPath,
  scope: RuleScope,
  ignoreCosts: boolean,
  uncorrelatable: FieldPath | undefined,
): FieldError[] {
  const at = path.child('x-kubernetes-validations');
  if (scope.declared === undefined) {
    const why = 'unable to convert structural schema to CEL declarations';
    const message = `internal error: failed to construct type information for x-kubernetes-validations rules: ${why}`;
    return [fieldInternal(at, message)];
  }
  return compileRules(schema, scope.declared).flatMap((rule, index) =>
    checkCompiled(rule, at.index(index), scope, ignoreCosts, uncorrelatable),
  );
}

function checkCompiled(
  compiled: CompiledRule,
  path: FieldPath,
  scope: RuleScope,
  ignoreCosts: boolean,
  uncorrelatable: FieldPath | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const { rule } = compiled;
  const [ruleAt, messageAt] = [path.child('rule'), path.child('messageExpression')];
  const cost = Math.min(unbounded, compiled.maxCost * (scope.cardinality ?? compiled.maxCardinality));
  if (!ignoreCosts && cost > ruleCostLimit) {
    errors.push(fieldForbidden(ruleAt, tooExpensive('estimated rule cost', cost, ruleCostLimit)));
  }
  scope.costs.observe(ruleAt, cost);
  if (compiled.error !== undefined) errors.push(invalid(ruleAt, internalRule(rule), compiled.error));
  if (compiled.messageError !== undefined) {
    errors.push(invalid(messageAt, internalRule(rule), compiled.messageError));
  } else if (compiled.message !== undefined) {
    if (!ignoreCosts && compiled.maxMessageCost > ruleCostLimit) {
      const message = tooExpensive('estimated messageExpression cost', compiled.maxMessageCost, ruleCostLimit);
      errors.push(fieldForbidden(messageAt, message));
    }
    scope.costs.observe(messageAt, compiled.maxMessageCost);
  }
  if (compiled.usesOldSelf) {
    if (uncorrelatable !== undefined) {
      const message = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable.toString()}`;
      errors.push(invalid(ruleAt, textOf(rule, 'rule'), message));
    }
  } else if (rule['optionalOldSelf'] !== undefined) {
    const message = 'may not be set if oldSelf is not used in rule';
    errors.push(invalid(path.child('optionalOldSelf'), rule['optionalOldSelf'], message));
  }
  return errors;
}
