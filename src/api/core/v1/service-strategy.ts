import { FieldPath } from '../../../apimachinery/field-error.ts';
import { cidrWarnings, ipWarnings } from '../../../apimachinery/ip-address.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { nameIsDnsLabel } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Service, ServiceSpec } from '../../types/core-v1.ts';
import { validateServiceStatus, validateServiceUpdate } from './service-update-validation.ts';
import { isExternal, needsHealthCheckPort, validateService } from './service-validation.ts';

/** Whether its ports are opened on every node. */
export function needsNodePorts(spec: ServiceSpec | undefined): boolean {
  if (spec?.type === 'NodePort') return true;
  return spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
}

/**
 * A service that becomes one of another type loses what the server gave it for the old one, unless its user changed
 * that as well: then it is a mistake that validation tells.
 */
function dropWhatNoLongerApplies(service: Service, old: Service): void {
  const { spec } = service;
  const before = old.spec;
  if (spec === undefined || before === undefined) return;
  const isSame = (...fields: (keyof ServiceSpec)[]): boolean =>
    fields.every((field) => equalSemantic(spec[field] ?? null, before[field] ?? null));
  const drop = (needed: (one: ServiceSpec) => boolean, ...fields: (keyof ServiceSpec)[]): void => {
    if (!needed(before) || needed(spec) || !isSame(...fields)) return;
    for (const field of fields) delete spec[field];
  };
  const hasAddress = (one: ServiceSpec): boolean => one.type !== 'ExternalName';
  const isLoadBalancer = (one: ServiceSpec): boolean => one.type === 'LoadBalancer';
  drop(hasAddress, 'clusterIP', 'clusterIPs');
  drop(hasAddress, 'ipFamilies');
  drop(hasAddress, 'ipFamilyPolicy');
  drop(needsHealthCheckPort, 'healthCheckNodePort');
  drop(isLoadBalancer, 'allocateLoadBalancerNodePorts');
  drop(isLoadBalancer, 'loadBalancerClass');
  drop(isExternal, 'externalTrafficPolicy');
  const mayHaveNodePorts = (one: ServiceSpec): boolean => one.type === 'NodePort' || isLoadBalancer(one);
  const known = new Set((before.ports ?? []).map(({ nodePort = 0 }) => nodePort));
  const asksForNone = (spec.ports ?? []).every(({ nodePort = 0 }) => nodePort === 0 || known.has(nodePort));
  if (mayHaveNodePorts(before) && !mayHaveNodePorts(spec) && asksForNone) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (spec.type !== 'LoadBalancer') service.status = { ...service.status, loadBalancer: {} };
}

/**
 * Makes `clusterIP` and `clusterIPs` say the same where a client knows only one of them, and puts back what the server
 * chose when an update leaves it out (KEP-563).
 */
function alignClusterIps(spec: ServiceSpec, old: ServiceSpec | undefined): void {
  const own = spec.clusterIP ?? '';
  const plural = (one: ServiceSpec): readonly string[] => one.clusterIPs ?? [];
  if (old === undefined) {
    if (own !== '' && plural(spec).length === 0) spec.clusterIPs = [own];
    return;
  }
  const before = old.clusterIP ?? '';
  const hadAddresses = plural(old).length > 0;
  const putBack = (): void => {
    if (hadAddresses && plural(spec).length === 0) spec.clusterIPs = [...plural(old)];
  };
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (own === '' && before !== '') spec.clusterIP = before;
    putBack();
  }
  const now = spec.clusterIP ?? '';
  if (before === now) return putBack();
  if (!equalSemantic(plural(spec), plural(old))) return;
  if (now === '') delete spec.clusterIPs;
  else spec.clusterIPs = [now];
}

/** Addresses of load balancers that are not written the one way. */
function ingressWarnings(object: Unstructured): string[] {
  const path = new FieldPath('status').child('loadBalancer', 'ingress');
  return (asService(object).status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }, index) =>
    ip === '' ? [] : ipWarnings(path.index(index).toString(), ip),
  );
}

function serviceWarnings(object: Unstructured): string[] {
  const { metadata, spec = {} } = object as unknown as Service;
  const warnings: string[] = [];
  const hints = 'service.kubernetes.io/topology-aware-hints';
  if (metadata.annotations?.[hints] !== undefined) {
    warnings.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  const each = (field: 'clusterIPs' | 'externalIPs' | 'loadBalancerSourceRanges', check: typeof ipWarnings): string[] =>
    (spec[field] ?? []).flatMap((value, index) => check(`spec.${field}[${index}]`, value));
  const hasClusterIps = (spec.clusterIP ?? '') !== '' && spec.clusterIP !== 'None';
  if (hasClusterIps) warnings.push(...each('clusterIPs', ipWarnings));
  const hasExternalIps = (spec.externalIPs ?? []).length > 0;
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None';
  if (isHeadless) {
    if ((spec.loadBalancerIP ?? '') !== '') warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (hasExternalIps) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  warnings.push(...each('externalIPs', ipWarnings));
  if (hasExternalIps && !isHeadless && spec.type !== 'ExternalName') {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  }
  if ((spec.loadBalancerIP ?? '') !== '')
    warnings.push(...ipWarnings('spec.loadBalancerIP', spec.loadBalancerIP ?? ''));
  warnings.push(...each('loadBalancerSourceRanges', cidrWarnings));
  if (hasExternalIps && spec.type === 'ExternalName') {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== 'ExternalName' && (spec.externalName ?? '') !== '') {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}

function asService(object: Unstructured): Service {
  return object;
}

/**
 * Makes a service that has been checked what reading it gives. Names of elsewhere have no traffic policy: a valid one
 * is taken (older servers gave it as a default), and not kept.
 */
export function settleService(object: Unstructured): void {
  const { spec } = asService(object);
  if (spec === undefined) return;
  alignClusterIps(spec, undefined);
  if (spec.type === 'ExternalName') delete spec.internalTrafficPolicy;
}

/** What the registry does with services, besides their addresses. */
export const serviceStrategy: Strategy = {
  hasGeneration: false,
  returnDeletedObject: true,
  allowCreateOnUpdate: true,
  // KEP-5311: names may begin with a digit.
  validateName: nameIsDnsLabel,
  adjustForCreate(object) {
    const { spec } = asService(object);
    if (spec !== undefined) alignClusterIps(spec, undefined);
  },
  adjustForUpdate(object, old) {
    const [service, before] = [asService(object), asService(old)];
    if (service.spec !== undefined) alignClusterIps(service.spec, before.spec);
    dropWhatNoLongerApplies(service, before);
  },
  validateCreate: (object) => validateService(asService(object)),
  validateUpdate: (object, old, context) =>
    context.subresource === ''
      ? validateServiceUpdate(asService(object), asService(old))
      : validateServiceStatus(asService(object), asService(old)),
  warningsOnCreate: serviceWarnings,
  warningsOnUpdate: (object, _old, { subresource }) =>
    subresource === '' ? serviceWarnings(object) : ingressWarnings(object),
};
