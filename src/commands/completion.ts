import { goQuote } from '../apimachinery/field-error.ts';
import { defineCommand, UsageError } from '../cli/command.ts';
import { completionScript } from '../cli/completion/shell-scripts.ts';

/** `completion`: the script that teaches a shell to complete. */
export const completionCommand = defineCommand<{ readonly script: string }>({
  path: ['completion'],
  usage: 'SHELL',
  short: 'Output shell completion code for the specified shell (bash, zsh, fish, or powershell)',
  long:
    'Print a script that teaches a shell to complete command lines: commands, flags, and the names of what is in the cluster. The shell has to read it each time it starts.\n\n' +
    'For bash the package bash-completion makes it better, though it is not needed; zsh must be 5.2 or newer.',
  examples:
    '  # Now\n  source <(kubectl completion bash)\n  source <(kubectl completion zsh)\n  kubectl completion fish | source\n  kubectl completion powershell | Out-String | Invoke-Expression\n\n' +
    '  # Always\n  echo "source <(kubectl completion bash)" >> ~/.bashrc\n  kubectl completion fish > ~/.config/fish/completions/kubectl.fish',
  flags: [],
  toOptions(args) {
    const [shell, ...more] = args;
    if (shell === undefined) throw new UsageError('Shell not specified.');
    if (more.length > 0) throw new UsageError('Too many arguments. Expected only the shell type.');
    const script = completionScript(shell);
    if (script === undefined) throw new UsageError(`Unsupported shell type ${goQuote(shell)}.`);
    return { script };
  },
  run({ script }, { streams }) {
    streams.out.write(script);
    return Promise.resolve();
  },
});
