import type { HorizontalPodAutoscaler as FirstHorizontalPodAutoscaler } from '../api/types/autoscaling-v1.ts';
import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../api/types/autoscaling-v2.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { canonicalQuantity } from '../apimachinery/quantity.ts';
import { type DescribeText, longTime } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';

const unknown = '<unknown>';

/** An autoscaler: as autoscaling/v2 has it, whatever version was asked for; autoscaling/v1 from servers without that. */
export const describeHorizontalPodAutoscaler: Describer = async (object, text, context) => {
  const { name = '', namespace } = object.metadata;
  const inVersion = (version: string): Promise<Unstructured> =>
    context.client
      .resource({ group: 'autoscaling', version, resource: 'horizontalpodautoscalers' }, namespace)
      .get(name);
  if (object.apiVersion === 'autoscaling/v2') return describeSecond(object, text).then(events);
  let second: Unstructured;
  try {
    second = await inVersion('v2');
  } catch {
    const first = object.apiVersion === 'autoscaling/v1' ? object : await inVersion('v1');
    describeFirst(first, text);
    return events();
  }
  return describeSecond(second, text).then(events);

  function events(): Promise<void> {
    return describeEvents(object, text, context);
  }
};

function describeSecond(object: Unstructured, text: DescribeText): Promise<void> {
  const { spec, status } = object as unknown as HorizontalPodAutoscaler;
  describeHead(object, text);
  text.line(0, 'Metrics:\t( current / target )');
  const current = status?.currentMetrics ?? [];
  for (const [index, metric] of (spec?.metrics ?? []).entries()) {
    text.line(1, metricLine(metric, (current as readonly (MetricStatus | null)[])[index] ?? undefined));
  }
  text.line(0, `Min replicas:\t${spec?.minReplicas ?? '<unset>'}`);
  text.line(0, `Max replicas:\t${spec?.maxReplicas ?? 0}`);
  if (spec?.behavior !== undefined) {
    text.line(0, 'Behavior:');
    describeBehavior('Scale Up', spec.behavior.scaleUp, text);
    describeBehavior('Scale Down', spec.behavior.scaleDown, text);
  }
  describeReplicas(object, text);
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    text.line(0, 'Conditions:');
    text.table(
      1,
      ['Type', 'Status', 'Reason', 'Message'],
      conditions.map(({ type, status: value, reason = '', message = '' }) => [type, value, reason, message]),
    );
  }
  return Promise.resolve();
}

function describeFirst(object: Unstructured, text: DescribeText): void {
  const { spec, status } = object as unknown as FirstHorizontalPodAutoscaler;
  describeHead(object, text);
  if (spec?.targetCPUUtilizationPercentage !== undefined) {
    text.line(0, `Target CPU utilization:\t${spec.targetCPUUtilizationPercentage}%`);
    text.line(0, `Current CPU utilization:\t${status?.currentCPUUtilizationPercentage ?? unknown}%`);
  }
  text.line(0, `Min replicas:\t${spec?.minReplicas ?? '<unset>'}`);
  text.line(0, `Max replicas:\t${spec?.maxReplicas ?? 0}`);
  describeReplicas(object, text);
}

function describeHead(object: Unstructured, text: DescribeText): void {
  const { metadata, spec } = object as unknown as HorizontalPodAutoscaler;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `CreationTimestamp:\t${longTime(metadata?.creationTimestamp)}`);
  text.line(0, `Reference:\t${spec?.scaleTargetRef.kind ?? ''}/${spec?.scaleTargetRef.name ?? ''}`);
}

function describeReplicas(object: Unstructured, text: DescribeText): void {
  const { spec, status } = object as unknown as HorizontalPodAutoscaler;
  const counts = `${status?.currentReplicas ?? 0} current / ${status?.desiredReplicas ?? 0} desired`;
  text.line(0, `${spec?.scaleTargetRef.kind ?? ''} pods:\t${counts}`);
}

function metricLine(metric: MetricSpec, status: MetricStatus | undefined): string {
  const { external, pods, object, resource, containerResource } = metric;
  if (metric.type === 'External' && external !== undefined) {
    const name = goQuote(external.metric.name);
    if (external.target.averageValue !== undefined) {
      const current = status?.external?.current.averageValue;
      const shown = current === undefined ? unknown : canonicalQuantity(current);
      return `${name} (target average value):\t${shown} / ${amount(external.target.averageValue)}`;
    }
    return `${name} (target value):\t${value(status?.external)} / ${amount(external.target.value)}`;
  }
  if (metric.type === 'Pods' && pods !== undefined) {
    return `${goQuote(pods.metric.name)} on pods:\t${average(status?.pods)} / ${amount(pods.target.averageValue)}`;
  }
  if (metric.type === 'Object' && object !== undefined) {
    const about = `"${object.metric.name}" on ${object.describedObject.kind}/${object.describedObject.name}`;
    return object.target.type === 'AverageValue'
      ? `${about} (target average value):\t${average(status?.object)} / ${amount(object.target.averageValue)}`
      : `${about} (target value):\t${value(status?.object)} / ${amount(object.target.value)}`;
  }
  if (metric.type === 'Resource' && resource !== undefined) {
    return utilization(`resource ${resource.name} on pods`, resource.target, status?.resource);
  }
  if (metric.type === 'ContainerResource' && containerResource !== undefined) {
    const { name, container, target } = containerResource;
    return utilization(`resource ${name} of container "${container}" on pods`, target, status?.containerResource);
  }
  return `<unknown metric type ${goQuote(metric.type)}>`;
}

interface Current {
  readonly current: MetricValueStatus;
}

function utilization(about: string, target: MetricTarget, status: Current | undefined): string {
  if (target.averageValue !== undefined) return `${about}:\t${average(status)} / ${amount(target.averageValue)}`;
  const current = status?.current;
  const shown =
    current?.averageUtilization === undefined
      ? unknown
      : `${current.averageUtilization}% (${amount(current.averageValue)})`;
  const wanted = target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`;
  return `${about}  (as a percentage of request):\t${shown} / ${wanted}`;
}

/** A value that there is; Go prints an absent one of these as `<nil>`. */
function amount(text: string | undefined): string {
  return text === undefined ? '<nil>' : canonicalQuantity(text);
}

function average(status: Current | undefined): string {
  return status === undefined ? unknown : amount(status.current.averageValue);
}

function value(status: Current | undefined): string {
  return status === undefined ? unknown : amount(status.current.value);
}

function describeBehavior(direction: string, rules: HPAScalingRules | undefined, text: DescribeText): void {
  if (rules === undefined) return;
  text.line(1, `${direction}:`);
  if (rules.stabilizationWindowSeconds !== undefined) {
    text.line(2, `Stabilization Window: ${rules.stabilizationWindowSeconds} seconds`);
  }
  const policies = rules.policies ?? [];
  if (policies.length === 0) return;
  text.line(2, `Select Policy: ${rules.selectPolicy ?? 'Max'}`);
  text.line(2, 'Policies:');
  for (const { type, value: limit, periodSeconds } of policies) {
    text.line(3, `- Type: ${type}\tValue: ${limit}\tPeriod: ${periodSeconds} seconds`);
  }
}
