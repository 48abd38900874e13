import type { Quantity } from '../../../apimachinery/quantity.ts';
import { matchesLabels, type LabelRequirement } from '../../../apimachinery/labels.ts';
import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import type {
  Container,
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
  Service,
} from '../../types/core-v1.ts';
import { qosClassOf } from './pod-qos.ts';
import { resourceClaimEvaluator } from './resource-claim-quota.ts';
import { countQuantity, podTotal, readResourceList, type ResourceList } from './resource-list.ts';

/** How one kind of object counts against quotas; shared by admission and the quota controller. */
export interface QuotaEvaluator {
  /** Those of a quota's resources that this kind uses. */
  matchingResources(names: readonly string[]): readonly string[];
  /** Whether an object is in one scope of a quota. */
  matchesScope(selector: ScopedResourceSelectorRequirement, object: KubeObject): boolean;
  /** What an object uses. @param now milliseconds since the epoch */
  usage(object: KubeObject, now: number): ResourceList;
  /** What an object must state where a quota restricts `names`: the complaint, or an empty text. */
  missing(names: readonly string[], object: KubeObject): string;
}

const legacyNames: Readonly<Record<string, string>> = {
  configmaps: 'configmaps',
  resourcequotas: 'resourcequotas',
  replicationcontrollers: 'replicationcontrollers',
  secrets: 'secrets',
};

/** The evaluator of a resource. */
export function quotaEvaluatorFor(group: string, resource: string): QuotaEvaluator {
  if (group === '' && resource === 'pods') return podEvaluator;
  if (group === '' && resource === 'services') return serviceEvaluator;
  if (group === '' && resource === 'persistentvolumeclaims') return claimEvaluator;
  if (group === 'resource.k8s.io' && resource === 'resourceclaims') return resourceClaimEvaluator;
  const counted = [objectCountName(group, resource)];
  const legacy = group === '' ? legacyNames[resource] : undefined;
  if (legacy !== undefined) counted.push(legacy);
  return {
    matchingResources: (names) => names.filter((name) => counted.includes(name)),
    matchesScope: () => false,
    usage: () => new Map(counted.map((name) => [name, countQuantity(1)])),
    missing: () => '',
  };
}

/** `count/deployments.apps`. */
function objectCountName(group: string, resource: string): string {
  return group === '' ? `count/${resource}` : `count/${resource}.${group}`;
}

/** The scopes of a quota, those of spec.scopes as selectors that ask for existence. */
export function quotaScopes(quota: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  const plain = (quota.spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(quota.spec?.scopeSelector?.matchExpressions ?? [])];
}

/** Whether an object counts against a quota that restricts `hard`. */
export function quotaMatches(
  quota: ResourceQuota,
  hard: readonly string[],
  evaluator: QuotaEvaluator,
  object: KubeObject,
): boolean {
  if (evaluator.matchingResources(hard).length === 0) return false;
  return quotaScopes(quota).every((selector) => evaluator.matchesScope(selector, object));
}

const podResources = new Set([
  'count/pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
]);

/** Every container must state these where they are restricted; a mistake of old that stays. */
const mandatory = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

const podEvaluator: QuotaEvaluator = {
  matchingResources: (names) =>
    names.filter(
      (name) =>
        podResources.has(name) ||
        name.startsWith('hugepages-') ||
        name.startsWith('requests.hugepages-') ||
        isExtendedRequest(name),
    ),
  matchesScope: (selector, object) => podMatchesScope(selector, object),
  usage: (object, now) => podUsage(object, now),
  missing(names, object) {
    const { spec } = object as Pod;
    if (Object.keys({ ...spec?.resources?.requests, ...spec?.resources?.limits }).length > 0) return '';
    const wanted = mandatory.filter((name) => names.includes(name));
    const complaints = wanted.flatMap((name) => {
      const without = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
        .filter(
          (container) =>
            !computeUsage(containerList(container, 'requests'), containerList(container, 'limits')).has(name),
        )
        .map((container) => container.name);
      return without.length === 0 ? [] : [`${name} for: ${[...new Set(without)].toSorted().join(',')}`];
    });
    return complaints.length === 0 ? '' : `must specify ${complaints.join('; ')}`;
  },
};

function containerList(container: Container, kind: 'requests' | 'limits'): ResourceList {
  return readResourceList(container.resources?.[kind]);
}

/** `requests.example.com/gpu`: resources of others are only counted by what is requested. */
function isExtendedRequest(name: string): boolean {
  if (!name.startsWith('requests.')) return false;
  if (name.startsWith('requests.deviceclass.resource.kubernetes.io/')) return true;
  return name.includes('/') && !name.includes('kubernetes.io/');
}

function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
}

function podUsage(pod: Pod, now: number): ResourceList {
  const counted = new Map([['count/pods', countQuantity(1)]]);
  if (!usesResources(pod, now)) return counted;
  const totals = { overhead: true } as const;
  return new Map([...counted, ...computeUsage(podTotal(pod, 'requests', totals), podTotal(pod, 'limits', totals))]);
}

