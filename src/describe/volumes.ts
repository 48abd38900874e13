import type { Volume, VolumeProjection } from '../api/types/core-v1.ts';
import type { DescribeText } from './describe-text.ts';

/** The part `Volumes:`. @param inTemplate whether they stand in a pod template, a step further in */
export function describeVolumes(volumes: readonly Volume[], text: DescribeText, inTemplate: boolean): void {
  const space = inTemplate ? '  ' : '';
  text.line(0, volumes.length === 0 ? `${space}Volumes:\t<none>` : `${space}Volumes:`);
  for (const volume of volumes) {
    text.line(1, `${inTemplate ? ' ' : ''}${volume.name}:`);
    const lines = volumeLines(volume);
    if (lines === undefined) text.line(1, '<unknown>');
    else for (const line of lines) text.line(2, line);
  }
}

const fields = (type: string, values: Readonly<Record<string, unknown>>): string[] => [
  `Type:\t${type}`,
  ...Object.entries(values).map(([title, value]) => `${title}:\t${String(value)}`),
];

function volumeLines(volume: Volume): string[] | undefined {
  const { hostPath, emptyDir, secret, configMap, persistentVolumeClaim, downwardAPI, projected, csi, nfs, image } =
    volume;
  if (hostPath !== undefined) {
    return fields('HostPath (bare host directory volume)', {
      Path: hostPath.path,
      HostPathType: hostPath.type ?? '<none>',
    });
  }
  if (emptyDir !== undefined) {
    return fields("EmptyDir (a temporary directory that shares a pod's lifetime)", {
      Medium: emptyDir.medium ?? '',
      SizeLimit: emptyDir.sizeLimit ?? '<unset>',
    });
  }
  if (secret !== undefined) {
    return fields('Secret (a volume populated by a Secret)', {
      SecretName: secret.secretName ?? '',
      Optional: secret.optional ?? false,
    });
  }
  if (configMap !== undefined) {
    return fields('ConfigMap (a volume populated by a ConfigMap)', {
      Name: configMap.name ?? '',
      Optional: configMap.optional ?? false,
    });
  }
  if (persistentVolumeClaim !== undefined) {
    return fields('PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)', {
      ClaimName: persistentVolumeClaim.claimName,
      ReadOnly: persistentVolumeClaim.readOnly ?? false,
    });
  }
  if (downwardAPI !== undefined) {
    return [
      'Type:\tDownwardAPI (a volume populated by information about the pod)',
      'Items:',
      ...(downwardAPI.items ?? []).flatMap(({ fieldRef, resourceFieldRef, path }) => [
        ...(fieldRef === undefined ? [] : [`  ${fieldRef.fieldPath} -> ${path}`]),
        ...(resourceFieldRef === undefined ? [] : [`  ${resourceFieldRef.resource} -> ${path}`]),
      ]),
    ];
  }
  if (projected !== undefined) {
    return [
      'Type:\tProjected (a volume that contains injected data from multiple sources)',
      ...(projected.sources ?? []).flatMap(projectionLines),
    ];
  }
  if (csi !== undefined) {
    const attributes = Object.entries(csi.volumeAttributes ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [
      ...fields('CSI (a Container Storage Interface (CSI) volume source)', {
        Driver: csi.driver,
        FSType: csi.fsType ?? '',
        ReadOnly: csi.readOnly ?? false,
      }),
      ...(attributes.length === 0 ? ['VolumeAttributes:\t<none>'] : []),
      ...attributes.map(([key, value], index) => `${index === 0 ? 'VolumeAttributes:' : ''}\t    ${key}=${value}`),
    ];
  }
  if (nfs !== undefined) {
    return fields('NFS (an NFS mount that lasts the lifetime of a pod)', {
      Server: nfs.server,
      Path: nfs.path,
      ReadOnly: nfs.readOnly ?? false,
    });
  }
  if (image !== undefined) {
    return fields('Image (a container image or OCI artifact)', {
      Reference: image.reference ?? '',
      PullPolicy: image.pullPolicy ?? '',
    });
  }
  return undefined;
}

function projectionLines({ secret, downwardAPI, configMap, serviceAccountToken }: VolumeProjection): string[] {
  if (secret !== undefined) return [`SecretName:\t${secret.name ?? ''}`, `Optional:\t${secret.optional ?? false}`];
  if (downwardAPI !== undefined) return ['DownwardAPI:\ttrue'];
  if (configMap !== undefined) {
    return [`ConfigMapName:\t${configMap.name ?? ''}`, `Optional:\t${configMap.optional ?? false}`];
  }
  if (serviceAccountToken !== undefined) {
    return [`TokenExpirationSeconds:\t${serviceAccountToken.expirationSeconds ?? 3600}`];
  }
  return [];
}
