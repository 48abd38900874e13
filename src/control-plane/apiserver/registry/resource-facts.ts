import { isJsonObject } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { ResourceDefinition } from '../../../api/resource-definition.ts';
import type { ApiResource } from './api-resource.ts';

/**
 * Facts about built-in kinds that follow no rule, by `group/resource`. A resource's own strategy comes first; these
 * hold where it says nothing.
 */

/** Kinds with a status subresource whose metadata.generation is never set. */
const withoutGeneration: ReadonlySet<string> = new Set([
  '/namespaces',
  '/nodes',
  '/persistentvolumeclaims',
  '/persistentvolumes',
  '/resourcequotas',
  '/services',
  'apiregistration.k8s.io/apiservices',
  'autoscaling/horizontalpodautoscalers',
  'certificates.k8s.io/certificatesigningrequests',
  'networking.k8s.io/servicecidrs',
  'resource.k8s.io/resourceclaims',
  'storage.k8s.io/volumeattachments',
]);

/** Kinds without a status subresource that count their generations all the same. */
const withGeneration: ReadonlySet<string> = new Set([
  '/podtemplates',
  'admissionregistration.k8s.io/mutatingadmissionpolicies',
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'discovery.k8s.io/endpointslices',
  'networking.k8s.io/ingressclasses',
  'networking.k8s.io/networkpolicies',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceslices',
  'scheduling.k8s.io/priorityclasses',
]);

/** Kinds whose rules for updates look at the metadata as at that of a new object besides, so that causes come again. */
const checkedAgain: ReadonlySet<string> = new Set([
  '/configmaps',
  '/endpoints',
  '/persistentvolumeclaims',
  '/pods',
  '/secrets',
  '/serviceaccounts',
  'apiregistration.k8s.io/apiservices',
  'apps/controllerrevisions',
  'networking.k8s.io/ingressclasses',
  'networking.k8s.io/ingresses',
  'storage.k8s.io/volumeattributesclasses',
]);

/** The same of kinds whose objects are checked as new ones before what is changed is looked at. */
const checkedAsNewFirst: ReadonlySet<string> = new Set([
  '/namespaces',
  '/nodes',
  '/persistentvolumes',
  'batch/jobs',
  'certificates.k8s.io/certificatesigningrequests',
  'certificates.k8s.io/clustertrustbundles',
  'networking.k8s.io/ipaddresses',
  'node.k8s.io/runtimeclasses',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'rbac.authorization.k8s.io/clusterroles',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/roles',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceclaims',
  'resource.k8s.io/resourceclaimtemplates',
  'storage.k8s.io/csistoragecapacities',
  'storage.k8s.io/storageclasses',
]);

/** Kinds whose rules for updates look at the metadata only as at that of a new object. */
const checkedAsNew: ReadonlySet<string> = new Set([
  '/limitranges',
  '/persistentvolumes',
  'admissionregistration.k8s.io/mutatingadmissionpolicies',
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'discovery.k8s.io/endpointslices',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/volumeattachments',
]);

/**
 * How a kind's own rules look at the metadata of an update of the object itself, besides what holds for all: as at
 * that of a changed object, and as at that of a new one, before or after.
 */
export function metadataChecksOnUpdate(resource: ApiResource): {
  readonly asUpdate: boolean;
  readonly asNew: 'first' | 'last' | 'no';
} {
  const key = keyOf(resource);
  const asUpdate = !checkedAsNew.has(key);
  if (checkedAsNewFirst.has(key)) return { asUpdate, asNew: 'first' };
  return { asUpdate, asNew: checkedAsNew.has(key) || checkedAgain.has(key) ? 'last' : 'no' };
}

/** Kinds whose delete answers with the object. */
const returnedWhenDeleted: ReadonlySet<string> = new Set([
  '/namespaces',
  '/persistentvolumeclaims',
  '/persistentvolumes',
  '/pods',
  '/podtemplates',
  '/resourcequotas',
  '/serviceaccounts',
  '/services',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceclaims',
  'resource.k8s.io/resourceclaimtemplates',
  'resource.k8s.io/resourceslices',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/volumeattachments',
  'storage.k8s.io/volumeattributesclasses',
]);

/** Kinds that a delete takes away although nobody collects what they owned. */
const withoutGarbageCollection: ReadonlySet<string> = new Set(['/events', 'events.k8s.io/events']);

/** Whether metadata.generation counts the changes of an object's spec, or stays at the first. */
export function countsGenerations(resource: ApiResource): boolean | 'first' {
  const { definition } = resource;
  const stated = definition.strategy?.hasGeneration;
  if (stated !== undefined) return stated;
  if (resource.custom) return true;
  const key = keyOf(resource);
  if (withGeneration.has(key)) return true;
  return definition.subresources.some(({ name }) => name === 'status') && !withoutGeneration.has(key);
}

/** Kinds whose generation counts a list that is empty instead of not there, too: the real server compares them as they are. */
const exactGenerations: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'networking.k8s.io/networkpolicies',
]);

/** Whether an empty list or map is a change of an object that had none. */
export function tellsEmptyFromNone(resource: ApiResource): boolean {
  return resource.custom || exactGenerations.has(keyOf(resource));
}

/** Whether a delete answers with the object instead of a Status. */
export function returnsDeleted({ group, resource, strategy }: ResourceDefinition): boolean {
  return strategy?.returnDeletedObject ?? returnedWhenDeleted.has(`${group}/${resource}`);
}

/** Kinds whose delete answers with the object although the published API says that it is a Status. */
const secretlyReturned: ReadonlySet<string> = new Set(['/namespaces']);

/** Whether the published API says that a delete answers with the object. */
export function saysItReturnsDeleted(definition: ResourceDefinition): boolean {
  return returnsDeleted(definition) && !secretlyReturned.has(`${definition.group}/${definition.resource}`);
}

/** Whether deletes leave finalizers for the garbage collector. */
export function isGarbageCollected(resource: ApiResource): boolean {
  return !withoutGarbageCollection.has(keyOf(resource));
}

/** How long a delete leaves an object to end; undefined for resources that know no grace. */
export function gracePeriodRule(
  resource: ApiResource,
): ((object: Unstructured, requestedSeconds: number | undefined) => number | undefined) | undefined {
  const { strategy } = resource.definition;
  if (strategy?.gracePeriodSeconds !== undefined) return strategy.gracePeriodSeconds.bind(strategy);
  return keyOf(resource) === '/pods' ? podGracePeriodSeconds : undefined;
}

/** A pod that no node has, or that has ended, goes at once. */
function podGracePeriodSeconds(pod: Unstructured, requestedSeconds: number | undefined): number {
  const spec = isJsonObject(pod['spec']) ? pod['spec'] : {};
  const status = isJsonObject(pod['status']) ? pod['status'] : {};
  if ((spec['nodeName'] ?? '') === '' || status['phase'] === 'Succeeded' || status['phase'] === 'Failed') return 0;
  const own = spec['terminationGracePeriodSeconds'];
  const seconds = requestedSeconds ?? (typeof own === 'number' ? own : 0);
  return seconds < 0 ? 1 : seconds;
}

function keyOf(resource: ApiResource): string {
  return `${resource.gvk.group}/${resource.definition.resource}`;
}
