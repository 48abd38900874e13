import {
  checkChoice,
  duplicate,
  type FieldError,
  FieldPath,
  fieldForbidden,
  fieldInternal,
  invalid,
  invalidFor,
} from '../../../apimachinery/field-error.ts';
import { isValidCidr, parseIpBlock } from '../../../apimachinery/ip-address.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Node, NodeStatus, Taint } from '../../types/core-v1.ts';
import { validateResourceQuantity } from './resource-requirements-validation.ts';

const podCidrsPath = new FieldPath('spec').child('podCIDRs');
const statusPath = new FieldPath('status');

/** Checks a node that registers (core validation's ValidateNode). */
export function validateNode({ spec, status }: Node): FieldError[] {
  const swap = status?.nodeInfo?.swap?.capacity;
  return [
    ...validateTaints(spec?.taints ?? []),
    ...validateAmounts(status),
    ...(swap === undefined || swap > 0
      ? []
      : [invalid(new FieldPath('metadata').child('nodeSwapStatus', 'capacity'), swap, 'must be greater than 0')]),
    ...validateFeatures(status?.declaredFeatures ?? []),
    ...validatePodCidrs(spec?.podCIDRs ?? []),
  ];
}

/** Checks what an update of a node or of its status may do; its ranges and its provider stay once they are known. */
export function validateNodeUpdate({ spec, status }: Node, old: Node): FieldError[] {
  const errors = [...validateAmounts(status), ...validateFeatures(status?.declaredFeatures ?? [])];
  const addresses: unknown[] = [];
  (status?.addresses ?? []).forEach((address, index) => {
    const shown = { Type: address.type, Address: address.address };
    if (addresses.some((known) => equalJson(known, shown))) {
      errors.push(duplicate(statusPath.child('addresses').index(index), shown));
    }
    addresses.push(shown);
  });
  const [cidrs, before] = [spec?.podCIDRs ?? [], old.spec?.podCIDRs ?? []];
  const fixed = (field: string): string => `node updates may not change ${field} except from "" to valid`;
  if (before.length > 0) {
    const changes = before.length === cidrs.length ? before.filter((cidr, index) => cidr !== cidrs[index]).length : 1;
    for (let left = changes; left > 0; left--) errors.push(fieldForbidden(podCidrsPath, fixed('podCIDR')));
  }
  const provider = old.spec?.providerID ?? '';
  if (provider !== '' && provider !== spec?.providerID) {
    errors.push(fieldForbidden(new FieldPath('spec').child('providerID'), fixed('providerID')));
  }
  errors.push(...validateTaints(spec?.taints ?? []));
  if ((spec?.externalID ?? '') !== (old.spec?.externalID ?? '')) {
    errors.push(fieldForbidden(new FieldPath('spec').child('externalID'), 'may not be updated'));
  }
  return errors;
}

/** The real server says that taints stand in the metadata. */
function validateTaints(taints: readonly Taint[]): FieldError[] {
  const known = new Set<string>();
  return taints.flatMap(({ effect, key, timeAdded, value = '' }, index) => {
    const at = new FieldPath('metadata').child('taints').index(index);
    const values = isValidLabelValue(value);
    const errors = [
      ...invalidFor(at.child('key'), key, isQualifiedName(key)),
      ...(values.length === 0 ? [] : [invalid(at.child('value'), value, values.join(';'))]),
      ...checkChoice(at.child('effect'), effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
    ];
    const identity = `${effect}/${key}`;
    if (known.has(identity)) {
      // Shown by the names of the Go type.
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null };
      errors.push(duplicate(at, shown, 'taints must be unique by key and effect pair'));
    }
    known.add(identity);
    return errors;
  });
}

function validateAmounts(status: NodeStatus | undefined): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((field) =>
    Object.entries(status?.[field] ?? {}).flatMap(([name, amount]) =>
      validateResourceQuantity(name, parseQuantity(amount), statusPath.child(field, name)),
    ),
  );
}

const featureName = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;
const longestFeatureName = 253;

/** Features that a node says it has (KEP-5328): well named, sorted, each once. */
function validateFeatures(features: readonly string[]): FieldError[] {
  const path = statusPath.child('declaredFeatures');
  return features.flatMap((feature, index) => {
    const errors: FieldError[] = [];
    const refuse = (why: string): void => {
      errors.push(invalid(path.index(index), feature, `invalid feature name "${feature}": ${why}`));
    };
    if (feature.length > longestFeatureName) refuse(`must be no more than ${longestFeatureName} characters`);
    else if (!featureName.test(feature)) {
      refuse(
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes",
      );
    }
    const next = features[index + 1];
    if (next === undefined) return errors;
    const nextPath = path.index(index + 1);
    if (next === feature) errors.push(duplicate(nextPath, next));
    else if (next < feature) errors.push(invalid(nextPath, next, 'list must be sorted alphabetically'));
    return errors;
  });
}

function validatePodCidrs(cidrs: readonly string[]): FieldError[] {
  const errors = cidrs.flatMap((cidr, index) => invalidFor(podCidrsPath.index(index), cidr, isValidCidr(cidr)));
  if (cidrs.length < 2) return errors;
  const unreadable = cidrs.findIndex((cidr) => parseIpBlock(cidr) === undefined);
  if (unreadable >= 0) {
    const why = `invalid CIDR[${unreadable}]: <nil> (invalid CIDR address: ${cidrs[unreadable] ?? ''})`;
    errors.push(fieldInternal(podCidrsPath, `invalid PodCIDRs. failed to check with dual stack with error:${why}`));
  }
  const families = new Set(cidrs.map((cidr) => parseIpBlock(cidr)?.family));
  if (cidrs.length === 2 && families.size === 2 && !families.has(undefined)) return errors;
  return [...errors, invalid(podCidrsPath, cidrs, 'may specify no more than one CIDR for each IP family')];
}
