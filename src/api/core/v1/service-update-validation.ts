import { isIP } from 'node:net';
import {
  checkOptionalChoice,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { isValidIp } from '../../../apimachinery/ip-address.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Service, ServiceSpec } from '../../types/core-v1.ts';
import { isHeadless, needsHealthCheckPort, validateLoadBalancer, validateService } from './service-validation.ts';

const specPath = new FieldPath('spec');
const clusterIpsPath = specPath.child('clusterIPs');
const fixed = 'may not change once set';

/** What of a service may change: second addresses come and go, first ones stay. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const { spec = {} } = service;
  const { spec: before = {} } = old;
  const errors = [...validateAddressChange(spec, before), ...validateFamilyChange(spec, before)];
  const path = specPath.child('loadBalancerClass');
  if (spec.type === 'LoadBalancer' && before.type === 'LoadBalancer') {
    if (spec.loadBalancerClass !== before.loadBalancerClass) {
      errors.push(invalid(path, spec.loadBalancerClass, fixed));
    }
    const wasLocal = needsHealthCheckPort(before) && needsHealthCheckPort(spec);
    if (wasLocal && spec.healthCheckNodePort !== before.healthCheckNodePort) {
      errors.push(fieldForbidden(specPath.child('healthCheckNodePort'), 'field is immutable'));
    }
  }
  // The real server checks the class once more here, so that its mistakes come twice.
  const classErrors = validateLoadBalancer(spec).filter(({ field }) => field === path.toString());
  return [...errors, ...classErrors, ...validateService(service, old)];
}

function validateAddressChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return [];
  if (isHeadless(spec) && isHeadless(old)) return [];
  const { clusterIPs: addresses = [], ipFamilyPolicy } = spec;
  const before = old.clusterIPs ?? [];
  const errors: FieldError[] = [];
  if (before.length === addresses.length) {
    before.forEach((address, index) => {
      if (address !== addresses[index]) errors.push(invalid(clusterIpsPath.index(index), addresses, fixed));
    });
    return errors;
  }
  if (addresses.length === 0) {
    return [invalid(clusterIpsPath.index(0), spec.clusterIPs, 'primary clusterIP can not be unset')];
  }
  if (before.length > 0 && addresses[0] !== before[0]) errors.push(invalid(clusterIpsPath.index(0), addresses, fixed));
  if (before.length > addresses.length && addresses.length === 1 && ipFamilyPolicy !== 'SingleStack') {
    const message = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid(specPath.child('ipFamilyPolicy'), ipFamilyPolicy, message));
  }
  return errors;
}

function validateFamilyChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return [];
  if (isHeadless(spec) || isHeadless(old)) return [];
  const { ipFamilies: families = [], clusterIPs, ipFamilyPolicy } = spec;
  const before = old.ipFamilies ?? [];
  const path = specPath.child('ipFamilies').index(0);
  const errors: FieldError[] = [];
  if (before.length === families.length) {
    before.forEach((family, index) => {
      if (family !== families[index]) errors.push(invalid(path, families, fixed));
    });
    return errors;
  }
  const isLess = before.length > families.length;
  if (isLess && (clusterIPs ?? []).length === 0) {
    errors.push(invalid(path, spec.ipFamilies, 'primary ipFamily can not be unset'));
  }
  if (before.length > 0 && families.length > 0 && families[0] !== before[0]) {
    errors.push(invalid(path, clusterIPs, fixed));
  }
  if (isLess && families.length === 1 && ipFamilyPolicy !== 'SingleStack') {
    const message = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid(specPath.child('ipFamilyPolicy'), ipFamilyPolicy, message));
  }
  return errors;
}

/** Where a load balancer answers (core validation's ValidateLoadBalancerStatus). */
export function validateServiceStatus({ spec, status }: Service, old: Service): FieldError[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const path = new FieldPath('status.loadBalancer.ingress');
  if (spec?.type !== 'LoadBalancer') {
    const message = "may only be used when `spec.type` is 'LoadBalancer'";
    return ingress.length === 0 ? [] : [fieldForbidden(path, message)];
  }
  const before = new Set((old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip));
  return ingress.flatMap(({ ip = '', ipMode, hostname = '' }, index) => {
    const at = path.index(index);
    const modePath = at.child('ipMode');
    const hostPath = at.child('hostname');
    const errors: FieldError[] = [];
    if (ip !== '' && !before.has(ip)) {
      errors.push(...isValidIp(ip).map((message) => invalid(at.child('ip'), ip, message)));
    }
    if (ipMode === undefined) {
      if (ip !== '') errors.push(required(modePath, 'must be specified when `ip` is set'));
    } else if (ip === '') errors.push(fieldForbidden(modePath, 'may not be specified when `ip` is not set'));
    else errors.push(...checkOptionalChoice(modePath, ipMode, ['Proxy', 'VIP']));
    if (hostname === '') return errors;
    errors.push(...isDns1123Subdomain(hostname).map((message) => invalid(hostPath, hostname, message)));
    if (isIP(hostname) !== 0) errors.push(invalid(hostPath, hostname, 'must be a DNS name, not an IP address'));
    return errors;
  });
}
