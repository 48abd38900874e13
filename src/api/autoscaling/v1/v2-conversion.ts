import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { HorizontalPodAutoscaler as V1Autoscaler } from '../../types/autoscaling-v1.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from '../../types/autoscaling-v2.ts';
import { metricsAnnotation, metricsOf, metricStatusesAnnotation, metricStatusesOf } from './metrics-of.ts';

const behaviorAnnotation = 'autoscaling.alpha.kubernetes.io/behavior';
const conditionsAnnotation = 'autoscaling.alpha.kubernetes.io/conditions';
/** Annotations in which autoscaling/v1 carries what it has no fields for. */
export const autoscalerAnnotations: readonly string[] = [
  metricsAnnotation,
  metricStatusesAnnotation,
  behaviorAnnotation,
  conditionsAnnotation,
];

/** What autoscaling/v1 has no fields for travels in annotations; here it becomes fields again. */
export function autoscalerToV2(object: Unstructured): Unstructured {
  const autoscaler = object as unknown as V1Autoscaler;
  const annotations = autoscaler.metadata.annotations ?? {};
  const { targetCPUUtilizationPercentage: _target, ...spec } = autoscaler.spec ?? { maxReplicas: 0 };
  const {
    currentCPUUtilizationPercentage: _current,
    currentReplicas,
    ...status
  } = autoscaler.status ?? {
    desiredReplicas: 0,
  };
  const behavior = behaviorFrom(annotations[behaviorAnnotation]);
  const conditions = parsed(annotations[conditionsAnnotation]);
  const currentMetrics = metricStatusesOf(autoscaler);
  return {
    apiVersion: 'autoscaling/v2',
    kind: object.kind,
    metadata: withoutAnnotations(object.metadata),
    spec: { ...spec, metrics: metricsOf(autoscaler), ...(behavior === undefined ? {} : { behavior }) },
    status: {
      ...status,
      ...((currentReplicas ?? 0) === 0 ? {} : { currentReplicas }),
      ...(Array.isArray(conditions) ? { conditions } : {}),
      currentMetrics: currentMetrics.length === 0 ? null : currentMetrics,
    },
  };
}

/** The first target for CPU has a field in autoscaling/v1; other metrics, behaviour and conditions are annotations. */
export function autoscalerFromV2(object: Unstructured): Unstructured {
  const { spec, status } = object as unknown as Partial<HorizontalPodAutoscaler>;
  const { behavior, metrics = [], ...plainSpec } = spec ?? { maxReplicas: 0 };
  const { conditions = [], currentMetrics, ...plainStatus } = status ?? { desiredReplicas: 0 };
  const statuses = currentMetrics ?? [];
  const target = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization;
  const current = statuses.find(isCpuStatus)?.resource?.current.averageUtilization;
  const others = metrics.filter((metric) => !isCpuUtilization(metric));
  const added: Record<string, string> = {};
  if (others.length > 0) added[metricsAnnotation] = JSON.stringify(others.map(specToV1));
  if (statuses.length > 0) added[metricStatusesAnnotation] = JSON.stringify(statuses.map(statusToV1));
  if (behavior !== undefined) added[behaviorAnnotation] = JSON.stringify(behaviorToGo(behavior));
  if (conditions.length > 0) {
    const shown = conditions.map(({ type, status: value, lastTransitionTime, reason, message }) =>
      defined({ type, status: value, lastTransitionTime: lastTransitionTime ?? null, reason, message }),
    );
    added[conditionsAnnotation] = JSON.stringify(shown);
  }
  const metadata = withoutAnnotations(object.metadata);
  const annotations = { ...metadata.annotations, ...added };
  return {
    apiVersion: 'autoscaling/v1',
    kind: object.kind,
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
    spec: { ...plainSpec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: {
      currentReplicas: 0,
      ...plainStatus,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  };
}

function isCpuUtilization({ type, resource }: MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
}

function isCpuStatus({ type, resource }: MetricStatus): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization !== undefined;
}

function withoutAnnotations(metadata: Unstructured['metadata']): Unstructured['metadata'] {
  const { annotations, ...rest } = metadata;
  const kept = Object.entries(annotations ?? {}).filter(([name]) => !autoscalerAnnotations.includes(name));
  return kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) };
}

/** What cannot be read counts as absent, as in the real conversion. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fields without those that are not set. */
function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A metric in the flat form of autoscaling/v1, its fields in their order. */
function specToV1({ type, object, pods, resource, containerResource, external }: MetricSpec): object {
  const amounts = ({ target }: NonNullable<MetricSpec['resource']>): object => ({
    targetAverageUtilization: target.averageUtilization,
    targetAverageValue: target.averageValue,
  });
  return defined({
    type,
    object:
      object &&
      defined({
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      }),
    pods:
      pods &&
      defined({
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource: resource && defined({ name: resource.name, ...amounts(resource) }),
    containerResource:
      containerResource &&
      defined({
        name: containerResource.name,
        ...amounts(containerResource),
        container: containerResource.container,
      }),
    external:
      external &&
      defined({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  });
}

function statusToV1({ type, object, pods, resource, containerResource, external }: MetricStatus): object {
  const amounts = ({ current }: NonNullable<MetricStatus['resource']>): object => ({
    currentAverageUtilization: current.averageUtilization,
    currentAverageValue: current.averageValue ?? '0',
  });
  return defined({
    type,
    object:
      object &&
      defined({
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.current.averageValue,
      }),
    pods:
      pods &&
      defined({
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource: resource && defined({ name: resource.name, ...amounts(resource) }),
    containerResource:
      containerResource &&
      defined({
        name: containerResource.name,
        ...amounts(containerResource),
        container: containerResource.container,
      }),
    external:
      external &&
      defined({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? '0',
        currentAverageValue: external.current.averageValue,
      }),
  });
}

/** The annotation holds the type that the real server works with, by the names of its Go fields. */
function behaviorToGo({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): object {
  return { ScaleUp: rulesToGo(scaleUp), ScaleDown: rulesToGo(scaleDown) };
}

function rulesToGo(rules: HPAScalingRules | undefined): object | null {
  if (rules === undefined) return null;
  const policies = rules.policies?.map(({ type, value, periodSeconds }) => ({
    Type: type,
    Value: value,
    PeriodSeconds: periodSeconds,
  }));
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: policies ?? null,
    Tolerance: rules.tolerance ?? null,
  };
}

function behaviorFrom(text: string | undefined): HorizontalPodAutoscalerBehavior | undefined {
  const behavior = withLowerNames(parsed(text)) as HorizontalPodAutoscalerBehavior | undefined;
  return behavior?.scaleUp === undefined && behavior?.scaleDown === undefined ? undefined : behavior;
}

/** Go fields by their published names, without those that are null. */
function withLowerNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLowerNames);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(
    entries.map(([name, item]) => [name.charAt(0).toLowerCase() + name.slice(1), withLowerNames(item)]),
  );
}
