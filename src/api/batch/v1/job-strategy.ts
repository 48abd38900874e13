import { type FieldError, FieldPath, invalid, notSupported, required } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validatePodSpec } from '../../core/v1/pod-spec-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { CronJob, Job } from '../../types/batch-v1.ts';
import { isCronSchedule } from './cron-schedule-syntax.ts';

const specPath = new FieldPath('spec');

/** Labels that a job puts on its pods, in their old and new names. */
function generateSelector(job: Job): void {
  const { spec } = job;
  if (spec === undefined || spec.manualSelector === true) return;
  const uid = job.metadata.uid ?? '';
  const name = job.metadata.name ?? '';
  spec.template.metadata ??= {};
  spec.template.metadata.labels = {
    ...spec.template.metadata.labels,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  spec.selector = {
    ...spec.selector,
    matchLabels: { ...spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid },
  };
}

function validateJob(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as Job;
  if (spec === undefined) return [];
  const errors: FieldError[] = [];
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
  ] as const) {
    const value = spec[field];
    if (value !== undefined && value < 0) {
      errors.push(invalid(specPath.child(field), value, 'must be greater than or equal to 0'));
    }
  }
  const template = specPath.child('template', 'spec');
  errors.push(...validatePodSpec(spec.template.spec, template, { isTemplate: true }));
  errors.push(...validateRestartPolicy(spec.template.spec?.restartPolicy, template));
  return errors;
}

function validateRestartPolicy(policy: string | undefined, path: FieldPath): FieldError[] {
  const at = path.child('restartPolicy');
  if (policy === 'Always' || policy === undefined || policy === '') {
    return [required(at, 'valid values: "OnFailure", "Never"')];
  }
  return policy === 'OnFailure' || policy === 'Never' ? [] : [notSupported(at, policy, ['Never', 'OnFailure'])];
}

/** What the registry does with jobs. */
export const jobStrategy: Strategy = {
  hasGeneration: true,
  defaultPropagation: 'Orphan',
  prepareForCreate(object) {
    const job = object as unknown as Job;
    job.status = {};
    generateSelector(job);
  },
  validateCreate: validateJob,
  validateUpdate(object, old, context) {
    if (context.subresource !== '') return [];
    const job = object as unknown as Job;
    const before = old as unknown as Job;
    const errors = validateJob(object);
    for (const field of ['selector', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex'] as const) {
      if (!equalJson(job.spec?.[field] ?? null, before.spec?.[field] ?? null)) {
        errors.push(invalid(specPath.child(field), job.spec?.[field], 'field is immutable'));
      }
    }
    if (!equalJson(job.spec?.template ?? null, before.spec?.template ?? null) && before.spec?.suspend !== true) {
      errors.push(invalid(specPath.child('template'), job.spec?.template, 'field is immutable'));
    }
    return errors;
  },
};

/** What the registry does with cron jobs. */
export const cronJobStrategy: Strategy = {
  hasGeneration: true,
  validateCreate: validateCronJob,
  validateUpdate: (object, _old, context) => (context.subresource === '' ? validateCronJob(object) : []),
};

function validateCronJob(object: Unstructured): FieldError[] {
  const { spec } = object as unknown as CronJob;
  if (spec === undefined) return [required(specPath)];
  const errors: FieldError[] = [];
  const { schedule } = spec;
  if (schedule === '') errors.push(required(specPath.child('schedule')));
  else {
    const problem = isCronSchedule(schedule);
    if (problem !== undefined) errors.push(invalid(specPath.child('schedule'), schedule, problem));
  }
  const policies = ['Allow', 'Forbid', 'Replace'];
  if (!policies.includes(spec.concurrencyPolicy ?? '')) {
    errors.push(notSupported(specPath.child('concurrencyPolicy'), spec.concurrencyPolicy ?? '', policies));
  }
  const template = specPath.child('jobTemplate', 'spec', 'template', 'spec');
  const podSpec = spec.jobTemplate.spec?.template.spec;
  errors.push(...validatePodSpec(podSpec, template, { isTemplate: true }));
  errors.push(...validateRestartPolicy(podSpec?.restartPolicy, template));
  return errors;
}
