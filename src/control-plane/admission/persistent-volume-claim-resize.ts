import { readResourceList } from '../../api/core/v1/resource-list.ts';
import type { PersistentVolumeClaim } from '../../api/types/core-v1.ts';
import type { StorageClass } from '../../api/types/storage-v1.ts';
import { type AdmissionContext, type AdmissionPlugin, resourceKey } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

/** Claims only grow when they are bound and their storage class allows it. */
export function persistentVolumeClaimResize(context: AdmissionContext): AdmissionPlugin {
  const classes = context.informer<StorageClass>({
    group: 'storage.k8s.io',
    version: 'v1',
    resource: 'storageclasses',
  });
  const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
    metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
  return {
    name: 'PersistentVolumeClaimResize',
    validate(attributes) {
      const { operation, subresource, object, oldObject } = attributes;
      if (resourceKey(attributes) !== 'persistentvolumeclaims' || subresource !== '' || operation !== 'UPDATE') return;
      const claim = object as unknown as PersistentVolumeClaim;
      const old = oldObject as unknown as PersistentVolumeClaim;
      const size = readResourceList(claim.spec?.resources?.requests).get('storage');
      const oldSize = readResourceList(old.spec?.resources?.requests).get('storage');
      if (size === undefined || (oldSize !== undefined && size.compare(oldSize) <= 0)) return;
      const refuse = (text: string): Error => refusal(attributes, text);
      if (old.status?.phase !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded');
      const name = classOf(claim);
      const isAllowed = name !== '' && name === classOf(old) && classes.get('', name)?.allowVolumeExpansion === true;
      if (isAllowed) return;
      throw refuse(
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}
