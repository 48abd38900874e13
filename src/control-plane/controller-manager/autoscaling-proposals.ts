import type {
  HorizontalPodAutoscaler,
  MetricIdentifier,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from '../../api/types/autoscaling-v2.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { type LabelSelector, type ObjectLabelSelector, selectorFromObject } from '../../apimachinery/labels.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { parseQuantity, Quantity } from '../../apimachinery/quantity.ts';
import type { AutoscalingMetrics } from './autoscaling-metrics.ts';
import {
  type Proposal,
  replicasForAmount,
  replicasForShare,
  replicasForTotal,
  replicasForUtilization,
  type Tolerances,
} from './autoscaling-replicas.ts';

/** What a metric asks for. */
export interface MetricProposal {
  readonly replicas: number;
  /** Its name in events and conditions. */
  readonly metric: string;
  readonly status: MetricStatus;
}

/** A metric that cannot be had: `reason` and message are those of event and condition. */
export class MetricError extends Error {
  readonly reason: string;
  /** The message with what kind of metric it is about in front. */
  readonly whole: string;

  constructor(reason: string, prefix: string, message: string) {
    super(message);
    this.reason = reason;
    this.whole = `${prefix}: ${message}`;
  }
}

/** What metrics are judged with. */
export interface ProposalInput {
  readonly metrics: AutoscalingMetrics;
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly selector: LabelSelector;
  /** The pods that the selector finds. */
  readonly pods: readonly Pod[];
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly now: number;
  readonly resourceOf: (apiVersion: string, kind: string) => Promise<GroupVersionResource>;
}

/** --horizontal-pod-autoscaler-tolerance */
const usualTolerance = 0.1;

function tolerancesOf({ spec }: HorizontalPodAutoscaler): Tolerances {
  const read = (text: string | undefined): number =>
    text === undefined ? usualTolerance : Number(parseQuantity(text).milliValue()) / 1000;
  return { up: read(spec.behavior?.scaleUp?.tolerance), down: read(spec.behavior?.scaleDown?.tolerance) };
}

function milliOf(quantity: string): number {
  return Number(parseQuantity(quantity).milliValue());
}

function milliQuantity(value: number, format: 'DecimalSI' | 'BinarySI' = 'DecimalSI'): string {
  return new Quantity(BigInt(Math.ceil(value)) * 1_000_000n, format).toString();
}

/** @throws MetricError when it cannot be judged */
export async function proposeFor(spec: MetricSpec, input: ProposalInput): Promise<MetricProposal> {
  if (spec.resource !== undefined) {
    const { name, target } = spec.resource;
    return named('FailedGetResourceMetric', `failed to get ${name} resource metric value`, async () => {
      const { proposal, metric, current } = await forResource(name, target, '', input);
      return { ...proposal, metric, status: { type: 'Resource', resource: { name, current } } };
    });
  }
  if (spec.containerResource !== undefined) {
    const { name, target, container } = spec.containerResource;
    return named('FailedGetContainerResourceMetric', `failed to get ${container} container metric value`, async () => {
      const { proposal, metric, current } = await forResource(name, target, container, input);
      const status = { type: 'ContainerResource', containerResource: { name, container, current } };
      return { ...proposal, metric, status };
    });
  }
  if (spec.pods !== undefined) {
    return named('FailedGetPodsMetric', 'failed to get pods metric value', () => forPods(spec, input));
  }
  if (spec.object !== undefined) {
    const { metric, target } = spec.object;
    const share = target.type === 'Value' ? '' : `: failed to get ${metric.name} object metric`;
    const prefix = `failed to get object metric value${share}`;
    return named('FailedGetObjectMetric', prefix, () => forObject(spec, input));
  }
  const { name = '' } = spec.external?.metric ?? {};
  const isShared = spec.external?.target.averageValue !== undefined;
  const what = isShared ? `${name} external metric` : `external metric ${name}`;
  const prefix = `failed to get ${name} external metric value: failed to get ${what}`;
  return named('FailedGetExternalMetric', prefix, () => forExternal(spec, input));
}

/** Errors become those that the conditions tell. */
async function named(reason: string, prefix: string, judge: () => Promise<MetricProposal>): Promise<MetricProposal> {
  try {
    return await judge();
  } catch (error) {
    throw new MetricError(reason, prefix, messageOf(error));
  }
}

function doing<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  return saying(`${what}: `, work);
}

