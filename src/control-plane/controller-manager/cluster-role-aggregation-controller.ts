import type { ClusterRole, PolicyRule } from '../../api/types/rbac-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { labelSelectorMatches } from '../../apimachinery/labels.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf } from './keyed-controller.ts';

const rolesResource = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles' } as const;

/** Fills cluster roles that have an aggregation rule with the rules of the roles it selects. */
export function createClusterRoleAggregationController(context: ControllerContext): Controller {
  const roles = context.informers.informer<ClusterRole>(rolesResource);
  return createKeyedController({
    name: 'clusterrole-aggregation-controller',
    context,
    register(queue) {
      // Any role may be selected, before a change or after it.
      const enqueueAll = (): void => {
        for (const role of roles.list()) if (role.aggregationRule !== undefined) queue.add(keyOf(role));
      };
      roles.addHandler({ added: enqueueAll, updated: enqueueAll, deleted: enqueueAll });
    },
    async sync(name) {
      const role = roles.get('', name);
      if (role?.aggregationRule === undefined) return;
      const rules = aggregatedRules(role, roles.list());
      if (equalJson(rules, role.rules ?? [])) return;
      // Who applies no rules owns none.
      const granted = rules.length === 0 ? {} : { rules };
      const wanted = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name },
        ...granted,
      };
      try {
        await context.client
          .resource<ClusterRole>(rolesResource)
          .patch(name, 'application/apply-patch+yaml', wanted, { force: true, fieldManager });
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error;
      }
    },
  });
}

const fieldManager = 'clusterrole-aggregation-controller';

/** The rules of all selected roles, selector by selector and by name, each once. */
function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const byName = all.toSorted((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    for (const { metadata, rules: granted } of byName) {
      if (metadata.name === role.metadata.name || !labelSelectorMatches(selector, metadata.labels ?? {})) continue;
      for (const rule of granted ?? []) if (!rules.some((known) => equalJson(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
