import { type QuotaEvaluator, quotaEvaluatorFor, quotaMatches } from '../../api/core/v1/quota-evaluation.ts';
import {
  addResourceLists,
  readResourceList,
  type ResourceList,
  writeResourceList,
} from '../../api/core/v1/resource-list.ts';
import type { ResourceQuota } from '../../api/types/core-v1.ts';
import type { Quantity } from '../../apimachinery/quantity.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Clock } from '../../system/clock.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { listWithFallback } from './cluster-reader.ts';
import type { LimitedResource } from './configuration/resource-quota-configuration.ts';
import { uncovered } from './limited-resources.ts';
import { refusal } from './refusal.ts';

const quotasResource = { group: '', version: 'v1', resource: 'resourcequotas' } as const;
const maxAttempts = 4;

/** Virtual resources and events are not counted. */
const uncounted = new Set([
  'bindings',
  'componentstatuses',
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'events',
  'events.events.k8s.io',
]);

/**
 * Charges what is created to the quotas of its namespace, and refuses what they have no room for.
 * @param limited what is refused where no quota covers it
 */
export function resourceQuota(
  context: AdmissionContext,
  clock: Clock,
  limited: readonly LimitedResource[] = [],
): AdmissionPlugin {
  const quotasOf = listWithFallback<ResourceQuota>(context, quotasResource);
  const written = new WrittenQuotas();
  const turns = new Map<string, Promise<void>>();
  const charge = async (attributes: AdmissionAttributes, evaluator: QuotaEvaluator): Promise<void> => {
    const { namespace } = attributes;
    let only: ReadonlySet<string> | undefined;
    for (let attempt = 1; ; attempt++) {
      const known = written.newest(await quotasOf(namespace));
      const quotas = only === undefined ? known : known.filter((quota) => only?.has(quota.metadata.name ?? ''));
      const charged = chargeQuotas(quotas, attributes, evaluator, limited, clock.now());
      if (attributes.dryRun || charged.length === 0) return;
      const failed = await writeAll(context, charged, written, attempt >= maxAttempts);
      if (failed.size === 0) return;
      only = failed;
    }
  };
  return {
    name: 'ResourceQuota',
    async validate(attributes) {
      const { namespace, operation, resource, kind } = attributes;
      if (namespace === '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      if (kind.group === '' && kind.kind === 'Namespace') return;
      const { group } = resource;
      if (uncounted.has(group === '' ? resource.resource : `${resource.resource}.${group}`)) return;
      if (!handles(attributes)) return;
      if (limited.length === 0 && (await quotasOf(namespace)).length === 0) return;
      const evaluator = quotaEvaluatorFor(group, resource.resource);
      // One after the other in a namespace: each sees what the one before was charged.
      const before = turns.get(namespace) ?? Promise.resolve();
      const turn = before.then(() => charge(attributes, evaluator));
      const settled = turn.catch(() => undefined);
      turns.set(namespace, settled);
      try {
        await turn;
      } finally {
        if (turns.get(namespace) === settled) turns.delete(namespace);
      }
    },
  };
}

/** Which writes can change what an object uses. */
function handles({ operation, resource, subresource, object, oldObject }: AdmissionAttributes): boolean {
  const isCreate = operation === 'CREATE';
  if (resource.group !== '') return isCreate && subresource === '';
  switch (resource.resource) {
    case 'pods': {
      if (subresource === 'resize') return !isCreate;
      if (subresource !== '') return false;
      const hasDeadline = (pod: typeof object): boolean =>
        (pod?.['spec'] as { activeDeadlineSeconds?: number } | undefined)?.activeDeadlineSeconds !== undefined;
      // Initializers may change what a pod needs, until the last of them is done.
      const isInitializing = oldObject?.metadata.initializers !== undefined;
      return isCreate || isInitializing || hasDeadline(object) !== hasDeadline(oldObject);
    }
    case 'services':
      return subresource === '';
    case 'persistentvolumeclaims':
      return subresource === '' || (subresource === 'status' && !isCreate);
    default:
      return isCreate && subresource === '';
  }
}

/** @returns the quotas whose use grows, with their new status. @throws StatusError 403 */
function chargeQuotas(
  quotas: readonly ResourceQuota[],
  attributes: AdmissionAttributes,
  evaluator: QuotaEvaluator,
  limited: readonly LimitedResource[],
  now: number,
): ResourceQuota[] {
  const { object, oldObject, operation, namespace } = attributes;
  if (object === undefined) return [];
  const item = { ...object, metadata: { ...object.metadata, namespace } };
  const refuse = (text: string): Error => refusal(attributes, text);
  const matching = quotas.filter((quota) => quotaMatches(quota, hardNames(quota), evaluator, item));
  for (const quota of matching) {
    const name = quota.metadata.name ?? '';
    const restricted = evaluator.matchingResources(hardNames(quota));
    const complaint = evaluator.missing(restricted, item);
    if (complaint !== '') throw refuse(`failed quota: ${name}: ${complaint}`);
    if (restricted.some((resource) => quota.status?.used?.[resource] === undefined)) {
      throw refuse(`status unknown for quota: ${name}, resources: ${restricted.toSorted().join(',')}`);
    }
  }
  const usage = evaluator.usage(item, now);
  const negative = [...usage].filter(([, quantity]) => quantity.sign() < 0).map(([name]) => name);
  if (negative.length > 0) throw refuse(`quota usage is negative for resource(s): ${negative.toSorted().join(',')}`);
  const before = operation === 'UPDATE' && oldObject !== undefined ? evaluator.usage(oldObject, now) : undefined;
  const deltas = matching.map((quota) => {
    const wasCounted =
      before !== undefined &&
      oldObject !== undefined &&
      quotaMatches(quota, hardNames(quota), evaluator, { ...oldObject });
    return withoutZeros(wasCounted ? growth(usage, before) : usage);
  });
  const uncharged = before === undefined ? usage : growth(usage, before);
  const all = matching.length === 0 ? [withoutZeros(uncharged)] : deltas;
  if (all.every((delta) => delta.size === 0)) return [];
  const complaint = uncovered({ limited, quotas, matching, attributes, evaluator, item, usage });
  if (complaint !== undefined) throw complaint;
  return matching.flatMap((quota, index) => {
    const charged = chargeOne(quota, deltas[index] ?? new Map(), attributes.subresource !== 'status', refuse);
    return charged === undefined ? [] : [charged];
  });
}

function chargeOne(
  quota: ResourceQuota,
  delta: ResourceList,
  isEnforced: boolean,
  refuse: (text: string) => Error,
): ResourceQuota | undefined {
  const hard = readResourceList(quota.status?.hard);
  const used = readResourceList(quota.status?.used);
  const requested = new Map([...delta].filter(([name]) => hard.has(name)));
  if (requested.size === 0) return undefined;
  const sum = addResourceLists(used, requested);
  const isOver = (name: string): boolean => {
    const limit = hard.get(name);
    return limit !== undefined && (sum.get(name)?.compare(limit) ?? 0) > 0;
  };
  const exceeded = [...requested.keys()].filter(isOver).toSorted();
  if (isEnforced && exceeded.length > 0) {
    const show = (list: ResourceList): string =>
      exceeded
        .filter((name) => list.has(name))
        .map((name) => `${name}=${list.get(name)?.toString() ?? ''}`)
        .join(',');
    const name = quota.metadata.name ?? '';
    throw refuse(`exceeded quota: ${name}, requested: ${show(requested)}, used: ${show(used)}, limited: ${show(hard)}`);
  }
  return { ...quota, status: { ...quota.status, used: writeResourceList(sum) } };
}

function hardNames(quota: ResourceQuota): readonly string[] {
  return Object.keys(quota.status?.hard ?? {});
}

/** What an object uses more than before; less is counted again by the quota controller. */
function growth(usage: ResourceList, before: ResourceList): Map<string, Quantity> {
  return new Map(
    [...usage].flatMap(([name, quantity]) => {
      const known = before.get(name);
      const more = known === undefined ? quantity : quantity.subtract(known);
      return more.sign() > 0 ? [[name, more] as const] : [];
    }),
  );
}

function withoutZeros(list: ResourceList): Map<string, Quantity> {
  return new Map([...list].filter(([, quantity]) => !quantity.isZero()));
}

/** @returns names of the quotas that somebody else changed meanwhile. */
async function writeAll(
  context: AdmissionContext,
  quotas: readonly ResourceQuota[],
  written: WrittenQuotas,
  isLast: boolean,
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  for (const quota of quotas) {
    const resource = context.client.resource<ResourceQuota>(quotasResource, quota.metadata.namespace);
    try {
      const body = { ...quota, apiVersion: 'v1', kind: 'ResourceQuota' };
      written.remember(await resource.update(body, { subresource: 'status' }));
    } catch (error) {
      if (isLast || !hasReason(error, 'Conflict')) throw error;
      const name = quota.metadata.name ?? '';
      written.remember(await resource.get(name));
      failed.add(name);
    }
  }
  return failed;
}

/** What was written last, until the local copy has it too. */
class WrittenQuotas {
  readonly #quotas = new Map<string, ResourceQuota>();

  remember(quota: ResourceQuota): void {
    const key = keyOf(quota);
    if (this.#quotas.size >= 1000) this.#quotas.clear();
    this.#quotas.set(key, quota);
  }

  newest(quotas: readonly ResourceQuota[]): ResourceQuota[] {
    return quotas.map((quota) => {
      const own = this.#quotas.get(keyOf(quota));
      if (own === undefined) return quota;
      if (versionOf(own) > versionOf(quota)) return own;
      this.#quotas.delete(keyOf(quota));
      return quota;
    });
  }
}

function keyOf(quota: ResourceQuota): string {
  return quota.metadata.uid ?? `${quota.metadata.namespace ?? ''}/${quota.metadata.name ?? ''}`;
}

function versionOf(quota: ResourceQuota): number {
  return Number(quota.metadata.resourceVersion ?? 0);
}
