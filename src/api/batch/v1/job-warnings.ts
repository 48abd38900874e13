import type { FieldPath } from '../../../apimachinery/field-error.ts';
import { podTemplateWarnings } from '../../core/v1/pod-warnings.ts';
import type { JobSpec } from '../../types/batch-v1.ts';

/** Beyond both, the list of indexes that have ended may outgrow what can be stored. */
const [manyCompletions, manyPods] = [100_000, 10_000];

/** What is let pass of the description of a job, within a cron job too. @param path of the description */
export function jobSpecWarnings(spec: JobSpec | undefined, path: FieldPath): string[] {
  if (spec === undefined) return [];
  const { completionMode, completions = 0, parallelism = 0, template } = spec;
  const isTooLong = completionMode === 'Indexed' && completions > manyCompletions && parallelism > manyPods;
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [
    ...(isTooLong ? [`${path.toString()}: ${text}`] : []),
    ...podTemplateWarnings(template, path.child('template')),
  ];
}
