import { checkChoice, type FieldError, FieldPath, invalidFor, required } from '../../../apimachinery/field-error.ts';
import { ipWarnings, isValidIp } from '../../../apimachinery/ip-address.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidPortNumber } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from '../../types/core-v1.ts';
import { leadsToApiServer, validateEndpointIp } from './service-validation.ts';

const subsetsPath = new FieldPath('subsets');
const addressFields = ['addresses', 'notReadyAddresses'] as const;

/** What the registry does with endpoints; subsets that do not change are not looked at again. */
export const endpointsStrategy: Strategy = {
  allowCreateOnUpdate: true,
  validateCreate: (object) => validateSubsets(subsetsOf(object), leadsToApiServer(object.metadata)),
  validateUpdate(object, old) {
    const subsets = subsetsOf(object);
    return equalSemantic(subsets, subsetsOf(old)) ? [] : validateSubsets(subsets, leadsToApiServer(object.metadata));
  },
  warningsOnCreate: addressWarnings,
  warningsOnUpdate: addressWarnings,
};

function subsetsOf(object: Unstructured): readonly EndpointSubset[] {
  return (object as unknown as Endpoints).subsets ?? [];
}

function validateSubsets(subsets: readonly EndpointSubset[], mayBeLoopback: boolean): FieldError[] {
  return subsets.flatMap((subset, index) => {
    const at = subsetsPath.index(index);
    const errors: FieldError[] = [];
    if (addressFields.every((field) => (subset[field] ?? []).length === 0)) {
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
    }
    for (const field of addressFields) {
      (subset[field] ?? []).forEach((address, position) => {
        errors.push(...validateAddress(address, at.child(field).index(position), mayBeLoopback));
      });
    }
    const ports = subset.ports ?? [];
    ports.forEach((port, position) => {
      errors.push(...validatePort(port, ports.length > 1, at.child('ports').index(position)));
    });
    return errors;
  });
}

function validateAddress(address: EndpointAddress, path: FieldPath, mayBeLoopback: boolean): FieldError[] {
  const { hostname = '', ip, nodeName } = address;
  return [
    ...invalidFor(path.child('ip'), ip, isValidIp(ip)),
    ...(hostname === '' ? [] : invalidFor(path.child('hostname'), hostname, isDns1123Label(hostname))),
    ...(nodeName === undefined ? [] : invalidFor(path.child('nodeName'), nodeName, isDns1123Subdomain(nodeName))),
    ...(mayBeLoopback ? [] : validateEndpointIp(ip, path.child('ip'))),
  ];
}

function validatePort(port: EndpointPort, needsName: boolean, path: FieldPath): FieldError[] {
  const { appProtocol, name = '' } = port;
  const errors: FieldError[] = [];
  if (name !== '') errors.push(...invalidFor(path.child('name'), name, isDns1123Label(name)));
  else if (needsName) errors.push(required(path.child('name')));
  errors.push(
    ...invalidFor(path.child('port'), port.port, isValidPortNumber(port.port)),
    ...checkChoice(path.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']),
  );
  if (appProtocol === undefined) return errors;
  return [...errors, ...invalidFor(path.child('appProtocol'), appProtocol, isQualifiedName(appProtocol))];
}

function addressWarnings(object: Unstructured): string[] {
  if (object.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return subsetsOf(object).flatMap((subset, index) =>
    addressFields.flatMap((field) =>
      (subset[field] ?? []).flatMap(({ ip }, position) => ipWarnings(`subsets[${index}].${field}[${position}].ip`, ip)),
    ),
  );
}
