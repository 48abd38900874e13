import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { IngressClass } from '../../types/networking-v1.ts';

/** What a class is told further by stands in the cluster, unless it says otherwise. */
export function setIngressClassDefaults(object: Unstructured): void {
  const { parameters } = (object as IngressClass).spec ?? {};
  if (parameters !== undefined) parameters.scope ??= 'Cluster';
}
