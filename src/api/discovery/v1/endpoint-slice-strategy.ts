import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { ipWarnings } from '../../../apimachinery/ip-address.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { EndpointSlice } from '../../types/discovery-v1.ts';
import { validateEndpointSlice } from './endpoint-slice-validation.ts';

const hostnameLabel = 'kubernetes.io/hostname';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const ownControllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

/** Nameless TCP ports. */
export function setEndpointSliceDefaults(object: Unstructured): void {
  for (const port of sliceOf(object).ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}

/** What the registry does with endpoint slices: labels count as a change, the old topology is no longer written. */
export const endpointSliceStrategy: Strategy = {
  adjustForCreate: (object) => dropTopology(sliceOf(object), undefined),
  adjustForUpdate(object, old) {
    // A topology that is not written counts as a change, too.
    const isSame =
      equalSemantic(sliceOf(object).endpoints ?? [], sliceOf(old).endpoints ?? []) &&
      equalSemantic(object.metadata.labels ?? {}, old.metadata.labels ?? {});
    dropTopology(sliceOf(object), sliceOf(old));
    if (isSame) return;
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validateCreate: (object) => validateEndpointSlice(sliceOf(object)),
  validateUpdate: (object, old) => validateEndpointSlice(sliceOf(object), sliceOf(old)),
  warningsOnCreate(object) {
    const isFqdn = sliceOf(object).addressType === 'FQDN';
    return [...(isFqdn ? ['spec.addressType: FQDN endpoints are deprecated'] : []), ...addressWarnings(object)];
  },
  warningsOnUpdate: addressWarnings,
};

function sliceOf(object: Unstructured): EndpointSlice {
  return object as unknown as EndpointSlice;
}

/** Topology is read-only in v1; the name of a node that stood there before becomes the node's own field. */
function dropTopology(slice: EndpointSlice, old: EndpointSlice | undefined): void {
  if (old !== undefined && equalSemantic(old.endpoints ?? null, slice.endpoints ?? null)) return;
  const knownNodes = new Set((old?.endpoints ?? []).map((endpoint) => endpoint.deprecatedTopology?.[hostnameLabel]));
  for (const endpoint of slice.endpoints ?? []) {
    const node = endpoint.deprecatedTopology?.[hostnameLabel];
    if (node !== undefined && knownNodes.has(node) && isDns1123Subdomain(node).length === 0) endpoint.nodeName ??= node;
    delete endpoint.deprecatedTopology;
  }
}

function addressWarnings(object: Unstructured): string[] {
  if (ownControllers.includes(object.metadata.labels?.[managedByLabel] ?? '')) return [];
  return (sliceOf(object).endpoints ?? []).flatMap(({ addresses }, index) =>
    addresses.flatMap((address, position) => ipWarnings(`endpoints[${index}].addresses[${position}]`, address)),
  );
}
