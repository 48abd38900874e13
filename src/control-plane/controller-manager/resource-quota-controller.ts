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
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing, podsResource } from './pod-control.ts';
import { isPodTerminal } from './pod-facts.ts';
import { deletableResources } from './served-resources.ts';
import { servicesResource } from './service-endpoints.ts';

const core = (resource: string): GroupVersionResource => ({ group: '', version: 'v1', resource });
const quotasResource = core('resourcequotas');
const claimsResource = core('persistentvolumeclaims');
/** What is counted is counted anew this often: not every deletion is watched (--resource-quota-sync-period). */
const periodMillis = 5 * 60_000;

/** Kinds that quotas count without `count/` before their names. */
const named = ['pods', 'services', 'persistentvolumeclaims', 'configmaps', 'secrets', 'replicationcontrollers'].map(
  core,
);

/** Keeps what the quotas of a namespace allow and what is used, which admission charges new objects against. */
export function createResourceQuotaController(context: ControllerContext): Controller {
  const quotas = context.informers.informer<ResourceQuota>(quotasResource);
  const pods = context.informers.informer<Pod>(podsResource);
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
          if (ends || goes) touch(pod);
        },
        deleted: touch,
      });
      context.informers.informer<Service>(servicesResource).addHandler({ updated: touch, deleted: touch });
      context.informers.informer<PersistentVolumeClaim>(claimsResource).addHandler({ deleted: touch });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const client = context.client.resource<ResourceQuota>(quotasResource, namespace);
      try {
        // Asked of the server: admission charges it meanwhile.
        const quota = await client.get(name);
        queue.addAfter(key, periodMillis);
        const status = { hard: quota.spec?.hard ?? {}, used: await usedBy(context, quota) };
        if (!equalJson(status, quota.status ?? {}))
          await client.update({ ...quota, status }, { subresource: 'status' });
      } catch (error) {
        if (!hasReason(error, 'NotFound') && !isNamespaceGoing(error)) throw error;
      }
    },
  });
}

/** What the namespace uses of what a quota restricts; nothing of it is 0. */
async function usedBy(context: ControllerContext, quota: ResourceQuota): Promise<Record<string, string>> {
  const hard = [...readResourceList(quota.spec?.hard).keys()];
  const { namespace = '' } = quota.metadata;
  let used: ResourceList = new Map();
  for (const resource of await countedResources(context, hard)) {
    const evaluator = quotaEvaluatorFor(resource.group, resource.resource);
    if (evaluator.matchingResources(hard).length === 0) continue;
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
