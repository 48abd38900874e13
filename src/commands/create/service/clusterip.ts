import { serviceCommand } from './service-command.ts';

/** `create service clusterip`. */
export const createClusterIpServiceCommand = serviceCommand({
  name: 'clusterip',
  type: 'ClusterIP',
  usage: 'NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]',
  short: 'Create a ClusterIP service',
  examples: '  # Port 80, served on 8080\n  kubectl create service clusterip web --tcp=80:8080',
  flags: [{ name: 'clusterip', type: 'string', default: '', description: 'The address, or None for a headless one' }],
});
