import { messageOf } from '../apimachinery/error-message.ts';
import { resourcePath } from '../apimachinery/gvk.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { podRunningTimeoutFlag } from '../cli/flags.ts';
import { attachablePod } from '../cli/pods/attachable-pod.ts';
import { objectOfArguments } from '../cli/pods/pod-object.ts';
import { forwardPorts } from './port-forward/forward-ports.ts';
import { type ForwardedPort, listenAddresses, type ListenAddress, parsePorts } from './port-forward/forwarded-ports.ts';
import { translatePorts } from './port-forward/translate-ports.ts';

interface PortForwardOptions {
  /** `POD` or `TYPE/NAME`. */
  readonly argument: string;
  /** `LOCAL:REMOTE`, numbers or names. */
  readonly ports: readonly string[];
  readonly addresses: readonly string[];
  readonly timeoutMillis: number;
}

/** `port-forward`: local ports that lead to ports of a pod. */
export const portForwardCommand = defineCommand<PortForwardOptions>({
  path: ['port-forward'],
  usage: 'TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  short: 'Forward one or more local ports to a pod',
  long: 'Listen on local ports and carry what comes to ports of a pod, as long as this program and the pod run. A workload or a service stands for one of its pods; the ports of a service are those it declares.',
  examples:
    '  # 5000 and 6000 here lead to the same ports of the pod web\n  kubectl port-forward pod/web 5000 6000\n\n  # One of the pods of a deployment\n  kubectl port-forward deployment/web 5000\n\n  # 8443 here leads to the port that the service web calls https\n  kubectl port-forward service/web 8443:https\n\n  # Any free port here, reached from other machines too\n  kubectl port-forward --address 0.0.0.0 pod/web :5000',
  flags: [
    podRunningTimeoutFlag('1m0s'),
    {
      name: 'address',
      type: 'stringSlice',
      default: '[localhost]',
      description:
        'Addresses to listen on, separated by commas: IP addresses, or localhost for 127.0.0.1 and ::1, of which one is enough.',
    },
  ],
  toOptions(args, flags) {
    const [argument = '', ...ports] = args;
    if (ports.length === 0) throw new UsageError('TYPE/NAME and list of ports are required for port-forward');
    const timeoutMillis = flags.duration('pod-running-timeout');
    if (timeoutMillis <= 0) throw new UsageError('--pod-running-timeout must be higher than zero');
    return { argument, ports, addresses: flags.list('address'), timeoutMillis };
  },
  async run(options, context) {
    const object = await objectOfArguments([options.argument], context);
    const pod = await attachablePod(object, options.timeoutMillis, context);
    const ports = translatePorts(options.ports, object, pod);
    const { name = '', namespace = '' } = pod.metadata;
    const phase = pod.status?.phase ?? '';
    if (phase !== 'Running') {
      throw new CommandError(`unable to forward port because pod is not running. Current status=${phase}`);
    }
    const path = resourcePath({ group: '', version: 'v1', resource: 'pods' }, namespace, name, 'portforward');
    await forward(path, listenAddresses(options.addresses), parsePorts(ports), context);
  },
});

async function forward(
  path: string,
  addresses: readonly ListenAddress[],
  ports: readonly ForwardedPort[],
  context: CommandContext,
): Promise<void> {
  const { openPortForward } = await import('../client/streams/port-forward.ts');
  const withoutWebSocket = context.env['KUBECTL_PORT_FORWARD_WEBSOCKETS']?.toLowerCase() === 'false';
  const { clock, signal, log } = context;
  const client = await context.cluster.client();
  const world = { client, clock, withoutWebSocket, ...(log === undefined ? {} : { log }) };
  let way;
  try {
    way = await openPortForward({ path, signal }, world);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new CommandError(`error upgrading connection: ${messageOf(error)}`);
  }
  await forwardPorts(way, addresses, ports, context);
}
