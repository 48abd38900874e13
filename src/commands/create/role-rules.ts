import { NoMatchError } from '../../apimachinery/rest-mapping.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import {
  type CommandContext,
  CommandError,
  type FlagDefinition,
  type FlagValues,
  PlainError,
} from '../../cli/command.ts';
import { noResourceMatch } from '../../cli/exit.ts';
import { defined } from '../../generators/typed-json.ts';

/** --verb, --resource and --resource-name. */
export const ruleFlags: readonly FlagDefinition[] = [
  { name: 'resource', type: 'stringSlice', default: '[]', description: 'Resources, as resource.group/subresource' },
  { name: 'resource-name', type: 'stringArray', default: '[]', description: 'Names the rule is limited to' },
  { name: 'verb', type: 'stringSlice', default: '[]', description: 'What may be done' },
];

interface RuleResource {
  readonly resource: string;
  readonly group: string;
  readonly subresource: string;
}

/** What the flags say that rules are made of. */
export interface RuleRequest {
  readonly verbs: readonly string[];
  readonly resources: readonly RuleResource[];
  readonly resourceNames: readonly string[];
}

const resourceVerbs = new Set(
  '* get delete list create update patch watch proxy deletecollection use bind escalate impersonate'.split(' '),
);

const roles = ['rbac.authorization.k8s.io/roles', 'rbac.authorization.k8s.io/clusterroles'];

/** Verbs that only exist for a few resources. */
const specialVerbs: Readonly<Record<string, readonly string[]>> = {
  use: ['policy/podsecuritypolicies', 'extensions/podsecuritypolicies'],
  bind: roles,
  escalate: roles,
  impersonate: ['/users', '/serviceaccounts', '/groups', 'authentication.k8s.io/userextras'],
};

/** Reads the flags; `*` as a verb or a resource stands for all. */
export function ruleRequest(flags: FlagValues): RuleRequest {
  const verbs = flags.list('verb');
  const resources: RuleResource[] = [];
  for (const text of flags.list('resource')) {
    const { head, tail: subresource } = cut(text, '/');
    const { head: resource, tail: group } = cut(head, '.');
    const parsed = { resource, group: group ?? '', subresource: subresource ?? '' };
    if (resource === '*' && group === undefined && subresource === undefined) {
      resources.splice(0, resources.length, parsed);
      break;
    }
    resources.push(parsed);
  }
  return {
    verbs: verbs.includes('*') ? ['*'] : [...new Set(verbs)],
    resources,
    resourceNames: [...new Set(flags.list('resource-name'))],
  };
}

function cut(text: string, sign: string): { readonly head: string; readonly tail: string | undefined } {
  const at = text.indexOf(sign);
  return at < 0 ? { head: text, tail: undefined } : { head: text.slice(0, at), tail: text.slice(at + 1) };
}

/** Tells of verbs that no resource knows. */
export function warnOfVerbs({ verbs }: RuleRequest, context: CommandContext): void {
  for (const verb of verbs) {
    if (!resourceVerbs.has(verb)) context.streams.err.write(`Warning: '${verb}' is not a standard resource verb\n`);
  }
}

/** Asks the server what the resources are called and makes a rule for each group. @throws CommandError, NoMatchError */
export async function resourceRules(request: RuleRequest, context: CommandContext): Promise<Record<string, unknown>[]> {
  const { verbs, resources, resourceNames } = request;
  const names = new Map<string, string[]>();
  let checks = true;
  for (const wanted of resources) {
    if (checks && wanted.resource === '') {
      throw new CommandError('resource must be specified if apiGroup/subresource specified');
    }
    checks &&= wanted.resource !== '*';
    const found = await lookUp(wanted, context);
    const { group, resource } = found ?? wanted;
    if (checks) checkVerbs(verbs, group, resource, found !== undefined);
    const name = wanted.subresource === '' ? resource : `${resource}/${wanted.subresource}`;
    const known = names.get(group) ?? [];
    if (!known.includes(name)) known.push(name);
    names.set(group, known);
  }
  return [...names.keys()].toSorted().map((group) =>
    defined({
      verbs,
      apiGroups: [group],
      resources: names.get(group),
      resourceNames: resourceNames.length === 0 ? undefined : resourceNames,
    }),
  );
}

async function lookUp(wanted: RuleResource, context: CommandContext): Promise<GroupVersionResource | undefined> {
  const discovery = await context.cluster.discovery();
  const partial = { group: wanted.group, version: '', resource: wanted.resource };
  if (wanted.resource === '*') return undefined;
  try {
    return await discovery.withMapper((mapper) => mapper.resourceFor(partial));
  } catch (error) {
    if (error instanceof NoMatchError) return undefined;
    throw error;
  }
}

function checkVerbs(verbs: readonly string[], group: string, resource: string, isKnown: boolean): void {
  let isSpecial = false;
  for (const verb of verbs) {
    const allowed = Object.hasOwn(specialVerbs, verb) ? specialVerbs[verb] : undefined;
    if (allowed === undefined) continue;
    if (!allowed.includes(`${group}/${resource}`)) {
      throw new CommandError(`can not perform '${verb}' on '${resource}' in group '${group}'`);
    }
    isSpecial = true;
  }
  // The real program tells this one without `error: `.
  if (!isKnown && !isSpecial) throw new PlainError(noResourceMatch(resource, group).message);
}
