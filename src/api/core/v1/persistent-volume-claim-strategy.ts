import { validateClaimStatus } from './claim-status-validation.ts';
import { FieldPath } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../types/core-v1.ts';
import { betaClass, validateClaimSpec, validateClaimUpdate } from './persistent-volume-claim-validation.ts';

const specPath = new FieldPath('spec');

/**
 * Where a volume is filled from stands in two fields (KEP-1495): the older takes claims and snapshots only, and drops
 * anything else without a word; each is filled in from the other. Other namespaces are behind a gate that is off.
 */
function alignDataSources(spec: PersistentVolumeClaimSpec | undefined, old?: PersistentVolumeClaimSpec): void {
  if (spec === undefined) return;
  const { dataSourceRef } = spec;
  if ((dataSourceRef?.namespace ?? '') !== '' && old?.dataSourceRef === undefined) delete spec.dataSourceRef;
  const { dataSource } = spec;
  const isOldKind =
    dataSource !== undefined &&
    ((dataSource.kind === 'PersistentVolumeClaim' && (dataSource.apiGroup ?? '') === '') ||
      (dataSource.kind === 'VolumeSnapshot' && dataSource.apiGroup === 'snapshot.storage.k8s.io'));
  if (old?.dataSource === undefined && old?.dataSourceRef === undefined && spec.dataSourceRef === undefined) {
    if (!isOldKind) delete spec.dataSource;
  }
  if (spec.dataSource !== undefined && spec.dataSourceRef === undefined) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef !== undefined && spec.dataSource === undefined) {
    const { namespace = '', ...source } = spec.dataSourceRef;
    if (namespace === '') spec.dataSource = source;
  }
}

function asClaim(object: Unstructured): PersistentVolumeClaim {
  return object;
}

/** What is let pass, though no volume has it. */
function claimWarnings(object: Unstructured): string[] {
  const { metadata, spec } = asClaim(object);
  const warnings: string[] = [];
  if (metadata.annotations?.[betaClass] !== undefined) {
    const at = new FieldPath('metadata').child('annotations').key(betaClass).toString();
    warnings.push(`${at}: deprecated since v1.8; use "storageClassName" attribute instead`);
  }
  for (const list of ['requests', 'limits'] as const) {
    const storage = parseQuantity(spec?.resources?.[list]?.['storage'] ?? '0');
    if (storage.milliValue() % 1000n === 0n) continue;
    const at = specPath.child('resources', list).key('storage').toString();
    warnings.push(`${at}: fractional byte value ${JSON.stringify(storage.toString())} is invalid, must be an integer`);
  }
  return warnings;
}

/** What the registry does with claims of volumes. */
export const persistentVolumeClaimStrategy: Strategy = {
  isStoredWithoutDefaults: () => true,
  adjustForCreate(object) {
    const claim = asClaim(object);
    // That it is pending is a default, which it has again when it is stored.
    claim.status = {};
    alignDataSources(claim.spec);
  },
  adjustForUpdate: (object, old) => alignDataSources(asClaim(object).spec, asClaim(old).spec),
  warningsOnCreate: claimWarnings,
  warningsOnUpdate: (object, _old, { subresource }) => (subresource === '' ? claimWarnings(object) : []),
  validateCreate: (object) => validateClaimSpec(asClaim(object).spec, specPath),
  validateUpdate: (object, old, context) =>
    context.subresource === ''
      ? validateClaimUpdate(asClaim(object), asClaim(old))
      : validateClaimStatus(asClaim(object)),
};
