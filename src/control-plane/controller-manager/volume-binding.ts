import { isVolumeOfClaim } from '../../api/core/v1/volume-matching.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import type { Client } from '../../client/client.ts';
import type { ControllerContext } from './controller.ts';

/** Claims as a URL names them. */
export const claimsResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
/** Volumes as a URL names them. */
export const volumesResource = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;

/** A binding that was made by a controller, and may be taken back by one. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** The claim was bound once. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';

/** Writes to one side of a binding and then to the other; a stale copy is refused and looked at again. */
export class VolumeBinding {
  readonly #client: Client;
  readonly #events: ControllerContext['events'];

  constructor({ client, events }: ControllerContext) {
    this.#client = client;
    this.#events = events;
  }

  /** Both know of each other, the volume first. */
  async bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    const reserved = await this.#reserve(volume, claim);
    const bound = await this.setVolumePhase(reserved, 'Bound');
    const taken = await this.#take(claim, bound);
    await this.setClaimStatus(taken, 'Bound', bound);
  }

  async #reserve(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<PersistentVolume> {
    const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata;
    const isOurs = isVolumeOfClaim(volume, claim);
    const isMarked = isOurs || volume.metadata.annotations?.[boundByController] !== undefined;
    if (isOurs && volume.spec?.claimRef?.uid === uid && isMarked) return volume;
    const claimRef = { kind: 'PersistentVolumeClaim', namespace, name, uid, apiVersion: 'v1', resourceVersion };
    const annotations = { ...volume.metadata.annotations, ...(isMarked ? {} : { [boundByController]: 'yes' }) };
    return this.#volumes().update({
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: { ...volume.spec, claimRef },
    });
  }

  async #take(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<PersistentVolumeClaim> {
    const volumeName = volume.metadata.name ?? '';
    const isNew = claim.spec?.volumeName !== volumeName;
    const { annotations = {} } = claim.metadata;
    if (!isNew && annotations[bindCompleted] !== undefined) return claim;
    const marks = {
      ...(isNew ? { [boundByController]: annotations[boundByController] ?? 'yes' } : {}),
      [bindCompleted]: annotations[bindCompleted] ?? 'yes',
    };
    return this.#claims(claim).update({
      ...claim,
      metadata: { ...claim.metadata, annotations: { ...annotations, ...marks } },
      spec: { ...claim.spec, volumeName },
    });
  }

  /** Takes a binding back: what a controller bound is free, what a user reserved stays reserved. */
  async unbind(volume: PersistentVolume): Promise<void> {
    const { [boundByController]: mark, ...annotations } = volume.metadata.annotations ?? {};
    const { claimRef, ...spec } = volume.spec ?? {};
    const { uid: _uid, ...reserved } = claimRef ?? {};
    const freed = await this.#volumes().update({
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: mark === undefined ? { ...spec, claimRef: reserved } : spec,
    });
    await this.setVolumePhase(freed, 'Available');
  }

  /** @param event told when the phase is new */
  async setVolumePhase(
    volume: PersistentVolume,
    phase: string,
    event?: { readonly reason: string; readonly message: string },
  ): Promise<PersistentVolume> {
    if (volume.status?.phase === phase) return volume;
    const { message: _message, ...status } = volume.status ?? {};
    const said = event === undefined ? {} : { message: event.message };
    const written = await this.#volumes().update(
      { ...volume, status: { ...status, phase, ...said } },
      { subresource: 'status' },
    );
    if (event !== undefined) this.#events.event(written, 'Warning', event.reason, event.message);
    return written;
  }

  /** The phase of a claim, and with a volume what it got. @param event told when the phase is new */
  async setClaimStatus(
    claim: PersistentVolumeClaim,
    phase: string,
    volume?: PersistentVolume,
    event?: { readonly reason: string; readonly message: string },
  ): Promise<void> {
    const old = claim.status ?? {};
    const { accessModes: _modes, capacity, currentVolumeAttributesClassName: _class, ...rest } = old;
    const status = { ...rest, phase, ...(volume === undefined ? {} : this.#shareOf(claim, phase, volume, capacity)) };
    if (equalJson(status, old)) return;
    const written = await this.#claims(claim).update({ ...claim, status }, { subresource: 'status' });
    if (event !== undefined && old.phase !== phase) {
      this.#events.event(written, 'Warning', event.reason, event.message);
    }
  }

  #shareOf(
    { status = {} }: PersistentVolumeClaim,
    phase: string,
    { spec = {} }: PersistentVolume,
    capacity: Record<string, string> | undefined,
  ): Partial<NonNullable<PersistentVolumeClaim['status']>> {
    const isNew = status.phase !== phase;
    const size = spec.capacity?.['storage'] ?? '0';
    const isOther =
      capacity?.['storage'] === undefined || parseQuantity(capacity['storage']).compare(parseQuantity(size)) !== 0;
    const given = isNew && isOther ? spec.capacity : capacity;
    const className = isNew ? spec.volumeAttributesClassName : status.currentVolumeAttributesClassName;
    return {
      ...(spec.accessModes === undefined ? {} : { accessModes: spec.accessModes }),
      ...(given === undefined ? {} : { capacity: given }),
      ...(className === undefined ? {} : { currentVolumeAttributesClassName: className }),
    };
  }

  #volumes() {
    return this.#client.resource<PersistentVolume>(volumesResource);
  }

  #claims({ metadata }: PersistentVolumeClaim) {
    return this.#client.resource<PersistentVolumeClaim>(claimsResource, metadata.namespace);
  }
}
