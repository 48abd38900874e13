import { messageOf } from '../../apimachinery/error-message.ts';
import {
  type CommandContext,
  type CommandDefinition,
  CommandError,
  defineCommand,
  HelpfulError,
  UsageError,
} from '../../cli/command.ts';
import { accountOf } from '../../kubeconfig/keychain-account.ts';
import { deleteEntry } from '../../kubeconfig/kubeconfig-changes.ts';
import type { KubeconfigSection } from '../../kubeconfig/kubeconfig.ts';
import { namedFile, openKubeconfig } from './config-places.ts';

function deleteCommand(noun: 'cluster' | 'context' | 'user', section: KubeconfigSection): CommandDefinition<string> {
  return defineCommand<string>({
    path: ['config', `delete-${noun}`],
    usage: 'NAME',
    short: `Delete the specified ${noun} from the kubeconfig`,
    examples: `# Delete the ${noun} minikube\nkubectl config delete-${noun} minikube`,
    flags: [],
    toOptions(args) {
      const [name] = args;
      if (noun === 'user') {
        if (args.length !== 1 || name === undefined) throw new UsageError('user to delete is required');
        return name;
      }
      // Wrong arguments end with the help alone, without a message.
      if (args.length !== 1 || name === undefined) throw new HelpfulError('');
      return name;
    },
    async run(name, context) {
      const { places, kubeconfig } = await openKubeconfig(context);
      const file = await namedFile(context, places);
      const entry = kubeconfig[section].get(name);
      if (entry === undefined) throw new CommandError(`cannot delete ${noun} ${name}, not in ${file}`);
      if (noun === 'context' && kubeconfig.currentContext === name) {
        context.streams.err.write(
          'warning: this removed your active context, use "kubectl config use-context" to select a different one\n',
        );
      }
      await deleteEntry(context.files, entry.file, section, name);
      const account = noun === 'user' ? accountOf(entry.value) : undefined;
      if (account !== undefined) await forgetSecret(account, context);
      context.streams.out.write(`deleted ${noun} ${name} from ${file}\n`);
    },
  });
}

/** Takes out of the keychain what nobody can ask for any more; where that fails it is told, and nothing else fails. */
async function forgetSecret(account: string, context: CommandContext): Promise<void> {
  try {
    const { openKeychain } = await import('../credential-helper.ts');
    await (await openKeychain(context)).remove(account);
  } catch (error) {
    const reason = messageOf(error);
    context.streams.err.write(`warning: the credentials stay in the system keychain: ${reason}\n`);
  }
}

/** `kubectl config delete-cluster`. */
export const deleteClusterCommand = deleteCommand('cluster', 'clusters');
/** `kubectl config delete-context`. */
export const deleteContextCommand = deleteCommand('context', 'contexts');
/** `kubectl config delete-user`. */
export const deleteUserCommand = deleteCommand('user', 'users');
