import { serviceCommand } from './service-command.ts';

/** `create service nodeport`. */
export const createNodePortServiceCommand = serviceCommand({
  name: 'nodeport',
  type: 'NodePort',
  usage: 'NAME [--tcp=port:targetPort] [--dry-run=server|client|none]',
  short: 'Create a NodePort service',
  examples: '  # A port on every node\n  kubectl create service nodeport web --tcp=80:8080',
  flags: [{ name: 'node-port', type: 'int', default: '0', description: 'The port on each node; 0 to have one chosen' }],
});
