import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts';
import type { CSIDriver } from '../../api/types/storage-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { aggregateMessages } from '../../apimachinery/field-error.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { notFound } from '../../apimachinery/status.ts';
import { accessQuestion, type AdmissionAttributes, type AdmissionContext } from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';

/** Drivers that took over volumes that once were built in (KEP-625). */
const migratedDrivers: readonly (readonly [keyof Volume & keyof NonNullable<PersistentVolume['spec']>, string])[] = [
  ['awsElasticBlockStore', 'ebs.csi.aws.com'],
  ['gcePersistentDisk', 'pd.csi.storage.gke.io'],
  ['cinder', 'cinder.csi.openstack.org'],
  ['azureDisk', 'disk.csi.azure.com'],
  ['azureFile', 'file.csi.azure.com'],
  ['vsphereVolume', 'csi.vsphere.vmware.com'],
  ['portworxVolume', 'pxd.portworx.com'],
];

/**
 * Checks that nodes ask only for tokens of the audiences that their pods' volumes ask for, or that they may ask for
 * (feature ServiceAccountNodeAudienceRestriction).
 */
export function nodeTokenAudience(
  context: AdmissionContext,
): (audiences: readonly string[], pod: Pod, attributes: AdmissionAttributes) => Promise<string | undefined> {
  const storage = { group: 'storage.k8s.io', version: 'v1' } as const;
  const core = { group: '', version: 'v1' } as const;
  const claimOf = required<PersistentVolumeClaim>(context, { ...core, resource: 'persistentvolumeclaims' });
  const volumeOf = required<PersistentVolume>(context, { ...core, resource: 'persistentvolumes' });
  const driverOf = required<CSIDriver>(context, { ...storage, resource: 'csidrivers' });

  async function driverOfClaim(namespace: string, name: string): Promise<string> {
    const claim = await claimOf(namespace, name);
    const { spec } = await volumeOf('', claim.spec?.volumeName ?? '');
    return spec?.csi?.driver ?? migratedDrivers.find(([kind]) => spec?.[kind] !== undefined)?.[1] ?? '';
  }

  async function driverNameOf(volume: Volume, { metadata }: Pod): Promise<string> {
    const namespace = metadata.namespace ?? '';
    if (volume.ephemeral?.volumeClaimTemplate !== undefined) {
      return driverOfClaim(namespace, `${metadata.name ?? ''}-${volume.name}`);
    }
    if (volume.persistentVolumeClaim !== undefined) {
      return driverOfClaim(namespace, volume.persistentVolumeClaim.claimName);
    }
    return volume.csi?.driver ?? migratedDrivers.find(([kind]) => volume[kind] !== undefined)?.[1] ?? '';
  }

  async function isAskedFor(audience: string, pod: Pod): Promise<boolean> {
    const problems: string[] = [];
    for (const volume of pod.spec?.volumes ?? []) {
      const tokens = (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
      if (tokens.some((token) => (token.audience ?? '') === audience)) return true;
      try {
        const name = await driverNameOf(volume, pod);
        if (name === '') continue;
        const { spec } = await driverOf('', name);
        if (spec.tokenRequests?.some((request) => request.audience === audience) === true) return true;
      } catch (error) {
        problems.push(messageOf(error));
      }
    }
    if (problems.length > 0) throw new Error(aggregateMessages(problems));
    return false;
  }

  return async (audiences, pod, attributes) => {
    if (audiences.length > 1) return 'node may only request 0 or 1 audiences';
    const [audience = ''] = audiences;
    try {
      if (await isAskedFor(audience, pod)) return undefined;
    } catch (error) {
      return `error validating audience "${audience}": ${messageOf(error)}`;
    }
    const { user, namespace, name } = attributes;
    const resource = { group: '', version: 'v1', resource: audience };
    const question = accessQuestion(user, 'request-serviceaccounts-token-audience', resource, { namespace, name });
    if ((await context.access.authorize(question)).allowed) return undefined;
    const why = `${user.username} is not authorized to request tokens for this audience`;
    return `audience "${audience}" not found in pod spec volume, ${why}`;
  };
}

/** @throws StatusError 404 */
function required<T extends PersistentVolumeClaim | PersistentVolume | CSIDriver>(
  context: AdmissionContext,
  resource: GroupVersionResource,
): (namespace: string, name: string) => Promise<T> {
  const find = getWithFallback<T>(context, resource);
  return async (namespace, name) => {
    const found = name === '' ? undefined : await find(namespace, name);
    // Its local copies call things by their singular.
    const singular = resource.resource.slice(0, -1);
    if (found === undefined) throw notFound({ group: resource.group, resource: singular }, name);
    return found;
  };
}
