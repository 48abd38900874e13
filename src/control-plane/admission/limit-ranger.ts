import { podTotal, readResourceList, type ResourceList } from '../../api/core/v1/resource-list.ts';
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import { aggregateMessages } from '../../apimachinery/field-error.ts';
import type { Quantity } from '../../apimachinery/quantity.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { listWithFallback } from './cluster-reader.ts';
import { refusal } from './refusal.ts';

const limitRangesResource = { group: '', version: 'v1', resource: 'limitranges' } as const;
const annotation = 'kubernetes.io/limit-ranger';

/** Fills in the requests and limits a namespace's limit ranges give, and refuses what is outside of them. */
export function limitRanger(context: AdmissionContext): AdmissionPlugin {
  const rangesOf = listWithFallback<LimitRange>(context, limitRangesResource);
  return {
    name: 'LimitRanger',
    async admit(attributes) {
      if (!isLimited(attributes) || resourceKey(attributes) !== 'pods') return;
      const pod = attributes.object as unknown as Pod;
      for (const range of await rangesOf(attributes.namespace)) fillIn(pod, range);
    },
    async validate(attributes) {
      if (!isLimited(attributes)) return;
      for (const range of await rangesOf(attributes.namespace)) {
        const messages = violations(range, attributes);
        if (messages.length === 0) continue;
        throw refusal(attributes, aggregateMessages(messages));
      }
    },
  };
}

function isLimited(attributes: AdmissionAttributes): boolean {
  const { operation, subresource, oldObject } = attributes;
  if (oldObject?.metadata.deletionTimestamp !== undefined) return false;
  const resource = resourceKey(attributes);
  if (resource === 'pods') {
    return subresource === 'resize' ? operation === 'UPDATE' : subresource === '' && operation === 'CREATE';
  }
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  return resource === 'persistentvolumeclaims' && subresource === '' && isWrite;
}

function fillIn(pod: Pod, range: LimitRange): void {
  const requests: Record<string, string | number> = {};
  const limits: Record<string, string | number> = {};
  for (const item of range.spec?.limits ?? []) {
    if (item.type !== 'Container') continue;
    Object.assign(requests, item.defaultRequest);
    Object.assign(limits, item.default);
  }
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((container) => fillContainer(container, 'container', requests, limits)),
    ...(pod.spec?.initContainers ?? []).flatMap((container) =>
      fillContainer(container, 'init container', requests, limits),
    ),
  ];
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

type Amounts = Readonly<Record<string, string | number>>;

/** @returns what was set, for the annotation. */
function fillContainer(container: Container, title: string, requests: Amounts, limits: Amounts): string[] {
  const resources = (container.resources ??= {});
  const missing = (own: Amounts | undefined, wanted: Amounts): string[] =>
    Object.keys(wanted)
      .filter((name) => own?.[name] === undefined)
      .toSorted();
  const setLimits = missing(resources.limits, limits);
  const setRequests = missing(resources.requests, requests);
  const picked = (names: readonly string[], from: Amounts): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, `${from[name] ?? ''}`]));
  if (setLimits.length > 0) resources.limits = { ...resources.limits, ...picked(setLimits, limits) };
  if (setRequests.length > 0) resources.requests = { ...resources.requests, ...picked(setRequests, requests) };
  const note = (names: readonly string[], what: string): string[] =>
    names.length === 0 ? [] : [`${names.join(', ')} ${what} for ${title} ${container.name}`];
  return [...note(setRequests, 'request'), ...note(setLimits, 'limit')];
}

function violations(range: LimitRange, attributes: AdmissionAttributes): string[] {
  const items = range.spec?.limits ?? [];
  if (resourceKey(attributes) === 'persistentvolumeclaims') {
    const claim = attributes.object as unknown as PersistentVolumeClaim;
    const requests = readResourceList(claim.spec?.resources?.requests);
    return items
      .filter((item) => item.type === 'PersistentVolumeClaim')
      .flatMap((item) => [
        ...check(item.min, (name, bound) => belowMinimum(item.type, name, bound, requests, new Map())),
        ...check(item.max, (name, bound) => requestAboveMaximum(item.type, name, bound, requests)),
      ]);
  }
  const pod = attributes.object as unknown as Pod;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return items.flatMap((item) => {
    if (item.type === 'Container') {
      return containers.flatMap(({ resources }) =>
        itemViolations(item, readResourceList(resources?.requests), readResourceList(resources?.limits)),
      );
    }
    if (item.type !== 'Pod') return [];
    const options = { overhead: false };
    return itemViolations(item, podTotal(pod, 'requests', options), podTotal(pod, 'limits', options));
  });
}

function itemViolations(item: LimitRangeItem, requests: ResourceList, limits: ResourceList): string[] {
  const { type } = item;
  return [
    ...check(item.min, (name, bound) => belowMinimum(type, name, bound, requests, limits)),
    ...check(item.max, (name, bound) => aboveMaximum(type, name, bound, requests, limits)),
    ...check(item.maxLimitRequestRatio, (name, bound) => aboveRatio(type, name, bound, requests, limits)),
  ];
}

function check(bounds: Amounts | undefined, find: (name: string, bound: Quantity) => string): string[] {
  return [...readResourceList(bounds)]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, bound]) => find(name, bound))
    .filter((message) => message !== '');
}

function belowMinimum(
  type: string,
  name: string,
  bound: Quantity,
  requests: ResourceList,
  limits: ResourceList,
): string {
  const start = `minimum ${name} usage per ${type} is ${bound.toString()}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (request === undefined) return `${start}.  No request is specified`;
  if (isLess(request, bound)) return `${start}, but request is ${request.toString()}`;
  return limit !== undefined && isLess(limit, bound) ? `${start}, but limit is ${limit.toString()}` : '';
}

function aboveMaximum(
  type: string,
  name: string,
  bound: Quantity,
  requests: ResourceList,
  limits: ResourceList,
): string {
  const start = `maximum ${name} usage per ${type} is ${bound.toString()}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (limit === undefined) return `${start}.  No limit is specified`;
  if (isLess(bound, limit)) return `${start}, but limit is ${limit.toString()}`;
  return request !== undefined && isLess(bound, request) ? `${start}, but request is ${request.toString()}` : '';
}

function requestAboveMaximum(type: string, name: string, bound: Quantity, requests: ResourceList): string {
  const start = `maximum ${name} usage per ${type} is ${bound.toString()}`;
  const request = requests.get(name);
  if (request === undefined) return `${start}.  No request is specified`;
  return isLess(bound, request) ? `${start}, but request is ${request.toString()}` : '';
}

function aboveRatio(type: string, name: string, bound: Quantity, requests: ResourceList, limits: ResourceList): string {
  const start = `${name} max limit to request ratio per ${type} is ${bound.toString()}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (request === undefined || request.isZero()) return `${start}, but no request is specified or request is 0`;
  if (limit === undefined || limit.isZero()) return `${start}, but no limit is specified or limit is 0`;
  const ratio = Number(limit.milliValue()) / Number(request.milliValue());
  return ratio * 1000 > Number(bound.milliValue()) ? `${start}, but provided ratio is ${ratio.toFixed(6)}` : '';
}

/** Compares to thousandths, as finely as limits are meant. */
function isLess(left: Quantity, right: Quantity): boolean {
  return left.milliValue() < right.milliValue();
}
