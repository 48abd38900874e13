import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../apimachinery/field-error.ts';
import { isQualifiedName } from '../apimachinery/names.ts';

/** A condition as it is decoded: what its type asks for may be missing. */
export interface DecodedCondition {
  readonly type?: string | null;
  readonly status?: string | null;
  readonly observedGeneration?: number | null;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string | null;
  readonly message?: string | null;
}

const mostReasonBytes = 1024;
const mostMessageBytes = 32 * 1024;
const reasonProblem =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

/** Checks conditions of the kind that all newer kinds have (metav1.Condition). */
export function validateConditions(
  conditions: readonly (DecodedCondition | null)[] | null | undefined,
  path: FieldPath,
): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap((condition, index) => {
    const at = path.index(index);
    const type = condition?.type ?? '';
    const errors = seen.has(type) ? [duplicate(at.child('type'), type)] : [];
    seen.add(type);
    return [...errors, ...validateCondition(condition ?? {}, at)];
  });
}

function validateCondition(condition: DecodedCondition, path: FieldPath): FieldError[] {
  const type = condition.type ?? '';
  const status = condition.status ?? '';
  const generation = condition.observedGeneration ?? 0;
  const errors = isQualifiedName(type).map((problem) => invalid(path.child('type'), type, problem));
  const statuses = ['False', 'True', 'Unknown'];
  if (!statuses.includes(status)) errors.push(notSupported(path.child('status'), status, statuses));
  if (generation < 0) {
    errors.push(invalid(path.child('observedGeneration'), generation, 'must be greater than or equal to zero'));
  }
  if ((condition.lastTransitionTime ?? '') === '') errors.push(required(path.child('lastTransitionTime')));
  errors.push(...validateReason(condition.reason ?? '', path.child('reason')));
  if (Buffer.byteLength(condition.message ?? '') > mostMessageBytes) {
    errors.push(tooLong(path.child('message'), mostMessageBytes));
  }
  return errors;
}

function validateReason(reason: string, path: FieldPath): FieldError[] {
  if (reason === '') return [required(path)];
  const isWellFormed = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/.test(reason);
  return [
    ...(isWellFormed ? [] : [invalid(path, reason, reasonProblem)]),
    ...(Buffer.byteLength(reason) > mostReasonBytes ? [tooLong(path, mostReasonBytes)] : []),
  ];
}
