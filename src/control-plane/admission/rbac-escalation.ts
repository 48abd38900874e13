import type { ClusterRole, RoleBinding } from '../../api/types/rbac-v1.ts';
import { checkBindingEscalation, checkRoleEscalation } from '../authorization/rbac-escalation.ts';
import type { AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { changesOnlyCollectionFields } from './garbage-collection-fields.ts';

/**
 * Who writes roles and bindings grants no more than is held already. In the real server this is part of the registry
 * and not a plugin: it cannot be switched off, and comes after everything that changes and before validation.
 */
export function rbacEscalation(context: AdmissionContext): AdmissionPlugin {
  const { rules, access } = context;
  return {
    name: 'RBACEscalation',
    async admit(attributes) {
      const { operation, resource, object, oldObject, subresource } = attributes;
      if (object === undefined) return;
      if (resource.group !== 'rbac.authorization.k8s.io' || subresource !== '') return;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      if (oldObject !== undefined && changesOnlyCollectionFields(object, oldObject)) return;
      const write = {
        user: attributes.user,
        resource,
        namespace: attributes.namespace,
        name: object.metadata.name ?? '',
        requestName: operation === 'CREATE' ? '' : attributes.name,
      };
      if (resource.resource.endsWith('bindings')) {
        const { roleRef } = object as unknown as RoleBinding;
        await checkBindingEscalation(write, roleRef, rules, access);
      } else {
        const role = object as unknown as ClusterRole;
        const isAggregated = (role.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
        await checkRoleEscalation(write, role.rules ?? [], isAggregated, rules, access);
      }
    },
  };
}
