import { checkNonNegative, type FieldError, FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Lease } from '../../types/coordination-v1.ts';

const specPath = new FieldPath('spec');

/** What the registry does with leases; coordinated leader election (KEP-4355) is behind a gate that is off. */
export const leaseStrategy: Strategy = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  adjustForCreate: (object) => dropElection(leaseOf(object), undefined),
  adjustForUpdate: (object, old) => dropElection(leaseOf(object), leaseOf(old)),
  validateCreate: validate,
  validateUpdate: validate,
};

function leaseOf(object: Unstructured): Lease {
  return object;
}

function dropElection({ spec }: Lease, old: Lease | undefined): void {
  for (const field of ['strategy', 'preferredHolder'] as const) {
    if (old?.spec?.[field] === undefined) delete spec?.[field];
  }
}

function validate(object: Unstructured): FieldError[] {
  const { leaseDurationSeconds: seconds, leaseTransitions } = leaseOf(object).spec ?? {};
  return [
    ...(seconds === undefined || seconds > 0
      ? []
      : [invalid(specPath.child('leaseDurationSeconds'), seconds, 'must be greater than 0')]),
    ...checkNonNegative(specPath.child('leaseTransitions'), leaseTransitions),
  ];
}
