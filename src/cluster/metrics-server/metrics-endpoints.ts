import type { Node, Pod } from '../../api/types/core-v1.ts';
import { formatDuration } from '../../apimachinery/duration.ts';
import { type LabelSelector, matchesLabels } from '../../apimachinery/labels.ts';
import { formatTime, type KubeObject, type Unstructured } from '../../apimachinery/object-meta.ts';
import { notFound } from '../../apimachinery/status.ts';
import type { Informer } from '../../client/informer.ts';
import { answerObject } from '../../control-plane/apiserver/endpoints/endpoint.ts';
import { parseListOptions } from '../../control-plane/apiserver/endpoints/request-options.ts';
import { negotiateOutput } from '../../control-plane/apiserver/negotiation.ts';
import { listObject } from '../../control-plane/apiserver/registry/output.ts';
import { parseSelection } from '../../control-plane/apiserver/registry/selection.ts';
import { checkTransform } from '../../control-plane/apiserver/registry/table.ts';
import { objectResponse } from '../../control-plane/apiserver/responses.ts';
import type { EndpointHandler, SpecialEndpoints } from '../../control-plane/apiserver/route-resource.ts';
import { metricsGroup, usageOf } from './metrics-api.ts';
import type { UsageWindows } from './usage-windows.ts';

/** What the answers are made of. */
export interface MetricsSources {
  readonly windows: UsageWindows;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly nodeSelector: LabelSelector;
  readonly now: () => number;
}

/** One of the two resources: the objects that it tells of, and what it tells. */
interface Source {
  /** @returns undefined when there is no such object */
  readonly find: (namespace: string, name: string) => KubeObject | undefined;
  readonly list: (namespace: string) => readonly KubeObject[];
  /** @returns undefined when nothing is known of it */
  readonly metrics: (object: KubeObject) => Unstructured | undefined;
  /** The resource of the object, as errors name it. */
  readonly objects: string;
}

/** nodes and pods of metrics.k8s.io: nothing of them is stored, each is made when somebody reads. */
export function metricsEndpoints(sources: MetricsSources): SpecialEndpoints {
  return new Map([
    [`${metricsGroup}/nodes/`, endpointsOf(nodeSource(sources))],
    [`${metricsGroup}/pods/`, endpointsOf(podSource(sources))],
  ]);
}

function nodeSource({ windows, nodes, nodeSelector, now }: MetricsSources): Source {
  return {
    find: (_, name) => nodes.get('', name),
    list: () => nodes.list().filter(({ metadata }) => matchesLabels(nodeSelector, metadata.labels ?? {})),
    objects: 'node',
    metrics({ metadata: { name = '', labels } }) {
      const use = windows.ofNode(name);
      if (use === undefined) return undefined;
      return {
        apiVersion: `${metricsGroup}/v1beta1`,
        kind: 'NodeMetrics',
        metadata: { name, creationTimestamp: formatTime(now()), ...(labels && { labels }) },
        timestamp: formatTime(use.at),
        window: formatDuration(use.windowMillis),
        usage: usageOf(use),
      };
    },
  };
}

function podSource({ windows, pods, now }: MetricsSources): Source {
  return {
    find: (namespace, name) => pods.get(namespace, name),
    list: (namespace) => (namespace === '' ? pods.list() : pods.list(namespace)),
    objects: 'pods',
    metrics({ metadata: { name = '', namespace = '', labels } }) {
      const use = windows.ofPod(`${namespace}/${name}`);
      if (use === undefined) return undefined;
      return {
        apiVersion: `${metricsGroup}/v1beta1`,
        kind: 'PodMetrics',
        metadata: { name, namespace, creationTimestamp: formatTime(now()), ...(labels && { labels }) },
        timestamp: formatTime(use.at),
        window: formatDuration(use.windowMillis),
        containers: use.containers.map(([container, used]) => ({ name: container, usage: usageOf(used) })),
      };
    },
  };
}

function endpointsOf({ find, list, metrics, objects }: Source): Readonly<Record<string, EndpointHandler>> {
  return {
    async get(endpoint) {
      const { name, namespace, request, server, resource } = endpoint;
      const format = negotiateOutput(request, server.codecs, { transforms: 'all' });
      const object = find(namespace, name);
      if (object === undefined) throw notFound({ group: '', resource: objects }, name);
      const found = metrics(object);
      const place = namespace === '' ? name : `${namespace}/${name}`;
      if (found === undefined) throw notFound({ group: metricsGroup, resource: resource.definition.resource }, place);
      return answerObject(endpoint, format, 200, found);
    },
    async list({ namespace, request, server, store }) {
      const format = negotiateOutput(request, server.codecs, { transforms: 'all' });
      const { labelSelector, fieldSelector } = parseListOptions(request.query, false);
      const selection = parseSelection(store.resource, labelSelector, fieldSelector);
      checkTransform(store.resource, format, true);
      const found = list(namespace)
        // Names, namespaces and labels are all that can be chosen by.
        .filter((object) => selection.matches({ ...object }))
        .map((object) => metrics(object))
        .filter((object) => object !== undefined)
        .toSorted(byPlace);
      return objectResponse(request, format, 200, listObject(request, store, format, found, {}));
    },
  };
}

function byPlace({ metadata: left }: KubeObject, { metadata: right }: KubeObject): number {
  const [one, other] = [left, right].map(({ namespace = '', name = '' }) => `${namespace}/${name}`);
  if (one === other) return 0;
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
