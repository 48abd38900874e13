import {
  checkOptionalChoice,
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../types/core-v1.ts';
import type { LabelSelector } from '../../types/meta-v1.ts';

function checkKey(key: string, path: FieldPath): FieldError[] {
  return isQualifiedName(key).map((message) => invalid(path, key, message));
}

/** Where a pod wants to be, and beside what (core validation's validateAffinity). */
export function validateAffinity(affinity: Affinity | undefined, path: FieldPath): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const needed = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const at = path.child('nodeAffinity');
  return [
    ...(needed === undefined
      ? []
      : validateNodeSelector(needed, at.child('requiredDuringSchedulingIgnoredDuringExecution'))),
    ...preferred.flatMap(({ weight, preference }, index) => {
      const where = at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
      // Values that no label can have are let pass here: with one node, a preference does no harm.
      return [
        ...checkWeight(weight, where.child('weight')),
        ...validateNodeSelectorTerm(preference, true, where.child('preference')),
      ];
    }),
    ...validatePodAffinity(podAffinity, path.child('podAffinity')),
    ...validatePodAffinity(podAntiAffinity, path.child('podAntiAffinity')),
  ];
}

function checkWeight(weight: number, path: FieldPath): FieldError[] {
  return weight > 0 && weight <= 100 ? [] : [invalid(path, weight, 'must be in the range 1-100')];
}

/** Which nodes are meant: at least one term (core validation's ValidateNodeSelector). */
export function validateNodeSelector(selector: NodeSelector, path: FieldPath): FieldError[] {
  const terms = selector.nodeSelectorTerms ?? [];
  const at = path.child('nodeSelectorTerms');
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, false, at.index(index)));
}

function validateNodeSelectorTerm(term: NodeSelectorTerm, anyValue: boolean, path: FieldPath): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((requirement, index) =>
      validateNodeRequirement(requirement, anyValue, path.child('matchExpressions').index(index)),
    ),
    ...(term.matchFields ?? []).flatMap((requirement, index) =>
      validateFieldRequirement(requirement, path.child('matchFields').index(index)),
    ),
  ];
}

function validateNodeRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  anyValue: boolean,
  path: FieldPath,
): FieldError[] {
  const at = path.child('values');
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(fieldForbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    }
  } else {
    errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  }
  errors.push(...checkKey(key, path.child('key')));
  if (anyValue) return errors;
  values.forEach((value, index) => {
    errors.push(...isValidLabelValue(value).map((message) => invalid(at.index(index), value, message)));
  });
  return errors;
}

function validateFieldRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const message = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(path.child('values'), message));
  }
  if (key !== 'metadata.name') {
    errors.push(invalid(path.child('key'), key, 'not a valid field selector key'));
    return errors;
  }
  values.forEach((value, index) => {
    const at = path.child('values').index(index);
    errors.push(...isDns1123Subdomain(value).map((message) => invalid(at, value, message)));
  });
  return errors;
}

function validatePodAffinity(affinity: PodAffinity | undefined, path: FieldPath): FieldError[] {
  const needed = path.child('requiredDuringSchedulingIgnoredDuringExecution');
  const preferred = path.child('preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
      validatePodAffinityTerm(term, needed.index(index)),
    ),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(
      ({ weight, podAffinityTerm }, index) => [
        ...checkWeight(weight, preferred.index(index).child('weight')),
        ...validatePodAffinityTerm(podAffinityTerm, preferred.index(index).child('podAffinityTerm')),
      ],
    ),
  ];
}

function validatePodAffinityTerm(term: PodAffinityTerm, path: FieldPath): FieldError[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  return [
    ...validateLabelSelector(labelSelector, path.child('labelSelector')),
    ...validateLabelSelector(namespaceSelector, path.child('namespaceSelector')),
    ...namespaces.flatMap((name) =>
      isDns1123Label(name).map((message) => invalid(path.child('namespace'), name, message)),
    ),
    ...validateLabelKeys(term.matchLabelKeys ?? [], term.mismatchLabelKeys ?? [], labelSelector, path),
    ...(topologyKey === '' ? [required(path.child('topologyKey'), 'can not be empty')] : []),
    ...checkKey(topologyKey, path.child('topologyKey')),
  ];
}

