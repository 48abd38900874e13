import { quotaEvaluatorFor, quotaMatches } from '../../api/core/v1/quota-evaluation.ts';
import {
  addResourceLists,
  countQuantity,
  readResourceList,
  type ResourceList,
  writeResourceList,
} from '../../api/core/v1/resource-list.ts';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../api/types/core-v1.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { equalJson } from '../../apimachinery/json.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing, podsResource } from './pod-control.ts';
import { isPodTerminal } from './pod-facts.ts';
import { deletableResources } from './served-resources.ts';
import { servicesResource } from './service-endpoints.ts';

const core = (resource: string): GroupVersionResource => ({ group: '', version: 'v1', resource });
const quotasResource = core('resourcequotas');
const claimsResource = core('persistentvolumeclaims');
/** What is counted is counted anew this often (--resource-quota-sync-period). */
const periodMillis = 5 * 60_000;

/** Kinds that quotas count without `count/` before their names. */
const named = ['pods', 'services', 'persistentvolumeclaims', 'configmaps', 'secrets', 'replicationcontrollers'].map(
  core,
);

/** Keeps what the quotas of a namespace allow and what is used, which admission charges new objects against. */
export function createResourceQuotaController(context: ControllerContext): Controller {
  const quotas = context.informers.informer<ResourceQuota>(quotasResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const deletions = new Map<string, Informer<KubeObject>>();
  return createKeyedController({
    name: 'resourcequota-controller',
    context,
    register(queue) {
      const enqueue = (quota: ResourceQuota): void => queue.add(keyOf(quota));
      quotas.addHandler({
        added: enqueue,
        updated(quota, old) {
          if (!equalJson(quota.spec, old.spec) || !equalJson(quota.spec?.hard, quota.status?.hard)) enqueue(quota);
        },
      });
      const touch = ({ metadata }: KubeObject): void => quotas.list(metadata.namespace).forEach(enqueue);
      pods.addHandler({
        updated(pod, old) {
          const ends = isPodTerminal(pod) && !isPodTerminal(old);
          const goes = pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp;
          if (ends || goes || !equalJson(chargedTo(pod), chargedTo(old))) touch(pod);
        },
        deleted: touch,
      });
      context.informers.informer<Service>(servicesResource).addHandler({ updated: touch, deleted: touch });
      context.informers.informer<PersistentVolumeClaim>(claimsResource).addHandler({
        updated(claim, old) {
          if (!equalJson(claim.spec, old.spec) || !equalJson(claim.status, old.status)) touch(claim);
        },
        deleted: touch,
      });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const client = context.client.resource<ResourceQuota>(quotasResource, namespace);
      try {
        // Asked of the server: admission charges it meanwhile.
        const quota = await client.get(name);
        queue.addAfter(key, periodMillis);
        const hard = [...readResourceList(quota.spec?.hard).keys()];
        const resources = (await countedResources(context, hard)).filter(({ group, resource }) => {
          return quotaEvaluatorFor(group, resource).matchingResources(hard).length > 0;
        });
        watchDeletions(context, deletions, resources, ({ metadata }) => {
          for (const other of quotas.list(metadata.namespace)) queue.add(keyOf(other));
        });
        const status = { hard: quota.spec?.hard ?? {}, used: await usedBy(context, quota, hard, resources) };
        if (!equalJson(status, quota.status ?? {}))
          await client.update({ ...quota, status }, { subresource: 'status' });
      } catch (error) {
        if (!hasReason(error, 'NotFound') && !isNamespaceGoing(error)) throw error;
      }
    },
  });
}

/** What decides which quotas a pod is charged to, and how much: it may change while the pod runs. */
function chargedTo({ spec, status }: Pod): unknown {
  const lists = [spec?.containers, spec?.initContainers, status?.containerStatuses, status?.initContainerStatuses];
  const resources = lists.map((list) => (list ?? []).map((container) => container.resources ?? null));
  return [spec?.activeDeadlineSeconds !== undefined, spec?.resources ?? null, resources];
}

/** Room that becomes free is told by the deletion of what had it: these are watched from when a quota counts them. */
function watchDeletions(
  context: ControllerContext,
  watched: Map<string, Informer<KubeObject>>,
  resources: readonly GroupVersionResource[],
  deleted: (object: KubeObject) => void,
): void {
  for (const resource of resources) {
    const key = `${resource.group}/${resource.version}/${resource.resource}`;
    const informer = context.informers.metadata(resource);
    // A kind that was not served for a while has a new one.
    if (watched.get(key) === informer) continue;
    watched.set(key, informer);
    informer.addHandler({ deleted });
  }
  context.informers.start();
}

/** What the namespace uses of what a quota restricts; nothing of it is 0. */
async function usedBy(
  context: ControllerContext,
  quota: ResourceQuota,
  hard: readonly string[],
  resources: readonly GroupVersionResource[],
): Promise<Record<string, string>> {
  const { namespace = '' } = quota.metadata;
  let used: ResourceList = new Map();
  for (const resource of resources) {
    const evaluator = quotaEvaluatorFor(resource.group, resource.resource);
    const { items } = await context.client.resource(resource, namespace).list();
    for (const object of items) {
      if (!quotaMatches(quota, hard, evaluator, object)) continue;
      used = addResourceLists(used, evaluator.usage(object, context.clock.now()));
    }
  }
  return writeResourceList(new Map(hard.map((name) => [name, used.get(name) ?? countQuantity(0)])));
}

/** The kinds that may matter to a quota: the named ones, and those of its `count/RESOURCE.GROUP`. */
async function countedResources(
  context: ControllerContext,
  hard: readonly string[],
): Promise<readonly GroupVersionResource[]> {
  const wanted = new Set(hard.filter((name) => name.startsWith('count/')).map((name) => name.slice('count/'.length)));
  const all = [...named, quotasResource];
  if (wanted.size === 0) return all;
  for (const { group, version, name, namespaced } of await deletableResources(context.client)) {
    const isWanted = wanted.has(group === '' ? name : `${name}.${group}`);
    const isKnown = group === '' && all.some(({ resource }) => resource === name);
    if (namespaced && isWanted && !isKnown) all.push({ group, version, resource: name });
  }
  return all;
}
