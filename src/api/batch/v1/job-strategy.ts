import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Job } from '../../types/batch-v1.ts';
import { labelsOfJobPods, validateJob, validateJobUpdate } from './job-validation.ts';

/** Labels that are given stay: whether they are the right ones is a matter of validation. */
function generateSelector(job: Job): void {
  const { spec } = job;
  if (spec === undefined || spec.manualSelector === true) return;
  const uid = job.metadata.uid ?? '';
  spec.template.metadata ??= {};
  spec.template.metadata.labels = {
    ...labelsOfJobPods(job.metadata.name ?? '', uid),
    ...spec.template.metadata.labels,
  };
  spec.selector = {
    ...spec.selector,
    matchLabels: { 'batch.kubernetes.io/controller-uid': uid, ...spec.selector?.matchLabels },
  };
}

function asJob(object: Unstructured): Job {
  return object;
}

/** What the registry does with jobs. */
export const jobStrategy: Strategy = {
  hasGeneration: true,
  defaultPropagation: 'Orphan',
  adjustForCreate(object) {
    const job = asJob(object);
    generateSelector(job);
    // A job without labels has those of its pods.
    const { labels = {} } = job.metadata;
    const ofPods = job.spec?.template.metadata?.labels;
    if (Object.keys(labels).length === 0 && ofPods !== undefined) job.metadata.labels = { ...ofPods };
  },
  validateCreate: (object) => validateJob(asJob(object)),
  validateUpdate: (object, old, context) =>
    context.subresource === '' ? [...validateJob(asJob(object)), ...validateJobUpdate(asJob(object), asJob(old))] : [],
};
