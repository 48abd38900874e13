import type { StatefulSet } from '../../api/types/apps-v1.ts';
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts';
import type { KubeObject, OwnerReference } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerReference } from '../../client/controller-references.ts';
import type { Informer } from '../../client/informer.ts';
import type { ControllerContext } from './controller.ts';
import { claimsResource } from './volume-binding.ts';

/**
 * The claims of a stateful set's pods: one of each template for each ordinal, which stay when pods go, unless the set's
 * retention policy says otherwise (KEP-1847). Then the set or the pod owns them, and the garbage collector takes them.
 */
export class StatefulSetClaims {
  readonly #context: ControllerContext;
  readonly #set: StatefulSet;
  readonly #claims: Informer<PersistentVolumeClaim>;

  constructor(context: ControllerContext, set: StatefulSet, claims: Informer<PersistentVolumeClaim>) {
    this.#context = context;
    this.#set = set;
    this.#claims = claims;
  }

  /** The volumes of a pod: those of its template, with the claims in the place of what has their names. */
  volumesFor(ordinal: number, volumes: readonly Volume[]): Volume[] {
    const templates = this.#set.spec?.volumeClaimTemplates ?? [];
    const claimed = new Set(templates.map(({ metadata }) => metadata.name));
    return [
      ...volumes.filter(({ name }) => !claimed.has(name)),
      ...templates.map(({ metadata: { name = '' } }) => ({
        name,
        persistentVolumeClaim: { claimName: this.#nameOf(name, ordinal) },
      })),
    ];
  }

  /** Makes the claims of an ordinal that are not there. */
  async createMissing(ordinal: number): Promise<void> {
    const { metadata, spec } = this.#set;
    for (const template of spec?.volumeClaimTemplates ?? []) {
      const name = this.#nameOf(template.metadata.name ?? '', ordinal);
      if (this.#claims.get(metadata.namespace ?? '', name) !== undefined) continue;
      const { status: _status, ...claim } = template;
      const labels = { ...template.metadata.labels, ...spec?.selector.matchLabels };
      await this.#context.client
        .resource<PersistentVolumeClaim>(claimsResource, metadata.namespace)
        .create({
          ...claim,
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { ...template.metadata, name, labels },
        })
        .catch((error: unknown) => {
          if (!hasReason(error, 'AlreadyExists')) throw error;
        });
    }
  }

  /** Whether a claim of an ordinal belongs to a pod that is gone, and so has to go before there is another. */
  isStale(ordinal: number): boolean {
    if (this.#policy().whenScaled !== 'Delete') return false;
    const podName = `${this.#set.metadata.name ?? ''}-${ordinal}`;
    return this.#of(ordinal).some(({ metadata }) =>
      (metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'Pod' && name === podName),
    );
  }

  /** Makes what is missing, and has the set or the pod own what is there, as the policy says. @param isSurplus the pod is to go */
  async followPolicy(ordinal: number, pod: Pod, isSurplus: boolean): Promise<void> {
    if (!isSurplus && pod.metadata.deletionTimestamp === undefined) await this.createMissing(ordinal);
    for (const claim of this.#of(ordinal)) {
      const { metadata } = claim;
      const references = metadata.ownerReferences ?? [];
      if (references.some((one) => isStaleReference(one, this.#set) || isStaleReference(one, pod))) continue;
      const wanted = this.#wantedReferences(claim, pod, isSurplus);
      if (sameReferences(references, wanted)) continue;
      const { ownerReferences: _old, ...rest } = metadata;
      await this.#context.client.resource<PersistentVolumeClaim>(claimsResource, metadata.namespace).update({
        ...claim,
        metadata: wanted.length === 0 ? rest : { ...rest, ownerReferences: wanted },
      });
    }
  }

  #wantedReferences({ metadata }: PersistentVolumeClaim, pod: Pod, isSurplus: boolean): OwnerReference[] {
    const set = this.#set;
    const { whenDeleted, whenScaled } = this.#policy();
    const others = (metadata.ownerReferences ?? []).filter((one) => !isNamed(one, set) && !isNamed(one, pod));
    const isDeleting = whenDeleted === 'Delete' || whenScaled === 'Delete';
    if (isDeleting && others.some(({ controller }) => controller === true)) {
      const what = `PersistentVolumeClaim ${metadata.name ?? ''} has a conflicting OwnerReference that acts as a manging`;
      const text = `${what} controller, the retention policy is ignored for this claim`;
      this.#context.events.event(set, 'Warning', 'ConflictingController', text);
      return others;
    }
    if (whenScaled === 'Delete' && isSurplus) return [...others, controllerReference(pod)];
    return whenDeleted === 'Delete' ? [...others, controllerReference(set)] : others;
  }

  #policy(): { readonly whenDeleted: string; readonly whenScaled: string } {
    const { whenDeleted = 'Retain', whenScaled = 'Retain' } =
      this.#set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
    return { whenDeleted, whenScaled };
  }

  #of(ordinal: number): PersistentVolumeClaim[] {
    const { metadata, spec } = this.#set;
    return (spec?.volumeClaimTemplates ?? []).flatMap((template) => {
      const name = this.#nameOf(template.metadata.name ?? '', ordinal);
      return this.#claims.get(metadata.namespace ?? '', name) ?? [];
    });
  }

  #nameOf(template: string, ordinal: number): string {
    return `${template}-${this.#set.metadata.name ?? ''}-${ordinal}`;
  }
}

/** Whether a reference names an object, or one that had its name before. */
function isNamed({ kind, name }: OwnerReference, object: KubeObject): boolean {
  return name === object.metadata.name && kind === object.kind;
}

function isStaleReference(reference: OwnerReference, object: KubeObject): boolean {
  return isNamed(reference, object) && reference.uid !== object.metadata.uid;
}

function sameReferences(left: readonly OwnerReference[], right: readonly OwnerReference[]): boolean {
  const text = ({ uid, controller }: OwnerReference): string => `${uid}/${controller === true}`;
  return left.length === right.length && left.every((one, index) => text(one) === text(right[index] ?? one));
}
