import type { HorizontalPodAutoscaler } from '../../types/autoscaling-v1.ts';
import type { MetricSpec, MetricStatus } from '../../types/autoscaling-v2.ts';

/** Annotation that carries the metrics which autoscaling/v1 has no fields for. */
export const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';

/** Annotation that carries the status of metrics which autoscaling/v1 has no fields for. */
export const metricStatusesAnnotation = 'autoscaling.alpha.kubernetes.io/current-metrics';

/** The metrics in the form of autoscaling/v2: those of the annotation, then the CPU target; CPU at 80 % without any. */
export function metricsOf(autoscaler: HorizontalPodAutoscaler): MetricSpec[] {
  const metrics = (fromAnnotation(autoscaler, metricsAnnotation) ?? []).map(specFromV1);
  const target = autoscaler.spec?.targetCPUUtilizationPercentage;
  if (target !== undefined) metrics.push(cpuMetric(target));
  return metrics.length === 0 ? [cpuMetric(80)] : metrics;
}

/** The status of the metrics in the form of autoscaling/v2. */
export function metricStatusesOf(autoscaler: HorizontalPodAutoscaler): MetricStatus[] {
  const statuses = fromAnnotation(autoscaler, metricStatusesAnnotation);
  if (statuses !== undefined) return statuses.map(statusFromV1);
  const current = autoscaler.status?.currentCPUUtilizationPercentage;
  if (current === undefined) return [];
  return [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
}

function cpuMetric(averageUtilization: number): MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

/** A metric as autoscaling/v1 writes it in an annotation: flat, one object per type. */
interface V1Metric {
  readonly type: string;
  readonly object?: Record<string, unknown>;
  readonly pods?: Record<string, unknown>;
  readonly resource?: Record<string, unknown>;
  readonly containerResource?: Record<string, unknown>;
  readonly external?: Record<string, unknown>;
}

/** What cannot be read counts as absent, as in the real conversion. */
function fromAnnotation(autoscaler: HorizontalPodAutoscaler, name: string): V1Metric[] | undefined {
  const text = autoscaler.metadata.annotations?.[name];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as V1Metric[]) : undefined;
  } catch {
    return undefined;
  }
}

const metricKinds = ['object', 'pods', 'resource', 'containerResource', 'external'] as const;

function specFromV1(metric: V1Metric): MetricSpec {
  const spec: Record<string, unknown> = { type: metric.type };
  for (const kind of metricKinds) {
    const source = metric[kind];
    if (source !== undefined) spec[kind] = { ...identityOf(kind, source), target: targetFromV1(source) };
  }
  return spec as unknown as MetricSpec;
}

function statusFromV1(metric: V1Metric): MetricStatus {
  const status: Record<string, unknown> = { type: metric.type };
  for (const kind of metricKinds) {
    const source = metric[kind];
    if (source !== undefined) status[kind] = { ...identityOf(kind, source), current: currentFromV1(source) };
  }
  return status as unknown as MetricStatus;
}

/** What is measured: a resource's name, or a metric with its selector. */
function identityOf(kind: (typeof metricKinds)[number], source: Record<string, unknown>): Record<string, unknown> {
  if (kind === 'resource') return { name: source['name'] };
  if (kind === 'containerResource') return { name: source['name'], container: source['container'] };
  const selector = source[kind === 'external' ? 'metricSelector' : 'selector'];
  const metric = { name: source['metricName'], ...(selector === undefined ? {} : { selector }) };
  return kind === 'object' ? { metric, describedObject: source['target'] } : { metric };
}

function targetFromV1(source: Record<string, unknown>): Record<string, unknown> {
  const utilization = source['targetAverageUtilization'];
  if (utilization !== undefined) return { type: 'Utilization', averageUtilization: utilization };
  const average = source['targetAverageValue'] ?? source['averageValue'];
  if (average !== undefined) return { type: 'AverageValue', averageValue: average };
  return { type: 'Value', value: source['targetValue'] };
}

function currentFromV1(source: Record<string, unknown>): Record<string, unknown> {
  const fields: readonly (readonly [string, unknown])[] = [
    ['averageUtilization', source['currentAverageUtilization']],
    ['averageValue', source['currentAverageValue'] ?? source['averageValue']],
    ['value', source['currentValue']],
  ];
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}
