import { cidrWarnings } from '../../../apimachinery/ip-address.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Node } from '../../types/core-v1.ts';
import { validateNode, validateNodeUpdate } from './node-validation.ts';

/**
 * One range of addresses for pods stands in two fields, of which the newer takes several; all that a node has can be
 * allocated unless it says otherwise.
 */
export function setNodeDefaults(object: Unstructured): void {
  const { spec, status } = nodeOf(object);
  if (status?.capacity !== undefined) status.allocatable ??= { ...status.capacity };
  if (spec === undefined) return;
  const { podCIDR = '' } = spec;
  if (podCIDR !== '' && spec.podCIDRs?.[0] !== podCIDR) spec.podCIDRs = [podCIDR];
  const [first] = spec.podCIDRs ?? [];
  if (first !== undefined) spec.podCIDR = first;
}

/** Nodes come with their status: the kubelet that registers one says everything at once. */
export const nodeStrategy: Strategy = {
  hasGeneration: false,
  prepareForCreate(object) {
    dropConfigSource(nodeOf(object), undefined);
    delete nodeOf(object).status?.config;
  },
  adjustForUpdate: (object, old) => dropConfigSource(nodeOf(object), nodeOf(old)),
  adjustForStatus(object, old) {
    if (nodeOf(old).status?.config === undefined) delete nodeOf(object).status?.config;
  },
  validateCreate: (object) => validateNode(nodeOf(object)),
  validateAsNew: (object) => validateNode(nodeOf(object)),
  validateUpdate: (object, old) => validateNodeUpdate(nodeOf(object), nodeOf(old)),
  warningsOnCreate: nodeWarnings,
  warningsOnUpdate: (object, _old, { subresource }) => (subresource === '' ? nodeWarnings(object) : []),
};

function nodeOf(object: Unstructured): Node {
  return object;
}

/** Configuring kubelets through the API is gone (KEP-281). */
function dropConfigSource({ spec }: Node, old: Node | undefined): void {
  if (old?.spec?.configSource === undefined) delete spec?.configSource;
}

function nodeWarnings(object: Unstructured): string[] {
  const { configSource, externalID = '', podCIDRs = [] } = nodeOf(object).spec ?? {};
  return [
    ...(configSource === undefined ? [] : ['spec.configSource: the feature is removed']),
    ...(externalID === '' ? [] : ['spec.externalID: this field is deprecated, and is unused by Kubernetes']),
    ...podCIDRs.flatMap((cidr, index) => cidrWarnings(`spec.podCIDRs[${index}]`, cidr)),
  ];
}
