import { typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create serviceaccount`. */
export const createServiceAccountCommand = createFromFlags({
  path: ['create', 'serviceaccount'],
  aliases: ['sa'],
  usage: 'NAME [--dry-run=server|client|none]',
  short: 'Create a service account with the specified name',
  examples: '  # An identity for a build\n  kubectl create serviceaccount builder',
  flags: [],
  resource: { group: '', version: 'v1', resource: 'serviceaccounts' },
  namespaced: true,
  failure: 'failed to create serviceaccount: ',
  prepare:
    ({ name }) =>
    () =>
      typedObject('v1', 'ServiceAccount', { name }),
});
