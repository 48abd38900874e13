import {
  checkChoice,
  checkImmutable,
  checkOptionalChoice,
  duplicate,
  type FieldError,
  FieldPath,
  fieldInternal,
  invalid,
  invalidFor,
  required,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { isCanonicalIp, isValidIp, parseIp } from '../../../apimachinery/ip-address.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isFullyQualifiedDomainName,
  isQualifiedName,
  isValidLabelValue,
} from '../../../apimachinery/names.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { leadsToApiServer, validateEndpointIp } from '../../core/v1/service-validation.ts';
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../../types/discovery-v1.ts';

const endpointsPath = new FieldPath('endpoints');
const portsPath = new FieldPath('ports');
const addressTypePath = new FieldPath('addressType');
const [mostTopologyLabels, mostAddresses, mostPorts, mostEndpoints, mostHints] = [16, 100, 20_000, 1000, 8];
const zoneLabel = 'topology.kubernetes.io/zone';

/** Checks a slice; endpoints that do not change are not looked at again (discovery validation). */
export function validateEndpointSlice(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  const { addressType } = slice;
  const sameEndpoints = old !== undefined && equalSemantic(slice.endpoints ?? null, old.endpoints ?? null);
  return [
    ...checkChoice(addressTypePath, addressType, ['FQDN', 'IPv4', 'IPv6']),
    ...validatePorts(slice.ports ?? []),
    ...(sameEndpoints ? [] : validateEndpoints(slice, leadsToApiServer(slice.metadata))),
    ...(old === undefined ? [] : checkImmutable(addressTypePath, addressType, old.addressType)),
  ];
}

function validateEndpoints({ addressType, endpoints: list }: EndpointSlice, mayBeLoopback: boolean): FieldError[] {
  const endpoints: readonly Endpoint[] = list ?? [];
  const checkAddress = (path: FieldPath, address: string, index: number): FieldError[] =>
    validateAddress(address, addressType, path, index, mayBeLoopback);
  if (endpoints.length > mostEndpoints) return [tooMany(endpointsPath, endpoints.length, mostEndpoints)];
  return endpoints.flatMap((endpoint, index) => {
    const at = endpointsPath.index(index);
    const { deprecatedTopology: topology, hints, hostname, nodeName } = endpoint;
    // What the schema requires may be null all the same.
    const addresses = (endpoint.addresses as string[] | null) ?? [];
    const addressesAt = at.child('addresses');
    const topologyAt = at.child('deprecatedTopology');
    const errors: FieldError[] = [];
    if (addresses.length === 0) errors.push(required(addressesAt, 'must contain at least 1 address'));
    else if (addresses.length > mostAddresses) errors.push(tooMany(addressesAt, addresses.length, mostAddresses));
    addresses.forEach((address, position) => errors.push(...checkAddress(addressesAt, address, position)));
    if (nodeName !== undefined)
      errors.push(...invalidFor(at.child('nodeName'), nodeName, isDns1123Subdomain(nodeName)));
    const labelCount = Object.keys(topology ?? {}).length;
    if (labelCount > mostTopologyLabels) errors.push(tooMany(topologyAt, labelCount, mostTopologyLabels));
    errors.push(...validateLabels(topology, topologyAt));
    if (topology?.[zoneLabel] !== undefined) {
      errors.push(fieldInternal(topologyAt.key(zoneLabel), 'reserved key was not removed in conversion'));
    }
    if (hostname !== undefined) errors.push(...invalidFor(at.child('hostname'), hostname, isDns1123Label(hostname)));
    if (hints !== undefined) errors.push(...validateHints(hints, at.child('hints')));
    return errors;
  });
}

function validateAddress(
  address: string,
  type: string,
  path: FieldPath,
  index: number,
  mayBeLoopback: boolean,
): FieldError[] {
  const at = path.index(index);
  if (type === 'FQDN') {
    return address === ''
      ? [required(at)]
      : invalidFor(at, address.replace(/\.$/, ''), isFullyQualifiedDomainName(address));
  }
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const messages = type === 'IPv4' ? isValidIp(address) : isCanonicalIp(address);
  if (messages.length > 0) return invalidFor(at, address, messages);
  const isOfType = parseIp(address)?.family === (type === 'IPv4' ? 4 : 6);
  return [
    ...(isOfType ? [] : [invalid(path, address, `must be an ${type} address`)]),
    ...(mayBeLoopback ? [] : validateEndpointIp(address, at)),
  ];
}

function validatePorts(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > mostPorts) return [tooMany(portsPath, ports.length, mostPorts)];
  const names = new Set<string>();
  return ports.flatMap(({ appProtocol, name = '', protocol }, index) => {
    const at = portsPath.index(index);
    const errors = name === '' ? [] : invalidFor(at.child('name'), name, isDns1123Label(name));
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    errors.push(...checkProtocol(at.child('protocol'), protocol));
    if (appProtocol === undefined) return errors;
    return [...errors, ...invalidFor(at.child('appProtocol'), appProtocol, isQualifiedName(appProtocol))];
  });
}

function validateHints(hints: EndpointHints, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const checks = [
    ['forZones', isValidLabelValue],
    ['forNodes', isDns1123Subdomain],
  ] as const;
  for (const [field, check] of checks) {
    const list = hints[field] ?? [];
    const at = path.child(field);
    if (list.length > mostHints) return [...errors, tooMany(at, list.length, mostHints)];
    const names = new Set<string>();
    list.forEach(({ name }, index) => {
      const nameAt = at.index(index).child('name');
      if (names.has(name)) errors.push(duplicate(nameAt, name));
      names.add(name);
      errors.push(...invalidFor(nameAt, name, check(name)));
    });
  }
  return errors;
}

function checkProtocol(path: FieldPath, protocol: string | undefined): FieldError[] {
  return protocol === undefined ? [required(path)] : checkOptionalChoice(path, protocol, ['SCTP', 'TCP', 'UDP']);
}
