import {
  checkImmutable,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalTexts } from '../../../apimachinery/json.ts';
import { isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalObject } from '../../core/v1/internal-objects.ts';
import { validateTemplateMetadata } from '../../core/v1/template-metadata-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
} from '../../types/resource-v1.ts';
import {
  validateConfiguration,
  validateEach,
  validateFullAttributeName,
  validateLabelName,
  validateSelectors,
} from './device-validation.ts';
import { requestNames, validateReferences } from './request-references.ts';
import { dropDeallocatedDevices, validateClaimStatus } from './resource-claim-status-validation.ts';
import { metadataAside } from '../../status-metadata.ts';

const specPath = new FieldPath('spec');
const oneRequest = 'exactly one of `exactly` or `firstAvailable` is required';
const oneAttribute = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';

type Request = Pick<ExactDeviceRequest, 'allocationMode' | 'count' | 'deviceClassName' | 'selectors' | 'tolerations'>;

/** One device each, and tolerations that compare values. */
export function setClaimSpecDefaults(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    for (const request of exactly === undefined ? firstAvailable : [exactly, ...firstAvailable]) {
      if ((request.allocationMode ?? '') === '') request.allocationMode = 'ExactCount';
      if (request.allocationMode === 'ExactCount' && (request.count ?? 0) === 0) request.count = 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal';
    }
  }
}

/** Checks what a claim asks for. */
function validateClaimSpec(spec: ResourceClaimSpec | undefined, path: FieldPath): FieldError[] {
  const devices: DeviceClaim = spec?.devices ?? {};
  const at = path.child('devices');
  const names = requestNames(spec);
  return [
    ...validateEach(devices.requests, 32, at.child('requests'), validateRequest, ({ name }) => name),
    ...validateEach(devices.constraints, 32, at.child('constraints'), (constraint, where) =>
      validateConstraint(constraint, names, where),
    ),
    ...validateEach(devices.config, 32, at.child('config'), (config: DeviceClaimConfiguration, where) => [
      ...validateReferences(config.requests, names, where),
      ...validateConfiguration(config, where),
    ]),
  ];
}

function validateRequest({ name, exactly, firstAvailable = [] }: DeviceRequest, path: FieldPath): FieldError[] {
  const errors = validateLabelName(name, path.child('name'));
  if (exactly !== undefined && firstAvailable.length > 0) {
    return [...errors, invalid(path, null, `${oneRequest}, but multiple fields are set`)];
  }
  if (exactly !== undefined) return [...errors, ...validateDemand(exactly, path.child('exactly'))];
  if (firstAvailable.length === 0) return [...errors, required(path, oneRequest)];
  const validateChoice = (request: DeviceSubRequest, at: FieldPath): FieldError[] => [
    ...validateLabelName(request.name, at.child('name')),
    ...validateDemand(request, at),
  ];
  const at = path.child('firstAvailable');
  return [...errors, ...validateEach(firstAvailable, 8, at, validateChoice, (request) => request.name)];
}

function validateDemand(request: Request, path: FieldPath): FieldError[] {
  const { deviceClassName, selectors, allocationMode = '', count = 0, tolerations = [] } = request;
  const classAt = path.child('deviceClassName');
  const countAt = path.child('count');
  const errors =
    deviceClassName === ''
      ? [required(classAt)]
      : invalidFor(classAt, deviceClassName, isDns1123Subdomain(deviceClassName));
  errors.push(...validateSelectors(selectors, path.child('selectors')));
  if (allocationMode === 'All') {
    if (count !== 0) errors.push(invalid(countAt, count, "must not be specified when allocationMode is 'All'"));
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(countAt, count, 'must be greater than zero'));
  } else errors.push(notSupported(path.child('allocationMode'), allocationMode, ['All', 'ExactCount']));
  return [...errors, ...validateEach(tolerations, 16, path.child('tolerations'), validateToleration)];
}

function validateToleration(toleration: DeviceToleration, path: FieldPath): FieldError[] {
  const { key = '', operator = '', value = '', effect = '' } = toleration;
  const errors = key === '' ? [] : invalidFor(path.child('key'), key, isQualifiedName(key));
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(path.child('value'), value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') {
    errors.push(...invalidFor(path.child('value'), value, isValidLabelValue(value)));
  } else if (operator === '') errors.push(required(path.child('operator')));
  else errors.push(notSupported(path.child('operator'), operator, ['Equal', 'Exists']));
  const effects = ['NoExecute', 'NoSchedule', 'None'];
  if (effect !== '' && !effects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, effects));
  return errors;
}

function validateConstraint(constraint: DeviceConstraint, names: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const errors = validateReferences(constraint.requests, names, path);
  const { matchAttribute, distinctAttribute } = constraint;
  if (matchAttribute !== undefined) {
    return [...errors, ...validateFullAttributeName(matchAttribute, path.child('matchAttribute'))];
  }
  if (distinctAttribute === undefined) return [...errors, required(path, oneAttribute)];
  return [...errors, ...validateFullAttributeName(distinctAttribute, path.child('distinctAttribute'))];
}

function claimOf(object: Unstructured): ResourceClaim {
  return object as unknown as ResourceClaim;
}

function templateOf(object: Unstructured): ResourceClaimTemplate {
  return object as unknown as ResourceClaimTemplate;
}

function shownSpec(spec: ResourceClaimSpec | undefined): object {
  return internalObject('ResourceClaimSpec', spec ?? {});
}

/** What the registry does with claims: what they ask for never changes. */
export const resourceClaimStrategy: Strategy = {
  hasGeneration: false,
  keptOnStatus: metadataAside,
  resetFields: { '': ['status'], status: ['metadata', 'spec'] },
  adjustForStatus: (object, old) => dropDeallocatedDevices(claimOf(object), claimOf(old)),
  validateCreate: (object) => validateClaimSpec(claimOf(object).spec, specPath),
  validateUpdate(object, old, { subresource }) {
    if (subresource !== '') return validateClaimStatus(claimOf(object), claimOf(old));
    const [claim, before] = [claimOf(object), claimOf(old)];
    const shown = shownSpec(claim.spec);
    if (!equalTexts(claim.spec, before.spec)) return [invalid(specPath, shown, 'field is immutable')];
    return checkImmutable(specPath, shown, shownSpec(before.spec));
  },
};

function validateTemplate(object: Unstructured): FieldError[] {
  const { metadata, spec } = templateOf(object).spec;
  return [
    ...validateTemplateMetadata(metadata, specPath.child('metadata')),
    ...validateClaimSpec(spec, specPath.child('spec')),
  ];
}

/** The same for templates of claims. */
export const resourceClaimTemplateStrategy: Strategy = {
  hasGeneration: false,
  validateCreate: validateTemplate,
  validateAsNew: validateTemplate,
  validateUpdate(object, old) {
    const shown = ({ spec }: ResourceClaimTemplate): object => ({ ...spec.metadata, Spec: shownSpec(spec.spec) });
    const [template, before] = [templateOf(object), templateOf(old)];
    if (!equalTexts(template.spec, before.spec)) return [invalid(specPath, shown(template), 'field is immutable')];
    return checkImmutable(specPath, shown(template), shown(before));
  },
};
