import { CommandError, defineCommand } from '../../cli/command.ts';
import { changeKubeconfigFile, removeEntry, setEntry } from '../../kubeconfig/kubeconfig.ts';
import { writeCurrentContext } from '../../kubeconfig/kubeconfig-changes.ts';
import { namedFile, openKubeconfig, requireArguments } from './config-places.ts';

/** `kubectl config rename-context`. */
export const renameContextCommand = defineCommand({
  path: ['config', 'rename-context'],
  usage: 'CONTEXT_NAME NEW_NAME',
  short: 'Rename a context from the kubeconfig file',
  long: 'Give a context another name. Where it is the current one it stays that.',
  examples: '# Rename old-name\nkubectl config rename-context old-name new-name',
  flags: [],
  toOptions(args) {
    requireArguments(args, 2);
    const [from = '', to = ''] = args;
    if (to === '') throw new CommandError('you must specify a non-empty new name');
    return { from, to };
  },
  async run({ from, to }, context) {
    const { places, kubeconfig } = await openKubeconfig(context);
    const file = await namedFile(context, places);
    const entry = kubeconfig.contexts.get(from);
    if (entry === undefined) throw new CommandError(`cannot rename the context "${from}", it's not in ${file}`);
    if (kubeconfig.contexts.has(to)) {
      throw new CommandError(`cannot rename the context "${from}", the context "${to}" already exists in ${file}`);
    }
    await changeKubeconfigFile(context.files, entry.file, (document) => {
      removeEntry(document, 'contexts', from);
      setEntry(document, 'contexts', to, entry.value);
    });
    if (kubeconfig.currentContext === from) await writeCurrentContext(context.files, places, to);
    context.streams.out.write(`Context "${from}" renamed to "${to}".\n`);
  },
});