/** Finished pods, and those that should long be gone, use nothing but their place in storage. */
function usesResources(pod: Pod, now: number): boolean {
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function computeUsage(requests: ResourceList, limits: ResourceList): Map<string, Quantity> {
  const usage = new Map([['pods', countQuantity(1)]]);
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const request = requests.get(name);
    const limit = limits.get(name);
    if (request !== undefined) usage.set(name, request).set(`requests.${name}`, request);
    if (limit !== undefined) usage.set(`limits.${name}`, limit);
  }
  for (const [name, request] of requests) {
    if (name.startsWith('hugepages-')) usage.set(name, request).set(`requests.${name}`, request);
    else if (isExtendedResource(name)) usage.set(`requests.${name}`, request);
  }
  return usage;
}

function podMatchesScope(selector: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  const isTerminating = (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
  switch (selector.scopeName) {
    case 'Terminating':
      return isTerminating;
    case 'NotTerminating':
      return !isTerminating;
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort';
    case 'PriorityClass':
      return matchesNames(selector, [pod.spec?.priorityClassName ?? '']);
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

/** A selector over one of an object's names, as a label selector reads it. */
function matchesNames(selector: ScopedResourceSelectorRequirement, names: readonly string[]): boolean {
  const known = names.filter((name) => name !== '');
  if (selector.operator === 'Exists') return known.length > 0;
  const operators = { In: 'in', NotIn: 'notin', DoesNotExist: '!' } as const;
  const operator = operators[selector.operator as keyof typeof operators];
  const requirement = { key: selector.scopeName, operator, values: selector.values ?? [] } as LabelRequirement;
  if (known.length === 0) return matchesLabels([requirement], {});
  return known.some((name) => matchesLabels([requirement], { [selector.scopeName]: name }));
}

function reachesOtherNamespaces(pod: Pod): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity): (PodAffinityTerm | undefined)[] => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) => weighted.podAffinityTerm),
  ]);
  return terms.some((term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined);
}

const serviceResources = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

const serviceEvaluator: QuotaEvaluator = {
  matchingResources: (names) => names.filter((name) => serviceResources.includes(name)),
  matchesScope: () => false,
  missing: () => '',
  usage(object) {
    const { spec } = object as Service;
    const ports = spec?.ports ?? [];
    const isBalanced = spec?.type === 'LoadBalancer';
    let nodePorts = 0;
    if (spec?.type === 'NodePort' || isBalanced) {
      const onlyGiven = isBalanced && spec.allocateLoadBalancerNodePorts === false;
      nodePorts = onlyGiven ? ports.filter((port) => (port.nodePort ?? 0) !== 0).length : ports.length;
    }
    return new Map([
      ['count/services', countQuantity(1)],
      ['services', countQuantity(1)],
      ['services.nodeports', countQuantity(nodePorts)],
      ['services.loadbalancers', countQuantity(isBalanced ? 1 : 0)],
    ]);
  },
};

const classSuffix = '.storageclass.storage.k8s.io/';
const claimResources = ['persistentvolumeclaims', 'requests.storage'];

const claimEvaluator: QuotaEvaluator = {
  matchingResources: (names) =>
    names.filter(
      (name) =>
        name === 'count/persistentvolumeclaims' ||
        claimResources.some((resource) => name === resource || name.endsWith(`${classSuffix}${resource}`)),
    ),
  matchesScope(selector, object) {
    if (selector.scopeName !== 'VolumeAttributesClass') return false;
    const { spec, status } = object as PersistentVolumeClaim;
    const target = status?.modifyVolumeStatus?.targetVolumeAttributesClassName;
    return matchesNames(selector, [
      spec?.volumeAttributesClassName ?? '',
      status?.currentVolumeAttributesClassName ?? '',
      target ?? '',
    ]);
  },
  missing: () => '',
  usage(object) {
    const claim = object as PersistentVolumeClaim;
    const annotated = claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'];
    const storageClass = annotated ?? claim.spec?.storageClassName ?? '';
    const usage = new Map([
      ['persistentvolumeclaims', countQuantity(1)],
      ['count/persistentvolumeclaims', countQuantity(1)],
    ]);
    const storage = claimStorage(claim);
    if (storage !== undefined) usage.set('requests.storage', storage);
    if (storageClass === '') return usage;
    usage.set(`${storageClass}${classSuffix}persistentvolumeclaims`, countQuantity(1));
    if (storage !== undefined) usage.set(`${storageClass}${classSuffix}requests.storage`, storage);
    return usage;
  },
};

/** What is requested, or what was given where that is more. */
function claimStorage(claim: PersistentVolumeClaim): Quantity | undefined {
  const requested = readResourceList(claim.spec?.resources?.requests).get('storage');
  if (requested === undefined) return undefined;
  const given = readResourceList(claim.status?.allocatedResources).get('storage');
  return given !== undefined && given.compare(requested) > 0 ? given : requested;
}
