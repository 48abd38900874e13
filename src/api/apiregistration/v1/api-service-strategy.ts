import {
  type FieldError,
  FieldPath,
  goQuote,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import {
  isDns1035Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isValidPortNumber,
} from '../../../apimachinery/names.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { APIService, APIServiceSpec } from '../../types/apiregistration-v1.ts';

const specPath = new FieldPath('spec');
const [mostGroupPriority, mostVersionPriority] = [20_000, 1000];
const metadataFields = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/** HTTPS. */
export function setApiServiceDefaults(object: Unstructured): void {
  const service = serviceOf(object).spec?.service;
  if (service !== undefined) service.port ??= 443;
}

/** What the registry does with API services: those that the server itself serves are there at once. */
export const apiServiceStrategy: Strategy = {
  allowUnconditionalUpdate: false,
  keptOnStatus: ['labels', 'annotations', 'finalizers', 'ownerReferences'],
  validateName: isPathSegmentName,
  prepareForCreate(object, { now }) {
    const apiService = serviceOf(object);
    apiService.status = {};
    if (apiService.spec?.service !== undefined) return;
    apiService.status.conditions = [
      {
        type: 'Available',
        status: 'True',
        lastTransitionTime: formatTime(now),
        reason: 'Local',
        message: 'Local APIServices are always available',
      },
    ];
  },
  prepareForUpdate(object, old, { subresource }) {
    const [apiService, before] = [serviceOf(object), serviceOf(old)];
    if (subresource === '') {
      if (before.status === undefined) delete apiService.status;
      else apiService.status = before.status;
      return;
    }
    if (before.spec === undefined) delete apiService.spec;
    else apiService.spec = before.spec;
    for (const field of metadataFields) {
      const value: unknown = before.metadata[field];
      if (value === undefined) Reflect.deleteProperty(object.metadata, field);
      else Reflect.set(object.metadata, field, value);
    }
  },
  validateCreate: (object) => validate(serviceOf(object)),
  validateUpdate: (object, _old, { subresource }) =>
    subresource === 'status' ? validateStatus(serviceOf(object)) : validate(serviceOf(object)),
  resetFields: { '': ['status'], status: ['spec', 'metadata'] },
};

function serviceOf(object: Unstructured): APIService {
  return object;
}

function validate({ metadata, spec }: APIService): FieldError[] {
  const { group = '', groupPriorityMinimum = 0, version = '', versionPriority = 0 } = spec ?? {};
  const name = `${version}.${group}`;
  const errors: FieldError[] = [];
  for (const field of ['generateName', 'name'] as const) {
    const given = metadata[field] ?? '';
    if (given === '' || given === name || isPathSegmentName(given).length > 0) continue;
    const message = `must be \`spec.version+"."+spec.group\`: ${goQuote(name)}`;
    errors.push(invalid(new FieldPath('metadata').child(field), given, message));
  }
  const groupPath = specPath.child('group');
  if (group !== '') errors.push(...invalidFor(groupPath, group, isDns1123Subdomain(group)));
  else if (version !== 'v1') {
    errors.push(required(groupPath, 'only v1 may have an empty group and it better be legacy kube'));
  }
  errors.push(...invalidFor(specPath.child('version'), version, isDns1035Label(version)));
  const priorities = [
    ['groupPriorityMinimum', groupPriorityMinimum, mostGroupPriority],
    ['versionPriority', versionPriority, mostVersionPriority],
  ] as const;
  for (const [field, value, most] of priorities) {
    if (value > 0 && value <= most) continue;
    errors.push(invalid(specPath.child(field), value, `must be positive and less than ${most}`));
  }
  return spec === undefined ? errors : [...errors, ...validateServer(spec)];
}

/** Who serves the group: the server itself, or a service that is reached by TLS. */
function validateServer({
  caBundle = '',
  insecureSkipTLSVerify: insecure = false,
  service,
}: APIServiceSpec): FieldError[] {
  const insecurePath = specPath.child('insecureSkipTLSVerify');
  const errors: FieldError[] = [];
  if (service === undefined) {
    if (caBundle !== '') {
      const shown = `${Buffer.byteLength(caBundle, 'base64')} bytes`;
      errors.push(invalid(specPath.child('caBundle'), shown, 'local APIServices may not have a caBundle'));
    }
    if (insecure) errors.push(invalid(insecurePath, true, 'local APIServices may not have insecureSkipTLSVerify'));
    return errors;
  }
  for (const field of ['namespace', 'name'] as const) {
    if ((service[field] ?? '') === '') errors.push(required(specPath.child('service', field)));
  }
  const port = service.port ?? 0;
  const [problem] = isValidPortNumber(port);
  if (problem !== undefined) {
    errors.push(invalid(specPath.child('service', 'port'), port, `port is not valid: ${problem}`));
  }
  if (insecure && caBundle !== '') errors.push(invalid(insecurePath, true, 'may not be true if caBundle is present'));
  return errors;
}

function validateStatus({ status }: APIService): FieldError[] {
  const statuses = ['True', 'False', 'Unknown'];
  return (status?.conditions ?? []).flatMap((condition, index) => {
    const path = new FieldPath('status').child('conditions').index(index).child('status');
    return statuses.includes(condition.status) ? [] : [notSupported(path, condition.status, statuses)];
  });
}
