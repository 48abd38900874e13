import {
  checkImmutable,
  checkOptionalChoice,
  duplicate,
  type FieldError,
  FieldPath,
  invalid,
  notSupported,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { CSIDriver, CSIDriverSpec, TokenRequest } from '../../types/storage-v1.ts';

const specPath = new FieldPath('spec');
const lifecycleModes = ['Persistent', 'Ephemeral'];
const [leastSeconds, mostSeconds, leastPeriod] = [600, 2 ** 32, 10];
const tokenAdvice =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

/** A driver that attaches, needs nothing of the pod, and serves persistent volumes. */
export function setCsiDriverDefaults(object: Unstructured): void {
  const { spec } = driverOf(object);
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

/** What the registry does with CSI drivers; scaling by volume limits is behind a gate that is off. */
export const csiDriverStrategy: Strategy = {
  allowUnconditionalUpdate: false,
  adjustForCreate: (object) => delete driverOf(object).spec.preventPodSchedulingIfMissing,
  adjustForUpdate(object, old) {
    const [{ spec }, before] = [driverOf(object), driverOf(old).spec];
    if (before.preventPodSchedulingIfMissing === undefined) delete spec.preventPodSchedulingIfMissing;
    if (!equalSemantic(spec, before)) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validateCreate: (object) => validate(driverOf(object).spec),
  validateUpdate(object, old) {
    const [spec, before] = [driverOf(object).spec, driverOf(old).spec];
    return [
      ...validate(spec),
      ...checkImmutable(specPath.child('attachedRequired'), spec.attachRequired, before.attachRequired),
      ...checkImmutable(specPath.child('volumeLifecycleModes'), spec.volumeLifecycleModes, before.volumeLifecycleModes),
    ];
  },
  warningsOnCreate: (object) => tokenWarnings(driverOf(object).spec),
  warningsOnUpdate(object, old) {
    const [{ spec }, before] = [driverOf(object), driverOf(old).spec];
    return equalSemantic(spec.tokenRequests ?? [], before.tokenRequests ?? []) ? [] : tokenWarnings(spec);
  },
};

function driverOf(object: Unstructured): CSIDriver {
  return object as unknown as CSIDriver;
}

function tokenWarnings({ tokenRequests = [], serviceAccountTokenInSecrets: inSecrets }: CSIDriverSpec): string[] {
  return tokenRequests.length > 0 && inSecrets === undefined ? [tokenAdvice] : [];
}

function validate(spec: CSIDriverSpec): FieldError[] {
  const { fsGroupPolicy, nodeAllocatableUpdatePeriodSeconds: period, tokenRequests = [] } = spec;
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
  const modesPath = specPath.child('volumeLifecycleModes');
  const errors = [
    ...checkOptionalChoice(specPath.child('fsGroupPolicy'), fsGroupPolicy, policies),
    ...validateTokenRequests(tokenRequests),
    ...(spec.volumeLifecycleModes ?? []).flatMap((mode) =>
      lifecycleModes.includes(mode) ? [] : [notSupported(modesPath, mode, lifecycleModes)],
    ),
  ];
  if (period !== undefined && period < leastPeriod) {
    const at = specPath.child('nodeAllocatableUpdatePeriodSeconds');
    errors.push(invalid(at, period, `must be greater than or equal to ${leastPeriod} seconds`));
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && tokenRequests.length === 0) {
    const message = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid(specPath.child('serviceAccountTokenInSecrets'), spec.serviceAccountTokenInSecrets, message));
  }
  return errors;
}

function validateTokenRequests(requests: readonly TokenRequest[]): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience, expirationSeconds: seconds }, index) => {
    const at = specPath.child('tokenRequests').index(index);
    if (audiences.has(audience)) return [duplicate(at.child('audience'), audience)];
    audiences.add(audience);
    if (seconds === undefined) return [];
    const path = at.child('expirationSeconds');
    return [
      ...(seconds < leastSeconds ? [invalid(path, seconds, 'may not specify a duration less than 10 minutes')] : []),
      ...(seconds > mostSeconds ? [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')] : []),
    ];
  });
}
