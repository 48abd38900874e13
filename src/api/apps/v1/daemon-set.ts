import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setDaemonSetDefaults } from './workload-defaults.ts';
import { daemonSetStrategy } from './workload-validation.ts';
import {
  ageColumn,
  column,
  containerImages,
  containerNames,
  labelsText,
  nameColumn,
  selectorCell,
  wideColumn,
} from '../../columns.ts';
import type { DaemonSet } from '../../types/apps-v1.ts';

/** The types of DaemonSet objects. */
export const daemonSetTypes: TypeSource = {
  package: 'io.k8s.api.apps.v1',
  text: `
kind DaemonSet
  metadata: meta.ObjectMeta=
  spec: DaemonSetSpec=
  status: DaemonSetStatus=

type DaemonSetCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type DaemonSetSpec
  minReadySeconds: int32
  revisionHistoryLimit: int32
  selector!: meta.LabelSelector
  template!: core.PodTemplateSpec=
  updateStrategy: DaemonSetUpdateStrategy=

type DaemonSetStatus
  collisionCount: int32
  conditions: [DaemonSetCondition] map(type) merge(type)
  currentNumberScheduled!: int32=
  numberMisscheduled!: int32=
  numberAvailable: int32
  desiredNumberScheduled!: int32=
  numberReady!: int32=
  numberUnavailable: int32
  observedGeneration: int64
  updatedNumberScheduled: int32

type DaemonSetUpdateStrategy
  rollingUpdate: RollingUpdateDaemonSet
  type: string enum(OnDelete, RollingUpdate)

type RollingUpdateDaemonSet
  maxSurge: intstr.IntOrString
  maxUnavailable: intstr.IntOrString
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Desired',
    'integer',
    '@apps.v1.DaemonSetStatus.desiredNumberScheduled',
    (object: DaemonSet) => object.status?.desiredNumberScheduled ?? 0,
  ),
  column(
    'Current',
    'integer',
    '@apps.v1.DaemonSetStatus.currentNumberScheduled',
    (object: DaemonSet) => object.status?.currentNumberScheduled ?? 0,
  ),
  column(
    'Ready',
    'integer',
    '@apps.v1.DaemonSetStatus.numberReady',
    (object: DaemonSet) => object.status?.numberReady ?? 0,
  ),
  column(
    'Up-to-date',
    'integer',
    '@apps.v1.DaemonSetStatus.updatedNumberScheduled',
    (object: DaemonSet) => object.status?.updatedNumberScheduled ?? 0,
  ),
  column(
    'Available',
    'integer',
    '@apps.v1.DaemonSetStatus.numberAvailable',
    (object: DaemonSet) => object.status?.numberAvailable ?? 0,
  ),
  column('Node Selector', 'string', '@core.v1.PodSpec.nodeSelector', (object: DaemonSet) =>
    labelsText(object.spec?.template?.spec?.nodeSelector),
  ),
  ageColumn,
  wideColumn('Containers', 'string', 'Names of each container in the template.', (object: DaemonSet) =>
    containerNames(object.spec?.template?.spec?.containers),
  ),
  wideColumn('Images', 'string', 'Images referenced by each container in the template.', (object: DaemonSet) =>
    containerImages(object.spec?.template?.spec?.containers),
  ),
  wideColumn(
    'Selector',
    'string',
    "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    (object: DaemonSet) => selectorCell(object.spec?.selector),
  ),
];

/** The daemonsets resource. */
export const daemonSetResource: ResourceDefinition = {
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.apps.v1.DaemonSet',
  columns,
  versionAnnotations: ['deprecated.daemonset.template.generation'],
  setDefaults: setDaemonSetDefaults,
  strategy: daemonSetStrategy,
};
