import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { StorageClass } from '../../types/storage-v1.ts';

/** Volumes are deleted with their claims and bound at once. */
export function setStorageClassDefaults(object: Unstructured): void {
  const storageClass = object as unknown as StorageClass;
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}
