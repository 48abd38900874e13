import { type FieldError, type FieldPath, invalid, notSupported, required } from '../../../apimachinery/field-error.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../types/core-v1.ts';

/** Fields of a pod that the downward API knows at all, in variables or in files. */
const knownFields = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

/** Fields that a variable may show. */
export const environmentFields: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** Fields that a file of a volume may show. */
export const volumeFields: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

const resourceFields: readonly string[] = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** Checks a field of the pod that the downward API shows, which must be one of these. */
export function validateFieldSelector(
  selector: ObjectFieldSelector,
  fields: readonly string[],
  path: FieldPath,
): FieldError[] {
  const { apiVersion = '', fieldPath } = selector;
  if (apiVersion === '') return [required(path.child('apiVersion'))];
  const at = path.child('fieldPath');
  if (fieldPath === '') return [required(at)];
  const cannotConvert = (why: string): FieldError[] => [
    invalid(at, fieldPath, `error converting fieldPath: ${why}: ${fieldPath}`),
  ];
  if (apiVersion !== 'v1') {
    return [invalid(at, fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`)];
  }
  const subscripted = /^(.*)\['(.*)'\]$/.exec(fieldPath);
  if (subscripted === null) {
    // What old clients called it.
    const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
    if (!knownFields.has(field)) return cannotConvert('field label not supported');
    return fields.includes(field) ? [] : [notSupported(at, field, fields)];
  }
  const [, field = '', key = ''] = subscripted;
  if (field !== 'metadata.annotations' && field !== 'metadata.labels') {
    return cannotConvert('field label does not support subscript');
  }
  const name = field === 'metadata.annotations' ? key.toLowerCase() : key;
  return isQualifiedName(name).map((message) => invalid(path, name, message));
}

/** Checks a resource of a container that the downward API shows; a file must say of which container. */
export function validateResourceFieldSelector(
  selector: ResourceFieldSelector,
  isFile: boolean,
  path: FieldPath,
): FieldError[] {
  const { containerName = '', resource, divisor } = selector;
  const errors: FieldError[] = [];
  const isHugePages = /^(requests|limits)\.hugepages-/.test(resource);
  if (isFile && containerName === '') errors.push(required(path.child('containerName')));
  else if (resource === '') errors.push(required(path.child('resource')));
  else if (!resourceFields.includes(resource) && !isHugePages) {
    errors.push(notSupported(path.child('resource'), resource, resourceFields));
  }
  if (divisor === undefined) return errors;
  const amount = parseQuantity(divisor);
  if (amount.isZero()) return errors;
  const wrong = (what: string): void => {
    errors.push(
      invalid(
        path.child('divisor'),
        resource,
        `only divisor's values ${what} are supported with the ${nameOf(resource)} resource`,
      ),
    );
  };
  if (resource.endsWith('.cpu')) {
    if (!['1m', '1'].includes(amount.toString())) wrong('1m and 1');
  } else if (resourceFields.includes(resource) || isHugePages) {
    if (!byteDivisors.includes(amount.toString())) wrong(byteDivisors.join(', '));
  }
  return errors;
}

function nameOf(resource: string): string {
  if (resource.endsWith('.cpu')) return 'cpu';
  if (resource.endsWith('.memory')) return 'memory';
  return resource.endsWith('.ephemeral-storage') ? 'local ephemeral storage' : 'hugepages';
}
