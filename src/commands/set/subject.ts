import { equalJson } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import { type BindingSubject, bindingSubjects } from '../../generators/binding-subjects.ts';
import {
  type ChangeTarget,
  changeObjects,
  checkLocal,
  loadForChange,
  type SetOptions,
  setFlags,
  setOptions,
  setSelectorFlag,
} from './change-objects.ts';
import { includeUninitializedFlag } from '../../cli/uninitialized-choice.ts';

interface SubjectOptions extends SetOptions {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly serviceAccounts: readonly string[];
}

/** `set subject`. */
export const setSubjectCommand = defineCommand<SubjectOptions>({
  path: ['set', 'subject'],
  usage:
    '(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]',
  short: 'Update the user, group, or service account in a role binding or cluster role binding',
  long: 'Add users, groups and service accounts to role bindings and cluster role bindings.',
  examples:
    '  # A service account\n  kubectl set subject clusterrolebinding admin --serviceaccount=default:robot\n\n' +
    '  # Users and a group\n  kubectl set subject rolebinding admin --user=ann --user=bob --group=devs',
  flags: [
    ...setFlags,
    setSelectorFlag,
    { name: 'group', type: 'stringArray', default: '[]', description: 'A group to add; may be repeated.' },
    {
      name: 'serviceaccount',
      type: 'stringArray',
      default: '[]',
      description: 'A service account to add, namespace:name; may be repeated.',
    },
    { name: 'user', type: 'stringArray', default: '[]', description: 'A user to add; may be repeated.' },
    includeUninitializedFlag,
  ],
  async toOptions(args, flags, context) {
    return {
      ...(await setOptions(args, flags, 'subjects updated', context)),
      selector: flags.string('selector'),
      users: flags.list('user'),
      groups: flags.list('group'),
      serviceAccounts: flags.list('serviceaccount'),
    };
  },
  async run(options, context) {
    const targets = await loadForChange(options, context);
    check(options, targets);
    const { name: namespace } = await context.cluster.namespace();
    const accounts = sortedOnce(options.serviceAccounts).map((text) =>
      text.startsWith(':') ? namespace + text : text,
    );
    const subjects = bindingSubjects(sortedOnce(options.users), sortedOnce(options.groups), accounts);
    const failure = 'failed to patch subjects to rolebinding: ';
    const apply = (object: Unstructured): boolean => addSubjects(object, subjects);
    throwFailures(await changeObjects(targets, { apply, failure }, options, context));
  },
});

function sortedOnce(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}

function check(options: SubjectOptions, targets: readonly ChangeTarget[]): void {
  checkLocal(options);
  if (options.all && options.selector !== '') {
    throw new CommandError('cannot set --all and --selector at the same time');
  }
  if (options.users.length + options.groups.length + options.serviceAccounts.length === 0) {
    throw new CommandError('you must specify at least one value of user, group or serviceaccount');
  }
  const wrong = 'serviceaccount must be <namespace>:<name>';
  for (const account of options.serviceAccounts) {
    const [namespace, name = '', ...rest] = account.split(':');
    if (name === '' || rest.length > 0) throw new CommandError(wrong);
    if (namespace === '' && targets.some(({ object }) => object.kind === 'ClusterRoleBinding')) {
      throw new CommandError(`${wrong}, namespace must be specified`);
    }
  }
}

function addSubjects(object: Unstructured, subjects: readonly BindingSubject[]): boolean {
  const isBinding = object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding';
  if (!isBinding || !object.apiVersion.startsWith('rbac.authorization.k8s.io/')) {
    throw new CommandError('setting subjects is only supported for RoleBinding/ClusterRoleBinding');
  }
  const known = (object['subjects'] ?? []) as readonly BindingSubject[];
  const added = subjects.filter((subject) => !known.some((one) => equalJson(one, subject)));
  object['subjects'] = [...known, ...added];
  return added.length > 0;
}
