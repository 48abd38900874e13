import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { NetworkPolicy } from '../../types/networking-v1.ts';

/** TCP; incoming traffic always, outgoing when there are rules for it. */
export function setNetworkPolicyDefaults(object: Unstructured): void {
  const { spec } = object as unknown as NetworkPolicy;
  if (spec === undefined) return;
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  }
  if ((spec.policyTypes ?? []).length === 0) {
    spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  }
}
