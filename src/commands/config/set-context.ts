import { CommandError, defineCommand, type FlagDefinition, HelpfulError } from '../../cli/command.ts';
import { entryValue, writeEntry } from '../../kubeconfig/kubeconfig-changes.ts';
import { openKubeconfig } from './config-places.ts';

const text = (name: string, description: string, shorthand?: string): FlagDefinition => ({
  name,
  ...(shorthand === undefined ? {} : { shorthand }),
  type: 'string',
  default: '',
  description,
});

/** `kubectl config set-context`. */
export const setContextCommand = defineCommand({
  path: ['config', 'set-context'],
  usage: '[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]',
  short: 'Set a context entry in kubeconfig',
  long: 'Make a context entry, or change the given fields of the one of that name.',
  examples: '# Set only the user of gce\nkubectl config set-context gce --user=cluster-admin',
  flags: [
    text('cluster', 'Cluster of the context'),
    { name: 'current', type: 'bool', default: 'false', description: 'Change the current context' },
    text('namespace', 'Namespace of the context', 'n'),
    text('user', 'User of the context'),
  ],
  toOptions(args, flags) {
    if (args.length > 1) throw new HelpfulError(`Unexpected args: [${args.join(' ')}]`);
    const name = args[0] ?? '';
    const current = flags.bool('current');
    if (name === '' && !current) throw new CommandError('you must specify a non-empty context name or --current');
    if (name !== '' && current) throw new CommandError('you cannot specify both a context name and --current');
    return { name, current, flags };
  },
  async run({ name, current, flags }, context) {
    const { places, kubeconfig } = await openKubeconfig(context);
    const target = current ? kubeconfig.currentContext : name;
    if (target === '') throw new CommandError('no current context is set');
    const existed = kubeconfig.contexts.has(target);
    const value = entryValue(kubeconfig, 'contexts', target);
    for (const field of ['cluster', 'user', 'namespace']) {
      if (flags.changed(field)) value[field] = flags.string(field);
    }
    await writeEntry(context.files, places, 'contexts', target, value);
    context.streams.out.write(`Context "${target}" ${existed ? 'modified' : 'created'}.\n`);
  },
});
