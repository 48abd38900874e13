import {
  duplicate,
  type FieldError,
  fieldForbidden,
  type FieldPath,
  formatFieldError,
  goQuote,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { type DeclaredType, declaredTypeOf } from '../../../cel/declared-types.ts';
import { perCallCostLimit, type CompiledExpression } from '../../../cel/environment.ts';
import { type Activation, CelCostError } from '../../../cel/evaluator.ts';
import { escapeFieldName } from '../../../cel/field-names.ts';
import { celFromSchema } from '../../../cel/json-values.ts';
import { CelEvaluationError, CelOptional, type CelValue, noValue } from '../../../cel/values.ts';
import { type CompiledRule, compileRules, hasRules, selfTypeName } from './rules.ts';
import { namedSchemas, subSchema, subSchemas, textOf } from './schema-keywords.ts';
import { correlatedItem } from './value-validation.ts';

/** The work that the rules of one request may take together. */
export const requestCostBudget = 10_000_000;
const maxMessageBytes = 5 * 1024;

/** Checks objects by the rules of a schema. */
export interface RuleValidator {
  /**
   * @param old what the object was before, for transition rules and so that what is unchanged is let be (KEP-4008)
   * @param warn told of errors that are let be
   */
  validate(path: FieldPath, value: JsonValue, old: JsonValue | undefined, warn?: (text: string) => void): FieldError[];
}

/** Compiles the rules of a schema; undefined when it has none. @param isRoot whether the schema is of a whole resource */
export function createRuleValidator(schema: JsonObject, isRoot: boolean): RuleValidator | undefined {
  if (!hasRules(schema)) return undefined;
  const tree = buildTree(schema, schema, isRoot, declaredTypeOf(schema, selfTypeName, isRoot));
  return {
    validate(path, value, old, warn = () => undefined) {
      const run = new RuleRun(warn);
      const start: Correlation = old === undefined ? undefined : { isUnchanged: equalJson(value, old), old };
      run.validate(tree, path, value, old, start);
      // A path to the whole object is called so.
      return run.errors.map((error) => (error.field === '' ? { ...error, field: '<nil>' } : error));
    },
  };
}

/** The rules of a schema and of everything below it. */
interface RuleTree {
  readonly schema: JsonObject;
  readonly isRoot: boolean;
  readonly rules: readonly CompiledRule[];
  /** Rules about values that have no type, like items of what is no list: every such value is refused. */
  readonly isUntyped: boolean;
  readonly items: RuleTree | undefined;
  readonly additional: RuleTree | undefined;
  readonly properties: ReadonlyMap<string, RuleTree>;
  readonly all: readonly RuleTree[];
}

function isEmbedded(schema: JsonObject): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** @param structure the schema that has the types; differs from `schema` within allOf */
function buildTree(
  schema: JsonObject,
  structure: JsonObject,
  isRoot: boolean,
  declared: DeclaredType | undefined,
): RuleTree {
  const below = (keyword: 'items' | 'additionalProperties'): RuleTree | undefined => {
    const [own, inside] = [subSchema(schema, keyword), subSchema(structure, keyword)];
    if (own === undefined || inside === undefined) return undefined;
    return buildTree(own, inside, isEmbedded(inside), declared?.element);
  };
  const properties = new Map<string, RuleTree>();
  const structures = new Map(namedSchemas(structure, 'properties'));
  for (const [name, own] of namedSchemas(schema, 'properties')) {
    const inside = structures.get(name);
    if (inside === undefined || !(hasRules(own) || subSchemas(own, 'allOf').length > 0)) continue;
    const escaped = escapeFieldName(name);
    const type =
      escaped === undefined ? declaredTypeOf(inside, selfTypeName, isEmbedded(inside)) : declared?.fields?.get(escaped);
    if (type !== undefined) properties.set(name, buildTree(own, inside, isEmbedded(inside), type));
  }
  return {
    schema: structure,
    isRoot,
    rules:
      declared === undefined
        ? []
        : compileRules({ ...structure, 'x-kubernetes-validations': [...rulesOf(schema)] }, declared),
    isUntyped: declared === undefined && rulesOf(schema).length > 0,
    items: below('items'),
    additional: below('additionalProperties'),
    properties,
    all: subSchemas(schema, 'allOf').map((inside) => buildTree(inside, structure, isRoot, declared)),
  };
}

function rulesOf(schema: JsonObject): readonly JsonValue[] {
  const rules = schema['x-kubernetes-validations'];
  return Array.isArray(rules) ? rules : [];
}

/** How a value relates to what stood in its place before; undefined when that cannot be told. */
type Correlation = { readonly isUnchanged: boolean; readonly old: JsonValue } | undefined;

/** The work of the request is used up: nothing more is evaluated. */
class OutOfBudget extends Error {}

class RuleRun {
  readonly errors: FieldError[] = [];
  readonly #warn: (text: string) => void;
  #budget = requestCostBudget;

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  validate(tree: RuleTree, path: FieldPath, value: JsonValue, old: JsonValue | undefined, start: Correlation): void {
    try {
      this.#visit(tree, path, value, old, start, undefined);
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error;
    }
  }

  #visit(
    tree: RuleTree,
    path: FieldPath,
    value: JsonValue,
    old: JsonValue | undefined,
    correlation: Correlation,
    parent: Correlation,
  ): void {
    if (value === null) return;
    const isUnchanged = (correlation ?? parent)?.isUnchanged === true;
    if (tree.isUntyped) {
      const why = 'rule compiler initialization error: failed to convert to declType for CEL validation rules';
      this.errors.push(invalid(path, textOf(tree.schema, 'type'), why));
    }
    if (tree.rules.length > 0) this.#runRules(tree, path, value, old ?? undefined, isUnchanged);
    for (const inside of tree.all) this.#visit(inside, path, value, old, undefined, parent);
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (tree.items === undefined) break;
        const was = correlatedItem(item, tree.schema, old);
        this.#visit(tree.items, path.index(index), item, was, correlate(item, was), correlation ?? parent);
      }
    } else if (isJsonObject(value)) {
      const before = isJsonObject(old) ? old : undefined;
      for (const [name, item] of Object.entries(value)) {
        const property = tree.properties.get(name);
        const inside = property ?? tree.additional;
        if (inside === undefined) continue;
        const was = before !== undefined && Object.hasOwn(before, name) ? before[name] : undefined;
        const at = property === undefined ? path.key(name) : path.child(name);
        this.#visit(inside, at, item, was, correlate(item, was), correlation ?? parent);
      }
    }
  }

  #runRules(tree: RuleTree, path: FieldPath, value: JsonValue, old: JsonValue | undefined, isUnchanged: boolean): void {
    const type = textOf(tree.schema, 'type');
    if (this.#budget <= 0) throw this.#outOfBudget(path, type);
    const before = old === null ? undefined : old;
    const self = lazily(() => celFromSchema(value, tree.schema, tree.isRoot));
    const oldSelf = lazily(() => (before === undefined ? undefined : celFromSchema(before, tree.schema, tree.isRoot)));
    for (const compiled of tree.rules) {
      if (compiled.error !== undefined) {
        this.errors.push(invalid(path, type, `rule compile error: ${compiled.error}`));
        continue;
      }
      const { program, hasOptionalOldSelf, usesOldSelf } = compiled;
      if (program === undefined || (usesOldSelf && before === undefined && !hasOptionalOldSelf)) continue;
      const activation: Activation = (name) => {
        if (name === 'self') return self();
        if (name !== 'oldSelf') return undefined;
        const was = oldSelf();
        return hasOptionalOldSelf ? (was === undefined ? noValue : new CelOptional(was)) : was;
      };
      const holds = this.#evaluate(program, compiled, activation, path, type);
      if (holds !== false) continue;
      const error = this.#failure(compiled, activation, path, type, value);
      if (!usesOldSelf && isUnchanged) this.#warn(formatFieldError(error));
      else this.errors.push(error);
    }
  }

  #outOfBudget(path: FieldPath, type: string): OutOfBudget {
    const message = 'validation failed due to running out of cost budget, no further validation rules will be run';
    this.errors.push(invalid(path, type, message));
    return new OutOfBudget();
  }

  #evaluate(
    program: CompiledExpression,
    { rule }: CompiledRule,
    activation: Activation,
    path: FieldPath,
    type: string,
  ): CelValue | undefined {
    try {
      const { value, cost } = program.evaluate(activation, Math.min(perCallCostLimit, this.#budget));
      this.#budget -= cost;
      return value;
    } catch (error) {
      if (error instanceof CelCostError) {
        if (this.#budget < perCallCostLimit) throw this.#outOfBudget(path, type);
        const why = `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${ruleText(rule)}`;
        this.errors.push(invalid(path, type, why));
        throw new OutOfBudget();
      }
      if (!(error instanceof CelEvaluationError)) throw error;
      const message = error.message.startsWith('no such overload')
        ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${ruleText(rule)}`
        : `${error.message} evaluating rule: ${ruleText(rule)}`;
      this.errors.push(invalid(path, type, message));
      return undefined;
    }
  }

  /** The error of a rule that does not hold. */
  #failure(
    compiled: CompiledRule,
    activation: Activation,
    path: FieldPath,
    type: string,
    value: JsonValue,
  ): FieldError {
    const { rule, fieldPath } = compiled;
    const at = fieldPath === '' ? path : path.child(fieldPath);
    const detail = this.#message(compiled, activation, at, type);
    const hidesValue = type === 'object' || type === 'array';
    switch (rule['reason']) {
      case 'FieldValueForbidden':
        return fieldForbidden(at, detail);
      case 'FieldValueRequired':
        return required(at, detail);
      case 'FieldValueDuplicate':
        return hidesValue ? { ...duplicate(at, ''), body: 'Duplicate value' } : duplicate(at, value);
      default:
        return hidesValue
          ? { type: 'FieldValueInvalid', field: at.toString(), body: `Invalid value: ${detail}` }
          : invalid(at, value, detail);
    }
  }

  #message({ message, rule }: CompiledRule, activation: Activation, at: FieldPath, type: string): string {
    const written = textOf(rule, 'message');
    const fallback = written === '' ? `failed rule: ${ruleText(rule)}` : written.trim();
    if (message === undefined) return fallback;
    try {
      const { value, cost } = message.evaluate(activation, Math.min(perCallCostLimit, this.#budget));
      this.#budget -= cost;
      const text = typeof value === 'string' ? value.trim() : '';
      const isUsable = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= maxMessageBytes;
      return isUsable ? text : fallback;
    } catch (error) {
      if (error instanceof CelEvaluationError) return fallback;
      if (!(error instanceof CelCostError)) throw error;
      const why =
        this.#budget < perCallCostLimit
          ? 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run'
          : `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${goQuote(textOf(rule, 'messageExpression'))}`;
      this.errors.push(invalid(at, type, why));
      throw new OutOfBudget();
    }
  }
}

function correlate(value: JsonValue, old: JsonValue | undefined): Correlation {
  return old === undefined ? undefined : { isUnchanged: equalJson(value, old), old };
}

/** How errors call a rule: by its message, or by its text. */
function ruleText(rule: JsonObject): string {
  const message = textOf(rule, 'message');
  return (message === '' ? textOf(rule, 'rule') : message).trim();
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
