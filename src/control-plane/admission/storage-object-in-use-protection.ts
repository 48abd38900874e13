import { type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  'storage.k8s.io/volumeattributesclasses': 'kubernetes.io/vac-protection',
};

/** Volumes and claims get the finalizer that keeps them while they are used. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  admit(attributes) {
    const finalizer = finalizers[resourceKey(attributes)];
    if (finalizer === undefined || attributes.operation !== 'CREATE' || attributes.subresource !== '') return;
    const metadata = attributes.object?.metadata;
    if (metadata === undefined || metadata.finalizers?.includes(finalizer) === true) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
