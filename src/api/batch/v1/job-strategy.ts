import { equalJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Job } from '../../types/batch-v1.ts';
import { labelsOfJobPods, validateJob, validateJobUpdate } from './job-validation.ts';
import { FieldPath } from '../../../apimachinery/field-error.ts';
import { podNameWarnings } from '../../core/v1/pod-warnings.ts';
import { validateJobStatus } from './job-status-validation.ts';
import { jobSpecWarnings } from './job-warnings.ts';

/** Labels that are given stay: whether they are the right ones is a matter of validation. */
function generateSelector(job: Job): void {
  const { spec } = job;
  if (spec === undefined || spec.manualSelector === true) return;
  const uid = job.metadata.uid ?? '';
  spec.template.metadata ??= {};
  const given = spec.template.metadata.labels;
  const labels = sorted({ ...labelsOfJobPods(job.metadata.name ?? '', uid), ...given });
  // Labels that the job has from its pods are the same map (see the defaults).
  if (given !== undefined && job.metadata.labels === given) job.metadata.labels = labels;
  spec.template.metadata.labels = labels;
  spec.selector = {
    ...spec.selector,
    matchLabels: sorted({ 'batch.kubernetes.io/controller-uid': uid, ...spec.selector?.matchLabels }),
  };
}

/** Labels in the order in which they are shown. */
function sorted(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function asJob(object: Unstructured): Job {
  return object;
}

/** What the registry does with jobs. */
export const jobStrategy: Strategy = {
  hasGeneration: true,
  // Labels that nobody gave are those of the template, which has them when the job is prepared.
  isStoredWithoutDefaults(created) {
    const { manualSelector, template } = asJob(created).spec ?? {};
    const labels = template?.metadata?.labels;
    return manualSelector !== true && labels !== undefined && equalJson(created.metadata.labels ?? {}, labels);
  },
  defaultPropagation: 'Orphan',
  warningOnOrphaningDelete:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  warningsOnCreate: (object) => [
    ...podNameWarnings(object.metadata.name ?? ''),
    ...jobSpecWarnings(asJob(object).spec, new FieldPath('spec')),
  ],
  warningsOnUpdate: (object, old) =>
    object.metadata.generation === old.metadata.generation
      ? []
      : jobSpecWarnings(asJob(object).spec, new FieldPath('spec')),
  podSpec: (object) => asJob(object).spec?.template.spec,
  adjustForCreate: (object) => generateSelector(asJob(object)),
  validateCreate: (object) => validateJob(asJob(object)),
  validateAsNew: (object, old) => validateJob(asJob(object), asJob(old)),
  validateUpdate: (object, old, context) =>
    context.subresource === ''
      ? validateJobUpdate(asJob(object), asJob(old))
      : validateJobStatus(asJob(object), asJob(old)),
};
