import type { PersistentVolumeClaim } from '../../api/types/core-v1.ts';
import type { Ingress, IngressClass } from '../../api/types/networking-v1.ts';
import type { StorageClass } from '../../api/types/storage-v1.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { type AdmissionContext, type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

const isDefault = ({ metadata }: KubeObject, annotations: readonly string[]): boolean =>
  annotations.some((annotation) => metadata.annotations?.[annotation] === 'true');

/** The newest first, then by name. */
function newest<T extends KubeObject>(objects: readonly T[]): T | undefined {
  const created = (object: T): number => Date.parse(object.metadata.creationTimestamp ?? '') || 0;
  return objects.toSorted(
    (left, right) =>
      created(right) - created(left) || ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1),
  )[0];
}

/** Claims that name no storage class get the default one. */
export function defaultStorageClass(context: AdmissionContext): AdmissionPlugin {
  const classes = context.informer<StorageClass>({
    group: 'storage.k8s.io',
    version: 'v1',
    resource: 'storageclasses',
  });
  const annotations = [
    'storageclass.kubernetes.io/is-default-class',
    'storageclass.beta.kubernetes.io/is-default-class',
  ];
  return {
    name: 'DefaultStorageClass',
    admit(attributes) {
      if (attributes.operation !== 'CREATE' || resourceKey(attributes) !== 'persistentvolumeclaims') return;
      const claim = attributes.object as unknown as PersistentVolumeClaim;
      if (claim.spec === undefined || claim.spec.storageClassName !== undefined) return;
      // Named the way of before 1.6, even if it is named as none.
      if (claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined) return;
      const chosen = newest(classes.list().filter((candidate) => isDefault(candidate, annotations)));
      if (chosen?.metadata.name !== undefined) claim.spec.storageClassName = chosen.metadata.name;
    },
  };
}

/** Ingresses that name no class get the default one, of several the newest. */
export function defaultIngressClass(context: AdmissionContext): AdmissionPlugin {
  const classes = context.informer<IngressClass>({
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'ingressclasses',
  });
  const annotations = ['ingressclass.kubernetes.io/is-default-class'];
  return {
    name: 'DefaultIngressClass',
    admit(attributes) {
      if (attributes.operation !== 'CREATE' || resourceKey(attributes) !== 'networking.k8s.io/ingresses') return;
      const ingress = attributes.object as unknown as Ingress;
      if (ingress.spec === undefined || ingress.spec.ingressClassName !== undefined) return;
      if (ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
      const chosen = newest(classes.list().filter((candidate) => isDefault(candidate, annotations)));
      if (chosen?.metadata.name !== undefined) ingress.spec.ingressClassName = chosen.metadata.name;
    },
  };
}
