import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setCronJobDefaults } from './job-defaults.ts';
import { cronJobStrategy } from './cron-job-strategy.ts';
import {
  ageColumn,
  ageText,
  column,
  containerImages,
  containerNames,
  nameColumn,
  selectorCell,
  wideColumn,
} from '../../columns.ts';
import type { CronJob } from '../../types/batch-v1.ts';

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
  schedule!: string=
  jobTemplate!: JobTemplateSpec=
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

/** Whether it is suspended, as the real server writes it: capitalised text. */
function suspendCell(object: CronJob): string {
  if (object.spec?.suspend === undefined) return '<unset>';
  return object.spec.suspend ? 'True' : 'False';
}

const columns: readonly Column[] = [
  nameColumn,
  column('Schedule', 'string', '@batch.v1.CronJobSpec.schedule', (object: CronJob) => object.spec?.schedule ?? ''),
  column(
    'Timezone',
    'string',
    '@batch.v1.CronJobSpec.timeZone',
    (object: CronJob) => object.spec?.timeZone ?? '<none>',
  ),
  column('Suspend', 'boolean', '@batch.v1.CronJobSpec.suspend', suspendCell),
  column(
    'Active',
    'integer',
    '@batch.v1.CronJobStatus.active',
    (object: CronJob) => object.status?.active?.length ?? 0,
  ),
  column('Last Schedule', 'string', '@batch.v1.CronJobStatus.lastScheduleTime', (object: CronJob, now) =>
    object.status?.lastScheduleTime === undefined ? '<none>' : ageText(object.status.lastScheduleTime, now),
  ),
  ageColumn,
  wideColumn('Containers', 'string', 'Names of each container in the template.', (object: CronJob) =>
    containerNames(object.spec?.jobTemplate.spec?.template.spec?.containers),
  ),
  wideColumn('Images', 'string', 'Images referenced by each container in the template.', (object: CronJob) =>
    containerImages(object.spec?.jobTemplate.spec?.template.spec?.containers),
  ),
  wideColumn(
    'Selector',
    'string',
    'A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
    (object: CronJob) => selectorCell(object.spec?.jobTemplate.spec?.selector),
  ),
];

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
  columns,
  setDefaults: setCronJobDefaults,
  strategy: cronJobStrategy,
};
