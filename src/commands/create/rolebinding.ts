import { CommandError } from '../../cli/command.ts';
import { rbacGroup } from '../../generators/binding-subjects.ts';
import { typedObject } from '../../generators/typed-json.ts';
import { subjectFlags, subjectsOf } from './binding-flags.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create rolebinding`. */
export const createRoleBindingCommand = createFromFlags({
  path: ['create', 'rolebinding'],
  usage:
    'NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]',
  short: 'Create a role binding for a particular role or cluster role',
  examples:
    '  # What a service account may do in this namespace\n  kubectl create rolebinding viewer --clusterrole=view --serviceaccount=lab:builder',
  flags: [
    { name: 'clusterrole', type: 'string', default: '', description: 'The cluster role to grant' },
    { name: 'role', type: 'string', default: '', description: 'The role to grant' },
    ...subjectFlags,
  ],
  resource: { group: rbacGroup, version: 'v1', resource: 'rolebindings' },
  namespaced: true,
  failure: 'failed to create rolebinding: ',
  prepare({ name, flags }) {
    const role = flags.string('role');
    const clusterRole = flags.string('clusterrole');
    if ((role === '') === (clusterRole === '')) {
      throw new CommandError('exactly one of clusterrole or role must be specified');
    }
    const subjects = subjectsOf(flags);
    const roleRef =
      role === ''
        ? { apiGroup: rbacGroup, kind: 'ClusterRole', name: clusterRole }
        : { apiGroup: rbacGroup, kind: 'Role', name: role };
    return () => typedObject(`${rbacGroup}/v1`, 'RoleBinding', { name }, { subjects, roleRef });
  },
});
