import { rbacGroup } from '../../generators/binding-subjects.ts';
import { typedObject } from '../../generators/typed-json.ts';
import { subjectFlags, subjectsOf } from './binding-flags.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create clusterrolebinding`. */
export const createClusterRoleBindingCommand = createFromFlags({
  path: ['create', 'clusterrolebinding'],
  usage:
    'NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]',
  short: 'Create a cluster role binding for a particular cluster role',
  examples:
    '  # Two people who may do everything\n  kubectl create clusterrolebinding admins --clusterrole=cluster-admin --user=ann --user=bob',
  flags: [
    { name: 'clusterrole', type: 'string', default: '', description: 'The cluster role to grant; required' },
    ...subjectFlags,
  ],
  required: ['clusterrole'],
  resource: { group: rbacGroup, version: 'v1', resource: 'clusterrolebindings' },
  namespaced: false,
  failure: 'failed to create clusterrolebinding: ',
  prepare({ name, flags }) {
    const subjects = subjectsOf(flags);
    const roleRef = { apiGroup: rbacGroup, kind: 'ClusterRole', name: flags.string('clusterrole') };
    return () => typedObject(`${rbacGroup}/v1`, 'ClusterRoleBinding', { name }, { subjects, roleRef });
  },
});
