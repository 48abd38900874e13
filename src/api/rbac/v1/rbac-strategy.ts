import { type FieldError, FieldPath, invalid, notSupported, required } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isPathSegmentName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { PolicyRule, RoleBinding } from '../../types/rbac-v1.ts';

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
  validateName: isPathSegmentName,
  validateCreate: validateRules,
  validateUpdate: validateRules,
};

function validateBinding(object: Unstructured): FieldError[] {
  const { roleRef } = object as unknown as RoleBinding;
  const path = root.child('roleRef');
  const errors: FieldError[] = [];
  if (roleRef.apiGroup !== group) errors.push(notSupported(path.child('apiGroup'), roleRef.apiGroup, [group]));
  const kinds = object.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported(path.child('kind'), roleRef.kind, kinds));
  if ((roleRef.name ?? '') === '') errors.push(required(path.child('name')));
  return errors;
}

/** Bindings of both kinds; what they bind to never changes. */
export const roleBindingStrategy: Strategy = {
  validateName: isPathSegmentName,
  validateCreate: validateBinding,
  validateUpdate(object, old) {
    const errors = validateBinding(object);
    if (!equalJson(object['roleRef'] ?? null, old['roleRef'] ?? null)) {
      const { apiGroup, kind, name } = (object as unknown as RoleBinding).roleRef;
      const shown = { APIGroup: apiGroup, Kind: kind, Name: name };
      errors.push(invalid(root.child('roleRef'), shown, 'cannot change roleRef'));
    }
    return errors;
  },
};
