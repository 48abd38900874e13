import { delimiter, isAbsolute, join, resolve } from 'node:path';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagDefinition,
  type FlagValues,
} from '../../cli/command.ts';
import { type ClusterTarget, clusterTarget, clusterWorld, dataDirFlag, homeOf } from './cluster-target.ts';

interface StartCommandOptions {
  readonly target: ClusterTarget;
  readonly port: number;
  readonly nodes: number | undefined;
  readonly storage: 'embedded' | 'memory' | undefined;
  readonly waitMillis: number;
  readonly kubeconfig: string;
  readonly apiServer: readonly string[] | undefined;
  readonly controllerManager: readonly string[] | undefined;
  readonly scheduler: readonly string[] | undefined;
  readonly kubelet: readonly string[] | undefined;
  readonly without: readonly string[] | undefined;
  readonly addons: readonly string[];
}

/** What may be left out, for the real one or another to take its place. */
const optionalParts: readonly string[] = ['controller-manager', 'scheduler'];

/** What may be added, as src/cluster has it. */
const knownAddons: readonly string[] = ['coredns', 'metrics-server'];

function argumentFlag(name: string, component: string, more = ''): FlagDefinition {
  return {
    name,
    type: 'stringArray',
    default: '[]',
    description: `A flag of ${component}, as KEY=VALUE; several times for several.${more}`,
  };
}

