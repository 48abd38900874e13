import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import {
  duplicate,
  type FieldError,
  fieldForbidden,
  FieldPath,
  invalid,
  invalidFor,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { formatIp, parseIp, parseIpBlock } from '../../../apimachinery/ip-address.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import { validateConditions } from '../../condition-validation.ts';
import { internalObject } from '../../core/v1/internal-objects.ts';
import { validateNodeSelector } from '../../core/v1/pod-scheduling-validation.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimStatus,
} from '../../types/resource-v1.ts';
import {
  validateConfiguration,
  validateEach,
  validateLabelName,
  validatePoolName,
  validateRawObject,
} from './device-validation.ts';
import { requestNames, validateReference, validateReferences } from './request-references.ts';

const statusPath = new FieldPath('status');
const mostConsumers = 256;
const mostResults = 32;
const mostConfigurations = 64;
const mostConditions = 8;
const mostDataBytes = 10 * 1024;

type DeviceName = Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>;

/** A device as the real server shows it, which is also what tells devices apart. */
function shownDevice({ driver, pool, device, shareID }: DeviceName): object {
  return { Driver: driver, Pool: pool, Device: device, ShareID: shareID ?? '' };
}

function keyOf(device: DeviceName): string {
  return JSON.stringify(shownDevice(device));
}

/** Devices that an update of the status takes back lose what was reported of them. */
export function dropDeallocatedDevices(claim: ResourceClaim, old: ResourceClaim): void {
  const status = claim.status;
  if (status?.devices === undefined) return;
  const kept = new Set((status.allocation?.devices?.results ?? []).map(keyOf));
  const gone = new Set((old.status?.allocation?.devices?.results ?? []).map(keyOf).filter((key) => !kept.has(key)));
  const devices = status.devices.filter((device) => !gone.has(keyOf(device)));
  if (devices.length === 0) delete status.devices;
  else status.devices = devices;
}

/** Checks what a scheduler and drivers say of a claim. */
export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const status: ResourceClaimStatus = claim.status ?? {};
  const before: ResourceClaimStatus = old.status ?? {};
  const { allocation, reservedFor = [] } = status;
  const reservedAt = statusPath.child('reservedFor');
  const allocated = new Set((allocation?.devices?.results ?? []).map(keyOf));
  return [
    ...validateEach(reservedFor, mostConsumers, reservedAt, validateConsumer, ({ uid }) => uid),
    ...validateDevices(status.devices ?? [], allocated, statusPath.child('devices')),
    ...validateReservation(claim, before, reservedAt),
    ...validateAllocation(allocation, before.allocation, requestNames(claim.spec)),
  ];
}

function validateConsumer(consumer: ResourceClaimConsumerReference, path: FieldPath): FieldError[] {
  return (['resource', 'name', 'uid'] as const).flatMap((field) =>
    consumer[field] === '' ? [required(path.child(field))] : [],
  );
}

function validateReservation(claim: ResourceClaim, old: ResourceClaimStatus, path: FieldPath): FieldError[] {
  const { allocation, reservedFor = [] } = claim.status ?? {};
  if (reservedFor.length === 0) return [];
  if (allocation === undefined) return [fieldForbidden(path, 'may not be specified when `allocated` is not set')];
  if (claim.metadata.deletionTimestamp === undefined) return [];
  const isNew = (consumer: ResourceClaimConsumerReference): boolean =>
    !(old.reservedFor ?? []).some((known) => equalSemantic({ ...known }, { ...consumer }));
  const problem = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return reservedFor.some(isNew) ? [fieldForbidden(path, problem)] : [];
}

function validateDevices(
  devices: readonly AllocatedDeviceStatus[],
  allocated: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const seen = new Set<string>();
  return [
    ...devices.flatMap((device, index) => validateDevice(device, allocated, path.index(index))),
    ...devices.flatMap((device, index) => {
      const isKnown = seen.has(keyOf(device));
      seen.add(keyOf(device));
      return isKnown ? [duplicate(path.index(index), shownDevice(device))] : [];
    }),
  ];
}

function validateDevice(device: AllocatedDeviceStatus, allocated: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const { conditions = [], data, networkData, shareID } = device;
  const conditionsAt = path.child('conditions');
  return [
    ...validateCsiDriverName(device.driver, path.child('driver')),
    ...validatePoolName(device.pool, path.child('pool')),
    ...validateLabelName(device.device, path.child('device')),
    ...validateShare(shareID, path),
    ...(allocated.has(keyOf(device))
      ? []
      : [invalid(path, shownDevice(device), 'must be an allocated device in the claim')]),
    ...(conditions.length > mostConditions ? [tooMany(conditionsAt, conditions.length, mostConditions)] : []),
    ...validateConditions(conditions, conditionsAt),
    ...(data === undefined ? [] : validateRawObject(data, path.child('data'), mostDataBytes)),
    ...(networkData === undefined ? [] : validateNetworkData(networkData, path.child('networkData'))),
  ];
}

/** A share is named by a UUID in the one way it is written (RFC 4122). */
function validateShare(shareID: string | undefined, device: FieldPath): FieldError[] {
  if (shareID === undefined) return [];
  const path = device.child('shareID');
  const problem = uuidProblem(shareID);
  if (problem !== undefined) return [invalid(path, shareID, `error validating uid: ${problem}`)];
  if (shareID.length === 36 && shareID === shareID.toLowerCase()) return [];
  const form =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
  return [invalid(path, shareID, form)];
}

