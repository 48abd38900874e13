import type { CrossVersionObjectReference } from '../../api/types/autoscaling-v2.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { formatLabelSelector, type LabelSelector } from '../../apimachinery/labels.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { parseDuration } from '../../apimachinery/duration.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import type { Client } from '../../client/client.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';

/** What a pod uses, in thousandths of the unit, measured over a window that ended at a time (both milliseconds). */
export interface PodUse {
  readonly value: number;
  readonly at: number;
  readonly window: number;
}

interface PodMetrics extends KubeObject {
  readonly timestamp?: string;
  readonly window?: string;
  readonly containers?: readonly { readonly name: string; readonly usage?: Readonly<Record<string, string>> }[];
}

interface MetricValue {
  readonly describedObject?: { readonly name?: string };
  readonly timestamp?: string;
  readonly windowSeconds?: number;
  readonly value: string;
}

/** Like Go's string of a number of thousandths. */
function milli(quantity: string): number {
  return Number(parseQuantity(quantity).milliValue());
}

/** Reads the three APIs that measure: of resources, of pods and objects (custom), and of what is outside (external). */
export class AutoscalingMetrics {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** What pods use of a resource, all containers or one. @throws Error when nobody measures it */
  async ofResource(
    resource: string,
    namespace: string,
    selector: LabelSelector,
    container: string,
  ): Promise<Map<string, PodUse>> {
    const gvr = { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods' };
    const { items } = await explained('unable to fetch metrics from resource metrics API', () =>
      this.#client.resource<PodMetrics>(gvr, namespace).list({ labelSelector: formatLabelSelector(selector) }),
    );
    if (items.length === 0) throw new Error('no metrics returned from resource metrics API');
    const uses = new Map<string, PodUse>();
    for (const { metadata, containers = [], timestamp = '', window = '0s' } of items) {
      const chosen = container === '' ? containers : containers.filter(({ name }) => name === container);
      if (container !== '' && chosen.length === 0) {
        throw new Error(`container ${container} not present in metrics for pod ${namespace}/${metadata.name ?? ''}`);
      }
      const amounts = chosen.map(({ usage }) => usage?.[resource]);
      if (amounts.includes(undefined)) continue;
      const value = amounts.reduce((sum, amount) => sum + milli(amount ?? '0'), 0);
      uses.set(metadata.name ?? '', { value, at: Date.parse(timestamp) || 0, window: parseDuration(window) });
    }
    return uses;
  }

  /** A metric that pods tell of themselves. @throws Error when nobody measures it */
  async ofPods(
    metric: string,
    namespace: string,
    selector: LabelSelector,
    metricSelector: LabelSelector,
  ): Promise<Map<string, PodUse>> {
    const path = `/namespaces/${namespace}/pods/*/${metric}`;
    const values = await this.#custom(path, { labelSelector: selector, metricLabelSelector: metricSelector });
    if (values.length === 0) throw new Error('no metrics returned from custom metrics API');
    return new Map(
      values.map(({ describedObject, value, timestamp = '', windowSeconds }) => [
        describedObject?.name ?? '',
        { value: milli(value), at: Date.parse(timestamp) || 0, window: (windowSeconds ?? 60) * 1000 },
      ]),
    );
  }

  /** A metric of one object. @throws Error when nobody measures it */
  async ofObject(
    metric: string,
    namespace: string,
    { name }: CrossVersionObjectReference,
    resource: GroupVersionResource,
    metricSelector: LabelSelector,
  ): Promise<number> {
    const { group, resource: plural } = resource;
    const place = group === '' ? plural : `${plural}.${group}`;
    const path =
      plural === 'namespaces' && group === ''
        ? `/namespaces/${name}/metrics/${metric}`
        : `/namespaces/${namespace}/${place}/${name}/${metric}`;
    const [first] = await this.#custom(path, { metricLabelSelector: metricSelector });
    if (first === undefined) throw new Error('unable to fetch metrics from custom metrics API: no metrics returned');
    return milli(first.value);
  }

  /** All values of a metric from outside. @throws Error when nobody measures it */
  async ofOutside(metric: string, namespace: string, selector: LabelSelector): Promise<number[]> {
    const values = await explained('unable to fetch metrics from external metrics API', () =>
      this.#read(`/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric}`, {
        labelSelector: formatLabelSelector(selector),
      }),
    );
    if (values.length === 0) throw new Error('no metrics returned from external metrics API');
    return values.map(({ value }) => milli(value));
  }

  #custom(path: string, selectors: Readonly<Record<string, LabelSelector>>): Promise<readonly MetricValue[]> {
    const query = Object.fromEntries(
      Object.entries(selectors).map(([name, selector]) => [name, formatLabelSelector(selector)]),
    );
    return explained('unable to fetch metrics from custom metrics API', () =>
      this.#read(`/apis/custom.metrics.k8s.io/v1beta2${path}`, query),
    );
  }

  async #read(path: string, query: Readonly<Record<string, string>>): Promise<readonly MetricValue[]> {
    const { body } = await this.#client.request({ method: 'GET', path, query });
    const list = parseJson(body) as unknown as { readonly items?: readonly MetricValue[] | null };
    return list.items ?? [];
  }
}

/** Errors that say what was being done. */
async function explained<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const text = messageOf(error);
    throw new Error(`${what}: ${text}`, { cause: error });
  }
}
