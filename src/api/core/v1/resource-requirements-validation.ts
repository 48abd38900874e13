import {
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  fieldNotFound,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isQualifiedName } from '../../../apimachinery/names.ts';
import { parseQuantity, type Quantity, QuantityError } from '../../../apimachinery/quantity.ts';
import type { PodSpec, ResourceClaim, ResourceRequirements } from '../../types/core-v1.ts';

const standardResources = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);

/** What is counted, not measured. */
const countedResources = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Names without a prefix, or with one of Kubernetes' own. */
function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false;
  return isQualifiedName(`requests.${name}`).length === 0;
}

/** Whether more of it may be promised than there is. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}

/** The name of a resource, of whatever object. */
export function validateResourceName(name: string, path: FieldPath): FieldError[] {
  const messages = isQualifiedName(name);
  if (messages.length > 0) return messages.map((message) => invalid(path, name, message));
  const isStandard = standardResources.has(name) || /^(requests\.)?hugepages-/.test(name);
  if (name.includes('/') || isStandard) return [];
  return [invalid(path, name, 'must be a standard resource type or fully qualified')];
}

/** The name of a resource that a container may ask for. */
export function validateContainerResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHugePages(name)) {
      errors.push(invalid(path, name, 'must be a standard resource for containers'));
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

/** The name of a resource that a pod as a whole may ask for (KEP-2837). */
function validatePodResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path);
  if (errors.length > 0 || name === 'cpu' || name === 'memory' || isHugePages(name)) return errors;
  return [notSupported(path, name, ['cpu', 'hugepages-', 'memory'])];
}

/** An amount of a resource: not negative, and whole where it is counted. */
export function validateResourceQuantity(name: string, quantity: Quantity, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (quantity.sign() < 0) errors.push(invalid(path, quantity.toString(), 'must be greater than or equal to 0'));
  const isCounted = countedResources.has(name) || isExtendedResource(name);
  if (isCounted && quantity.milliValue() % 1000n !== 0n) {
    errors.push(invalid(path, quantity.toString(), 'must be an integer'));
  }
  return errors;
}

type NameCheck = (name: string, path: FieldPath) => FieldError[];

/** Requests and limits of a container (core validation's ValidateContainerResourceRequirements). */
export function validateContainerResources(
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  return validateRequirements(resources, validateContainerResourceName, claimNames, path);
}

function validateRequirements(
  resources: ResourceRequirements,
  checkName: NameCheck,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const limits = new Map<string, Quantity>();
  const requests = new Map<string, Quantity>();
  const errors: FieldError[] = [];
  for (const [name, text] of Object.entries(resources.limits ?? {})) {
    errors.push(...checkAmount(name, text, checkName, path.child('limits').key(name), limits));
  }
  for (const [name, text] of Object.entries(resources.requests ?? {})) {
    const besideLimit = (request: Quantity): FieldError[] => checkLimit(name, request, limits.get(name), path);
    errors.push(...checkAmount(name, text, checkName, path.child('requests').key(name), requests, besideLimit));
  }
  const names = [...limits.keys(), ...requests.keys()];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(fieldForbidden(path, 'HugePages require cpu or memory'));
  }
  return [...errors, ...validateClaims(resources.claims ?? [], claimNames, path.child('claims'))];
}

function checkLimit(name: string, request: Quantity, limit: Quantity | undefined, path: FieldPath): FieldError[] {
  const isFlexible = isOvercommitAllowed(name);
  if (limit === undefined) {
    return isFlexible ? [] : [required(path.child('limits'), 'Limit must be set for non overcommitable resources')];
  }
  const comparison = request.compare(limit);
  if (comparison === 0 || (comparison < 0 && isFlexible)) return [];
  const message = `must be ${isFlexible ? 'less than or equal to' : 'equal to'} ${name} limit of ${limit.toString()}`;
  return [invalid(path.child('requests'), request.toString(), message)];
}

/** Checks a name and an amount, which goes to those that are known. @param besideLimit what is checked before pages are counted */
function checkAmount(
  name: string,
  text: string,
  checkName: NameCheck,
  at: FieldPath,
  amounts: Map<string, Quantity>,
  besideLimit: (quantity: Quantity) => FieldError[] = () => [],
): FieldError[] {
  const errors = checkName(name, at);
  try {
    const quantity = parseQuantity(text);
    amounts.set(name, quantity);
    errors.push(...validateResourceQuantity(name, quantity, at), ...besideLimit(quantity));
    if (isHugePages(name) && !isWholePages(name, quantity)) {
      const message = `${quantity.toString()} is not positive integer multiple of ${name}`;
      errors.push(invalid(at, quantity.toString(), message));
    }
    return errors;
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    return [...errors, invalid(at, text, error.message)];
  }
}

