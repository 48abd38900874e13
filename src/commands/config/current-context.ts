import { CommandError, defineCommand } from '../../cli/command.ts';
import { openKubeconfig } from './config-places.ts';

/** `kubectl config current-context`. */
export const currentContextCommand = defineCommand({
  path: ['config', 'current-context'],
  usage: '[flags]',
  short: 'Display the current-context',
  examples: '# The name of the current context\nkubectl config current-context',
  flags: [],
  toOptions: () => ({}),
  async run(_options, context) {
    const { kubeconfig } = await openKubeconfig(context);
    if (kubeconfig.currentContext === '') throw new CommandError('current-context is not set');
    context.streams.out.write(`${kubeconfig.currentContext}\n`);
  },
});
