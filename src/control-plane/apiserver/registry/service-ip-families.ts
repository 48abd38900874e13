import { isIP } from 'node:net';
import { validateClusterIps } from '../../../api/core/v1/service-validation.ts';
import type { Service, ServiceSpec } from '../../../api/types/core-v1.ts';
import { FieldPath, invalid, invalidObject, type FieldError } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';

const gvk = { group: '', version: 'v1', kind: 'Service' } as const;
const specPath = new FieldPath('spec');
const policyPath = specPath.child('ipFamilyPolicy');

/** 422 for a service. */
export function invalidService(service: Service, errors: readonly FieldError[]): Error {
  return invalidObject(gvk, service.metadata.name ?? '', errors);
}

/**
 * Decides which families of addresses a service has, on a cluster that gives out addresses of IPv4 only.
 * @throws StatusError 422 where its fields contradict each other or ask for more than the cluster has.
 */
export function initIpFamilies(service: Service, old: Service | undefined): void {
  const { spec } = service;
  if (spec === undefined || spec.type === 'ExternalName') return;
  const isOpenHeadless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec?.ipFamilyPolicy ?? (isOpenHeadless ? 'RequireDualStack' : 'SingleStack');
  const errors = validateClusterIps(spec, old?.spec);
  if (errors.length === 0) errors.push(...contradictions(spec, old?.spec));
  if (errors.length > 0) throw invalidService(service, errors);
  const families = (spec.ipFamilies ??= []);
  if (isOpenHeadless) {
    // Nothing is given out for it, so it may have both, whatever the cluster has.
    if (families.length === 0) families.push('IPv4');
    if (families.length < 2 && spec.ipFamilyPolicy !== 'SingleStack') {
      families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4');
    }
    return;
  }
  const refused = beyondCluster(spec);
  if (refused.length > 0) throw invalidService(service, refused);
  if (families.length === 0) families.push('IPv4');
}

function contradictions(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (message: string): void => void errors.push(invalid(policyPath, spec.ipFamilyPolicy, message));
  if (old !== undefined) releaseSecond(spec, old, refuse);
  if (spec.ipFamilyPolicy === 'SingleStack') {
    const message = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
    if (spec.clusterIPs?.length === 2) refuse(`${message} cluster IPs are specified`);
    if (spec.ipFamilies?.length === 2) refuse(`${message} IP families are specified`);
  }
  const families = (spec.ipFamilies ??= []);
  const addresses = spec.clusterIPs ?? [];
  addresses.forEach((address, index) => {
    if (address === 'None' || index < families.length) return;
    if (isIP(address) === 4) families.push('IPv4');
    else {
      const at = specPath.child('clusterIPs').index(index);
      errors.push(invalid(at, addresses, 'IPv6 is not configured on this cluster'));
    }
  });
  return errors;
}

/** To have one address from now on is a matter of the policy: it says which is meant. */
function releaseSecond(spec: ServiceSpec, old: ServiceSpec, refuse: (message: string) => void): void {
  const lists = [
    ['clusterIPs', 'cluster IP'],
    ['ipFamilies', 'IP family'],
  ] as const;
  for (const [field, what] of lists) {
    const [now, before] = [spec[field] ?? [], old[field] ?? []];
    if (spec.ipFamilyPolicy === 'SingleStack') {
      if (equalJson(now, before) && now.length > 1) spec[field] = now.slice(0, 1);
    } else if (now.length > 0 && now.length < before.length) {
      refuse(`must be 'SingleStack' to release the secondary ${what}`);
    }
  }
}

function beyondCluster(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const message = 'this cluster is not configured for dual-stack services';
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, message));
  }
  (spec.ipFamilies ?? []).forEach((family, index) => {
    if (family === 'IPv4') return;
    const at = specPath.child('ipFamilies').index(index);
    errors.push(invalid(at, family, 'not configured on this cluster'));
  });
  return errors;
}
