import {
  checkNonNegative,
  duplicate,
  type FieldError,
  FieldPath,
  invalid,
  invalidWithoutValue,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type { Job, JobStatus } from '../../types/batch-v1.ts';
import { countIndexes, firstOverlap, IndexRangesError } from './index-ranges.ts';

const path = new FieldPath('status');
const conditionsPath = path.child('conditions');

/**
 * What the status of a job may become (KEP-4368): conditions and times that fit each other, in the order of the real
 * server's causes. What did not change is not looked at, so that old mistakes do not stand in the way.
 */
export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const [now, before] = [job.status ?? {}, old.status ?? {}];
  const changed = (...fields: (keyof JobStatus)[]): boolean =>
    fields.some((field) => !equalSemantic(now[field] ?? null, before[field] ?? null));
  const turned = (...types: string[]): boolean => types.some((type) => isTrue(now, type) !== isTrue(before, type));
  const facts: StatusFacts = { job, now, before, changed, turned };
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
      checkNonNegative(path.child(field), now[field]),
    ),
    ...validateUncounted(now),
    ...validateEnd(facts),
    ...validateFinished(facts),
    ...validateIndexes(facts),
    ...validateCounts(facts),
    ...validateSuccess(facts),
    ...validateSteps(facts),
  ];
}

interface StatusFacts {
  readonly job: Job;
  readonly now: JobStatus;
  readonly before: JobStatus;
  readonly changed: (...fields: (keyof JobStatus)[]) => boolean;
  readonly turned: (...types: string[]) => boolean;
}

