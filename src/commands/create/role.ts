import { CommandError } from '../../cli/command.ts';
import { rbacGroup } from '../../generators/binding-subjects.ts';
import { typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';
import { resourceRules, ruleFlags, ruleRequest, warnOfVerbs } from './role-rules.ts';

/** `create role`. */
export const createRoleCommand = createFromFlags({
  path: ['create', 'role'],
  usage:
    'NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]',
  short: 'Create a role with single rule',
  examples: '  # To look at pods\n  kubectl create role viewer --verb=get,list,watch --resource=pods',
  flags: ruleFlags,
  resource: { group: rbacGroup, version: 'v1', resource: 'roles' },
  namespaced: true,
  prepare({ name, flags, context }) {
    const request = ruleRequest(flags);
    if (request.verbs.length === 0) throw new CommandError('at least one verb must be specified');
    warnOfVerbs(request, context);
    if (request.resources.length === 0) throw new CommandError('at least one resource must be specified');
    return async () =>
      typedObject(`${rbacGroup}/v1`, 'Role', { name }, { rules: await resourceRules(request, context) });
  },
});
