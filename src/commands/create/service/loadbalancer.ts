import { serviceCommand } from './service-command.ts';

/** `create service loadbalancer`. */
export const createLoadBalancerServiceCommand = serviceCommand({
  name: 'loadbalancer',
  type: 'LoadBalancer',
  usage: 'NAME [--tcp=port:targetPort] [--dry-run=server|client|none]',
  short: 'Create a LoadBalancer service',
  examples: '  # Reachable from outside\n  kubectl create service loadbalancer web --tcp=80:8080',
});
