import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../api/types/batch-v1.ts';
import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts';
import { IndexSet } from './job-indexes.ts';

/** What a failed pod means to its job. */
export interface FailureVerdict {
  readonly action: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore' | undefined;
  /** Why the whole job fails; for FailJob. */
  readonly message?: string;
}

/** The first rule of a policy that a failed pod matches decides; without one the failure counts (KEP-3329). */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const what = matchedBy(rule, pod);
    if (what === undefined) continue;
    switch (rule.action) {
      case 'Ignore':
      case 'FailIndex':
      case 'Count':
        return { action: rule.action };
      case 'FailJob':
        return { action: 'FailJob', message: `${what} matching FailJob rule at index ${index}` };
      default:
        continue;
    }
  }
  return { action: undefined };
}

/** Whether a failure counts against the limits of its job. */
export function countsAsFailure(policy: PodFailurePolicy | undefined, pod: Pod): boolean {
  return judgeFailure(policy, pod).action !== 'Ignore';
}

/** The beginning of the message about what in the pod a rule is about. */
function matchedBy(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { name = '', namespace = '' } = pod.metadata;
  const { containerStatuses = [], initContainerStatuses = [], conditions = [] } = pod.status ?? {};
  if (rule.onExitCodes !== undefined) {
    const { onExitCodes } = rule;
    const failed = [...containerStatuses, ...initContainerStatuses].find((status) => matchesExit(onExitCodes, status));
    if (failed === undefined) return undefined;
    const code = failed.state?.terminated?.exitCode ?? 0;
    return `Container ${failed.name} for pod ${namespace}/${name} failed with exit code ${code}`;
  }
  const found = conditions.find(({ type, status }) =>
    (rule.onPodConditions ?? []).some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
  );
  return found === undefined ? undefined : `Pod ${namespace}/${name} has condition ${found.type}`;
}

function matchesExit(asked: PodFailurePolicyOnExitCodesRequirement, { name, state }: ContainerStatus): boolean {
  const code = state?.terminated?.exitCode ?? 0;
  if (code === 0 || (asked.containerName !== undefined && asked.containerName !== name)) return false;
  if (asked.operator === 'In') return asked.values.includes(code);
  return asked.operator === 'NotIn' && !asked.values.includes(code);
}

/** The message of the first rule for success that the succeeded indexes fulfil (KEP-3998). */
export function matchSuccessPolicy({ successPolicy, completions = 0 }: JobSpec, done: IndexSet): string | undefined {
  if (done.size === 0) return undefined;
  const index = (successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && done.size >= succeededCount;
    const asked = IndexSet.parse(succeededIndexes, completions);
    if (asked.size === 0) return false;
    const reached = asked.countShared(done);
    return reached === asked.size || (succeededCount !== undefined && reached >= succeededCount);
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}
