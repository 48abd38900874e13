import { matchesNodeSelectorTerm } from '../../../api/core/v1/node-matching.ts';
import { claimOfEntry, isClaimOf } from '../../../api/resource/v1/pod-claims.ts';
import type { Node, NodeSelector, Pod } from '../../../api/types/core-v1.ts';
import type { AllocationResult, ResourceClaim } from '../../../api/types/resource-v1.ts';
import { allocateDevices } from '../device-allocator.ts';
import {
  type ClusterView,
  type DeviceView,
  type FilterPlugin,
  type Rejection,
  type Unfit,
  unresolvable,
} from '../framework.ts';

/** A claim of a pod, with what it gets when it has nothing yet. */
export interface ClaimPlan {
  readonly claim: ResourceClaim;
  readonly allocation?: AllocationResult;
}

/** The claims of a pod, or why they cannot be told: then it need not be tried until one changes. */
export function claimsOf(pod: Pod, devices: Pick<DeviceView, 'claim'>): ResourceClaim[] | Rejection {
  const { name: podName = '', namespace = '' } = pod.metadata;
  const claims: ResourceClaim[] = [];
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const told = claimOfEntry(pod, entry);
    if (told === 'pending') return { rejected: `pod "${namespace}/${podName}": ResourceClaim not created yet` };
    if (told === 'none') continue;
    const claim = devices.claim(namespace, told.name);
    if (claim === undefined) return { rejected: `could not find ResourceClaim "${namespace}/${told.name}"` };
    if (claim.metadata.deletionTimestamp !== undefined) {
      return { rejected: `resourceclaim "${told.name}" is being deleted` };
    }
    if (told.isGenerated && !isClaimOf(pod, claim)) {
      const whose = `ResourceClaim ${namespace}/${told.name} was not created for Pod ${namespace}/${podName}`;
      return { rejected: `${whose} (Pod is not owner)` };
    }
    claims.push(claim);
  }
  return claims;
}

function isIn(node: Node, selector: NodeSelector | undefined): boolean {
  return selector === undefined || selector.nodeSelectorTerms.some((term) => matchesNodeSelectorTerm(node, term));
}

/** Claims that have devices which other nodes than this one can use. */
function unavailable(claims: readonly ResourceClaim[], node: Node): ResourceClaim[] {
  return claims.filter(({ status }) => !isIn(node, status?.allocation?.nodeSelector));
}

/** What the claims of a pod get on a node, or why they get nothing. @throws DeviceAllocationError */
export function planDevices(claims: readonly ResourceClaim[], devices: DeviceView, node: Node): ClaimPlan[] | Unfit {
  if (unavailable(claims, node).length > 0) return unresolvable('resourceclaim not available on the node');
  const wanting = claims.filter(({ status }) => status?.allocation === undefined);
  if (wanting.length === 0) return claims.map((claim) => ({ claim }));
  const results = allocateDevices({
    node,
    claims: wanting,
    deviceClass: (name) => devices.deviceClass(name),
    slices: devices.slices(),
    taken: devices.taken(),
  });
  if (results === undefined) return unresolvable('cannot allocate all claims');
  return claims.map((claim) => {
    const allocation = results[wanting.indexOf(claim)];
    return allocation === undefined ? { claim } : { claim, allocation };
  });
}

/** What the claims of a pod get on a node that the pod fits. */
export function plansOf(pod: Pod, devices: DeviceView, node: Node): readonly ClaimPlan[] {
  const claims = claimsOf(pod, devices);
  const plans = 'rejected' in claims ? [] : planDevices(claims, devices, node);
  return 'reasons' in plans ? [] : plans;
}

/** A class that is asked for and not there. */
function missingClass({ spec }: ResourceClaim, devices: DeviceView): string | undefined {
  for (const { name, exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const asked =
      exactly === undefined ? firstAvailable.map((one) => [`${name}/${one.name}`, one.deviceClassName]) : [];
    if (exactly !== undefined) asked.push([name, exactly.deviceClassName]);
    for (const [request = '', className = ''] of asked) {
      if (devices.deviceClass(className) === undefined) {
        return `request ${request}: device class ${className} does not exist`;
      }
    }
  }
  return undefined;
}

/** Devices that a pod claims must be there for it on the node (KEP-4381). */
export const dynamicResourcesFilter: FilterPlugin = {
  name: 'DynamicResources',
  prepare(pod, { devices }) {
    if ((pod.spec?.resourceClaims ?? []).length === 0) return undefined;
    const claims = claimsOf(pod, devices);
    if ('rejected' in claims) return { ...claims, isOfClaims: true };
    if (claims.length === 0) return undefined;
    for (const claim of claims) {
      if (claim.status?.allocation !== undefined) continue;
      const { name = '', namespace = '' } = claim.metadata;
      const pending = `resource claim ${namespace}/${name} is in the process of being allocated`;
      const problem = devices.isPending(claim) ? pending : missingClass(claim, devices);
      if (problem !== undefined) return { rejected: problem, isOfClaims: true };
    }
    return ({ node }) => {
      const plan = planDevices(claims, devices, node);
      return 'reasons' in plan ? plan : undefined;
    };
  },
};

/** A claim of the pod that nobody else uses, with devices that none of the nodes which are left can use. */
export function claimToRelease(pod: Pod, { devices, nodes }: ClusterView): ResourceClaim | undefined {
  const claims = claimsOf(pod, devices);
  if ('rejected' in claims) return undefined;
  const candidates = nodes.flatMap(({ node }) => unavailable(claims, node));
  return candidates.find(({ status }) => (status?.reservedFor ?? []).every(({ uid }) => uid === pod.metadata.uid));
}
