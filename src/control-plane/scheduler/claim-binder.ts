import { claimProtection, consumerOf, isReservedFor } from '../../api/resource/v1/pod-claims.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { AllocationResult, ResourceClaim } from '../../api/types/resource-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { ClaimLedger } from './claim-ledger.ts';
import type { ClaimPlan } from './plugins/dynamic-resources.ts';

const claimsResource = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaims' } as const;
/** As often is a write tried that others were quicker than. */
const mostTries = 5;

export interface ClaimBinderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Writes to claims what was decided for a pod: their devices, and that the pod uses them. */
export class ClaimBinder {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #ledger: ClaimLedger;

  readonly #log: Logger;

  constructor({ client, clock, log }: ClaimBinderOptions, ledger: ClaimLedger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
    this.#ledger = ledger;
  }

  /** Nobody else gets the devices from now on. */
  begin(plans: readonly ClaimPlan[]): void {
    for (const { claim, allocation } of plans) if (allocation !== undefined) this.#ledger.begin(claim, allocation);
  }

  /** @throws Error when the API refuses, or a claim is not what it was; what was promised is given up then */
  async bind(pod: Pod, plans: readonly ClaimPlan[]): Promise<void> {
    try {
      for (const { claim, allocation } of plans) {
        this.#ledger.end(claim, await this.#reserve(pod, claim, allocation));
      }
    } finally {
      for (const { claim, allocation } of plans) if (allocation !== undefined) this.#ledger.end(claim);
    }
  }

  async #reserve(pod: Pod, first: ResourceClaim, allocation: AllocationResult | undefined): Promise<ResourceClaim> {
    const { name = '', namespace = '' } = first.metadata;
    const claims = this.#client.resource<ResourceClaim>(claimsResource, namespace);
    let claim = first;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(pod, claim, allocation);
      } catch (error) {
        if (!hasReason(error, 'Conflict') || tries >= mostTries) throw error;
        claim = await claims.get(name);
      }
    }
  }

  async #write(pod: Pod, before: ResourceClaim, allocation: AllocationResult | undefined): Promise<ResourceClaim> {
    const { name = '', namespace = '', deletionTimestamp, finalizers = [] } = before.metadata;
    const claims = this.#client.resource<ResourceClaim>(claimsResource, namespace);
    const what = `claim ${namespace}/${name}`;
    if (deletionTimestamp !== undefined) throw new Error(`${what} got deleted in the meantime`);
    let claim = before;
    if (allocation !== undefined) {
      if (before.status?.allocation !== undefined) throw new Error(`${what} got allocated elsewhere in the meantime`);
      if (!finalizers.includes(claimProtection)) {
        const metadata = { ...before.metadata, finalizers: [...finalizers, claimProtection] };
        claim = await claims.update({ ...before, metadata });
      }
    } else {
      if (before.status?.allocation === undefined) throw new Error(`${what} got deallocated elsewhere in the meantime`);
      if (isReservedFor(pod, before)) return before;
    }
    const given = allocation ?? before.status?.allocation ?? {};
    const { allocationTimestamp = formatTime(this.#clock.now()) } = given;
    const reservedFor = [...(claim.status?.reservedFor ?? []), consumerOf(pod)];
    const status = { ...claim.status, allocation: { ...given, allocationTimestamp }, reservedFor };
    return claims.update({ ...claim, status }, { subresource: 'status' });
  }

  /** The pod does not come after all: others may have its claims. What cannot be written the controller finds out. */
  async unreserve({ metadata: { uid = '' } }: Pod, plans: readonly ClaimPlan[]): Promise<void> {
    for (const { claim } of plans) {
      const { name = '', namespace, uid: claimUid } = claim.metadata;
      const patch = {
        metadata: { uid: claimUid },
        status: { reservedFor: [{ $patch: 'delete', uid }] },
      };
      try {
        await this.#client
          .resource<ResourceClaim>(claimsResource, namespace)
          .patch(name, 'application/strategic-merge-patch+json', patch, { subresource: 'status' });
      } catch (error) {
        this.#log.warn('claim is not given back', { claim: `${namespace ?? ''}/${name}`, error: String(error) });
      }
    }
  }

  /** Takes the devices of a claim that nobody uses. */
  async release(claim: ResourceClaim): Promise<void> {
    const { allocation: _, devices: __, reservedFor: ___, ...status } = claim.status ?? {};
    await this.#client
      .resource<ResourceClaim>(claimsResource, claim.metadata.namespace)
      .update({ ...claim, status }, { subresource: 'status' });
  }
}
