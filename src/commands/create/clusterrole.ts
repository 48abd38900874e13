import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { CommandError } from '../../cli/command.ts';
import { rbacGroup } from '../../generators/binding-subjects.ts';
import { sortedMap, typedObject } from '../../generators/typed-json.ts';
import { createFromFlags, type CreateRequest } from './create-from-flags.ts';
import { resourceRules, ruleFlags, ruleRequest, warnOfVerbs } from './role-rules.ts';

const urlVerbs = new Set('* get post put delete patch head options'.split(' '));

/** `create clusterrole`. */
export const createClusterRoleCommand = createFromFlags({
  path: ['create', 'clusterrole'],
  usage: 'NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]',
  short: 'Create a cluster role',
  examples:
    '  # To look at nodes\n  kubectl create clusterrole viewer --verb=get,list,watch --resource=nodes\n\n' +
    '  # The rules of others\n  kubectl create clusterrole monitor --aggregation-rule=example.com/monitor=true',
  flags: [
    ...ruleFlags,
    {
      name: 'aggregation-rule',
      type: 'mapStringString',
      default: '',
      description: 'Labels of the cluster roles whose rules it takes',
    },
    { name: 'non-resource-url', type: 'stringSlice', default: '[]', description: 'Paths that may be asked for' },
  ],
  resource: { group: rbacGroup, version: 'v1', resource: 'clusterroles' },
  namespaced: false,
  prepare,
});

function prepare({ name, flags, context }: CreateRequest): () => Promise<Unstructured> {
  const request = ruleRequest(flags);
  const urls = [...new Set(flags.list('non-resource-url'))];
  const { verbs, resources, resourceNames } = request;
  const matchLabels = sortedMap(flags.map('aggregation-rule'));
  const make = (fields: Record<string, unknown>): Unstructured =>
    typedObject(`${rbacGroup}/v1`, 'ClusterRole', { name }, fields);
  if (matchLabels !== undefined) {
    if (urls.length + verbs.length + resources.length + resourceNames.length > 0) {
      throw new CommandError(
        'aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames',
      );
    }
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels }] };
    return () => Promise.resolve(make({ rules: null, aggregationRule }));
  }
  if (verbs.length === 0) throw new CommandError('at least one verb must be specified');
  if (resources.length === 0 && urls.length === 0) {
    throw new CommandError('one of resource or nonResourceURL must be specified');
  }
  return async () => {
    if (resources.length > 0) warnOfVerbs(request, context);
    const rules = await resourceRules(request, context);
    checkUrls(urls, verbs);
    if (urls.length > 0) rules.push({ verbs, nonResourceURLs: urls });
    return make({ rules });
  };
}

function checkUrls(urls: readonly string[], verbs: readonly string[]): void {
  if (urls.length === 0) return;
  const wrong = verbs.find((verb) => !urlVerbs.has(verb));
  if (wrong !== undefined) throw new CommandError(`invalid verb: '${wrong}' for nonResourceURL`);
  for (const url of urls) {
    if (url === '*') continue;
    if (!url.startsWith('/')) throw new CommandError('nonResourceURL should start with /');
    if (url.slice(0, -1).includes('*')) {
      throw new CommandError("nonResourceURL only supports wildcard matches when '*' is at the end");
    }
  }
}
