import { aggregateMessages } from '../../../apimachinery/field-error.ts';
import type { PolicyExpression } from '../../../api/admissionregistration/policies/policy-compiler.ts';
import type { ConditionReport } from '../admission-observer.ts';
import type { AdmissionContext } from '../admission-plugin.ts';
import type { PolicyAccess } from './policy-access.ts';
import { conditionCostBudget, evaluatePolicy, OutOfBudgetError, type PolicyInput } from './policy-evaluation.ts';

/** Whether match conditions hold, or why that cannot be told. */
export type ConditionResult = { readonly matches: boolean } | { readonly error: string };

/** Whose conditions they are, for whoever counts. */
export interface ConditionOwner extends Pick<ConditionReport, 'name' | 'kind' | 'step'> {
  readonly context: Pick<AdmissionContext, 'clock' | 'audience'>;
}

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
  owner: ConditionOwner,
): Promise<ConditionResult> {
  if (conditions.length === 0) return { matches: true };
  const { context, ...names } = owner;
  const begun = context.clock.now();
  const told = (errors: number, isExcluded: boolean): void =>
    context.audience?.observer?.conditions({
      ...names,
      operation: input.attributes.operation,
      seconds: (context.clock.now() - begun) / 1000,
      errors,
      isExcluded,
    });
  const failed = (error: string): ConditionResult => (ignoresFailures ? { matches: false } : { error });
  const seen = { ...input, namespace: undefined };
  try {
    const { outcomes } = await access.resolve(() =>
      evaluatePolicy(conditions, variables, seen, access, conditionCostBudget),
    );
    const end = outcomes.findIndex(({ value }) => value === false);
    const seenOutcomes = end < 0 ? outcomes : outcomes.slice(0, end);
    const errors = seenOutcomes.map(({ error }) => error).filter((error) => error !== undefined);
    const isExcluded = end >= 0 || (errors.length > 0 && ignoresFailures);
    if (end >= 0 || errors.length > 0) told(errors.length, isExcluded);
    if (end >= 0) return { matches: false };
    return errors.length === 0 ? { matches: true } : failed(aggregateMessages(errors));
  } catch (error) {
    if (error instanceof OutOfBudgetError) {
      told(0, ignoresFailures);
      return failed(error.message);
    }
    throw error;
  }
}
