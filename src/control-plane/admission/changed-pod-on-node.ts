import type { Pod } from '../../api/types/core-v1.ts';
import { type AdmissionAttributes, resourceKey } from './admission-plugin.ts';

/**
 * The pod of an update through one of the subresources, where it has a node and its spec changes (which its generation
 * tells); undefined for every other request.
 */
export function changedPodOnNode(
  attributes: AdmissionAttributes,
  subresources: readonly string[],
): { readonly pod: Pod; readonly old: Pod; readonly nodeName: string } | undefined {
  const { operation, subresource } = attributes;
  if (operation !== 'UPDATE' || resourceKey(attributes) !== 'pods' || !subresources.includes(subresource)) {
    return undefined;
  }
  const pod = attributes.object as unknown as Pod;
  const old = attributes.oldObject as unknown as Pod;
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '' || pod.metadata.generation === old.metadata.generation) return undefined;
  return { pod, old, nodeName };
}
