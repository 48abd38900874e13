import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { setJobDefaults } from './job-defaults.ts';
import { jobStrategy } from './job-strategy.ts';
import { humanDuration } from '../../../apimachinery/duration.ts';
import {
  ageColumn,
  column,
  containerImages,
  containerNames,
  nameColumn,
  selectorCell,
  wideColumn,
} from '../../columns.ts';
import type { Job } from '../../types/batch-v1.ts';

/** The types of Job objects. */
export const jobTypes: TypeSource = {
  package: 'io.k8s.api.batch.v1',
  text: `
kind Job
  metadata: meta.ObjectMeta=
  spec: JobSpec=
  status: JobStatus=

type JobCondition
  lastProbeTime: meta.Time
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type JobSpec
  activeDeadlineSeconds: int64
  backoffLimit: int32
  backoffLimitPerIndex: int32
  completionMode: string enum(Indexed, NonIndexed)
  completions: int32
  managedBy: string
  manualSelector: bool
  maxFailedIndexes: int32
  parallelism: int32
  podFailurePolicy: PodFailurePolicy
  podReplacementPolicy: string enum(Failed, TerminatingOrFailed)
  selector: meta.LabelSelector
  successPolicy: SuccessPolicy
  suspend: bool
  template!: core.PodTemplateSpec=
  ttlSecondsAfterFinished: int32

type JobStatus
  active: int32
  completedIndexes: string
  completionTime: meta.Time
  conditions: [JobCondition] atomic merge(type)
  failed: int32
  failedIndexes: string
  ready: int32
  startTime: meta.Time
  succeeded: int32
  terminating: int32
  uncountedTerminatedPods: UncountedTerminatedPods

type PodFailurePolicy
  rules!: [PodFailurePolicyRule] atomic

type PodFailurePolicyOnExitCodesRequirement
  containerName: string
  operator!: string= enum(In, NotIn)
  values!: [int32] set

type PodFailurePolicyOnPodConditionsPattern
  status: string=
  type!: string=

type PodFailurePolicyRule
  action!: string= enum(Count, FailIndex, FailJob, Ignore)
  onExitCodes: PodFailurePolicyOnExitCodesRequirement
  onPodConditions: [PodFailurePolicyOnPodConditionsPattern] atomic

type SuccessPolicy
  rules!: [SuccessPolicyRule] atomic

type SuccessPolicyRule
  succeededCount: int32
  succeededIndexes: string

type UncountedTerminatedPods
  failed: [string] set
  succeeded: [string] set
`,
};

/** The condition that tells most of a job. */
function statusCell(job: Job): string {
  const has = (type: string): boolean =>
    job.status?.conditions?.find((condition) => condition.type === type)?.status === 'True';
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function completionsCell(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0;
  const completions = job.spec?.completions;
  if (completions !== undefined) return `${succeeded}/${completions}`;
  const parallelism = job.spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationCell(job: Job, now: number): string {
  const { startTime, completionTime } = job.status ?? {};
  if (startTime === undefined) return '';
  return humanDuration((completionTime === undefined ? now : Date.parse(completionTime)) - Date.parse(startTime));
}

const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'string', 'Status of the job.', statusCell),
  column('Completions', 'string', '@batch.v1.JobStatus.succeeded', completionsCell),
  column('Duration', 'string', 'Time required to complete the job.', durationCell),
  ageColumn,
  wideColumn('Containers', 'string', 'Names of each container in the template.', (object: Job) =>
    containerNames(object.spec?.template?.spec?.containers),
  ),
  wideColumn('Images', 'string', 'Images referenced by each container in the template.', (object: Job) =>
    containerImages(object.spec?.template?.spec?.containers),
  ),
  wideColumn(
    'Selector',
    'string',
    'A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
    (object: Job) => selectorCell(object.spec?.selector),
  ),
];

/** The jobs resource. */
export const jobResource: ResourceDefinition = {
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  resource: 'jobs',
  singular: 'job',
  shortNames: [],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.batch.v1.Job',
  columns,
  setDefaults: setJobDefaults,
  strategy: jobStrategy,
  selectableFields: fieldReaders(['status.successful']),
};
