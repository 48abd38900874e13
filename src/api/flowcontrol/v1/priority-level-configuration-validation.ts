import {
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalObject } from '../../core/v1/internal-objects.ts';
import type { Strategy } from '../../resource-definition.ts';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../types/flowcontrol-v1.ts';
import { defaultPriorityLevels } from './default-flow-control.ts';
import { validateConditionTypes } from './flow-schema-validation.ts';
import { wholeMetadata } from '../../status-metadata.ts';

const specPath = new FieldPath('spec');
const zeroSharesAnnotation = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';
const usualShares = 30;
const [usualHandSize, usualQueues, usualQueueLength] = [8, 64, 50];
const mostQueues = 10_000_000;
const mostEntropyBits = 60;

/** Thirty shares, sixty-four queues, nothing lent. */
export function setPriorityLevelConfigurationDefaults(object: Unstructured): void {
  const { exempt, limited } = levelOf(object).spec ?? {};
  if (exempt !== undefined) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (limited === undefined) return;
  limited.nominalConcurrencyShares ??= usualShares;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  if ((queuing.handSize ?? 0) === 0) queuing.handSize = usualHandSize;
  if ((queuing.queues ?? 0) === 0) queuing.queues = usualQueues;
  if ((queuing.queueLengthLimit ?? 0) === 0) queuing.queueLengthLimit = usualQueueLength;
}

/** What the registry does with priority levels. */
export const priorityLevelConfigurationStrategy: Strategy = {
  keptOnStatus: wholeMetadata,
  resetFields: { '': ['status'], status: ['metadata', 'spec'] },
  validateCreate: (object) => validate(levelOf(object)),
  validateUpdate: (object, _old, { subresource }) =>
    subresource === 'status'
      ? validateConditionTypes(levelOf(object).status?.conditions ?? [])
      : validate(levelOf(object)),
};

function levelOf(object: Unstructured): PriorityLevelConfiguration {
  return object;
}

function validate({ metadata, spec = { type: '' }, status }: PriorityLevelConfiguration): FieldError[] {
  const name = metadata.name ?? '';
  const errors: FieldError[] = [];
  if (metadata.annotations?.[zeroSharesAnnotation] !== undefined) {
    const path = new FieldPath('metadata').child('annotations');
    errors.push(fieldForbidden(path, `annotation '${zeroSharesAnnotation}' is forbidden`));
  }
  return [
    ...errors,
    ...validateSpec(spec, name),
    ...validateFixed(spec, name),
    ...validateConditionTypes(status?.conditions ?? []),
  ];
}

/** Two levels must stay as they are; of the exempt one only how much of it is lent. */
function validateFixed(spec: PriorityLevelConfigurationSpec, name: string): FieldError[] {
  if (name !== 'exempt' && name !== 'catch-all') return [];
  const fixed = defaultPriorityLevels[name] as unknown as PriorityLevelConfigurationSpec;
  const { exempt: _exempt, ...rest } = spec;
  const compared = name === 'exempt' && fixed.exempt !== undefined ? { ...rest, exempt: fixed.exempt } : spec;
  if (equalSemantic(compared, fixed)) return [];
  const except = name === 'exempt' ? " except the 'spec.exempt' field" : '';
  const shown = internalObject('PriorityLevelConfigurationSpec', spec);
  return [invalid(specPath, shown, `spec of '${name}'${except} must equal the fixed value`)];
}

function validateSpec({ exempt, limited, type }: PriorityLevelConfigurationSpec, name: string): FieldError[] {
  const errors: FieldError[] = [];
  const limitedPath = specPath.child('limited');
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid(specPath.child('type'), type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(fieldForbidden(limitedPath, 'must be nil if the type is not Limited'));
    if (exempt === undefined) return errors;
    const at = specPath.child('exempt');
    return [...errors, ...validateShares(exempt, at), ...validateLendable(exempt.lendablePercent, at)];
  }
  if (type !== 'Limited') return [...errors, notSupported(specPath.child('type'), type, ['Exempt', 'Limited'])];
  if (exempt !== undefined) {
    errors.push(fieldForbidden(specPath.child('exempt'), 'must be nil if the type is Limited'));
  }
  if (limited === undefined) return [...errors, required(limitedPath, 'must not be empty when type is Limited')];
  return [...errors, ...validateLimited(limited, limitedPath)];
}

function validateShares(
  { nominalConcurrencyShares: shares = 0 }: { nominalConcurrencyShares?: number; lendablePercent?: number },
  path: FieldPath,
): FieldError[] {
  if (shares >= 0) return [];
  return [invalid(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer')];
}

function validateLendable(percent: number | undefined, path: FieldPath): FieldError[] {
  if (percent === undefined || (percent >= 0 && percent <= 100)) return [];
  return [invalid(path.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive')];
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, path: FieldPath): FieldError[] {
  const { borrowingLimitPercent: borrowed = 0, lendablePercent, limitResponse = { type: '' } } = limited;
  const borrowedPath = path.child('borrowingLimitPercent');
  return [
    ...validateShares(limited, path),
    ...validateResponse(limitResponse, path.child('limitResponse')),
    ...validateLendable(lendablePercent, path),
    ...(borrowed < 0 ? [invalid(borrowedPath, borrowed, 'if specified, must be a non-negative integer')] : []),
  ];
}

function validateResponse({ queuing, type }: LimitResponse, path: FieldPath): FieldError[] {
  const at = path.child('queuing');
  if (type === 'Reject') {
    if (queuing === undefined) return [];
    return [fieldForbidden(at, 'must be nil if limited.limitResponse.type is not Limited')];
  }
  if (type !== 'Queue') return [notSupported(path.child('type'), type, ['Queue', 'Reject'])];
  if (queuing === undefined) return [required(at, 'must not be empty if limited.limitResponse.type is Limited')];
  return validateQueuing(queuing, at);
}

function validateQueuing(queuing: QueuingConfiguration, path: FieldPath): FieldError[] {
  const { handSize = 0, queueLengthLimit = 0, queues = 0 } = queuing;
  const errors: FieldError[] = [];
  const refuse = (field: keyof QueuingConfiguration, message: string): void => {
    errors.push(invalid(path.child(field), queuing[field] ?? 0, message));
  };
  if (queueLengthLimit <= 0) refuse('queueLengthLimit', 'must be positive');
  if (queues <= 0) refuse('queues', 'must be positive');
  else if (queues > mostQueues) refuse('queues', `must not be greater than ${mostQueues}`);
  if (handSize <= 0) refuse('handSize', 'must be positive');
  else if (handSize > queues) refuse('handSize', `should not be greater than queues (${queues})`);
  else if (Math.ceil(Math.log2(queues) * handSize) > mostEntropyBits) {
    const what = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    refuse('handSize', `${what} should not be greater than ${mostEntropyBits}`);
  }
  return errors;
}
