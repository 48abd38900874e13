import { type FieldError, FieldPath, invalid, invalidFor, required } from '../../../apimachinery/field-error.ts';
import { isCanonicalCidr, parseIpBlock } from '../../../apimachinery/ip-address.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { ServiceCIDR } from '../../types/networking-v1.ts';
import { metadataAside } from '../../status-metadata.ts';

const cidrsPath = new FieldPath('spec').child('cidrs');
const immutable = 'field is immutable';

/** What the registry does with ranges of service addresses: the second family may be added, nothing else changes. */
export const serviceCidrStrategy: Strategy = {
  resetFields: { '': ['status'], status: ['metadata', 'spec'] },
  keptOnStatus: metadataAside,
  validateCreate: (object) => validate(cidrsOf(object)),
  validateUpdate(object, old, { subresource }) {
    if (subresource !== '') return [];
    const [cidrs, before] = [cidrsOf(object), cidrsOf(old)];
    const changed = before.flatMap((cidr, index) => {
      const now = cidrs[index];
      return now === cidr ? [] : [invalid(cidrsPath.index(index), now, immutable)];
    });
    if (cidrs.length === before.length) return changed;
    if (before.length === 1 && cidrs.length === 2) return [...changed, ...validate(cidrs)];
    return [invalid(cidrsPath, (object as unknown as ServiceCIDR).spec?.cidrs ?? null, immutable)];
  },
};

function cidrsOf(object: Unstructured): readonly string[] {
  return (object as unknown as ServiceCIDR).spec?.cidrs ?? [];
}

function validate(cidrs: readonly string[]): FieldError[] {
  if (cidrs.length === 0) return [required(cidrsPath, 'at least one CIDR required')];
  // The real one shows the whole spec here, by the name of its Go field.
  if (cidrs.length > 2) return [invalid(cidrsPath, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, index) => invalidFor(cidrsPath.index(index), cidr, isCanonicalCidr(cidr)));
  const [first, second] = cidrs.map((cidr) => parseIpBlock(cidr)?.family);
  if (cidrs.length === 2 && first !== undefined && first === second) {
    const example = '192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalid(cidrsPath, cidrs, `may specify no more than one IP for each IP family, i.e ${example}`));
  }
  return errors;
}
