import { labelSelectorMatches } from '../../../apimachinery/labels.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, TopologySelectorTerm } from '../../types/core-v1.ts';
import { matchesNodeSelectorTerm, type SelectableNode } from './node-matching.ts';

/** The class that a claim asks for, also by the annotation of old; '' for none. */
export function classOfClaim({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
}

/** The class of a volume, also by the annotation of old; '' for none. */
export function classOfVolume({ metadata, spec }: PersistentVolume): string {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
}

/** Whether a volume names a claim as its own; a volume that names no uid may be of any claim of that name. */
export function isVolumeOfClaim({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  if (reference?.name !== metadata.name || reference?.namespace !== metadata.namespace) return false;
  return (reference?.uid ?? '') === '' || reference?.uid === metadata.uid;
}

/** Whether a volume can be reached from a node. */
export function isVolumeReachable({ spec }: PersistentVolume, node: SelectableNode): boolean {
  const required = spec?.nodeAffinity?.required;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesNodeSelectorTerm(node, term));
}

/** Whether a node is in one of the places where a class of storage makes volumes; everywhere when it names none. */
export function isInTopologies({ metadata }: Node, terms: readonly TopologySelectorTerm[] = []): boolean {
  const isIn = ({ matchLabelExpressions = [] }: TopologySelectorTerm): boolean =>
    matchLabelExpressions.length > 0 &&
    matchLabelExpressions.every(({ key, values }) => values.includes(metadata.labels?.[key] ?? ''));
  return terms.length === 0 || terms.some(isIn);
}

export interface VolumeSearch {
  /** Volumes that cannot be reached from it do not count. */
  readonly node?: SelectableNode;
  /** Names of volumes that are taken already. */
  readonly taken?: ReadonlySet<string>;
  /** Only volumes that name the claim count: the scheduler binds the others. */
  readonly delayed?: boolean;
}

/** The volume that names a claim as its own, or else the smallest one that will do (volume.FindMatchingVolume). */
export function findMatchingVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { node, taken, delayed }: VolumeSearch = {},
): PersistentVolume | undefined {
  let smallest: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (taken?.has(volume.metadata.name ?? '') === true || !mayHold(volume, claim)) continue;
    const isReachable = node === undefined || isVolumeReachable(volume, node);
    if (volume.spec?.claimRef !== undefined) return isReachable ? volume : undefined;
    if (delayed === true || !isReachable || volume.status?.phase !== 'Available') continue;
    const { selector, accessModes = [] } = claim.spec ?? {};
    if (selector !== undefined && !labelSelectorMatches(selector, volume.metadata.labels ?? {})) continue;
    if (classOfVolume(volume) !== classOfClaim(claim)) continue;
    if (!accessModes.every((mode) => volume.spec?.accessModes?.includes(mode))) continue;
    if (smallest === undefined || capacityOf(volume).compare(capacityOf(smallest)) < 0) smallest = volume;
  }
  return smallest;
}

/** What a volume of a claim, named or found, must fulfil. */
function mayHold(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { spec } = volume;
  if (spec?.claimRef !== undefined && !isVolumeOfClaim(volume, claim)) return false;
  if (volume.metadata.deletionTimestamp !== undefined) return false;
  if (capacityOf(volume).compare(parseQuantity(claim.spec?.resources?.requests?.['storage'] ?? '0')) < 0) return false;
  if ((spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) return false;
  return (spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '');
}

function capacityOf({ spec }: PersistentVolume): ReturnType<typeof parseQuantity> {
  return parseQuantity(spec?.capacity?.['storage'] ?? '0');
}
