import { typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create priorityclass`. */
export const createPriorityClassCommand = createFromFlags({
  path: ['create', 'priorityclass'],
  aliases: ['pc'],
  usage: 'NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]',
  short: 'Create a priority class with the specified name',
  examples: '  # Pods that go before others\n  kubectl create priorityclass urgent --value=1000',
  flags: [
    { name: 'value', type: 'int32', default: '0', description: 'The priority; higher ones go first' },
    { name: 'global-default', type: 'bool', default: 'false', description: 'Pods without a class get this one' },
    { name: 'description', type: 'string', default: '', description: 'When the class is to be used' },
    {
      name: 'preemption-policy',
      type: 'string',
      default: 'PreemptLowerPriority',
      description: 'What happens to pods of lower priority',
    },
  ],
  resource: { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' },
  namespaced: false,
  failure: 'failed to create priorityclass: ',
  prepare({ name, flags }) {
    const description = flags.string('description');
    const fields = {
      value: flags.int('value'),
      globalDefault: flags.bool('global-default') ? true : undefined,
      description: description === '' ? undefined : description,
      preemptionPolicy: flags.string('preemption-policy'),
    };
    return () => typedObject('scheduling.k8s.io/v1', 'PriorityClass', { name }, fields);
  },
});
