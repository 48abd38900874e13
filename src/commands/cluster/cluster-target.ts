import { isAbsolute, join, resolve } from 'node:path';
import type { ClusterWorld } from '../../cluster/manage-cluster.ts';
import {
  type CommandContext,
  CommandError,
  type FlagDefinition,
  type FlagValues,
  UsageError,
} from '../../cli/command.ts';

/** The name of the cluster when none is given. */
export const defaultName = 'kubectl-ts';

/** Where the clusters of a user live, as src/cluster has it. */
const clustersPath = ['.kubectl-ts', 'clusters'];

/** `--data-dir`. */
export const dataDirFlag: FlagDefinition = {
  name: 'data-dir',
  type: 'string',
  default: '',
  description: 'The folder of the cluster; ~/.kubectl-ts/clusters/NAME when not given.',
};

/** The cluster that arguments and flags name. */
export interface ClusterTarget {
  readonly name: string;
  readonly folder: string;
}

/** Reads `[NAME]` and `--data-dir`. @throws UsageError for more than one name. */
export function clusterTarget(args: readonly string[], flags: FlagValues, context: CommandContext): ClusterTarget {
  if (args.length > 1) throw new UsageError(`at most one cluster name may be given, got ${args.length}`);
  const name = args[0] ?? defaultName;
  const given = flags.string('data-dir');
  if (given !== '') return { name, folder: isAbsolute(given) ? given : resolve(context.cwd, given) };
  return { name, folder: join(homeOf(context), ...clustersPath, name) };
}

/** The home folder. @throws CommandError when the environment names none. */
export function homeOf(context: CommandContext): string {
  const home = context.env['HOME'] ?? context.env['USERPROFILE'] ?? '';
  if (home === '')
    throw new CommandError('the home folder is not known: set HOME, or give --data-dir and --kubeconfig');
  return home;
}

/** What the functions of src/cluster are handed. */
export function clusterWorld(context: CommandContext): ClusterWorld {
  const { files, clock, signal } = context;
  return { files, clock, signal, home: context.env['HOME'] ?? context.env['USERPROFILE'] ?? '' };
}