async function saying<T>(prefix: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${prefix}${messageOf(error)}`, { cause: error });
  }
}

async function forResource(
  resource: string,
  target: MetricTarget,
  container: string,
  { metrics, autoscaler, selector, pods, specReplicas, now }: ProposalInput,
) {
  const { averageValue, averageUtilization } = target;
  const namespace = autoscaler.metadata.namespace ?? '';
  const isAmount = averageValue !== undefined;
  return doing(`failed to get ${resource} ${isAmount ? 'usage' : 'utilization'}`, async () => {
    const uses = await doing(`unable to get metrics for resource ${resource}`, () =>
      metrics.ofResource(resource, namespace, selector, container),
    );
    const tolerances = tolerancesOf(autoscaler);
    const facts = { pods, uses, resource, current: specReplicas, tolerances, now };
    const proposal: Proposal = isAmount
      ? replicasForAmount(facts, milliOf(averageValue))
      : replicasForUtilization(facts, averageUtilization ?? 0, container);
    const average = milliQuantity(proposal.average, resource === 'memory' ? 'BinarySI' : 'DecimalSI');
    const { utilization } = proposal;
    const current = {
      averageValue: average,
      ...(utilization === undefined ? {} : { averageUtilization: utilization }),
    };
    const kind = container === '' ? 'resource' : 'container resource';
    const metric = isAmount ? `${resource} resource` : `${resource} ${kind} utilization (percentage of request)`;
    return { proposal: { replicas: proposal.replicas }, metric, current };
  });
}

async function forPods({ pods: source }: MetricSpec, input: ProposalInput): Promise<MetricProposal> {
  const { metrics, autoscaler, selector, pods, specReplicas, now } = input;
  const { name = '', selector: metricSelector } = source?.metric ?? {};
  const namespace = autoscaler.metadata.namespace ?? '';
  const uses = await doing(`unable to get metric ${name}`, () =>
    metrics.ofPods(name, namespace, selector, selectorFromObject(metricSelector) ?? []),
  );
  const facts = { pods, uses, resource: '', current: specReplicas, tolerances: tolerancesOf(autoscaler), now };
  const { replicas, average } = replicasForAmount(facts, milliOf(source?.target.averageValue ?? '0'));
  const status = {
    type: 'Pods',
    pods: { metric: identifier(name, metricSelector), current: { averageValue: milliQuantity(average) } },
  };
  return { replicas, metric: `pods metric ${name}`, status };
}

async function forObject({ object }: MetricSpec, input: ProposalInput): Promise<MetricProposal> {
  const { metrics, autoscaler, pods, specReplicas, statusReplicas, resourceOf } = input;
  const { describedObject = { kind: '', name: '' }, target = { type: '' } } = object ?? {};
  const { name = '', selector: metricSelector } = object?.metric ?? {};
  const namespace = autoscaler.metadata.namespace ?? '';
  const { kind, name: objectName, apiVersion = '' } = describedObject;
  // The places of the object and of the error are mixed up in the real text as well.
  const about = `unable to get metric ${name}: ${kind} on ${namespace} ${objectName}/`;
  const total = await saying(about, async () => {
    const resource = await resourceOf(apiVersion, kind);
    return metrics.ofObject(name, namespace, describedObject, resource, selectorFromObject(metricSelector) ?? []);
  });
  const tolerances = tolerancesOf(autoscaler);
  const described = { describedObject, metric: identifier(name, metricSelector) };
  if (target.type === 'Value' && target.value !== undefined) {
    const replicas = replicasForTotal(pods, specReplicas, total / milliOf(target.value), tolerances);
    const status = { type: 'Object', object: { ...described, current: { value: milliQuantity(total) } } };
    return { replicas, metric: `${kind} metric ${name}`, status };
  }
  if (target.averageValue === undefined) {
    throw new Error('invalid object metric source: neither a value target nor an average value target was set');
  }
  const { replicas, average } = replicasForShare(total, milliOf(target.averageValue), statusReplicas, tolerances);
  const status = { type: 'Object', object: { ...described, current: { averageValue: milliQuantity(average) } } };
  return { replicas, metric: `external metric ${name}(${goSelector(metricSelector)})`, status };
}

async function forExternal({ external }: MetricSpec, input: ProposalInput): Promise<MetricProposal> {
  const { metrics, autoscaler, pods, specReplicas, statusReplicas } = input;
  const { name = '', selector: metricSelector } = external?.metric ?? {};
  const { averageValue, value } = external?.target ?? {};
  if (averageValue === undefined && value === undefined) {
    throw new Error('invalid external metric source: neither a value target nor an average value target was set');
  }
  const namespace = autoscaler.metadata.namespace ?? '';
  const shown = goSelector(metricSelector);
  const total = await doing(`unable to get external metric ${namespace}/${name}/${shown}`, async () => {
    const values = await metrics.ofOutside(name, namespace, selectorFromObject(metricSelector) ?? []);
    return values.reduce((sum, each) => sum + each, 0);
  });
  const tolerances = tolerancesOf(autoscaler);
  const metric = identifier(name, metricSelector);
  const said = `external metric ${name}(${shown})`;
  if (averageValue !== undefined) {
    const { replicas, average } = replicasForShare(total, milliOf(averageValue), statusReplicas, tolerances);
    const status = { type: 'External', external: { metric, current: { averageValue: milliQuantity(average) } } };
    return { replicas, metric: said, status };
  }
  const replicas = replicasForTotal(pods, specReplicas, total / milliOf(value ?? '0'), tolerances);
  return {
    replicas,
    metric: said,
    status: { type: 'External', external: { metric, current: { value: milliQuantity(total) } } },
  };
}

function identifier(name: string, selector: MetricIdentifier['selector']): MetricIdentifier {
  return { name, ...(selector === undefined ? {} : { selector }) };
}

/** A selector as Go prints it. */
export function goSelector(selector: ObjectLabelSelector | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const [map, list] = [labels.join(''), expressions.join('')];
  return `&LabelSelector{MatchLabels:map[string]string{${map}},MatchExpressions:[]LabelSelectorRequirement{${list}},}`;
}
