import { typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create namespace`. */
export const createNamespaceCommand = createFromFlags({
  path: ['create', 'namespace'],
  aliases: ['ns'],
  usage: 'NAME [--dry-run=server|client|none]',
  short: 'Create a namespace with the specified name',
  examples: '  # A namespace for experiments\n  kubectl create namespace lab',
  flags: [],
  resource: { group: '', version: 'v1', resource: 'namespaces' },
  namespaced: false,
  prepare:
    ({ name }) =>
    () =>
      typedObject('v1', 'Namespace', { name }, { spec: {}, status: {} }),
});
