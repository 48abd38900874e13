import {
  PolicyCompiler,
  type PolicyExpression,
  policyResults,
} from '../../../api/admissionregistration/policies/policy-compiler.ts';
import type { ValidatingAdmissionPolicy } from '../../../api/types/admissionregistration-v1.ts';
import { typeOf, type CelValue } from '../../../cel/values.ts';
import type { PolicyAccess } from './policy-access.ts';
import { type ConditionOwner, evaluateConditions } from './match-conditions.ts';
import {
  evaluatePolicy,
  type ExpressionOutcome,
  OutOfBudgetError,
  policyCostBudget,
  type PolicyInput,
} from './policy-evaluation.ts';

/** A ValidatingAdmissionPolicy with its expressions compiled. */
export interface CompiledValidatingPolicy {
  readonly ignoresFailures: boolean;
  readonly variables: ReadonlyMap<string, PolicyExpression>;
  readonly conditions: readonly PolicyExpression[];
  readonly validations: readonly {
    readonly expression: PolicyExpression;
    readonly message: PolicyExpression | undefined;
    readonly text: string;
    readonly reason: string | undefined;
  }[];
  readonly annotations: readonly { readonly key: string; readonly expression: PolicyExpression }[];
}

/** Compiles a policy; what cannot be compiled fails when it is evaluated. */
export function compileValidatingPolicy({ spec = {} }: ValidatingAdmissionPolicy): CompiledValidatingPolicy {
  const compiler = new PolicyCompiler(true);
  const scope = { hasParams: spec.paramKind !== undefined, hasAuthorizer: true };
  for (const { name, expression } of spec.variables ?? []) compiler.addVariable(name, expression, scope);
  return {
    ignoresFailures: spec.failurePolicy === 'Ignore',
    variables: compiler.variables,
    conditions: (spec.matchConditions ?? []).map(({ expression }) =>
      compiler.compile(expression, scope, policyResults.condition),
    ),
    validations: (spec.validations ?? []).map(({ expression, message = '', messageExpression = '', reason }) => ({
      expression: compiler.compile(expression, scope, policyResults.condition),
      message:
        messageExpression === ''
          ? undefined
          : compiler.compile(messageExpression, { ...scope, hasAuthorizer: false }, policyResults.message),
      text: message.trim(),
      reason,
    })),
    annotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      expression: compiler.compile(valueExpression, scope, policyResults.auditAnnotation),
    })),
  };
}

/** Why a policy denies a request. */
export interface Denial {
  /** Which validation it was. */
  readonly index: number;
  readonly message: string;
  readonly reason?: string;
}

/** What a policy says of a request, for one binding and one parameter. */
export interface PolicyVerdict {
  readonly denials: readonly Denial[];
  /** What failed and does not count, as the policy wants it. */
  readonly ignored: readonly string[];
  /** Annotations that could not be made: these deny, whatever the binding's actions are. */
  readonly annotationErrors: readonly string[];
  readonly annotations: readonly { readonly key: string; readonly text: string }[];
}

const nothing: PolicyVerdict = { denials: [], ignored: [], annotationErrors: [], annotations: [] };
const maxMessageBytes = 5 * 1024;

/** Evaluates a policy (KEP-3488). */
export async function evaluateValidatingPolicy(
  policy: CompiledValidatingPolicy,
  input: PolicyInput,
  access: PolicyAccess,
  owner: ConditionOwner,
): Promise<PolicyVerdict> {
  const { conditions, variables, validations, annotations, ignoresFailures } = policy;
  const failed = (message: string): PolicyVerdict =>
    ignoresFailures ? { ...nothing, ignored: [message] } : { ...nothing, denials: [{ index: 0, message }] };
  const result = await evaluateConditions(conditions, variables, input, access, ignoresFailures, owner);
  if ('error' in result) return failed(result.error);
  if (!result.matches) return nothing;
  try {
    const expressions = validations.map(({ expression }) => expression);
    const { outcomes, remaining } = await access.resolve(() =>
      evaluatePolicy(expressions, variables, input, access, policyCostBudget),
    );
    const messages = evaluateMessages(policy, input, remaining);
    const ignored: string[] = [];
    const denials = validations.flatMap((validation, index): Denial[] => {
      const { value, error } = outcomes[index] ?? {};
      const failure =
        messages instanceof OutOfBudgetError ? `failed messageExpression: ${messages.message}` : undefined;
      const problem = error ?? failure;
      if (problem !== undefined && ignoresFailures) ignored.push(problem);
      if (problem !== undefined) return ignoresFailures ? [] : [{ index, message: problem }];
      if (value === true) return [];
      const { text, reason, expression } = validation;
      const message =
        usableMessage((messages as readonly ExpressionOutcome[])[index]) ||
        text ||
        `failed expression: ${expression.text.trim()}`;
      return [{ index, message, ...(reason === undefined ? {} : { reason }) }];
    });
    const notes = evaluatePolicy(
      annotations.map(({ expression }) => expression),
      variables,
      input,
      undefined,
      policyCostBudget,
    );
    return { denials, ignored, ...readAnnotations(policy, notes.outcomes) };
  } catch (error) {
    if (error instanceof OutOfBudgetError) return failed(error.message);
    throw error;
  }
}

function evaluateMessages(
  { validations, variables }: CompiledValidatingPolicy,
  input: PolicyInput,
  budget: number,
): readonly ExpressionOutcome[] | OutOfBudgetError {
  const expressions = validations.map(({ message }) => message);
  try {
    return evaluatePolicy(expressions, variables, input, undefined, budget).outcomes;
  } catch (error) {
    if (error instanceof OutOfBudgetError) return error;
    throw error;
  }
}

/** A message that fits on a line; the empty string for others. */
function usableMessage(outcome: ExpressionOutcome | undefined): string {
  const text = typeof outcome?.value === 'string' ? outcome.value.trim() : '';
  return text.includes('\n') || Buffer.byteLength(text) > maxMessageBytes ? '' : text;
}

function readAnnotations(
  { annotations, ignoresFailures }: CompiledValidatingPolicy,
  outcomes: readonly ExpressionOutcome[],
): Pick<PolicyVerdict, 'annotations' | 'annotationErrors'> {
  const made: { key: string; text: string }[] = [];
  const errors: string[] = [];
  for (const [index, { key, expression }] of annotations.entries()) {
    const { value = null, error } = outcomes[index] ?? {};
    if (error !== undefined) {
      if (!ignoresFailures) errors.push(error);
    } else if (typeof value === 'string') {
      if (value.trim() !== '') made.push({ key, text: value.trim() });
    } else if (value !== null) errors.push(unsupportedResult(expression.text, value));
  }
  return { annotations: made, annotationErrors: errors };
}

function unsupportedResult(text: string, value: CelValue): string {
  return `valueExpression '${text}' resulted in unsupported return type: ${typeOf(value).name}. Return type must be either string or null.`;
}
