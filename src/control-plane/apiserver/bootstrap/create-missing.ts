import type { GroupVersionResource } from '../../../apimachinery/gvk.ts';
import type { KubeObject, Unstructured } from '../../../apimachinery/object-meta.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';

/** Creates what is missing of the wanted objects, and puts back what `restore` says that it lacks. */
export type Create = (
  gvr: GroupVersionResource,
  wanted: readonly KubeObject[],
  restore?: (current: Unstructured, wanted: Unstructured) => Unstructured | 'recreate' | undefined,
  split?: Split,
) => Promise<void>;

/** What a missing object is made like, where one it was once part of is there. @param find an existing object by name */
export type Split = (missing: Unstructured, find: (name: string) => Unstructured | undefined) => Unstructured;

/**
 * One list, then only what is missing or incomplete is written, side by side.
 * @param fieldManager who is said to have written; the client's own name when absent.
 */
export function createMissing(client: Client, fieldManager?: string): Create {
  const options = fieldManager === undefined ? {} : { fieldManager };
  return async (gvr, wanted, restore, split) => {
    const existing = new Map(
      (await client.resource(gvr).list()).items.map((item) => [
        `${item.metadata.namespace ?? ''}/${item.metadata.name ?? ''}`,
        item,
      ]),
    );
    await Promise.all(
      wanted.map(async (object) => {
        const { namespace, name = '' } = object.metadata;
        const current = existing.get(`${namespace ?? ''}/${name}`);
        const resource = client.resource(gvr, namespace);
        if (current === undefined) {
          const made =
            split?.(object as Unstructured, (other) => existing.get(`/${other}`)) ?? (object as Unstructured);
          await resource.create(made, options).catch((error: unknown) => {
            if (!hasReason(error, 'AlreadyExists')) throw error;
          });
          return;
        }
        const restored = restore?.({ ...current, ...gvkFields(object) }, object as Unstructured);
        if (restored === 'recreate') {
          await resource.delete(name);
          await resource.create(object as Unstructured, options);
        } else if (restored !== undefined) await resource.update(restored, options);
      }),
    );
  };
}

function gvkFields(object: KubeObject): { apiVersion: string; kind: string } {
  return { apiVersion: object.apiVersion, kind: object.kind };
}
