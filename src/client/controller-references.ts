import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import { matchesLabels, type LabelSelector } from '../apimachinery/labels.ts';
import type { KubeObject, OwnerReference } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client } from './client.ts';

/** The reference that makes `owner` the controller of an object. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Who controls an object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export interface ClaimOptions {
  readonly client: Client;
  /** The resource of the objects that are claimed. */
  readonly resource: GroupVersionResource;
  readonly owner: KubeObject;
  /** Asks the server itself for the owner: only one that still exists, with the same uid, may adopt. */
  readonly freshOwner: () => Promise<KubeObject | undefined>;
  readonly selector: LabelSelector;
  /** Given to what is adopted, taken from what is released. */
  readonly finalizer?: string;
}

/**
 * The objects that belong to an owner: those it controls and whose labels match, with matching orphans adopted and
 * those that match no more released (kube-controller-manager's ControllerRefManager).
 */
export async function claimObjects<T extends KubeObject>(
  candidates: readonly T[],
  options: ClaimOptions,
): Promise<T[]> {
  const { owner, selector } = options;
  const claimed: T[] = [];
  let mayAdopt: boolean | undefined;
  for (const object of candidates) {
    const controller = controllerOf(object);
    const matches = matchesLabels(selector, object.metadata.labels ?? {});
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches) claimed.push(object);
      else if (owner.metadata.deletionTimestamp === undefined) await release(object, options);
      continue;
    }
    if (!matches || object.metadata.deletionTimestamp !== undefined) continue;
    if (owner.metadata.deletionTimestamp !== undefined) continue;
    mayAdopt ??= await canAdopt(options);
    if (mayAdopt && (await adopt(object, options))) claimed.push(object);
  }
  return claimed;
}

async function canAdopt(options: ClaimOptions): Promise<boolean> {
  const fresh = await options.freshOwner();
  return fresh?.metadata.uid === options.owner.metadata.uid && fresh?.metadata.deletionTimestamp === undefined;
}

async function adopt(object: KubeObject, options: ClaimOptions): Promise<boolean> {
  const { finalizer } = options;
  const patch = {
    metadata: {
      uid: object.metadata.uid,
      ownerReferences: [controllerReference(options.owner)],
      ...(finalizer === undefined ? {} : { finalizers: [finalizer] }),
    },
  };
  return patchReferences(object, options, patch);
}

async function release(object: KubeObject, options: ClaimOptions): Promise<void> {
  const patch = {
    metadata: {
      uid: object.metadata.uid,
      ownerReferences: [{ $patch: 'delete', uid: options.owner.metadata.uid }],
      ...(options.finalizer === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': [options.finalizer] }),
    },
  };
  await patchReferences(object, options, patch);
}

async function patchReferences(object: KubeObject, options: ClaimOptions, patch: unknown): Promise<boolean> {
  try {
    await options.client
      .resource(options.resource, object.metadata.namespace)
      .patch(object.metadata.name ?? '', 'application/strategic-merge-patch+json', patch);
    return true;
  } catch (error) {
    if (hasReason(error, 'NotFound') || hasReason(error, 'Invalid')) return false;
    throw error;
  }
}
