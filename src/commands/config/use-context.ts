import { CommandError, defineCommand } from '../../cli/command.ts';
import { writeCurrentContext } from '../../kubeconfig/kubeconfig-changes.ts';
import { openKubeconfig, requireArguments } from './config-places.ts';

/** `kubectl config use-context`. */
export const useContextCommand = defineCommand({
  path: ['config', 'use-context'],
  usage: 'CONTEXT_NAME',
  aliases: ['use'],
  short: 'Set the current-context in a kubeconfig file',
  examples: '# Work with minikube from now on\nkubectl config use-context minikube',
  flags: [],
  toOptions(args) {
    requireArguments(args, 1);
    return args[0] ?? '';
  },
  async run(name, context) {
    const { places, kubeconfig } = await openKubeconfig(context);
    if (!kubeconfig.contexts.has(name)) throw new CommandError(`no context exists with the name: "${name}"`);
    await writeCurrentContext(context.files, places, name);
    context.streams.out.write(`Switched to context "${name}".\n`);
  },
});
