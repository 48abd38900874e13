import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of CronJob objects. */
export const cronJobTypes: TypeSource = {
  package: 'io.k8s.api.batch.v1',
  text: `
kind CronJob
  metadata: meta.ObjectMeta=
  spec!: CronJobSpec=
  status: CronJobStatus=

type CronJobSpec
  concurrencyPolicy: string enum(Allow, Forbid, Replace)
  failedJobsHistoryLimit: int32
  jobTemplate!: JobTemplateSpec=
  schedule!: string=
  startingDeadlineSeconds: int64
  successfulJobsHistoryLimit: int32
  suspend: bool
  timeZone: string

type CronJobStatus
  active: [core.ObjectReference] atomic
  lastScheduleTime: meta.Time
  lastSuccessfulTime: meta.Time

type JobTemplateSpec
  metadata: meta.ObjectMeta=
  spec: JobSpec=
`,
};

/** The cronjobs resource. */
export const cronJobResource: ResourceDefinition = {
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  resource: 'cronjobs',
  singular: 'cronjob',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.batch.v1.CronJob',
};