function isTrue(status: JobStatus, type: string): boolean {
  return (status.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

function isFinished(status: JobStatus): boolean {
  return isTrue(status, 'Complete') || isTrue(status, 'Failed');
}

/** Pods that ended and are not counted yet: each once. */
function validateUncounted({ uncountedTerminatedPods }: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (uncountedTerminatedPods?.[list] ?? []).flatMap((uid, index) => {
      const at = path.child('uncountedTerminatedPods', list).index(index);
      if (uid === '') return [invalid(at, uid, 'must not be empty')];
      const isKnown = seen.has(uid);
      seen.add(uid);
      return isKnown ? [duplicate(at, uid)] : [];
    }),
  );
}

function validateEnd({ now, changed, turned }: StatusFacts): FieldError[] {
  const [isComplete, isFailed] = [isTrue(now, 'Complete'), isTrue(now, 'Failed')];
  const { startTime, completionTime } = now;
  const errors: FieldError[] = [];
  const refuse = (detail: string): void => void errors.push(invalidWithoutValue(conditionsPath, detail));
  if (turned('Complete', 'Failed') && isComplete && isFailed) {
    refuse('cannot set Complete=True and Failed=true conditions');
  }
  if (turned('Complete', 'FailureTarget') && isComplete && isTrue(now, 'FailureTarget')) {
    refuse('cannot set Complete=True and FailureTarget=true conditions');
  }
  const at = path.child('completionTime');
  if (turned('Complete') || changed('completionTime')) {
    if (completionTime !== undefined && !isComplete) {
      errors.push(invalid(at, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
    }
    if (completionTime === undefined && isComplete) {
      errors.push(required(at, 'completionTime is required for Complete jobs'));
    }
  }
  const isEarly = startTime !== undefined && completionTime !== undefined && completionTime < startTime;
  if (changed('startTime', 'completionTime') && isEarly) {
    errors.push(invalid(at, completionTime, 'must be equal to or after `startTime`'));
  }
  if ((turned('Failed') || changed('failedIndexes')) && isFailed && !isTrue(now, 'FailureTarget')) {
    refuse('cannot set Failed=True condition without the FailureTarget=true condition');
  }
  if (turned('Complete', 'SuccessCriteriaMet') && isComplete && !isTrue(now, 'SuccessCriteriaMet')) {
    refuse('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  }
  return errors;
}

function validateFinished({ job, now, before, changed }: StatusFacts): FieldError[] {
  if (!isFinished(now)) return [];
  const isNew = !isFinished(before);
  const { active = 0, startTime, uncountedTerminatedPods } = now;
  const errors: FieldError[] = [];
  if ((isNew || changed('active')) && active > 0) {
    errors.push(invalid(path.child('active'), active, 'active>0 is invalid for finished job'));
  }
  const isNothing = job.spec?.suspend === true && job.spec.completions === 0;
  if ((isNew || changed('startTime')) && !isNothing && startTime === undefined) {
    errors.push(required(path.child('startTime'), 'startTime is required for finished job'));
  }
  const { succeeded = [], failed = [] } = uncountedTerminatedPods ?? {};
  if ((isNew || changed('uncountedTerminatedPods')) && succeeded.length + failed.length > 0) {
    const shown = {
      Succeeded: uncountedTerminatedPods?.succeeded ?? null,
      Failed: uncountedTerminatedPods?.failed ?? null,
    };
    errors.push(invalid(path.child('uncountedTerminatedPods'), shown, 'must be empty for finished job'));
  }
  return errors;
}

function validateIndexes({ job, now, changed }: StatusFacts): FieldError[] {
  const { completions, backoffLimitPerIndex, completionMode } = job.spec ?? {};
  const { completedIndexes = '', failedIndexes } = now;
  const [completedAt, failedAt] = [path.child('completedIndexes'), path.child('failedIndexes')];
  const [isCompletedNew, isFailedNew] = [changed('completedIndexes'), changed('failedIndexes')];
  const errors: FieldError[] = [];
  const checkFormat = (at: FieldPath, text: string, name: string): void => {
    try {
      countIndexes(text, completions ?? 0);
    } catch (error) {
      if (!(error instanceof IndexRangesError)) throw error;
      errors.push(invalid(at, text, `error parsing ${name}: ${error.message}`));
    }
  };
  if (isCompletedNew && completions !== undefined) checkFormat(completedAt, completedIndexes, 'completedIndexes');
  if (isFailedNew && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) {
    checkFormat(failedAt, failedIndexes, 'failedIndexes');
  }
  if (isCompletedNew && completedIndexes !== '' && completionMode !== 'Indexed') {
    const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(completedAt, completedIndexes, detail));
  }
  if (isFailedNew && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    const detail = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalid(failedAt, failedIndexes, detail));
  }
  if ((isFailedNew || isCompletedNew) && completions !== undefined && failedIndexes !== undefined) {
    const overlap = firstOverlap(completedIndexes, failedIndexes, completions);
    if (overlap !== undefined) {
      const detail = `failedIndexes and completedIndexes overlap at index: ${overlap}`;
      errors.push(invalid(failedAt, failedIndexes, detail));
    }
  }
  return errors;
}

function validateCounts({ now, before, changed }: StatusFacts): FieldError[] {
  const { active = 0, ready, terminating = 0 } = now;
  const errors: FieldError[] = [];
  const isFinishedNew = isFinished(now) !== isFinished(before);
  if ((isFinishedNew || changed('terminating')) && terminating > 0 && isFinished(now)) {
    errors.push(invalid(path.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  }
  if (changed('ready', 'active') && ready !== undefined && ready > active) {
    errors.push(invalid(path.child('ready'), ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function validateSuccess({ job, now }: StatusFacts): FieldError[] {
  const isMet = isTrue(now, 'SuccessCriteriaMet');
  const errors: FieldError[] = [];
  const refuse = (detail: string): void => void errors.push(invalidWithoutValue(conditionsPath, detail));
  if (isMet && isTrue(now, 'Failed')) refuse('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (isMet && isTrue(now, 'FailureTarget')) {
    refuse('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  }
  if (job.spec?.successPolicy !== undefined && !isMet && isTrue(now, 'Complete')) {
    refuse('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  }
  return errors;
}

/** What may not be taken back. */
function validateSteps({ job, now, before, changed }: StatusFacts): FieldError[] {
  const { spec = {} } = job as { readonly spec?: Partial<NonNullable<Job['spec']>> };
  const errors: FieldError[] = [];
  const refuse = (detail: string): void => void errors.push(invalidWithoutValue(conditionsPath, detail));
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (isTrue(before, type) && !isTrue(now, type)) refuse(`cannot disable the terminal ${type}=True condition`);
  }
  const count = (field: 'failed' | 'succeeded'): void => {
    const value = now[field] ?? 0;
    if (value >= (before[field] ?? 0)) return;
    errors.push(invalid(path.child(field), value, `cannot decrease the ${field} counter`));
  };
  count('failed');
  // Indexed jobs of as many pods as completions can be made smaller.
  if (spec.completionMode !== 'Indexed' || spec.completions !== spec.parallelism) count('succeeded');
  if (now.completionTime !== undefined && before.completionTime !== undefined && changed('completionTime')) {
    errors.push(invalid(path.child('completionTime'), now.completionTime, 'field is immutable'));
  }
  const isResuming =
    isTrue(before, 'Suspended') &&
    (now.conditions ?? []).some((one) => one.type === 'Suspended' && one.status === 'False');
  if (changed('startTime') && !isResuming && before.startTime !== undefined && spec.suspend !== true) {
    const detail = 'field is immutable for unsuspended job once set';
    errors.push(invalid(path.child('startTime'), now.startTime ?? null, detail));
  }
  const [isMet, wasMet] = [isTrue(now, 'SuccessCriteriaMet'), isTrue(before, 'SuccessCriteriaMet')];
  if (wasMet && !isMet) refuse('cannot disable the SuccessCriteriaMet=True condition');
  if (isTrue(before, 'Complete') && !wasMet && isMet) {
    refuse('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  }
  return errors;
}
