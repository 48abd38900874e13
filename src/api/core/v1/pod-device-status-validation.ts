import {
  duplicate,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Container, PodSpec, PodStatus } from '../../types/core-v1.ts';

const statusPath = new FieldPath('status');
const mostMessageBytes = 1024;

/** The claims of devices that a pod has, by the names in its spec (KEP-4381). */
export function validateClaimStatuses({ resourceClaimStatuses = [] }: PodStatus, spec?: PodSpec): FieldError[] {
  const names = new Set<string>();
  return resourceClaimStatuses.flatMap(({ name, resourceClaimName }, index) => {
    const at = statusPath.child('resourceClaimStatuses').index(index);
    const errors: FieldError[] = [];
    if (!(spec?.resourceClaims ?? []).some((claim) => claim.name === name)) {
      const problem = 'must match the name of an entry in `spec.resourceClaims`';
      errors.push(invalid(at.child('name'), name, problem));
    }
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    if (resourceClaimName === undefined) return errors;
    const where = at.child('resourceClaimName');
    return [...errors, ...invalidFor(where, resourceClaimName, isDns1123Subdomain(resourceClaimName))];
  });
}

/** The claim that stands for resources that containers ask for by name (KEP-5004). */
export function validateExtendedClaim({ extendedResourceClaimStatus }: PodStatus, spec?: PodSpec): FieldError[] {
  if (extendedResourceClaimStatus === undefined) return [];
  const { requestMappings, resourceClaimName } = extendedResourceClaimStatus;
  const path = statusPath.child('extendedResourceClaimStatus');
  const mappings = (requestMappings as typeof requestMappings | null) ?? [];
  const at = path.child('requestMappings');
  const errors = mappings.length === 0 ? [required(at, 'at least one request mapping is required')] : [];
  const seen = new Set<string>();
  mappings.forEach(({ containerName, resourceName, requestName }, index) => {
    const where = at.index(index);
    const container = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(
      ({ name }) => name === containerName,
    );
    if (container === undefined) {
      const problem = 'must match the name of an entry in spec.initContainers.name or spec.containers.name';
      errors.push(invalid(where.child('containerName'), containerName, problem));
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const problem =
        'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';
      errors.push(invalid(where.child('resourceName'), resourceName, problem));
    }
    errors.push(...invalidFor(path.child('requestName'), requestName, isDns1123Label(requestName)));
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) {
      errors.push(
        duplicate(where.child('containerName'), containerName),
        duplicate(where.child('resourceName'), resourceName),
        duplicate(where.child('requestName'), requestName),
      );
    }
    seen.add(key);
  });
  const nameAt = path.child('resourceClaimName');
  if (resourceClaimName === '') return [...errors, required(nameAt)];
  return [...errors, ...invalidFor(nameAt, resourceClaimName, isDns1123Subdomain(resourceClaimName))];
}

/** How well the devices of containers are (KEP-4680); ephemeral containers have none. */
export function validateDeviceHealth(status: PodStatus, spec?: PodSpec): FieldError[] {
  return [
    ...validateListHealth(status, 'containerStatuses', spec?.containers ?? []),
    ...validateListHealth(status, 'initContainerStatuses', spec?.initContainers ?? []),
    ...(status.ephemeralContainerStatuses ?? []).flatMap(({ allocatedResourcesStatus = [] }, index) => {
      const at = statusPath.child('ephemeralContainerStatuses').index(index).child('allocatedResourcesStatus');
      const problem = 'must not be specified in container status';
      return allocatedResourcesStatus.length === 0 ? [] : [fieldForbidden(at, problem)];
    }),
  ];
}

function validateListHealth(
  status: PodStatus,
  list: 'containerStatuses' | 'initContainerStatuses',
  containers: readonly Container[],
): FieldError[] {
  return (status[list] ?? []).flatMap(({ name, allocatedResourcesStatus = [] }, index) =>
    allocatedResourcesStatus.flatMap((resource, position) => {
      const at = statusPath.child(list).index(index).child('allocatedResourcesStatus').index(position);
      const container = containers.find((one) => one.name === name);
      const problem = container === undefined ? undefined : nameProblem(resource.name, container);
      return [
        ...(problem === undefined ? [] : [invalid(at.child('name'), resource.name, problem)]),
        ...validateHealth(resource.resources ?? [], at.child('resources')),
      ];
    }),
  );
}

function nameProblem(name: string, { resources }: Container): string | undefined {
  if (!name.startsWith('claim:')) {
    const isAsked = resources?.requests?.[name] !== undefined;
    return isAsked ? undefined : "must match one of the container's resource requests";
  }
  const names = (resources?.claims ?? []).map((claim) =>
    (claim.request ?? '') === '' ? `claim:${claim.name}` : `claim:${claim.name}/${claim.request}`,
  );
  if (names.includes(name)) return undefined;
  return "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
}

interface DeviceHealth {
  readonly health?: string;
  readonly message?: string;
  readonly resourceID: string;
}

function validateHealth(devices: readonly DeviceHealth[], path: FieldPath): FieldError[] {
  const ids = new Set<string>();
  return devices.flatMap(({ health = '', message, resourceID }, index) => {
    const at = path.index(index);
    const values = ['Healthy', 'Unhealthy', 'Unknown'];
    const errors = values.includes(health) ? [] : [notSupported(at.child('health'), health, values)];
    if (message === '') errors.push(required(at.child('message'), 'must be non-empty if specified'));
    else if (message !== undefined && Buffer.byteLength(message) > mostMessageBytes) {
      errors.push(tooLong(at.child('message'), mostMessageBytes));
    }
    if (ids.has(resourceID)) errors.push(duplicate(at.child('resourceID'), resourceID));
    ids.add(resourceID);
    return errors;
  });
}