function isWholePages(name: string, quantity: Quantity): boolean {
  try {
    const size = parseQuantity(name.slice('hugepages-'.length));
    if (size.sign() <= 0 || size.milliValue() % 1000n !== 0n) return false;
    return quantity.value() % size.value() === 0n;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}

function validateClaims(claims: readonly ResourceClaim[], known: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return claims.flatMap(({ name, request = '' }, index) => {
    const at = path.index(index);
    if (name === '') return [required(at)];
    const errors: FieldError[] = [];
    const key = request === '' ? name : `${name}/${request}`;
    if (request !== '') {
      errors.push(...isDns1123Label(request).map((message) => invalid(at.child('request'), request, message)));
    }
    const overlaps = request === '' && [...seen].some((other) => other.startsWith(`${name}/`));
    if (seen.has(name)) errors.push(duplicate(at, name));
    else if (seen.has(key) || overlaps) errors.push(duplicate(at, key));
    seen.add(key);
    if (!known.has(name)) {
      const names = [...known].toSorted().join(', ');
      const detail = `must be one of the names in pod.spec.resourceClaims${known.size === 0 ? ' which is empty' : `: ${names}`}`;
      const error = fieldNotFound(at, name);
      errors.push({ ...error, body: `${error.body}: ${detail}` });
    }
    return errors;
  });
}

/** What the pod as a whole asks for, which must not be less than what its containers do (KEP-2837). */
export function validatePodResources(spec: PodSpec, claimNames: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const { resources } = spec;
  if (resources === undefined) return [];
  const at = path.child('resources');
  if (spec.os?.name === 'windows') return [fieldForbidden(at, 'may not be set for a windows pod')];
  const errors: FieldError[] = [];
  if (resources.claims !== undefined) {
    errors.push(fieldForbidden(at.child('claims'), 'claims may not be set for Resources at pod-level'));
  }
  errors.push(...validateRequirements(resources, validatePodResourceName, claimNames, at));
  for (const [name, text] of Object.entries(resources.requests ?? {})) {
    const sum = sumOf(spec, 'requests', name);
    if (sum === undefined || !isBelow(text, sum)) continue;
    const message = `must be greater than or equal to aggregate container requests of ${sum.toString()}`;
    errors.push(invalid(at.child('requests').key(name), text, message));
  }
  for (const [name, text] of Object.entries(resources.limits ?? {})) {
    const sum = isHugePages(name) ? sumOf(spec, 'limits', name) : undefined;
    if (sum === undefined || !isBelow(text, sum)) continue;
    const message = `must be greater than or equal to aggregate container limits of ${sum.toString()}`;
    errors.push(invalid(at.child('limits').key(name), text, message));
  }
  (spec.containers ?? []).forEach((container, index) => {
    for (const [name, text] of Object.entries(container.resources?.limits ?? {})) {
      const limit = resources.limits?.[name];
      const own = quantityOf(text);
      if (limit === undefined || own === undefined || !isBelow(limit, own)) continue;
      const where = at.child('containers').index(index).key(name).child('limits');
      errors.push(invalid(where, text, `must be less than or equal to pod limits of ${limit}`));
    }
  });
  return errors;
}

/** All containers that run side by side, or the largest init container where it needs more. */
function sumOf(spec: PodSpec, list: 'requests' | 'limits', name: string): Quantity | undefined {
  const amounts = (containers: PodSpec['containers'] | undefined): Quantity[] =>
    (containers ?? []).flatMap((container) => quantityOf(container.resources?.[list]?.[name]) ?? []);
  const isSidecar = (container: PodSpec['containers'][number]): boolean => container.restartPolicy === 'Always';
  const sidecars = (spec.initContainers ?? []).filter(isSidecar);
  const running = [...amounts(spec.containers), ...amounts(sidecars)];
  let largest = running.reduce<Quantity | undefined>((sum, amount) => sum?.add(amount) ?? amount, undefined);
  let before: Quantity | undefined;
  for (const container of spec.initContainers ?? []) {
    const own = quantityOf(container.resources?.[list]?.[name]);
    if (own === undefined) continue;
    const needed = before?.add(own) ?? own;
    if (isSidecar(container)) before = needed;
    if (largest === undefined || needed.compare(largest) > 0) largest = needed;
  }
  return largest;
}

/** Undefined for a text that is no quantity: that is told where it stands. */
function quantityOf(text: string | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

function isBelow(text: string, amount: Quantity): boolean {
  const own = quantityOf(text);
  return own !== undefined && own.compare(amount) < 0;
}
