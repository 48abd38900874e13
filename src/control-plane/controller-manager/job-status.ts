import type { Job, JobCondition, JobStatus } from '../../api/types/batch-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';

/** Complete or Failed. */
export function isFinished(job: Job): boolean {
  return holds(job.status, 'Complete') || holds(job.status, 'Failed');
}

/** Whether a condition is True. */
export function holds(status: JobStatus | undefined, type: string): boolean {
  return conditionOf(status, type)?.status === 'True';
}

/** The condition of a type. */
export function conditionOf(status: JobStatus | undefined, type: string): JobCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** A condition that begins now. */
export function jobCondition(
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: number,
): JobCondition {
  const time = formatTime(now);
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
}

/** Puts a condition in its place, where something of it is new; one that is not there need not be denied. */
export function ensureCondition(status: JobStatus, condition: JobCondition): boolean {
  const known = conditionOf(status, condition.type);
  if (known === undefined) {
    if (condition.status === 'False') return false;
    status.conditions = [...(status.conditions ?? []), condition];
    return true;
  }
  const { status: value, reason, message } = condition;
  if (known.status === value && known.reason === reason && known.message === message) return false;
  status.conditions = (status.conditions ?? []).map((each) => (each === known ? condition : each));
  return true;
}

/** The status as it is written: no zeros but for what is always told. */
export function writtenStatus(status: JobStatus): JobStatus {
  const written = { ...status };
  for (const field of ['active', 'succeeded', 'failed'] as const) if (written[field] === 0) delete written[field];
  if (written.completedIndexes === '') delete written.completedIndexes;
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  written.uncountedTerminatedPods = {
    ...(succeeded.length > 0 ? { succeeded } : {}),
    ...(failed.length > 0 ? { failed } : {}),
  };
  return written;
}
