import { claimProtection } from '../../api/resource/v1/pod-claims.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { ResourceClaim, ResourceClaimConsumerReference } from '../../api/types/resource-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerOf } from '../../client/controller-references.ts';
import type { ControllerContext } from './controller.ts';
import { podsResource } from './pod-control.ts';
import { isPodTerminal } from './pod-facts.ts';

/** The resourceclaims resource. */
export const resourceClaimsResource = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaims' } as const;

/** Whether a pod runs no more, or never will. */
export function isPodOver(pod: Pod): boolean {
  const isNowhere = (pod.spec?.nodeName ?? '') === '';
  return isPodTerminal(pod) || (pod.metadata.deletionTimestamp !== undefined && isNowhere);
}

/**
 * Takes a claim from pods that are gone or over; with the last of them its devices, its protection, and the claim
 * itself where it was made for such a pod.
 */
export async function releaseClaim(
  context: ControllerContext,
  claim: ResourceClaim | undefined,
  podNamed: (name: string) => Pod | undefined,
): Promise<void> {
  if (claim === undefined) return;
  const claims = context.client.resource<ResourceClaim>(resourceClaimsResource, claim.metadata.namespace);
  const reserved = claim.status?.reservedFor ?? [];
  const remaining: ResourceClaimConsumerReference[] = [];
  for (const consumer of reserved) if (await isNeeded(context, claim, consumer, podNamed)) remaining.push(consumer);
  const isProtected = claim.metadata.finalizers?.includes(claimProtection) === true;
  const isLeft = remaining.length === 0 && isProtected;
  if (remaining.length < reserved.length || (isLeft && claim.metadata.deletionTimestamp !== undefined)) {
    const { allocation, reservedFor: _, ...status } = claim.status ?? {};
    const kept = isLeft || allocation === undefined ? {} : { allocation };
    // An update, not a patch: it fails when something else has changed meanwhile.
    const released = await claims.update(
      { ...claim, status: { ...status, ...kept, ...(remaining.length === 0 ? {} : { reservedFor: remaining }) } },
      { subresource: 'status' },
    );
    const finalizers = released.metadata.finalizers ?? [];
    if (released.status?.allocation === undefined && finalizers.includes(claimProtection)) {
      const others = finalizers.filter((finalizer) => finalizer !== claimProtection);
      await claims.update({ ...released, metadata: { ...released.metadata, finalizers: others } });
    }
  }
  if (remaining.length === 0) await removeUnneeded(context, claim, podNamed);
}

/** Whom we know nothing of keeps the claim; a pod that our copy does not have is asked for. */
async function isNeeded(
  { client }: ControllerContext,
  { metadata: { namespace } }: ResourceClaim,
  { apiGroup = '', resource, name, uid }: ResourceClaimConsumerReference,
  podNamed: (name: string) => Pod | undefined,
): Promise<boolean> {
  if (apiGroup !== '' || resource !== 'pods') return true;
  const pod = podNamed(name);
  if (pod !== undefined) return pod.metadata.uid === uid && !isPodOver(pod);
  try {
    const asked = await client.resource<Pod>(podsResource, namespace).get(name);
    return asked.metadata.uid === uid;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return false;
    throw error;
  }
}

async function removeUnneeded(
  { client }: ControllerContext,
  claim: ResourceClaim,
  podNamed: (name: string) => Pod | undefined,
): Promise<void> {
  const owner = controllerOf(claim);
  if (owner?.kind !== 'Pod' || owner.apiVersion !== 'v1' || claim.metadata.deletionTimestamp !== undefined) return;
  const pod = podNamed(owner.name);
  // One that we do not know is left to the garbage collector.
  if (pod === undefined || (pod.metadata.uid === owner.uid && !isPodOver(pod))) return;
  const { name = '', namespace } = claim.metadata;
  try {
    await client.resource(resourceClaimsResource, namespace).delete(name);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}
