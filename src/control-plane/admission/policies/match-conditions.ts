import { aggregateMessages } from '../../../apimachinery/field-error.ts';
import type { PolicyExpression } from '../../../api/admissionregistration/policies/policy-compiler.ts';
import type { PolicyAccess } from './policy-access.ts';
import { conditionCostBudget, evaluatePolicy, OutOfBudgetError, type PolicyInput } from './policy-evaluation.ts';

/** Whether match conditions hold, or why that cannot be told. */
export type ConditionResult = { readonly matches: boolean } | { readonly error: string };

/**
 * Evaluates the match conditions of a policy or a webhook (KEP-3716): one that does not hold decides, and errors count
 * only when none does not. A failure policy of Ignore makes errors a no.
 */
export async function evaluateConditions(
  conditions: readonly PolicyExpression[],
  variables: ReadonlyMap<string, PolicyExpression>,
  input: PolicyInput,
  access: PolicyAccess,
  ignoresFailures: boolean,
): Promise<ConditionResult> {
  if (conditions.length === 0) return { matches: true };
  const failed = (error: string): ConditionResult => (ignoresFailures ? { matches: false } : { error });
  const seen = { ...input, namespace: undefined };
  try {
    const { outcomes } = await access.resolve(() =>
      evaluatePolicy(conditions, variables, seen, access, conditionCostBudget),
    );
    if (outcomes.some(({ value }) => value === false)) return { matches: false };
    const errors = outcomes.map(({ error }) => error).filter((error) => error !== undefined);
    return errors.length === 0 ? { matches: true } : failed(aggregateMessages(errors));
  } catch (error) {
    if (error instanceof OutOfBudgetError) return failed(error.message);
    throw error;
  }
}
