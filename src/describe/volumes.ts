import type { DownwardAPIVolumeSource, Volume, VolumeProjection } from '../api/types/core-v1.ts';
import type { DescribeText } from './describe-text.ts';
import { describeClaimFields } from './persistent-volume-claim.ts';
import { describeSource, podVolumeSources } from './volume-sources.ts';

/** The part `Volumes:`. @param inTemplate whether they stand in a pod template, a step further in */
export function describeVolumes(volumes: readonly Volume[], text: DescribeText, inTemplate: boolean): void {
  const space = inTemplate ? '  ' : '';
  text.line(0, volumes.length === 0 ? `${space}Volumes:\t<none>` : `${space}Volumes:`);
  for (const volume of volumes) {
    text.line(1, `${inTemplate ? ' ' : ''}${volume.name}:`);
    const { downwardAPI, ephemeral, projected } = volume;
    if (downwardAPI !== undefined) describeDownwardApi(downwardAPI, text);
    else if (ephemeral !== undefined) {
      text.line(
        2,
        'Type:\tEphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)',
      );
      const template = ephemeral.volumeClaimTemplate;
      if (template !== undefined) describeClaimFields(template, text.nested(2), false);
    } else if (projected !== undefined) {
      text.line(2, 'Type:\tProjected (a volume that contains injected data from multiple sources)');
      for (const source of projected.sources ?? []) describeProjection(source, text);
    } else if (!describeSource(podVolumeSources, volume, text)) {
      text.line(1, '<unknown>');
    }
  }
}

function describeDownwardApi({ items = [] }: DownwardAPIVolumeSource, text: DescribeText): void {
  text.line(2, 'Type:\tDownwardAPI (a volume populated by information about the pod)');
  text.line(2, 'Items:');
  for (const { fieldRef, resourceFieldRef, path } of items) {
    if (fieldRef !== undefined) text.line(3, `${fieldRef.fieldPath} -> ${path}`);
    if (resourceFieldRef !== undefined) text.line(3, `${resourceFieldRef.resource} -> ${path}`);
  }
}

function describeProjection(projection: VolumeProjection, text: DescribeText): void {
  const { secret, downwardAPI, configMap, serviceAccountToken } = projection;
  if (secret !== undefined) {
    text.line(2, `SecretName:\t${secret.name ?? ''}`);
    text.line(2, `Optional:\t${secret.optional ?? false}`);
  } else if (downwardAPI !== undefined) {
    text.line(2, 'DownwardAPI:\ttrue');
  } else if (configMap !== undefined) {
    text.line(2, `ConfigMapName:\t${configMap.name ?? ''}`);
    text.line(2, `Optional:\t${configMap.optional ?? false}`);
  } else if (serviceAccountToken !== undefined) {
    text.line(2, `TokenExpirationSeconds:\t${serviceAccountToken.expirationSeconds ?? 3600}`);
  }
}
