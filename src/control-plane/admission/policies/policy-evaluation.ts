import { goQuote } from '../../../apimachinery/field-error.ts';
import type { JsonObject, JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { PolicyExpression } from '../../../api/admissionregistration/policies/policy-compiler.ts';
import type { Namespace } from '../../../api/types/core-v1.ts';
import { perCallCostLimit } from '../../../cel/environment.ts';
import { type Activation, CelCostError } from '../../../cel/evaluator.ts';
import { celFromJson } from '../../../cel/json-values.ts';
import { CelAuthorizer } from '../../../cel/library/authorizer.ts';
import { CelEvaluationError, type CelKey, CelMap, type CelValue } from '../../../cel/values.ts';
import type { AdmissionAttributes } from '../admission-plugin.ts';
import type { PolicyAccess } from './policy-access.ts';
import type { PolicyMatch } from './policy-matching.ts';

/** The work that the expressions of one policy may take for one binding and parameter. */
export const policyCostBudget = 10_000_000;
/** The same of match conditions, which webhooks have too. */
export const conditionCostBudget = 2_500_000;

/** What an expression came to. */
export interface ExpressionOutcome {
  /** Undefined when there is no expression, and when it failed. */
  readonly value?: CelValue;
  readonly error?: string;
}

/** The expressions of a policy have taken all the work they may. */
export class OutOfBudgetError extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** What expressions see of a request. */
export interface PolicyInput {
  readonly attributes: AdmissionAttributes;
  readonly match: PolicyMatch;
  /** In the version of the match. */
  readonly object: Unstructured | undefined;
  readonly oldObject: Unstructured | undefined;
  readonly params: Unstructured | undefined;
  /** Undefined for objects in no namespace, and for match conditions. */
  readonly namespace: Namespace | undefined;
}

/**
 * Evaluates expressions one after the other with a common budget.
 * @param access undefined for expressions that may not ask the authorizer
 * @throws OutOfBudgetError
 */
export function evaluatePolicy(
  expressions: readonly (PolicyExpression | undefined)[],
  variables: ReadonlyMap<string, PolicyExpression>,
  input: PolicyInput,
  access: PolicyAccess | undefined,
  budget: number,
): { readonly outcomes: readonly ExpressionOutcome[]; readonly remaining: number } {
  const values = inputValues(input, access);
  let remaining = budget;
  const spend = (cost: number): void => {
    if (cost > remaining) throw new OutOfBudgetError();
    remaining -= cost;
  };
  const activation: Activation = (name) => (name === 'variables' ? composed : values.get(name));
  const composed = new ComposedVariables(variables, activation, spend);
  const outcomes = expressions.map((expression) =>
    expression === undefined ? {} : evaluateExpression(expression, activation, spend),
  );
  return { outcomes, remaining };
}

function evaluateExpression(
  expression: PolicyExpression,
  activation: Activation,
  spend: (cost: number) => void,
): ExpressionOutcome {
  if (expression.program === undefined) return { error: `compilation error: ${expression.error}` };
  try {
    const { value, cost } = expression.program.evaluate(activation);
    spend(cost);
    return { value };
  } catch (error) {
    if (error instanceof CelCostError) spend(perCallCostLimit);
    else if (!(error instanceof CelEvaluationError)) throw error;
    return { error: `expression '${expression.text}' resulted in error: ${error.message}` };
  }
}

/** The variables of a policy: each is evaluated when it is first asked for. */
class ComposedVariables extends CelMap {
  readonly #expressions: ReadonlyMap<string, PolicyExpression>;
  readonly #activation: Activation;
  readonly #spend: (cost: number) => void;
  readonly #known = new Map<string, CelValue | CelEvaluationError>();

  constructor(
    expressions: ReadonlyMap<string, PolicyExpression>,
    activation: Activation,
    spend: (cost: number) => void,
  ) {
    super();
    this.#expressions = expressions;
    this.#activation = activation;
    this.#spend = spend;
  }

  override get size(): number {
    return this.#expressions.size;
  }

  override find(key: CelValue): CelValue | undefined {
    const expression = typeof key === 'string' ? this.#expressions.get(key) : undefined;
    if (typeof key !== 'string' || expression === undefined) return undefined;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#evaluate(key, expression);
      this.#known.set(key, known);
    }
    if (known instanceof CelEvaluationError) throw known;
    return known;
  }

  override has(key: CelValue): boolean {
    return typeof key === 'string' && this.#expressions.has(key);
  }

  override *keys(): Generator<CelKey> {
    yield* this.#expressions.keys();
  }

  #evaluate(name: string, { program, error: problem }: PolicyExpression): CelValue | CelEvaluationError {
    const failed = (what: string, why: string): CelEvaluationError =>
      new CelEvaluationError(`composited variable ${goQuote(name)} fails to ${what}: ${why}`);
    if (program === undefined) return failed('compile', problem);
    try {
      const { value, cost } = program.evaluate(this.#activation);
      this.#spend(cost);
      return value;
    } catch (error) {
      if (error instanceof CelCostError) this.#spend(perCallCostLimit);
      else if (!(error instanceof CelEvaluationError)) throw error;
      return failed('evaluate', error.message);
    }
  }
}

function inputValues(input: PolicyInput, access: PolicyAccess | undefined): ReadonlyMap<string, CelValue> {
  const { attributes, object, oldObject, params, namespace } = input;
  const json = (value: unknown): CelValue => celFromJson((value ?? null) as JsonValue);
  const values = new Map<string, CelValue>([
    ['object', json(object)],
    ['oldObject', json(oldObject)],
    ['params', json(params)],
    ['request', json(requestOf(input))],
    ['namespaceObject', json(namespace === undefined ? undefined : visibleNamespace(namespace))],
  ]);
  if (access !== undefined) {
    const authorizer = new CelAuthorizer(access.ask);
    const { resource, subresource, namespace: place, name } = attributes;
    values.set('authorizer', authorizer);
    values.set(
      'authorizer.requestResource',
      authorizer.about({ group: resource.group, resource: resource.resource, subresource, namespace: place, name }),
    );
  }
  return values;
}

/** The request as expressions see it: an AdmissionRequest without the objects. */
function requestOf({ attributes, match }: PolicyInput): JsonObject {
  const { kind, resource, subresource, name, namespace, operation, user, dryRun, options } = attributes;
  const given = (fields: Record<string, string>): JsonObject =>
    Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''));
  return {
    // What only a webhook is told.
    uid: '',
    kind: { ...match.kind },
    resource: { ...match.resource },
    requestKind: { ...kind },
    requestResource: { ...resource },
    ...given({ subResource: subresource, requestSubResource: subresource, name, namespace }),
    operation,
    userInfo: {
      ...given({ username: user.username, uid: user.uid }),
      ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
      ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra as unknown as JsonObject }),
    },
    dryRun,
    // Connections have no options.
    options: Object.keys(options).length === 0 ? null : (options as JsonObject),
  };
}

/** What expressions may see of a namespace. */
function visibleNamespace(namespace: Namespace): object {
  const { managedFields: _managed, ownerReferences: _owners, selfLink: _link, ...metadata } = namespace.metadata;
  return { metadata, spec: namespace.spec ?? {}, status: namespace.status ?? {} };
}
