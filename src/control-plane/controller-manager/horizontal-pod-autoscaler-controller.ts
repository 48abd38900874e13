import type { Scale } from '../../api/types/autoscaling-v1.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  MetricStatus,
} from '../../api/types/autoscaling-v2.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { type GroupVersionResource, parseGroupVersion } from '../../apimachinery/gvk.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { type LabelSelector, matchesLabels, parseLabelSelector } from '../../apimachinery/labels.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Informer } from '../../client/informer.ts';
import { type Limited, ScalingHistory } from './autoscaling-limits.ts';
import { AutoscalingMetrics } from './autoscaling-metrics.ts';
import { MetricError, type MetricProposal, proposeFor } from './autoscaling-proposals.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { podsResource } from './pod-control.ts';
import { deletableResources } from './served-resources.ts';

const autoscalersResource = { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers' } as const;
/** --horizontal-pod-autoscaler-sync-period */
const periodMillis = 15_000;
const maxTries = 5;

/** What is remembered between looks. */
interface Memory {
  readonly metrics: AutoscalingMetrics;
  readonly histories: Map<string, ScalingHistory>;
  /** What the autoscalers select, to find pods of two of them. */
  readonly selectors: Map<string, LabelSelector>;
  /** Resources by `group/kind`. */
  readonly resources: Map<string, GroupVersionResource>;
}

/** Gives workloads as many pods as their metrics ask for; looks every 15 seconds. */
export function createHorizontalPodAutoscalerController(context: ControllerContext): Controller {
  const autoscalers = context.informers.informer<HorizontalPodAutoscaler>(autoscalersResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const memory: Memory = {
    metrics: new AutoscalingMetrics(context.client),
    histories: new Map(),
    selectors: new Map(),
    resources: new Map(),
  };
  return createKeyedController({
    name: 'horizontal-pod-autoscaler-controller',
    context,
    register(queue) {
      const enqueue = (autoscaler: HorizontalPodAutoscaler): void => queue.addAfter(keyOf(autoscaler), periodMillis);
      autoscalers.addHandler({
        added: enqueue,
        updated: enqueue,
        deleted(autoscaler) {
          memory.histories.delete(keyOf(autoscaler));
          memory.selectors.delete(keyOf(autoscaler));
        },
      });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const autoscaler = autoscalers.get(namespace, name);
      if (autoscaler === undefined) return;
      queue.addAfter(key, periodMillis);
      await new AutoscalerSync(context, autoscaler, pods, memory).run();
    },
  });
}

/** One look at one autoscaler. What goes wrong is told in its conditions and events, and tried again the next time. */
class AutoscalerSync {
  readonly #context: ControllerContext;
  readonly #autoscaler: HorizontalPodAutoscaler;
  readonly #pods: Informer<Pod>;
  readonly #memory: Memory;
  readonly #now: number;
  #conditions: HorizontalPodAutoscalerCondition[];

  constructor(context: ControllerContext, autoscaler: HorizontalPodAutoscaler, pods: Informer<Pod>, memory: Memory) {
    this.#context = context;
    this.#autoscaler = autoscaler;
    this.#pods = pods;
    this.#memory = memory;
    this.#now = context.clock.now();
    this.#conditions = [...(autoscaler.status?.conditions ?? [])];
  }

  async run(): Promise<void> {
    let resource: GroupVersionResource;
    let scale: Scale;
    try {
      const { apiVersion = '', kind } = this.#autoscaler.spec.scaleTargetRef;
      resource = await this.#resourceOf(apiVersion, kind);
      scale = await this.#readScale(resource);
    } catch (error) {
      const text = messageOf(error);
      this.#context.events.event(this.#autoscaler, 'Warning', 'FailedGetScale', text);
      const what = "the HPA controller was unable to get the target's current scale";
      this.#setCondition('AbleToScale', 'False', 'FailedGetScale', `${what}: ${text}`);
      await this.#writeStatus({});
      return;
    }
    const able = "the HPA controller was able to get the target's current scale";
    this.#setCondition('AbleToScale', 'True', 'SucceededGetScale', able);
    await this.#decide(resource, scale);
  }

  async #decide(resource: GroupVersionResource, scale: Scale): Promise<void> {
    const { spec } = this.#autoscaler;
    const current = scale.spec?.replicas ?? 0;
    const min = spec.minReplicas ?? 1;
    const key = keyOf(this.#autoscaler);
    const history = this.#memory.histories.get(key) ?? new ScalingHistory(current, this.#now);
    this.#memory.histories.set(key, history);
    if (current === 0) {
      const text = 'scaling is disabled since the replica count of the target is zero';
      this.#setCondition('ScalingActive', 'False', 'ScalingDisabled', text);
      await this.#writeStatus({ current, desired: 0, metrics: [] });
    } else if (current > spec.maxReplicas) {
      const reason = 'Current number of replicas above Spec.MaxReplicas';
      await this.#rescale(resource, scale, spec.maxReplicas, reason, []);
    } else if (current < min) {
      await this.#rescale(resource, scale, min, 'Current number of replicas below Spec.MinReplicas', []);
    } else {
      await this.#followMetrics(resource, scale, history, min);
    }
  }

  async #followMetrics(
    resource: GroupVersionResource,
    scale: Scale,
    history: ScalingHistory,
    min: number,
  ): Promise<void> {
    const { spec } = this.#autoscaler;
    const current = scale.spec?.replicas ?? 0;
    const judged = await this.#judge(scale);
    if (judged.proposal === undefined) {
      await this.#writeStatus({ current, metrics: judged.statuses });
      this.#context.events.event(this.#autoscaler, 'Warning', 'FailedComputeMetricsReplicas', judged.problem);
      return;
    }
    const { replicas: wanted, metric } = judged.proposal;
    const reason = wanted > current ? `${metric} above target` : 'All metrics below target';
    const limits = { current, desired: wanted, min, max: spec.maxReplicas, behavior: spec.behavior, now: this.#now };
    const limited: Limited = history.limit(limits);
    this.#setCondition('AbleToScale', 'True', limited.able.reason, limited.able.message);
    const { status, reason: why, message } = limited.limited;
    this.#setCondition('ScalingLimited', status, why, message);
    if (limited.replicas === current) await this.#writeStatus({ current, desired: current, metrics: judged.statuses });
    else await this.#rescale(resource, scale, limited.replicas, reason, judged.statuses);
  }

  /** The highest number that a metric asks for; none when it cannot be known, or would be lower than it might be. */
  async #judge(scale: Scale): Promise<{
    readonly proposal?: MetricProposal;
    readonly statuses: MetricStatus[];
    readonly problem: string;
  }> {
    const selected = this.#select(scale);
    if (typeof selected === 'string') return { statuses: [], problem: selected };
    const { spec } = this.#autoscaler;
    const specs = spec.metrics ?? [];
    const specReplicas = scale.spec?.replicas ?? 0;
    const input = {
      ...selected,
      metrics: this.#memory.metrics,
      autoscaler: this.#autoscaler,
      specReplicas,
      statusReplicas: scale.status?.replicas ?? 0,
      now: this.#now,
      resourceOf: (apiVersion: string, kind: string) => this.#resourceOf(apiVersion, kind),
    };
    const statuses: MetricStatus[] = [];
    let best: MetricProposal | undefined;
    let failures = 0;
    let first: MetricError | undefined;
    for (const metric of specs) {
      try {
        const proposal = await proposeFor(metric, input);
        statuses.push(proposal.status);
        if (best === undefined || proposal.replicas > best.replicas) best = proposal;
      } catch (error) {
        if (!(error instanceof MetricError)) throw error;
        this.#context.events.event(this.#autoscaler, 'Warning', error.reason, error.message);
        statuses.push({ type: '' });
        failures++;
        first ??= error;
      }
    }
    const problem = `invalid metrics (${failures} invalid out of ${specs.length}), first error is: ${first?.whole ?? ''}`;
    if (best === undefined || (first !== undefined && best.replicas < specReplicas)) {
      const text = `the HPA was unable to compute the replica count: ${first?.message ?? ''}`;
      this.#setCondition('ScalingActive', 'False', first?.reason ?? '', text);
      return { statuses, problem };
    }
    const text = `the HPA was able to successfully calculate a replica count from ${best.metric}`;
    this.#setCondition('ScalingActive', 'True', 'ValidMetricFound', text);
    return { proposal: best, statuses, problem };
  }

  /** The pods of the target; a text says what is wrong with them. */
  #select(scale: Scale): { readonly selector: LabelSelector; readonly pods: readonly Pod[] } | string {
    const text = scale.status?.selector ?? '';
    const namespace = this.#autoscaler.metadata.namespace ?? '';
    const fail = (event: string, reason: string, said: string, condition = said): string => {
      this.#context.events.event(this.#autoscaler, 'Warning', event, said);
      this.#setCondition('ScalingActive', 'False', reason, condition);
      return said;
    };
    if (text === '') {
      const missing = "the HPA target's scale is missing a selector";
      return fail('SelectorRequired', 'InvalidSelector', 'selector is required', missing);
    }
    let selector: LabelSelector;
    try {
      selector = parseLabelSelector(text);
    } catch (error) {
      const said = `couldn't convert selector into a corresponding internal selector object: ${messageOf(error)}`;
      return fail('InvalidSelector', 'InvalidSelector', said);
    }
    this.#memory.selectors.set(keyOf(this.#autoscaler), selector);
    const pods = this.#pods.list(namespace).filter(({ metadata }) => matchesLabels(selector, metadata.labels ?? {}));
    const rivals = [...this.#memory.selectors]
      .filter(([key]) => splitKey(key).namespace === namespace)
      .filter(([, other]) => pods.some(({ metadata }) => matchesLabels(other, metadata.labels ?? {})))
      .map(([key]) => `{${splitKey(key).name} ${namespace}}`)
      .toSorted((left, right) => (left < right ? -1 : 1));
    if (rivals.length < 2) return { selector, pods };
    const said = `pods by selector ${text} are controlled by multiple HPAs: [${rivals.join(' ')}]`;
    return fail('AmbiguousSelector', 'AmbiguousSelector', said);
  }

  async #rescale(
    resource: GroupVersionResource,
    scale: Scale,
    desired: number,
    reason: string,
    metrics: MetricStatus[],
  ): Promise<void> {
    const { events } = this.#context;
    const current = scale.spec?.replicas ?? 0;
    try {
      await this.#writeScale(resource, scale, desired);
    } catch (error) {
      const text = messageOf(error);
      const said = `New size: ${desired}; reason: ${reason}; error: ${text}`;
      events.event(this.#autoscaler, 'Warning', 'FailedRescale', said);
      const what = 'the HPA controller was unable to update the target scale';
      this.#setCondition('AbleToScale', 'False', 'FailedUpdateScale', `${what}: ${text}`);
      await this.#writeStatus({ current, metrics });
      return;
    }
    const text = `the HPA controller was able to update the target scale to ${desired}`;
    this.#setCondition('AbleToScale', 'True', 'SucceededRescale', text);
    events.event(this.#autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
    const { behavior } = this.#autoscaler.spec;
    this.#memory.histories.get(keyOf(this.#autoscaler))?.scaled(current, desired, behavior, this.#now);
    await this.#writeStatus({ current, desired, metrics, isScaled: true });
  }

  async #readScale(resource: GroupVersionResource): Promise<Scale> {
    const { metadata, spec } = this.#autoscaler;
    const { client } = this.#context;
    return client.resource<Scale>(resource, metadata.namespace).get(spec.scaleTargetRef.name, { subresource: 'scale' });
  }

  async #writeScale(resource: GroupVersionResource, scale: Scale, replicas: number): Promise<void> {
    const target = this.#context.client.resource<Scale>(resource, this.#autoscaler.metadata.namespace);
    let current = scale;
    for (let attempt = 1; ; attempt++) {
      try {
        await target.update({ ...current, spec: { ...current.spec, replicas } }, { subresource: 'scale' });
        return;
      } catch (error) {
        if (!hasReason(error, 'Conflict') || attempt === maxTries) throw error;
        current = await this.#readScale(resource);
      }
    }
  }

  /** @throws Error for a kind that is not served */
  async #resourceOf(apiVersion: string, kind: string): Promise<GroupVersionResource> {
    const { group } = parseGroupVersion(apiVersion);
    const key = `${group}/${kind}`;
    const known = this.#memory.resources.get(key);
    if (known !== undefined) return known;
    for (const resource of await deletableResources(this.#context.client)) {
      const gvr = { group: resource.group, version: resource.version, resource: resource.name };
      this.#memory.resources.set(`${resource.group}/${resource.kind}`, gvr);
    }
    const found = this.#memory.resources.get(key);
    if (found === undefined) throw new Error(`no matches for kind "${kind}" in group "${group}"`);
    return found;
  }

  #setCondition(type: string, status: 'True' | 'False', reason: string, message: string): void {
    const known = this.#conditions.find((condition) => condition.type === type);
    const since = known?.status === status ? known.lastTransitionTime : undefined;
    const condition = { type, status, reason, message, lastTransitionTime: since ?? formatTime(this.#now) };
    if (known === undefined) this.#conditions.push(condition);
    else this.#conditions = this.#conditions.map((each) => (each === known ? condition : each));
  }

  async #writeStatus(facts: {
    readonly current?: number;
    readonly desired?: number;
    readonly metrics?: MetricStatus[];
    readonly isScaled?: boolean;
  }): Promise<void> {
    const old = this.#autoscaler.status ?? { desiredReplicas: 0 };
    const { current = old.currentReplicas ?? 0, desired = old.desiredReplicas, metrics, isScaled = false } = facts;
    const currentMetrics = metrics === undefined ? old.currentMetrics : metrics.length === 0 ? null : metrics;
    const lastScaleTime = isScaled ? formatTime(this.#now) : old.lastScaleTime;
    const status = {
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
      ...(current === 0 ? {} : { currentReplicas: current }),
      desiredReplicas: desired,
      ...(currentMetrics === undefined ? {} : { currentMetrics }),
      conditions: this.#conditions,
    };
    if (equalJson(status, old)) return;
    const { namespace } = this.#autoscaler.metadata;
    try {
      await this.#context.client
        .resource<HorizontalPodAutoscaler>(autoscalersResource, namespace)
        .update({ ...this.#autoscaler, status }, { subresource: 'status' });
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      const text = messageOf(error);
      this.#context.events.event(this.#autoscaler, 'Warning', 'FailedUpdateStatus', text);
    }
  }
}
