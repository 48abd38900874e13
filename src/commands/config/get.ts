import { type CommandDefinition, CommandError, defineCommand } from '../../cli/command.ts';
import { AggregateCommandError } from '../../cli/exit.ts';
import { noHeadersFlag } from '../../cli/flags.ts';
import type { Kubeconfig } from '../../kubeconfig/kubeconfig.ts';
import { tableTabs, TabWriter } from '../../printers/tab-writer.ts';
import { openKubeconfig } from './config-places.ts';

function getNames(noun: 'clusters' | 'users'): CommandDefinition {
  return defineCommand({
    path: ['config', `get-${noun}`],
    usage: '[flags]',
    short: `Display ${noun} defined in the kubeconfig`,
    examples: `# The ${noun} that kubectl knows\nkubectl config get-${noun}`,
    flags: [],
    toOptions: () => ({}),
    async run(_options, context) {
      const { kubeconfig } = await openKubeconfig(context);
      const lines = ['NAME', ...[...kubeconfig[noun].keys()].sort()];
      context.streams.out.write(lines.map((line) => `${line}\n`).join(''));
    },
  }) as CommandDefinition;
}

/** `kubectl config get-clusters`. */
export const getClustersCommand = getNames('clusters');
/** `kubectl config get-users`. */
export const getUsersCommand = getNames('users');

/** `kubectl config get-contexts`. */
export const getContextsCommand = defineCommand({
  path: ['config', 'get-contexts'],
  usage: '[(-o|--output=)name)]',
  short: 'Describe one or many contexts',
  long: 'Show one, several or all contexts of the kubeconfig.',
  examples: '# All contexts\nkubectl config get-contexts\n\n# One\nkubectl config get-contexts my-context',
  flags: [
    noHeadersFlag,
    { name: 'output', shorthand: 'o', type: 'string', default: '', description: 'Output format. One of: (name).' },
  ],
  toOptions(args, flags) {
    const output = flags.string('output');
    if (output !== '' && output !== 'name') {
      throw new CommandError(
        `--output ${output} is not available in kubectl config get-contexts; resetting to default output format`,
      );
    }
    return { names: args, nameOnly: output === 'name', headers: !flags.bool('no-headers') };
  },
  async run({ names, nameOnly, headers }, context) {
    const { kubeconfig } = await openKubeconfig(context);
    const missing = names.filter((name) => !kubeconfig.contexts.has(name));
    const wanted =
      names.length === 0 ? [...kubeconfig.contexts.keys()] : names.filter((name) => !missing.includes(name));
    const writer = new TabWriter(tableTabs);
    if (headers && !nameOnly) writer.write('CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n');
    for (const name of wanted.toSorted()) writer.write(contextLine(kubeconfig, name, nameOnly));
    context.streams.out.write(writer.flush());
    if (missing.length > 0) {
      throw new AggregateCommandError(missing.map((name) => new CommandError(`context ${name} not found`)));
    }
  },
});

function contextLine(kubeconfig: Kubeconfig, name: string, nameOnly: boolean): string {
  if (nameOnly) return `${name}\n`;
  const value = kubeconfig.contexts.get(name)?.value ?? {};
  const text = (field: string): string => (typeof value[field] === 'string' ? value[field] : '');
  const mark = kubeconfig.currentContext === name ? '*' : '';
  return `${[mark, name, text('cluster'), text('user'), text('namespace')].join('\t')}\n`;
}