/** What is wrong with a UUID in one of its four ways of writing: bare, with dashes, as a URN, in braces. */
function uuidProblem(text: string): string | undefined {
  let rest = text;
  switch (text.length) {
    case 32:
      return /^[0-9a-fA-F]{32}$/.test(text) ? undefined : 'invalid UUID format';
    case 45:
      if (text.slice(0, 9).toLowerCase() !== 'urn:uuid:')
        return `invalid urn prefix: ${JSON.stringify(text.slice(0, 9))}`;
      rest = text.slice(9);
      break;
    case 38:
      if (!text.startsWith('{') || !text.endsWith('}')) return 'invalid bracketed UUID format';
      rest = text.slice(1, 37);
      break;
    case 36:
      break;
    default:
      return `invalid UUID length: ${Buffer.byteLength(text)}`;
  }
  const isWellFormed = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(rest);
  return isWellFormed ? undefined : 'invalid UUID format';
}

function validateNetworkData(data: NetworkDeviceData, path: FieldPath): FieldError[] {
  const { interfaceName = '', hardwareAddress = '' } = data;
  return [
    ...(Buffer.byteLength(interfaceName) > 256 ? [tooLong(path.child('interfaceName'), 256)] : []),
    ...(Buffer.byteLength(hardwareAddress) > 128 ? [tooLong(path.child('hardwareAddress'), 128)] : []),
    ...validateEach(data.ips, 16, path.child('ips'), validateInterfaceAddress, (ip) => ip),
  ];
}

function validateInterfaceAddress(value: string, path: FieldPath): FieldError[] {
  const block = parseIpBlock(value);
  const address = parseIp(value.split('/')[0] ?? '');
  if (block === undefined || address === undefined) {
    return [invalid(path, value, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')];
  }
  const canonical = `${formatIp(address)}/${block.prefixLength}`;
  return value === canonical ? [] : [invalid(path, value, `must be in canonical form ("${canonical}")`)];
}

function validateAllocation(
  allocation: AllocationResult | undefined,
  old: AllocationResult | undefined,
  names: ReadonlySet<string>,
): FieldError[] {
  const path = statusPath.child('allocation');
  if (allocation === undefined) return [];
  if (old !== undefined) {
    const [now, before] = [allocation, old].map((one) => internalObject('AllocationResult', one));
    const isSame = equalSemantic(JSON.parse(JSON.stringify(now)), JSON.parse(JSON.stringify(before)));
    return isSame ? [] : [invalid(path, now, 'field is immutable')];
  }
  const at = path.child('devices');
  const { results, config } = allocation.devices ?? {};
  return [
    ...validateEach(results, mostResults, at.child('results'), (result, where) => validateResult(result, names, where)),
    ...validateEach(config, mostConfigurations, at.child('config'), (one, where) =>
      validateAllocatedConfiguration(one, names, where),
    ),
    ...(allocation.nodeSelector === undefined
      ? []
      : validateNodeSelector(allocation.nodeSelector, path.child('nodeSelector'))),
  ];
}

function validateResult(
  result: DeviceRequestAllocationResult,
  names: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  return [
    ...validateReference(result.request, names, path.child('request')),
    ...validateCsiDriverName(result.driver, path.child('driver')),
    ...validatePoolName(result.pool, path.child('pool')),
    ...validateLabelName(result.device, path.child('device')),
    ...validateBinding(result, path),
    ...validateShare(result.shareID, path),
  ];
}

function validateBinding(result: DeviceRequestAllocationResult, path: FieldPath): FieldError[] {
  const { bindingConditions: wanted = [], bindingFailureConditions: failures = [] } = result;
  const wantedAt = path.child('bindingConditions');
  const failuresAt = path.child('bindingFailureConditions');
  const validateName = (name: string, at: FieldPath): FieldError[] => invalidFor(at, name, isQualifiedName(name));
  const repeated = (list: readonly string[], index: number): boolean => list.indexOf(list[index] ?? '') < index;
  const overlap = 'bindingFailureConditions must not overlap with bindingConditions';
  const errors = [
    ...validateEach(wanted, 4, wantedAt, validateName),
    ...validateEach(failures, 4, failuresAt, validateName),
    ...wanted.flatMap((name, index) => (repeated(wanted, index) ? [duplicate(wantedAt.index(index), name)] : [])),
    ...failures.flatMap((name, index) => [
      ...(repeated(failures, index) ? [duplicate(failuresAt.index(index), name)] : []),
      ...(wanted.includes(name) ? [invalid(failuresAt.index(index), name, overlap)] : []),
    ]),
  ];
  if (wanted.length === 0 && failures.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions';
    errors.push(invalid(wantedAt, result.bindingConditions ?? null, text));
  }
  if (failures.length === 0 && wanted.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions';
    errors.push(invalid(failuresAt, result.bindingFailureConditions ?? null, text));
  }
  return errors;
}

function validateAllocatedConfiguration(
  config: DeviceAllocationConfiguration,
  names: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const sources = ['FromClaim', 'FromClass'];
  const { source } = config;
  const sourceAt = path.child('source');
  const errors = source === '' ? [required(sourceAt)] : [];
  if (source !== '' && !sources.includes(source)) errors.push(notSupported(sourceAt, source, sources));
  return [...errors, ...validateReferences(config.requests, names, path), ...validateConfiguration(config, path)];
}
