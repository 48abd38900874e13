import type { PolicyRule, Role, RoleBinding } from '../api/types/rbac-v1.ts';
import type { Describer } from './describer.ts';

/** A role or a cluster role: what it allows, by resource. */
export const describeRole: Describer = (object, text) => {
  const { metadata, rules } = object as unknown as Role;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, 'PolicyRule:');
  text.table(1, permissionColumns, permissionRows(rules ?? []));
  return Promise.resolve();
};

/** Headers of a table of what rules allow. */
export const permissionColumns: readonly string[] = ['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs'];

/** What rules allow, a row for each resource and each path. */
export function permissionRows(rules: readonly PolicyRule[]): string[][] {
  return permissionsOf(rules)
    .map((permission) => ({ key: sortKey(permission), row: rowOf(permission) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : left.key === right.key ? 0 : 1))
    .map(({ row }) => row);
}

/** A binding of a role or a cluster role. */
export const describeRoleBinding: Describer = (object, text) => {
  const { metadata, roleRef, subjects } = object as unknown as RoleBinding;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, 'Role:');
  text.line(1, `Kind:\t${roleRef.kind}`);
  text.line(1, `Name:\t${roleRef.name}`);
  text.line(0, 'Subjects:');
  text.table(
    1,
    ['Kind', 'Name', 'Namespace'],
    (subjects ?? []).map(({ kind, name, namespace = '' }) => [kind, name, namespace]),
  );
  return Promise.resolve();
};

interface Permission {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly names: readonly string[];
  readonly urls: readonly string[];
  readonly verbs: string[];
}

/** One for each resource (or name of one) with all its verbs, and one for each URL and verb. */
function permissionsOf(rules: readonly PolicyRule[]): Permission[] {
  const byResource = new Map<string, Permission>();
  const byUrl: Permission[] = [];
  for (const { apiGroups = [], resources = [], resourceNames = [], verbs, nonResourceURLs = [] } of rules) {
    // What may be done in no way is not told of.
    if (verbs.length === 0) continue;
    const places = apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        (resourceNames.length === 0 ? [undefined] : resourceNames).map((name) => ({ group, resource, name })),
      ),
    );
    for (const { group, resource, name } of places) {
      const names = name === undefined ? [] : [name];
      const id = JSON.stringify([group, resource, names]);
      const found = byResource.get(id) ?? { groups: [group], resources: [resource], names, urls: [], verbs: [] };
      found.verbs.push(...verbs.filter((verb, index) => !found.verbs.includes(verb) && verbs.indexOf(verb) === index));
      byResource.set(id, found);
    }
    for (const url of nonResourceURLs) {
      byUrl.push(...verbs.map((verb) => ({ groups: [], resources: [], names: [], urls: [url], verbs: [verb] })));
    }
  }
  return [...byUrl, ...byResource.values()];
}

const bracketed = (values: readonly string[]): string => `[${values.join(' ')}]`;

/** What the real program sorts by: the rule as Go prints it. */
function sortKey({ verbs, groups, resources, names, urls }: Permission): string {
  return `Verbs:${bracketed(verbs)},APIGroups:${bracketed(groups)},Resources:${bracketed(resources)},ResourceNames:${bracketed(names)},NonResourceURLs:${bracketed(urls)},`;
}

function rowOf({ verbs, groups, resources, names, urls }: Permission): string[] {
  const [resource] = resources;
  const shown = resource === undefined ? '' : qualified(resource, groups[0] ?? '');
  return [shown, bracketed(urls), bracketed(names), bracketed(verbs)];
}

/** `deployments.apps/scale`. */
function qualified(resource: string, group: string): string {
  const slash = resource.indexOf('/');
  const [name, rest] = slash < 0 ? [resource, ''] : [resource.slice(0, slash), resource.slice(slash)];
  return `${name}${group === '' ? '' : `.${group}`}${rest}`;
}