/** Keys whose values are taken from the pod itself (KEP-3633, KEP-3243). */
function validateLabelKeys(
  match: readonly string[],
  mismatch: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
): FieldError[] {
  const checkKeys = (keys: readonly string[], at: FieldPath): FieldError[] => {
    if (keys.length === 0) return [];
    if (selector === undefined) return [fieldForbidden(at, 'must not be specified when labelSelector is not set')];
    return keys.flatMap((key, index) => checkKey(key, at.index(index)));
  };
  const errors = [
    ...checkKeys(match, path.child('matchLabelKeys')),
    ...checkKeys(mismatch, path.child('mismatchLabelKeys')),
  ];
  // The server itself adds an expression for each key of matchLabelKeys; a second one is the user's.
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = match.lastIndexOf(key);
    if (index >= 0 && seen.has(key)) {
      errors.push(invalid(path.index(index), key, 'exists in both matchLabelKeys and labelSelector'));
    }
    seen.add(key);
  }
  match.forEach((key, index) => {
    if (!mismatch.includes(key)) return;
    const at = path.child('matchLabelKeys').index(index);
    errors.push(invalid(at, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  });
  return errors;
}

/** How evenly pods are spread (KEP-895). */
export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  path: FieldPath,
): FieldError[] {
  return constraints.flatMap((constraint, index) => {
    const at = path.index(index);
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    const errors: FieldError[] = [];
    const positive = (field: string, value: number): void => {
      if (value <= 0) errors.push(invalid(at.child(field), value, 'must be greater than zero'));
    };
    positive('maxSkew', maxSkew ?? 0);
    if (topologyKey === '') errors.push(required(at.child('topologyKey'), 'can not be empty'));
    const actions = ['DoNotSchedule', 'ScheduleAnyway'];
    errors.push(...checkOptionalChoice(at.child('whenUnsatisfiable'), whenUnsatisfiable, actions));
    const isRepeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (isRepeated) {
      const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
      errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), pair));
    }
    if (minDomains !== undefined) {
      positive('minDomains', minDomains);
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const message = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
        errors.push(invalid(at.child('minDomains'), minDomains, message));
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      errors.push(...checkOptionalChoice(at.child(field), constraint[field], ['Honor', 'Ignore']));
    }
    errors.push(...validateLabelKeys(constraint.matchLabelKeys ?? [], [], constraint.labelSelector, at));
    return [...errors, ...validateLabelSelector(constraint.labelSelector, at.child('labelSelector'))];
  });
}

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The taints that a pod bears (core validation's ValidateTolerations). */
export function validateTolerations(tolerations: readonly Toleration[], path: FieldPath): FieldError[] {
  return tolerations.flatMap(({ key = '', operator = '', value = '', effect = '', tolerationSeconds }, index) => {
    const at = path.index(index);
    const errors = key === '' ? [] : checkKey(key, at.child('key'));
    if (key === '' && operator !== 'Exists') {
      const message = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(at.child('operator'), operator, message));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(at.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    if (operator === 'Equal' || operator === '') {
      const messages = isValidLabelValue(value);
      if (messages.length > 0) errors.push(invalid(at.child('operator'), value, messages.join(';')));
    } else if (operator === 'Exists') {
      if (value !== '')
        errors.push(invalid(at.child('operator'), value, "value must be empty when `operator` is 'Exists'"));
    } else {
      // Lt and Gt are behind a gate that is off by default in 1.36; then the message names them all the same.
      const supported = ['Lt', 'Gt'].includes(operator) ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists'];
      errors.push(notSupported(at.child('operator'), operator, supported));
    }
    return [...errors, ...(effect === '' ? [] : checkOptionalChoice(at.child('effect'), effect, taintEffects))];
  });
}
