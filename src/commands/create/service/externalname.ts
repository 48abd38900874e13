import { serviceCommand } from './service-command.ts';

/** `create service externalname`. */
export const createExternalNameServiceCommand = serviceCommand({
  name: 'externalname',
  type: 'ExternalName',
  usage: 'NAME --external-name external.name [--dry-run=server|client|none]',
  short: 'Create an ExternalName service',
  examples:
    '  # A name for something outside of the cluster\n  kubectl create service externalname db --external-name db.example.com',
  flags: [{ name: 'external-name', type: 'string', default: '', description: 'The DNS name it stands for; required' }],
  required: ['external-name'],
});
