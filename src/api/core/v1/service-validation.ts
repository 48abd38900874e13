import { isIP } from 'node:net';
import {
  checkChoice,
  checkOptionalChoice,
  duplicate,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import { canonicalIp, isValidCidr, isValidIp } from '../../../apimachinery/ip-address.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidPortNumber } from '../../../apimachinery/names.ts';
import type { ObjectMeta } from '../../../apimachinery/object-meta.ts';
import type { Service, ServicePort, ServiceSpec } from '../../types/core-v1.ts';
import { validatePortNumberOrName } from './container-handler-validation.ts';

const specPath = new FieldPath('spec');
const clusterIpsPath = specPath.child('clusterIPs');

/** Whether names lead to the pods themselves, not to an address of the service. */
export function isHeadless(spec: ServiceSpec | undefined): boolean {
  return spec?.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
}

/** Whether a load balancer must ask nodes which of them have pods. */
export function needsHealthCheckPort(spec: ServiceSpec | undefined): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** Whether it is reached from outside of the cluster. */
export function isExternal(spec: ServiceSpec | undefined): boolean {
  if (spec?.type === 'LoadBalancer' || spec?.type === 'NodePort') return true;
  return spec?.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0;
}

/** Checks a service whose addresses and ports are given (core validation's validateService). */
export function validateService({ metadata, spec = {} }: Service, old?: Service): FieldError[] {
  const { ports = [], type } = spec;
  const needsPorts = !isHeadless(spec) && type !== 'ExternalName';
  return [
    ...validateTopologyAnnotations(metadata.annotations ?? {}),
    ...(ports.length === 0 && needsPorts ? [required(specPath.child('ports'))] : []),
    ...validateByType(spec),
    ...validatePorts(ports),
    ...validateLabels(spec.selector, specPath.child('selector')),
    ...validateAffinity(spec),
    ...validateClusterIps(spec, old?.spec),
    ...validateExternalIps(spec, old?.spec),
    ...checkChoice(specPath.child('type'), type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']),
    ...validateNodePorts(spec),
    ...validateSourceRanges(metadata.annotations ?? {}, spec, old),
    ...validateLoadBalancer(spec),
    ...validateTraffic(spec),
  ];
}

function validateTopologyAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  const hints = 'service.kubernetes.io/topology-aware-hints';
  const mode = 'service.kubernetes.io/topology-mode';
  const [old, value] = [annotations[hints], annotations[mode]];
  if (old === undefined || value === undefined || old === value) return [];
  const path = new FieldPath('metadata').child('annotations').key(mode);
  return [invalid(path, value, `must match annotations[${hints}] when both are specified`)];
}

function validateByType(spec: ServiceSpec): FieldError[] {
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') {
    if (!isHeadless(spec)) return [];
    return [invalid(clusterIpsPath.index(0), 'None', `may not be set to 'None' for ${spec.type} services`)];
  }
  if (spec.type !== 'ExternalName') return [];
  const errors: FieldError[] = [];
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    if ((spec[field] ?? []).length === 0) continue;
    errors.push(fieldForbidden(specPath.child(field), 'may not be set for ExternalName services'));
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const path = specPath.child('externalName');
  if (name === '') return [...errors, required(path)];
  return [...errors, ...isDns1123Subdomain(name).map((message) => invalid(path, name, message))];
}

function validatePorts(ports: readonly ServicePort[]): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = '', port, protocol, targetPort, appProtocol }, index) => {
    const at = specPath.child('ports').index(index);
    const nameAt = at.child('name');
    const errors: FieldError[] = [];
    if (name === '' && ports.length > 1) errors.push(required(nameAt));
    else if (name !== '') {
      errors.push(...isDns1123Label(name).map((message) => invalid(nameAt, name, message)));
      if (names.has(name)) errors.push(duplicate(nameAt, name));
      names.add(name);
    }
    errors.push(
      ...isValidPortNumber(port).map((message) => invalid(at.child('port'), port, message)),
      ...checkChoice(at.child('protocol'), protocol, ['SCTP', 'TCP', 'UDP']),
      ...validatePortNumberOrName(targetPort, at.child('targetPort')),
    );
    if (appProtocol === undefined) return errors;
    const where = at.child('appProtocol');
    return [...errors, ...isQualifiedName(appProtocol).map((message) => invalid(where, appProtocol, message))];
  });
}

const longestAffinitySeconds = 86_400;

function validateAffinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  const errors = checkChoice(specPath.child('sessionAffinity'), sessionAffinity, ['ClientIP', 'None']);
  const path = specPath.child('sessionAffinityConfig');
  if (sessionAffinity === 'None' && config !== undefined) {
    errors.push(fieldForbidden(path, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return errors;
  const when = 'when session affinity type is ClientIP';
  if (config === undefined) return [...errors, required(path, when)];
  if (config.clientIP === undefined) return [...errors, required(path.child('clientIP'), when)];
  const { timeoutSeconds } = config.clientIP;
  const at = path.child('clientIP', 'timeoutSeconds');
  if (timeoutSeconds === undefined) return [...errors, required(at, when)];
  if (timeoutSeconds > 0 && timeoutSeconds <= longestAffinitySeconds) return errors;
  const message = `must be greater than 0 and less than ${longestAffinitySeconds}`;
  return [...errors, invalid(at, timeoutSeconds, message)];
}

/** What the fields of cluster addresses say together (ValidateServiceClusterIPsRelatedFields, KEP-563). */
export function validateClusterIps(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const { clusterIP = '', clusterIPs = [], ipFamilies = [] } = spec;
  const errors: FieldError[] = [];
  if (clusterIP === '') {
    if (clusterIPs.length > 0) {
      errors.push(invalid(clusterIpsPath, clusterIPs, 'must be empty when `clusterIP` is not specified'));
    }
  } else if (clusterIPs.length === 0) errors.push(required(clusterIpsPath));
  else if (clusterIPs[0] !== clusterIP) {
    errors.push(invalid(clusterIpsPath, clusterIPs, 'first value must match `clusterIP`'));
  }
  const seen = new Set<string>();
  ipFamilies.forEach((family, index) => {
    const at = specPath.child('ipFamilies').index(index);
    errors.push(...checkOptionalChoice(at, family, ['IPv4', 'IPv6']));
    if (seen.has(family)) errors.push(duplicate(at, family));
    seen.add(family);
  });
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  errors.push(...checkOptionalChoice(specPath.child('ipFamilyPolicy'), spec.ipFamilyPolicy, policies));
  const wrong = validateAddresses(clusterIPs, old?.clusterIPs ?? []);
  errors.push(...wrong);
  if (clusterIPs.length > 2) errors.push(invalid(clusterIpsPath, clusterIPs, 'may only hold up to 2 values'));
  if (wrong.length > 0) return errors;
  const families = clusterIPs.map((address) => (isIP(address) === 6 ? 'IPv6' : 'IPv4'));
  if (clusterIPs.length > 1 && new Set(families).size < 2) {
    errors.push(invalid(clusterIpsPath, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  families.forEach((family, index) => {
    const expected = ipFamilies[index];
    if ((expected !== 'IPv4' && expected !== 'IPv6') || expected === family) return;
    const message = `expected an ${expected} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalid(clusterIpsPath.index(index), clusterIPs[index], message));
  });
  return errors;
}

function validateAddresses(addresses: readonly string[], old: readonly string[]): FieldError[] {
  return addresses.flatMap((address, index) => {
    if (index === 0 && address === 'None') {
      const isAlone = addresses.length === 1;
      return isAlone ? [] : [invalid(clusterIpsPath, addresses, "'None' must be the first and only value")];
    }
    // What was let pass once is not refused now.
    if (old.includes(address)) return [];
    return isValidIp(address).map((message) => invalid(clusterIpsPath.index(index), address, message));
  });
}

function validateExternalIps({ externalIPs = [] }: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  return externalIPs.flatMap((address, index) => {
    const at = specPath.child('externalIPs').index(index);
    const messages = old?.externalIPs?.includes(address) === true ? [] : isValidIp(address);
    if (messages.length > 0) return messages.map((message) => invalid(at, address, message));
    return validateEndpointIp(address, at);
  });
}

/**
 * Whether this is where the API server itself is found. A control plane on one machine may listen on its loopback
 * address alone, so that this service, unlike all others, may lead there.
 */
export function leadsToApiServer({ name, namespace }: ObjectMeta): boolean {
  return name === 'kubernetes' && namespace === 'default';
}

/** An address that packets may be sent to: not of one host or one link alone. */
export function validateEndpointIp(address: string, path: FieldPath): FieldError[] {
  // Leading zeros are for others to refuse.
  const canonical = canonicalIp(address);
  if (isIP(canonical) === 0) return [invalid(path, address, 'must be a valid IP address')];
  const errors: FieldError[] = [];
  const refuse = (message: string): void => void errors.push(invalid(path, address, message));
  if (canonical === '0.0.0.0' || canonical === '::') refuse(`may not be unspecified (${address})`);
  if (canonical.startsWith('127.') || canonical === '::1')
    refuse('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (canonical.startsWith('169.254.') || /^fe[89ab]/i.test(canonical)) {
    refuse('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  }
  if (canonical.startsWith('224.0.0.') || /^ff.2:/i.test(canonical)) {
    refuse('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  }
  return errors;
}

function validateNodePorts({ ports = [], type }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const nodePorts = new Set<string>();
  const own = new Set<string>();
  ports.forEach(({ nodePort = 0 }, index) => {
    const at = specPath.child('ports').index(index).child('nodePort');
    if (type === 'ClusterIP' && nodePort !== 0) {
      errors.push(fieldForbidden(at, "may not be used when `type` is 'ClusterIP'"));
    }
  });
  ports.forEach(({ nodePort = 0, protocol }, index) => {
    const at = specPath.child('ports').index(index).child('nodePort');
    const key = `${protocol}/${nodePort}`;
    if (nodePort !== 0 && nodePorts.has(key)) errors.push(duplicate(at, nodePort));
    nodePorts.add(key);
  });
  ports.forEach(({ port, protocol }, index) => {
    const key = `${protocol}/${port}`;
    // The real server shows the fields it compares as a port of their own, by the names of the Go type.
    const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (own.has(key)) errors.push(duplicate(specPath.child('ports').index(index), shown));
    own.add(key);
  });
  return errors;
}

const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';

function validateSourceRanges(
  annotations: Readonly<Record<string, string>>,
  { loadBalancerSourceRanges: ranges = [], type }: ServiceSpec,
  old: Service | undefined,
): FieldError[] {
  const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";
  const checkRanges = (list: readonly string[], pathOf: (index: number) => FieldPath): FieldError[] =>
    list.flatMap((range, index) =>
      isValidCidr(range.trim()).map((message) => invalid(pathOf(index), range.trim(), message)),
    );
  if (ranges.length > 0) {
    const path = specPath.child('LoadBalancerSourceRanges');
    const before = new Set((old?.spec?.loadBalancerSourceRanges ?? []).map((range) => range.trim()));
    return [
      ...(type === 'LoadBalancer' ? [] : [fieldForbidden(path, onlyLoadBalancer)]),
      ...ranges.flatMap((range, index) =>
        before.has(range.trim()) ? [] : checkRanges([range], () => path.index(index)),
      ),
    ];
  }
  const text = annotations[sourceRanges];
  if (text === undefined) return [];
  const path = new FieldPath('metadata').child('annotations').key(sourceRanges);
  const errors = type === 'LoadBalancer' ? [] : [fieldForbidden(path, onlyLoadBalancer)];
  const isNew = old?.metadata.annotations?.[sourceRanges] !== text && text.trim() !== '';
  return isNew ? [...errors, ...checkRanges(text.split(','), () => path)] : errors;
}

/** What only services of a load balancer have. */
export function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  const { allocateLoadBalancerNodePorts: allocate, loadBalancerClass: name, type } = spec;
  const message = "may only be used when `type` is 'LoadBalancer'";
  const classPath = specPath.child('loadBalancerClass');
  if (type !== 'LoadBalancer') {
    return [
      ...(allocate === undefined ? [] : [fieldForbidden(specPath.child('allocateLoadBalancerNodePorts'), message)]),
      ...(name === undefined ? [] : [fieldForbidden(classPath, message)]),
    ];
  }
  return [
    ...(allocate === undefined ? [required(new FieldPath('allocateLoadBalancerNodePorts'))] : []),
    ...(name === undefined ? [] : isQualifiedName(name).map((text) => invalid(classPath, name, text))),
  ];
}

function validateTraffic(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy = '', healthCheckNodePort = 0, internalTrafficPolicy, trafficDistribution } = spec;
  const path = specPath.child('externalTrafficPolicy');
  const errors: FieldError[] = [];
  if (isExternal(spec)) errors.push(...checkChoice(path, externalTrafficPolicy, ['Cluster', 'Local']));
  else if (externalTrafficPolicy !== '') {
    errors.push(invalid(path, externalTrafficPolicy, 'may only be set for externally-accessible services'));
  }
  const portPath = specPath.child('healthCheckNodePort');
  if (needsHealthCheckPort(spec)) {
    if (healthCheckNodePort === 0) errors.push(required(portPath));
  } else if (healthCheckNodePort !== 0) {
    const message = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(portPath, healthCheckNodePort, message));
  }
  const internalPath = specPath.child('internalTrafficPolicy');
  if (internalTrafficPolicy === undefined && spec.type !== 'ExternalName') errors.push(required(internalPath));
  errors.push(...checkOptionalChoice(internalPath, internalTrafficPolicy, ['Cluster', 'Local']));
  const ways = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  return [...errors, ...checkOptionalChoice(specPath.child('trafficDistribution'), trafficDistribution, ways)];
}
