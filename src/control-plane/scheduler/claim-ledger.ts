import type { AllocationResult, ResourceClaim } from '../../api/types/resource-v1.ts';
import type { Informer } from '../../client/informer.ts';
import { deviceId } from './device-pools.ts';

/**
 * Claims as the scheduler knows them: what it has written itself counts before the informer tells it, and devices that
 * are on their way to a claim are nobody else's.
 */
export class ClaimLedger {
  readonly #claims: Informer<ResourceClaim>;
  /** By uid. */
  readonly #written = new Map<string, ResourceClaim>();
  readonly #pending = new Map<string, AllocationResult>();

  constructor(claims: Informer<ResourceClaim>) {
    this.#claims = claims;
  }

  get(namespace: string, name: string): ResourceClaim | undefined {
    const known = this.#claims.get(namespace, name);
    return known === undefined ? undefined : this.#newest(known);
  }

  /** Whether devices are on their way to the claim. */
  isPending({ metadata: { uid = '' } }: ResourceClaim): boolean {
    return this.#pending.has(uid);
  }

  /** Ids of the devices that somebody has, or will have soon; those for administration are nobody's. */
  taken(): ReadonlySet<string> {
    const ids = new Set<string>();
    const add = (allocation: AllocationResult | undefined): void => {
      for (const { adminAccess, driver, pool, device } of allocation?.devices?.results ?? []) {
        if (adminAccess !== true) ids.add(deviceId(driver, pool, device));
      }
    };
    for (const claim of this.#claims.list()) add(this.#newest(claim).status?.allocation);
    for (const allocation of this.#pending.values()) add(allocation);
    return ids;
  }

  /** Devices are given to a claim; the API does not know yet. */
  begin({ metadata: { uid = '' } }: ResourceClaim, allocation: AllocationResult): void {
    this.#pending.set(uid, allocation);
  }

  /** The API knows, or has refused. @param written the claim as it is there now */
  end({ metadata: { uid = '' } }: ResourceClaim, written?: ResourceClaim): void {
    if (written !== undefined) this.#written.set(uid, written);
    this.#pending.delete(uid);
  }

  /** The claim is gone. */
  forget({ metadata: { uid = '' } }: ResourceClaim): void {
    this.#written.delete(uid);
  }

  #newest(known: ResourceClaim): ResourceClaim {
    const { uid = '', resourceVersion = '0' } = known.metadata;
    const written = this.#written.get(uid);
    if (written === undefined) return known;
    if (BigInt(resourceVersion) < BigInt(written.metadata.resourceVersion ?? '0')) return written;
    this.#written.delete(uid);
    return known;
  }
}