/** `cluster start`: a control plane and its nodes on this machine. */
export const clusterStartCommand = defineCommand<StartCommandOptions>({
  path: ['cluster', 'start'],
  usage: '[NAME] [flags]',
  short: 'Start a local cluster',
  long:
    'Start a cluster of our own control plane on this machine: API server, storage, controllers, scheduler and nodes, in one process of their own. ' +
    'Its context goes into the kubeconfig and becomes the current one. A cluster that runs is left as it is.',
  examples:
    '  # The default cluster, with one node\n  kubectl cluster start\n\n  # Another one beside it, with three nodes\n  kubectl cluster start demo --nodes 3\n\n  # With what top asks\n  kubectl cluster start --addons metrics-server',
  flags: [
    dataDirFlag,
    {
      name: 'port',
      type: 'int',
      default: '0',
      description: 'Port of the API server; 0 takes the last one, or a free one.',
    },
    { name: 'nodes', type: 'int', default: '1', description: 'How many nodes to run.' },
    { name: 'storage', type: 'string', default: 'embedded', description: 'embedded (kept on disk) or memory.' },
    { name: 'wait', type: 'duration', default: '30s', description: 'How long to wait for the cluster to be ready.' },
    {
      name: 'addons',
      type: 'stringSlice',
      default: '[]',
      description:
        'What to add, also to a cluster that runs: coredns, for DNS in pods, metrics-server, for top and autoscaling.',
    },
    argumentFlag('apiserver-arg', 'kube-apiserver', ' help lists them.'),
    argumentFlag('controller-manager-arg', 'kube-controller-manager'),
    argumentFlag('scheduler-arg', 'kube-scheduler'),
    argumentFlag('kubelet-arg', 'the kubelets'),
    {
      name: 'without',
      type: 'stringSlice',
      default: '[]',
      description: 'What to leave out, for another to do its work: controller-manager, scheduler.',
    },
  ],
  toOptions(args, flags, context) {
    const port = flags.int('port');
    if (port < 0 || port > 65_535) throw new CommandError(`--port ${port}: want a number from 0 to 65535`);
    const nodes = flags.int('nodes');
    if (nodes < 0 || nodes > 250) throw new CommandError(`--nodes ${nodes}: want a number from 0 to 250`);
    const storage = flags.string('storage');
    if (storage !== 'embedded' && storage !== 'memory') {
      throw new CommandError(`--storage ${storage}: want embedded or memory`);
    }
    for (const part of flags.list('without')) {
      if (!optionalParts.includes(part)) {
        throw new CommandError(`--without ${part}: want ${optionalParts.join(' or ')}`);
      }
    }
    for (const addon of flags.list('addons')) {
      if (!knownAddons.includes(addon)) throw new CommandError(`--addons ${addon}: want ${knownAddons.join(' or ')}`);
      if (nodes === 0) throw new CommandError(`--addons ${addon}: needs a node to run on, and --nodes is 0`);
    }
    const list = (name: string): readonly string[] | undefined => (flags.changed(name) ? flags.list(name) : undefined);
    return {
      target: clusterTarget(args, flags, context),
      port,
      nodes: flags.changed('nodes') ? nodes : undefined,
      storage: flags.changed('storage') ? storage : undefined,
      waitMillis: flags.duration('wait'),
      kubeconfig: kubeconfigFile(flags, context),
      apiServer: list('apiserver-arg'),
      controllerManager: list('controller-manager-arg'),
      scheduler: list('scheduler-arg'),
      kubelet: list('kubelet-arg'),
      without: list('without'),
      addons: flags.list('addons'),
    };
  },
  async run(options, context) {
    if (options.apiServer?.some((argument) => /^-*help$/.test(argument)) === true) {
      const { apiServerHelp } = await import('../../cluster/api-server-help.ts');
      context.streams.out.write(apiServerHelp());
      return;
    }
    const { addToCluster, startCluster, ClusterError, contextName } = await import('../../cluster/manage-cluster.ts');
    const { out, err } = context.streams;
    for (const note of await notesOf(options.apiServer ?? [])) err.write(`${note}\n`);
    const { name, folder } = options.target;
    if (err.isTerminal) err.write(`Starting cluster ${name} …\r`);
    try {
      const { state, wasRunning, readyAfterMillis } = await startCluster(
        {
          name,
          folder,
          port: options.port,
          nodes: options.nodes,
          storage: options.storage,
          waitMillis: options.waitMillis,
          kubeconfig: options.kubeconfig,
          without: options.without,
          arguments: {
            ...(options.apiServer === undefined ? {} : { apiServer: options.apiServer }),
            ...(options.controllerManager === undefined ? {} : { controllerManager: options.controllerManager }),
            ...(options.scheduler === undefined ? {} : { scheduler: options.scheduler }),
            ...(options.kubelet === undefined ? {} : { kubelet: options.kubelet }),
          },
        },
        clusterWorld(context),
      );
      const how = wasRunning ? 'runs already' : `is ready after ${(readyAfterMillis / 1000).toFixed(1)}s`;
      out.write(`Cluster ${name} ${how} at ${state.server} with ${state.nodes} node${state.nodes === 1 ? '' : 's'}.\n`);
      out.write(`Context "${contextName(name)}" is the current one in ${options.kubeconfig}.\n`);
      for (const addon of options.addons) {
        const isNew = await addToCluster(addon, state, folder, clusterWorld(context));
        out.write(`Addon ${addon} ${isNew ? 'was added' : 'is there already'}.\n`);
      }
    } catch (error) {
      if (error instanceof ClusterError) throw new CommandError(error.message);
      throw error;
    }
  },
});

/** What is told of flags before the server starts. @throws CommandError for such as it would not start with */
async function notesOf(apiServer: readonly string[]): Promise<readonly string[]> {
  const { flagsWithoutEffect, parseApiServerArguments } = await import('../../cluster/api-server-arguments.ts');
  const { ComponentArgumentError } = await import('../../cluster/component-arguments.ts');
  try {
    return flagsWithoutEffect(parseApiServerArguments(apiServer));
  } catch (error) {
    if (error instanceof ComponentArgumentError) throw new CommandError(`kube-apiserver: ${error.message}`);
    throw error;
  }
}

/** The file that gets the context: --kubeconfig, the first of $KUBECONFIG, or ~/.kube/config. */
function kubeconfigFile(flags: FlagValues, context: CommandContext): string {
  const explicit = flags.string('kubeconfig');
  const listed = (context.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const chosen = explicit === '' ? listed[0] : explicit;
  if (chosen === undefined) return join(homeOf(context), '.kube', 'config');
  return isAbsolute(chosen) ? chosen : resolve(context.cwd, chosen);
}
