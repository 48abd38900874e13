import {
  checkOptionalChoice,
  type FieldError,
  type FieldPath,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import {
  certificateSeconds,
  trustBundleNameProblems,
  validateUserAnnotations,
} from '../../certificates/signer-rules.ts';
import { validateSignerName } from '../../certificates/v1/certificate-signing-request-validation.ts';
import type { VolumeProjection } from '../../types/core-v1.ts';
import { internalObject } from './internal-objects.ts';
import { checkNonReservedPath } from './relative-path.ts';

/** Takes a place in the volume; `shown` is what is told when it is taken already. */
type Take = (place: string, shown: string) => void;

/** Checks a projection of bundles of trust (KEP-3257). */
export function validateBundle(
  { clusterTrustBundle: bundle }: VolumeProjection,
  path: FieldPath,
  take: Take,
): FieldError[] {
  if (bundle === undefined) return [];
  const at = path.child('clusterTrustBundle');
  const { name, signerName, labelSelector, path: place } = bundle;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined) {
    const shown = internalObject('ClusterTrustBundleProjection', bundle);
    errors.push(invalid(at, shown, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    errors.push(...validateBundleName(name, at.child('name')));
    if (labelSelector !== undefined) {
      const message = 'labelSelector must be unset if name is specified';
      errors.push(invalid(at.child('labelSelector'), labelSelector, message));
    }
  } else if (signerName === undefined) {
    errors.push(required(at, 'either name or signerName must be specified'));
  } else {
    const signerPath = at.child('signerName');
    if (signerName === '') errors.push(required(signerPath, 'must be a valid signer name'));
    errors.push(...validateSignerName(signerName, signerPath));
    errors.push(...validateLabelSelector(labelSelector, at.child('labelSelector')));
  }
  if (place === '') errors.push(required(at.child('path')));
  errors.push(...checkNonReservedPath(place, at.child('path')));
  take(place, place);
  return errors;
}

/** A name with a colon is one of the signer that it begins with. */
function validateBundleName(name: string, path: FieldPath): FieldError[] {
  const end = name.lastIndexOf(':');
  const signerName = end === -1 ? '' : name.slice(0, end).replaceAll(':', '/');
  return [
    ...(name === '' ? [required(path, 'must be a valid object name')] : []),
    ...trustBundleNameProblems(name, false, signerName).map((message) =>
      invalid(path, name, `not a valid clustertrustbundlename: ${message}`),
    ),
  ];
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];

/** Checks a projection of a certificate for the pod (KEP-4317). */
export function validatePodCertificate(
  { podCertificate: certificate }: VolumeProjection,
  path: FieldPath,
  take: Take,
): FieldError[] {
  if (certificate === undefined) return [];
  const at = path.child('podCertificate');
  const { signerName, keyType, maxExpirationSeconds: seconds, userAnnotations = {} } = certificate;
  const places = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).flatMap((field) => {
    const place = certificate[field] ?? '';
    return place === '' ? [] : [{ field, place }];
  });
  const { least, most } = certificateSeconds(signerName);
  const where = at.child('maxExpirationSeconds');
  const errors = [
    ...validateSignerName(signerName, at.child('signerName')),
    ...validateUserAnnotations(userAnnotations, at.child('userAnnotations')),
    ...checkOptionalChoice(at.child('keyType'), keyType, keyTypes),
  ];
  if (seconds !== undefined && seconds < least) {
    errors.push(invalid(where, seconds, `if provided, maxExpirationSeconds must be >= ${least}`));
  }
  if (seconds !== undefined && seconds > most) {
    errors.push(invalid(where, seconds, `if provided, maxExpirationSeconds must be <= ${most}`));
  }
  for (const { field, place } of places) {
    errors.push(...checkNonReservedPath(place, at.child(field)));
    take(place, place);
  }
  if (places.length === 0) {
    const message = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath';
    errors.push(required(at, message));
  }
  return errors;
}
