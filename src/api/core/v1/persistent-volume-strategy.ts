import { cloneJson } from '../../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PersistentVolume } from '../../types/core-v1.ts';
import { nodeSelectorTermWarnings } from './deprecated-node-labels.ts';
import { internalDifference } from './internal-objects.ts';
import { validatePersistentVolume, validatePersistentVolumeUpdate } from './persistent-volume-validation.ts';

/** What the registry does with volumes: they begin as pending, and it is written down when their phase changes. */
export const persistentVolumeStrategy: Strategy = {
  prepareForCreate(object, { now }) {
    volumeOf(object).status = { phase: 'Pending', lastPhaseTransitionTime: formatTime(now) };
  },
  prepareForUpdate(object, old, { now, subresource }) {
    const [volume, before] = [volumeOf(object), volumeOf(old)];
    if (subresource === '') {
      if (before.status === undefined) delete volume.status;
      else volume.status = before.status;
      return;
    }
    if (before.spec === undefined) delete volume.spec;
    else volume.spec = before.spec;
    const status = (volume.status ??= {});
    const [time, earlier] = [status.lastPhaseTransitionTime, before.status?.lastPhaseTransitionTime];
    if (status.phase === before.status?.phase) {
      if (time === undefined && earlier !== undefined) status.lastPhaseTransitionTime = earlier;
    } else if (time === undefined || time === earlier) status.lastPhaseTransitionTime = formatTime(now);
  },
  validateCreate: (object) => validatePersistentVolume(volumeOf(object)),
  validateAsNew: (object) => validatePersistentVolume(volumeOf(object)),
  validateUpdate(object, old, { subresource }) {
    if (subresource !== '') return [];
    const [volume, before] = [volumeOf(object), volumeOf(old)];
    return validatePersistentVolumeUpdate(volume, before, sourceDifference(volume, before));
  },
  warningsOnCreate: volumeWarnings,
  warningsOnUpdate: (object, _old, { subresource }) => (subresource === '' ? volumeWarnings(object) : []),
};

function volumeOf(object: Unstructured): PersistentVolume {
  return object;
}

/** How what backs a volume changes; a secret for growing it by CSI may be added later. */
function sourceDifference({ spec = {} }: PersistentVolume, { spec: before = {} }: PersistentVolume): string {
  const changed = cloneJson(spec);
  if (before.csi !== undefined && before.csi.controllerExpandSecretRef === undefined) {
    delete changed.csi?.controllerExpandSecretRef;
  }
  return internalDifference('PersistentVolumeSource', before, changed);
}

const deprecatedAnnotations: readonly (readonly [string, string])[] = [
  ['volume.beta.kubernetes.io/storage-class', 'deprecated since v1.8; use "storageClassName" attribute instead'],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
];

const deprecatedSources = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

function volumeWarnings(object: Unstructured): string[] {
  const { metadata, spec = {} } = volumeOf(object);
  const warnings = deprecatedAnnotations.flatMap(([key, text]) =>
    metadata.annotations?.[key] === undefined ? [] : [`metadata.annotations[${key}]: ${text}`],
  );
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  }
  (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).forEach((term, index) => {
    warnings.push(...nodeSelectorTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`));
  });
  for (const [field, shown, text] of deprecatedSources)
    if (spec[field] !== undefined) warnings.push(`spec.${shown}: ${text}`);
  return warnings;
}
