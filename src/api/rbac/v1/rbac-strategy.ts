import {
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { ClusterRole, PolicyRule, RoleBinding, Subject } from '../../types/rbac-v1.ts';

const group = 'rbac.authorization.k8s.io';
const root = new FieldPath();

/** The group of roles and subjects where it is left out. */
export function setRoleBindingDefaults(object: Unstructured): void {
  const binding = object as unknown as RoleBinding;
  if (binding.roleRef !== undefined && (binding.roleRef.apiGroup ?? '') === '') binding.roleRef.apiGroup = group;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind !== 'ServiceAccount' && (subject.apiGroup ?? '') === '') subject.apiGroup = group;
  }
}

function validateRules(object: Unstructured): FieldError[] {
  const rules = (object['rules'] ?? []) as readonly PolicyRule[];
  return rules.flatMap((rule, index) => {
    const at = root.child('rules').index(index);
    const errors: FieldError[] = [];
    if ((rule.verbs ?? []).length === 0)
      errors.push(required(at.child('verbs'), 'verbs must contain at least one value'));
    if ((rule.nonResourceURLs ?? []).length > 0) {
      if (object.kind === 'Role') {
        errors.push(
          invalid(
            at.child('nonResourceURLs'),
            rule.nonResourceURLs,
            'namespaced rules cannot apply to non-resource URLs',
          ),
        );
      }
      if ((rule.apiGroups ?? []).length + (rule.resources ?? []).length + (rule.resourceNames ?? []).length > 0) {
        const message = 'rules cannot apply to both regular resources and non-resource URLs';
        errors.push(invalid(at.child('nonResourceURLs'), rule.nonResourceURLs, message));
      }
      return errors;
    }
    if ((rule.apiGroups ?? []).length === 0) {
      errors.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'));
    }
    if ((rule.resources ?? []).length === 0) {
      errors.push(required(at.child('resources'), 'resource rules must supply at least one resource'));
    }
    return errors;
  });
}

/** Roles and cluster roles. */
export const roleStrategy: Strategy = {
  allowCreateOnUpdate: true,
  validateName: isPathSegmentName,
  validateCreate: validateRole,
  validateAsNew: validateRole,
};

function validateRole(object: Unstructured): FieldError[] {
  const errors = validateRules(object);
  const { aggregationRule } = object as unknown as ClusterRole;
  if (aggregationRule === undefined) return errors;
  const path = root.child('aggregationRule', 'clusterRoleSelectors');
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  const ofSelectors = selectors.flatMap((selector, index) => {
    const problems = validateLabelSelector(selector, path.index(index));
    // One that cannot be read is told of once more.
    return problems.length === 0 ? [] : [...problems, invalid(path.index(index), null, 'invalid label selector.')];
  });
  return [...errors, ...ofSelectors];
}

function validateBinding(object: Unstructured): FieldError[] {
  const { roleRef, subjects } = object as unknown as RoleBinding;
  const path = root.child('roleRef');
  const errors: FieldError[] = [];
  if (roleRef.apiGroup !== group) errors.push(notSupported(path.child('apiGroup'), roleRef.apiGroup, [group]));
  const kinds = object.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported(path.child('kind'), roleRef.kind, kinds));
  const name = roleRef.name ?? '';
  if (name === '') errors.push(required(path.child('name')));
  else errors.push(...invalidFor(path.child('name'), name, isPathSegmentName(name)));
  const isNamespaced = object.kind === 'RoleBinding';
  (subjects ?? []).forEach((subject, index) => {
    errors.push(...validateSubject(subject, isNamespaced, root.child('subjects').index(index)));
  });
  return errors;
}

function validateSubject(subject: Subject, isNamespaced: boolean, path: FieldPath): FieldError[] {
  const { apiGroup = '', kind, name, namespace = '' } = subject;
  const nameAt = path.child('name');
  const groupAt = path.child('apiGroup');
  const errors: FieldError[] = name === '' ? [required(nameAt)] : [];
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...invalidFor(nameAt, name, isDns1123Subdomain(name)));
    if (apiGroup !== '') errors.push(notSupported(groupAt, apiGroup, ['']));
    if (!isNamespaced && namespace === '') errors.push(required(path.child('namespace')));
    return errors;
  }
  if (kind !== 'User' && kind !== 'Group') {
    return [...errors, notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group'])];
  }
  return apiGroup === group ? errors : [...errors, notSupported(groupAt, apiGroup, [group])];
}

/** Bindings of both kinds; what they bind to never changes. */
export const roleBindingStrategy: Strategy = {
  allowCreateOnUpdate: true,
  validateName: isPathSegmentName,
  validateCreate: validateBinding,
  validateAsNew: validateBinding,
  validateUpdate(object, old) {
    if (equalJson(object['roleRef'] ?? null, old['roleRef'] ?? null)) return [];
    const { apiGroup, kind, name } = (object as unknown as RoleBinding).roleRef;
    const shown = { APIGroup: apiGroup, Kind: kind, Name: name };
    return [invalid(root.child('roleRef'), shown, 'cannot change roleRef')];
  },
};
