import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { setPodTemplateDefaults } from '../../core/v1/pod-spec-defaults.ts';
import type { CronJob, Job, JobSpec } from '../../types/batch-v1.ts';

/** One completion, six failures, `NonIndexed`, not suspended; a job without labels has those of its pods. */
export function setJobDefaults(object: Unstructured): void {
  const { metadata, spec } = object as unknown as Job;
  if (spec === undefined) return;
  const ofPods = spec.template.metadata?.labels;
  if (Object.keys(metadata.labels ?? {}).length === 0 && ofPods !== undefined) {
    // One and the same map, as in the real server: what is added to the pods' labels shows here.
    metadata.labels = ofPods;
  }
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1;
    spec.parallelism = 1;
  }
  spec.parallelism ??= 1;
  if (spec.backoffLimit === undefined) spec.backoffLimit = spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
  setTemplateDefaults(spec);
}

/** Jobs' own settings that a template inside a cron job gets too. */
function setTemplateDefaults(spec: JobSpec): void {
  for (const { onPodConditions = [] } of spec.podFailurePolicy?.rules ?? []) {
    for (const condition of onPodConditions) if ((condition.status ?? '') === '') condition.status = 'True';
  }
  setPodTemplateDefaults(spec.template);
}

/** Runs overlap, three good and one bad are remembered. */
export function setCronJobDefaults(object: Unstructured): void {
  const { spec } = object as unknown as CronJob;
  if (spec === undefined) return;
  if ((spec.concurrencyPolicy ?? '') === '') spec.concurrencyPolicy = 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  if (spec.jobTemplate.spec !== undefined) setTemplateDefaults(spec.jobTemplate.spec);
}
