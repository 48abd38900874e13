import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  status!: string=
  type!: string=

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
};
