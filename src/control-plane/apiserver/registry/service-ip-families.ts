import { isIP } from 'node:net';
import { validateClusterIps } from '../../../api/core/v1/service-validation.ts';
import type { Service, ServiceSpec } from '../../../api/types/core-v1.ts';
import { FieldPath, invalid, invalidObject, type FieldError } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import type { IpFamily } from './address-range.ts';

const gvk = { group: '', version: 'v1', kind: 'Service' } as const;
const specPath = new FieldPath('spec');
const policyPath = specPath.child('ipFamilyPolicy');

/** 422 for a service. */
export function invalidService(service: Service, errors: readonly FieldError[]): Error {
  return invalidObject(gvk, service.metadata.name ?? '', errors);
}

/**
 * Decides which families of addresses a service has (KEP-563).
 * @param configured those that the cluster gives out, the usual one first
 * @throws StatusError 422 where its fields contradict each other or ask for more than the cluster has.
 */
export function initIpFamilies(service: Service, old: Service | undefined, configured: readonly IpFamily[]): void {
  const { spec } = service;
  if (spec === undefined || spec.type === 'ExternalName' || keepsPreference(spec, old?.spec)) return;
  const isOpenHeadless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec?.ipFamilyPolicy ?? (isOpenHeadless ? 'RequireDualStack' : 'SingleStack');
  const errors = validateClusterIps(spec, old?.spec);
  if (errors.length === 0) errors.push(...contradictions(spec, old?.spec, configured));
  if (errors.length > 0) throw invalidService(service, errors);
  const families = (spec.ipFamilies ??= []);
  const [usual = 'IPv4'] = configured;
  // Nothing is given out for it, so it may have both, whatever the cluster has.
  if (!isOpenHeadless) {
    const refused = beyondCluster(spec, configured);
    if (refused.length > 0) throw invalidService(service, refused);
  }
  if (families.length === 0) families.push(usual);
  const mayHaveBoth = isOpenHeadless || configured.length === 2;
  if (families.length === 1 && mayHaveBoth && spec.ipFamilyPolicy !== 'SingleStack') {
    families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4');
  }
}

/**
 * A service that would rather have both families is not given or rid of one because the cluster has changed: only who
 * changes what it asks for does that.
 */
export function keepsPreference(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  if (old === undefined || spec.type !== old.type || spec.type === 'ExternalName') return false;
  if (spec.ipFamilyPolicy !== 'PreferDualStack' || (old.ipFamilyPolicy ?? 'PreferDualStack') !== 'PreferDualStack') {
    return false;
  }
  const fields = ['clusterIPs', 'ipFamilies'] as const;
  return fields.every((field) => equalJson(spec[field] ?? [], old[field] ?? []));
}

function contradictions(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  configured: readonly IpFamily[],
): FieldError[] {
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
    const family = isIP(address) === 6 ? 'IPv6' : 'IPv4';
    if (configured.includes(family)) families.push(family);
    else {
      const at = specPath.child('clusterIPs').index(index);
      errors.push(invalid(at, addresses, `${family} is not configured on this cluster`));
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

function beyondCluster(spec: ServiceSpec, configured: readonly IpFamily[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    const message = 'this cluster is not configured for dual-stack services';
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, message));
  }
  (spec.ipFamilies ?? []).forEach((family, index) => {
    if (configured.some((known) => known === family)) return;
    const at = specPath.child('ipFamilies').index(index);
    errors.push(invalid(at, family, 'not configured on this cluster'));
  });
  return errors;
}
