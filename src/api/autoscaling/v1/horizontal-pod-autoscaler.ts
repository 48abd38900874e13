import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { metricsText } from '../v2/metrics-text.ts';
import { metricsOf, metricStatusesOf } from './metrics-of.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { HorizontalPodAutoscaler } from '../../types/autoscaling-v1.ts';
import { setHorizontalPodAutoscalerDefaults as setDefaultsOfV2 } from '../v2/horizontal-pod-autoscaler-defaults.ts';
import { horizontalPodAutoscalerStrategy } from '../v2/horizontal-pod-autoscaler-validation.ts';
import { autoscalerAnnotations, autoscalerFromV2, autoscalerToV2 } from './v2-conversion.ts';

/** The types of HorizontalPodAutoscaler objects. */
export const horizontalPodAutoscalerTypes: TypeSource = {
  package: 'io.k8s.api.autoscaling.v1',
  text: `
kind HorizontalPodAutoscaler
  metadata: meta.ObjectMeta=
  spec!: HorizontalPodAutoscalerSpec=
  status: HorizontalPodAutoscalerStatus=

type CrossVersionObjectReference atomic
  apiVersion: string
  kind!: string=
  name!: string=

type HorizontalPodAutoscalerSpec
  scaleTargetRef!: CrossVersionObjectReference=
  minReplicas: int32
  maxReplicas!: int32=
  targetCPUUtilizationPercentage: int32

type HorizontalPodAutoscalerStatus
  currentCPUUtilizationPercentage: int32
  currentReplicas!: int32=
  desiredReplicas!: int32=
  lastScaleTime: meta.Time
  observedGeneration: int64
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Reference',
    'string',
    'scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.',
    (object: HorizontalPodAutoscaler) =>
      `${object.spec?.scaleTargetRef.kind ?? ''}/${object.spec?.scaleTargetRef.name ?? ''}`,
  ),
  column(
    'Targets',
    'string',
    '@autoscaling.v2.HorizontalPodAutoscalerSpec.metrics',
    (object: HorizontalPodAutoscaler) => metricsText(metricsOf(object), metricStatusesOf(object)),
  ),
  column(
    'MinPods',
    'string',
    '@autoscaling.v1.HorizontalPodAutoscalerSpec.minReplicas',
    (object: HorizontalPodAutoscaler) =>
      object.spec?.minReplicas === undefined ? '<unset>' : String(object.spec.minReplicas),
  ),
  column(
    'MaxPods',
    'string',
    '@autoscaling.v2.HorizontalPodAutoscalerSpec.maxReplicas',
    (object: HorizontalPodAutoscaler) => object.spec?.maxReplicas ?? 0,
  ),
  column(
    'Replicas',
    'string',
    '@autoscaling.v2.HorizontalPodAutoscalerStatus.currentReplicas',
    (object: HorizontalPodAutoscaler) => object.status?.currentReplicas ?? 0,
  ),
  ageColumn,
];

/** One replica at least. */
function setHorizontalPodAutoscalerDefaults(object: Unstructured): void {
  const { spec } = object as unknown as HorizontalPodAutoscaler;
  if (spec !== undefined) spec.minReplicas ??= 1;
  adopt(object, autoscalerToV2(object));
}

/** Makes the object what it is once it went through autoscaling/v2. */
function adopt(object: Unstructured, whole: Unstructured): void {
  const { metadata, ...parts } = autoscalerFromV2(whole);
  const { annotations } = metadata;
  if (annotations === undefined) delete object.metadata.annotations;
  else object.metadata.annotations = annotations;
  Object.assign(object, { spec: parts['spec'], status: parts['status'] });
}

/** The object with one part of another one: what of that stands in annotations comes along. */
function adoptPart(object: Unstructured, other: Unstructured, part: 'spec' | 'status'): void {
  const own = autoscalerToV2(object);
  adopt(object, Object.assign(own, { [part]: autoscalerToV2(other)[part] }));
}

/** The horizontalpodautoscalers resource. */
export const horizontalPodAutoscalerResource: ResourceDefinition = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  storage: {
    group: 'autoscaling',
    version: 'v2',
    toStorage: autoscalerToV2,
    fromStorage: autoscalerFromV2,
  },
  settle: (object) => {
    const whole = autoscalerToV2(object);
    setDefaultsOfV2(whole);
    adopt(object, whole);
  },
  otherForms: [
    {
      apiVersion: 'autoscaling/v2',
      type: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
      convert: autoscalerToV2,
      convertBack: autoscalerFromV2,
    },
  ],
  versionAnnotations: autoscalerAnnotations,
  strategy: {
    // What conditions and metrics a new one has is not for its writer to say, in annotations either.
    adjustForCreate: (object) => adopt(object, { ...autoscalerToV2(object), status: { desiredReplicas: 0 } }),
    adjustForUpdate: (object, old) => adoptPart(object, old, 'status'),
    adjustForStatus: (object, old) => adoptPart(object, old, 'spec'),
    validateCreate: (object, context) =>
      horizontalPodAutoscalerStrategy.validateCreate?.(autoscalerToV2(object), context) ?? [],
    validateUpdate: (object, old, context) =>
      horizontalPodAutoscalerStrategy.validateUpdate?.(autoscalerToV2(object), autoscalerToV2(old), context) ?? [],
  },
  setDefaults: setHorizontalPodAutoscalerDefaults,
  columns,
};
