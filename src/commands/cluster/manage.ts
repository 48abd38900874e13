import Table from 'cli-table3';
import type { ClusterSummary } from '../../cluster/manage-cluster.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { type ClusterTarget, clusterTarget, clusterWorld, dataDirFlag } from './cluster-target.ts';

/** Turns what src/cluster refuses into errors of the command. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  const { ClusterError } = await import('../../cluster/manage-cluster.ts');
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClusterError) throw new CommandError(error.message);
    throw error;
  }
}

/** `cluster stop`. */
export const clusterStopCommand = defineCommand<ClusterTarget>({
  path: ['cluster', 'stop'],
  usage: '[NAME] [flags]',
  short: 'Stop a local cluster; it keeps what it has stored',
  flags: [dataDirFlag],
  toOptions: clusterTarget,
  async run({ name, folder }, context) {
    const { stopCluster } = await import('../../cluster/manage-cluster.ts');
    const wasRunning = await refusing(() => stopCluster(folder, clusterWorld(context)));
    context.streams.out.write(wasRunning ? `Cluster ${name} has stopped.\n` : `Cluster ${name} was not running.\n`);
  },
});

/** `cluster delete`. */
export const clusterDeleteCommand = defineCommand<ClusterTarget>({
  path: ['cluster', 'delete'],
  usage: '[NAME] [flags]',
  short: 'Stop a local cluster and remove everything of it',
  flags: [dataDirFlag],
  toOptions: clusterTarget,
  async run({ name, folder }, context) {
    const { deleteCluster } = await import('../../cluster/manage-cluster.ts');
    await refusing(() => deleteCluster(folder, clusterWorld(context)));
    context.streams.out.write(`Cluster ${name} is gone.\n`);
  },
});

/** `cluster list`. */
export const clusterListCommand = defineCommand<object>({
  path: ['cluster', 'list'],
  usage: '[flags]',
  short: 'List the local clusters',
  flags: [],
  toOptions: () => ({}),
  async run(_options, context) {
    const { listClusters } = await import('../../cluster/manage-cluster.ts');
    const summaries = await listClusters(clusterWorld(context));
    if (summaries.length === 0) context.streams.err.write('There is no cluster.\n');
    else context.streams.out.write(await summaryTable(summaries, context));
  },
});

/** `cluster status`. */
export const clusterStatusCommand = defineCommand<ClusterTarget>({
  path: ['cluster', 'status'],
  usage: '[NAME] [flags]',
  short: 'Tell whether a local cluster runs; the exit code is 1 when it does not',
  flags: [dataDirFlag],
  toOptions: clusterTarget,
  async run({ name, folder }, context) {
    const { clusterSummary } = await import('../../cluster/manage-cluster.ts');
    const summary = await clusterSummary(folder, clusterWorld(context));
    if (summary === undefined)
      throw new CommandError(`there is no cluster ${name}: \`kubectl cluster start ${name}\` makes it`);
    context.streams.out.write(await summaryTable([summary], context));
    return summary.running ? 0 : 1;
  },
});

/** `cluster logs`. */
export const clusterLogsCommand = defineCommand<ClusterTarget & { readonly tail: number }>({
  path: ['cluster', 'logs'],
  usage: '[NAME] [flags]',
  short: 'Print the log of a local cluster',
  flags: [
    dataDirFlag,
    { name: 'tail', type: 'int', default: '-1', description: 'Only this many lines from the end; -1 for all.' },
  ],
  toOptions: (args, flags, context) => ({ ...clusterTarget(args, flags, context), tail: flags.int('tail') }),
  async run({ name, folder, tail }, context) {
    const { lastLines } = await import('../../cluster/manage-cluster.ts');
    const text = await lastLines(context.files, folder, tail < 0 ? Number.MAX_SAFE_INTEGER : tail);
    if (text === '') throw new CommandError(`cluster ${name} has no log`);
    context.streams.out.write(`${text}\n`);
  },
});

/** As bytes, since its colours are meant for the terminal. */
async function summaryTable(summaries: readonly ClusterSummary[], context: CommandContext): Promise<Uint8Array> {
  const { Chalk } = await import('chalk');
  const { out } = context.streams;
  const hasColor = out.isTerminal && (context.env['NO_COLOR'] ?? '') === '';
  const color = new Chalk({ level: hasColor ? 1 : 0 });
  const blank = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '   ',
  };
  const table = new Table({
    head: ['NAME', 'STATUS', 'SERVER', 'NODES', 'STORAGE', 'FOLDER'],
    chars: blank,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const { state, folder, running } of summaries) {
    const status = running ? color.green('Running') : color.yellow('Stopped');
    table.push([state.name, status, state.server, `${state.nodes}`, state.storage, folder]);
  }
  return Buffer.from(`${table.toString()}\n`);
}
