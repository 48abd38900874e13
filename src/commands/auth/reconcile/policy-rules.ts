import type { PolicyRule } from '../../../api/types/rbac-v1.ts';

/** A rule of one verb and one resource, with at most one name, or one path. */
function brokenDown(rule: PolicyRule): PolicyRule[] {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs } = rule;
  const named = resourceNames.length === 0 ? [{}] : resourceNames.map((name) => ({ resourceNames: [name] }));
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          named.map((names) => ({ verbs: [verb], apiGroups: [group], resources: [resource], ...names })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] }))),
  ];
}

/** What some rules allow that others do not, broken down to single verbs and resources. */
export function uncoveredRules(owner: readonly PolicyRule[], rules: readonly PolicyRule[]): PolicyRule[] {
  return rules.flatMap(brokenDown).filter((rule) => !owner.some((owned) => covers(owned, rule)));
}

function covers(owner: PolicyRule, rule: PolicyRule): boolean {
  const has = (list: readonly string[] | undefined, wanted: readonly string[] | undefined, all: string): boolean =>
    list?.includes(all) === true || (wanted ?? []).every((one) => list?.includes(one) === true);
  const names = owner.resourceNames ?? [];
  const wantedNames = rule.resourceNames ?? [];
  const hasNames = names.length === 0 || (wantedNames.length > 0 && wantedNames.every((name) => names.includes(name)));
  return (
    has(owner.verbs, rule.verbs, '*') &&
    has(owner.apiGroups, rule.apiGroups, '*') &&
    coversResources(owner.resources ?? [], rule.resources ?? []) &&
    hasNames &&
    (rule.nonResourceURLs ?? []).every((url) => (owner.nonResourceURLs ?? []).some((own) => coversUrl(own, url)))
  );
}

/** Every resource, the same one, or the same subresource of every resource. */
function coversResources(owned: readonly string[], wanted: readonly string[]): boolean {
  if (owned.includes('*')) return true;
  return wanted.every((resource) => {
    const slash = resource.indexOf('/');
    return owned.includes(resource) || (slash >= 0 && owned.includes(`*${resource.slice(slash)}`));
  });
}

function coversUrl(owned: string, wanted: string): boolean {
  return owned === wanted || (owned.endsWith('*') && wanted.startsWith(owned.replace(/\*+$/, '')));
}
