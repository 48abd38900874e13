import type { Pod, PodResourceClaim } from '../../types/core-v1.ts';
import type { ResourceClaim, ResourceClaimConsumerReference } from '../../types/resource-v1.ts';

/** What stays with a claim as long as devices are its own. */
export const claimProtection = 'resource.kubernetes.io/delete-protection';

/**
 * The name of the claim that an entry of a pod stands for; `isGenerated`: it was made for the pod, whose own it must be.
 * `pending` while it is not made yet, `none` where the pod's status says that it needs none.
 */
export function claimOfEntry(
  pod: Pod,
  { name, resourceClaimName, resourceClaimTemplateName }: PodResourceClaim,
): { readonly name: string; readonly isGenerated: boolean } | 'pending' | 'none' {
  if (resourceClaimName !== undefined) return { name: resourceClaimName, isGenerated: false };
  if (resourceClaimTemplateName === undefined) return 'none';
  const told = pod.status?.resourceClaimStatuses?.find((status) => status.name === name);
  if (told === undefined) return 'pending';
  return told.resourceClaimName === undefined ? 'none' : { name: told.resourceClaimName, isGenerated: true };
}

/** Whether a claim was made for a pod. */
export function isClaimOf(pod: Pod, { metadata }: ResourceClaim): boolean {
  const isOwner = metadata.ownerReferences?.some(
    ({ controller, uid }) => controller === true && uid === pod.metadata.uid,
  );
  return isOwner === true && metadata.namespace === pod.metadata.namespace;
}

/** Whether a pod may use the devices of a claim. */
export function isReservedFor({ metadata }: Pod, { status }: ResourceClaim): boolean {
  return status?.reservedFor?.some(({ uid }) => uid === metadata.uid) === true;
}

/** What a claim says of a pod that may use its devices. */
export function consumerOf({ metadata: { name = '', uid = '' } }: Pod): ResourceClaimConsumerReference {
  return { resource: 'pods', name, uid };
}
