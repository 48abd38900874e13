import type { PersistentVolumeClaim, PersistentVolumeClaimTemplate, Pod } from '../api/types/core-v1.ts';
import { canonicalQuantity } from '../apimachinery/quantity.ts';
import { type DescribeText, longTime } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { describeEvents, since } from './events.ts';
import { listAll, related } from './list-all.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** A claim, with the pods that use it. */
export const describePersistentVolumeClaim: Describer = async (object, text, context) => {
  const claim = object as unknown as PersistentVolumeClaim;
  const { metadata, status } = claim;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  describeClaimFields(claim, text, true, context.now);
  text.list('Used By', await usersOf(claim, context));
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    text.line(0, 'Conditions:');
    text.line(1, 'Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage');
    text.line(1, '----\t------\t-----------------\t------------------\t------\t-------');
    for (const condition of conditions) {
      const { type, status: value, lastProbeTime, lastTransitionTime, reason = '', message = '' } = condition;
      const times = `${longTime(lastProbeTime)} \t${longTime(lastTransitionTime)}`;
      text.line(1, `${type} \t${value} \t${times} \t${reason} \t${message}`);
    }
  }
  await describeEvents(object, text, context);
};

/** The fields that claims and the templates of pods for them share. @param now for the age of a deletion */
export function describeClaimFields(
  claim: PersistentVolumeClaim | PersistentVolumeClaimTemplate,
  text: DescribeText,
  isWhole: boolean,
  now = 0,
): void {
  const { metadata, spec } = claim;
  const status = 'status' in claim ? claim.status : undefined;
  text.line(0, `StorageClass:\t${claimClass(claim)}`);
  if (isWhole) {
    const deleted = metadata?.deletionTimestamp;
    const gone = typeof deleted === 'string' ? `Terminating (lasts ${since(deleted, now)})` : undefined;
    text.line(0, `Status:\t${gone ?? status?.phase ?? ''}`);
  }
  const volumeName = spec?.volumeName ?? '';
  text.line(0, `Volume:\t${volumeName}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  if (isWhole) text.line(0, `Finalizers:\t[${(metadata?.finalizers ?? []).join(' ')}]`);
  const isBound = volumeName !== '';
  text.line(0, `Capacity:\t${isBound ? canonicalQuantity(status?.capacity?.['storage'] ?? '0') : ''}`);
  text.line(0, `Access Modes:\t${isBound ? accessModesText(status?.accessModes) : ''}`);
  if (spec?.volumeMode !== undefined) text.line(0, `VolumeMode:\t${spec.volumeMode}`);
  if (spec?.dataSource !== undefined) {
    const { apiGroup, kind, name } = spec.dataSource;
    text.line(0, 'DataSource:');
    if (apiGroup !== undefined) text.line(1, `APIGroup:\t${apiGroup}`);
    text.line(1, `Kind:\t${kind}`);
    text.line(1, `Name:\t${name}`);
  }
}

/** The storage class a claim asks for, where the annotation that came before the field has the first word. */
export function claimClass({ metadata, spec }: PersistentVolumeClaim | PersistentVolumeClaimTemplate): string {
  return metadata?.annotations?.[classAnnotation] ?? spec?.storageClassName ?? '';
}

/** The storage class of a volume. */
export function volumeClass(
  annotations: Readonly<Record<string, string>> | undefined,
  className: string | undefined,
): string {
  return annotations?.[classAnnotation] ?? className ?? '';
}

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX`: access modes in short, each once, always in the same order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.entries(shortModes)
    .filter(([mode]) => modes?.includes(mode) === true)
    .map(([, short]) => short)
    .join(',');
}

/** Names of the pods that mount a claim or own it, sorted. */
async function usersOf(claim: PersistentVolumeClaim, context: DescribeContext): Promise<string[]> {
  const { metadata } = claim;
  const pods = await listAll<Pod>(context, related.pods, metadata?.namespace);
  const users = pods.flatMap((pod) =>
    (pod.spec?.volumes ?? [])
      .filter(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === metadata?.name)
      .map(() => pod),
  );
  for (const { kind, uid } of metadata?.ownerReferences ?? []) {
    const owner = kind === 'Pod' ? pods.find((pod) => pod.metadata?.uid === uid) : undefined;
    if (owner !== undefined && !users.some((pod) => pod.metadata?.uid === uid)) users.push(owner);
  }
  return users.map((pod) => pod.metadata?.name ?? '').toSorted();
}
