import {
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { cidrWarnings, isStrictSubset, isValidCidr, parseIpBlock } from '../../../apimachinery/ip-address.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isValidPortName, isValidPortNumber } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../types/networking-v1.ts';

const specPath = new FieldPath('spec');
const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

/** What was let pass before and is not refused now. */
interface Leniency {
  readonly invalidSelectorValues: boolean;
  readonly blocks: readonly string[];
}

/** What the registry does with network policies. */
export const networkPolicyStrategy: Strategy = {
  validateCreate(object) {
    return validateSpec(policyOf(object).spec, { invalidSelectorValues: false, blocks: [] });
  },
  validateUpdate(object, old) {
    const before = policyOf(old).spec;
    const invalidSelectorValues = validateLabelSelector(before?.podSelector, specPath).length > 0;
    const blocks = peersOf(before).flatMap(({ peer: { ipBlock } }) =>
      ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])],
    );
    return validateSpec(policyOf(object).spec, { invalidSelectorValues, blocks });
  },
  warningsOnCreate: warnings,
  warningsOnUpdate: warnings,
};

function policyOf(object: Unstructured): NetworkPolicy {
  return object;
}

/** All rules, those for incoming traffic first. */
function rulesOf(spec: NetworkPolicySpec | undefined): {
  path: FieldPath;
  peersField: string;
  peers: readonly NetworkPolicyPeer[];
  ports: readonly NetworkPolicyPort[];
}[] {
  return [
    ...(spec?.ingress ?? []).map(({ from = [], ports = [] }, index) => {
      return { path: specPath.child('ingress').index(index), peersField: 'from', peers: from, ports };
    }),
    ...(spec?.egress ?? []).map(({ to = [], ports = [] }, index) => {
      return { path: specPath.child('egress').index(index), peersField: 'to', peers: to, ports };
    }),
  ];
}

function peersOf(spec: NetworkPolicySpec | undefined): { peer: NetworkPolicyPeer; path: FieldPath }[] {
  return rulesOf(spec).flatMap(({ path, peersField, peers }) =>
    peers.map((peer, index) => ({ peer, path: path.child(peersField).index(index) })),
  );
}

function validateSpec(spec: NetworkPolicySpec | undefined, leniency: Leniency): FieldError[] {
  const errors = validateLabelSelector(
    spec?.podSelector,
    specPath.child('podSelector'),
    leniency.invalidSelectorValues,
  );
  for (const { path, peersField, peers, ports } of rulesOf(spec)) {
    errors.push(
      ...ports.flatMap((port, index) => validatePort(port, path.child('ports').index(index))),
      ...peers.flatMap((peer, index) => validatePeer(peer, path.child(peersField).index(index), leniency)),
    );
  }
  const types = spec?.policyTypes ?? [];
  const typesPath = specPath.child('policyTypes');
  if (types.length > policyTypes.length) {
    return [...errors, invalid(typesPath, types, 'may not specify more than two policyTypes')];
  }
  types.forEach((type, index) => {
    if (!policyTypes.includes(type)) errors.push(notSupported(typesPath.index(index), type, policyTypes));
  });
  return errors;
}

function validatePort({ endPort, port, protocol }: NetworkPolicyPort, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const endPath = path.child('endPort');
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupported(path.child('protocol'), protocol, protocols));
  }
  if (port === undefined) {
    if (endPort === undefined) return errors;
    return [...errors, invalid(endPath, endPort, 'may not be specified when `port` is not specified')];
  }
  if (typeof port === 'string') {
    if (endPort !== undefined)
      errors.push(invalid(endPath, endPort, 'may not be specified when `port` is non-numeric'));
    return [...errors, ...invalidFor(path.child('port'), port, isValidPortName(port))];
  }
  errors.push(...invalidFor(path.child('port'), port, isValidPortNumber(port)));
  if (endPort === undefined) return errors;
  // The real one shows the port here, not the end of the range.
  if (endPort < port) errors.push(invalid(endPath, port, 'must be greater than or equal to `port`'));
  return [...errors, ...invalidFor(endPath, endPort, isValidPortNumber(endPort))];
}

function validatePeer(peer: NetworkPolicyPeer, path: FieldPath, leniency: Leniency): FieldError[] {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  const { invalidSelectorValues } = leniency;
  const errors = [
    ...validateLabelSelector(podSelector, path.child('podSelector'), invalidSelectorValues),
    ...validateLabelSelector(namespaceSelector, path.child('namespaceSelector'), invalidSelectorValues),
    ...(ipBlock === undefined ? [] : validateBlock(ipBlock, path.child('ipBlock'), leniency)),
  ];
  const isSelected = podSelector !== undefined || namespaceSelector !== undefined;
  if (!isSelected && ipBlock === undefined) errors.push(required(path, 'must specify a peer'));
  else if (isSelected && ipBlock !== undefined) {
    errors.push(fieldForbidden(path, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateBlock({ cidr, except = [] }: IPBlock, path: FieldPath, { blocks }: Leniency): FieldError[] {
  const cidrPath = path.child('cidr');
  if (cidr === '') return [required(cidrPath)];
  const check = (at: FieldPath, text: string): FieldError[] =>
    blocks.includes(text) ? [] : invalidFor(at, text, isValidCidr(text));
  const errors = check(cidrPath, cidr);
  const outer = parseIpBlock(cidr);
  if (outer === undefined) return errors;
  except.forEach((text, index) => {
    const at = path.child('except').index(index);
    errors.push(...check(at, text));
    const inner = parseIpBlock(text);
    if (inner !== undefined && !isStrictSubset(inner, outer)) {
      errors.push(invalid(at, text, 'must be a strict subset of `cidr`'));
    }
  });
  return errors;
}

function warnings(object: Unstructured): string[] {
  return peersOf(policyOf(object).spec).flatMap(({ peer: { ipBlock }, path }) => {
    if (ipBlock === undefined) return [];
    const at = path.child('ipBlock');
    return [
      ...cidrWarnings(at.child('cidr').toString(), ipBlock.cidr),
      ...(ipBlock.except ?? []).flatMap((text, index) =>
        cidrWarnings(at.child('except').index(index).toString(), text),
      ),
    ];
  });
}
