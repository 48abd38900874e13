import type { PersistentVolume, VolumeNodeAffinity } from '../api/types/core-v1.ts';
import { canonicalQuantity } from '../apimachinery/quantity.ts';
import type { DescribeText } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents, since } from './events.ts';
import { accessModesText, volumeClass } from './persistent-volume-claim.ts';
import { describeSource, persistentVolumeSources } from './volume-sources.ts';

/** A volume, with what lies behind it. */
export const describePersistentVolume: Describer = async (object, text, context) => {
  const { metadata, spec = {}, status } = object as unknown as PersistentVolume;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `Finalizers:\t[${(metadata?.finalizers ?? []).join(' ')}]`);
  text.line(0, `StorageClass:\t${volumeClass(metadata?.annotations, spec.storageClassName)}`);
  const deleted = metadata?.deletionTimestamp;
  const gone = typeof deleted === 'string' ? `Terminating (lasts ${since(deleted, context.now)})` : undefined;
  text.line(0, `Status:\t${gone ?? status?.phase ?? ''}`);
  const claim = spec.claimRef;
  text.line(0, `Claim:\t${claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`}`);
  text.line(0, `Reclaim Policy:\t${spec.persistentVolumeReclaimPolicy ?? ''}`);
  text.line(0, `Access Modes:\t${accessModesText(spec.accessModes)}`);
  if (spec.volumeMode !== undefined) text.line(0, `VolumeMode:\t${spec.volumeMode}`);
  text.line(0, `Capacity:\t${canonicalQuantity(spec.capacity?.['storage'] ?? '0')}`);
  describeNodeAffinity(spec.nodeAffinity, text);
  text.line(0, `Message:\t${status?.message ?? ''}`);
  text.line(0, 'Source:');
  if (!describeSource(persistentVolumeSources, spec, text)) text.line(1, '<unknown>');
  await describeEvents(object, text, context);
};

function describeNodeAffinity(affinity: VolumeNodeAffinity | undefined, text: DescribeText): void {
  const required = affinity?.required;
  if (required === undefined) {
    text.line(0, 'Node Affinity:\t<none>');
    return;
  }
  text.line(0, 'Node Affinity:\t');
  const terms = required.nodeSelectorTerms;
  text.line(1, terms.length === 0 ? 'Required Terms:\t<none>' : 'Required Terms:\t');
  for (const [index, { matchExpressions = [] }] of terms.entries()) {
    const conditions = matchExpressions.map(({ key, operator, values = [] }) =>
      conditionText(key, operator.toLowerCase(), values),
    );
    describeTerm(2, index, conditions, text);
  }
}

/** `zone in [a, b]`. */
export function conditionText(key: string, operator: string, values: readonly string[]): string {
  return `${key} ${operator}${values.length === 0 ? '' : ` [${values.join(', ')}]`}`;
}

/** `Term 0:` with a condition a line. */
export function describeTerm(level: number, index: number, conditions: readonly string[], text: DescribeText): void {
  for (const [at, condition] of (conditions.length === 0 ? ['<none>'] : conditions).entries()) {
    text.line(level, `${at === 0 ? `Term ${index}:` : ''}\t${condition}`);
  }
}
