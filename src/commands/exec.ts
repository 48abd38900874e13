import type { Pod } from '../api/types/core-v1.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { filenameFlags, podRunningTimeoutFlag } from '../cli/flags.ts';
import { loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { throwFailures } from '../cli/exit.ts';
import { attachablePod, requireRunning } from '../cli/pods/attachable-pod.ts';
import { chooseContainerFor, findContainer, notAContainer } from '../cli/pods/container-choice.ts';
import { objectOfArguments } from '../cli/pods/pod-object.ts';
import { canUseTerminal, runSession } from '../cli/pods/remote-session.ts';
import { containerFlag, quietFlag, stdinFlag, ttyFlag } from '../cli/pods/session-flags.ts';

interface ExecOptions {
  /** `POD` or `TYPE/NAME`; empty with -f. */
  readonly argument: string;
  readonly filenames: readonly string[];
  readonly command: readonly string[];
  readonly container: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
  readonly timeoutMillis: number;
}

/** `exec`: runs a command in a container. */
export const execCommand = defineCommand<ExecOptions>({
  path: ['exec'],
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]',
  short: 'Execute a command in a container',
  long: 'Run a command in a container, with its output here and, with -i, the input from here. The exit code is that of the command.',
  examples:
    '  # The date in the pod web\n  kubectl exec web -- date\n\n  # A shell in the container app of the pod web\n  kubectl exec web -c app -i -t -- sh\n\n  # In one of the pods of a deployment or service\n  kubectl exec deploy/web -- date\n  kubectl exec svc/web -- date',
  flags: [
    podRunningTimeoutFlag('1m0s'),
    ...filenameFlags('that name what to run the command in').filter(({ name }) => name === 'filename'),
    containerFlag,
    stdinFlag,
    ttyFlag,
    quietFlag,
  ],
  toOptions(args, flags) {
    const dash = flags.argumentsBeforeDash ?? -1;
    const filenames = flags.list('filename');
    const argument = args.length > 0 && dash !== 0 ? (args[0] ?? '') : '';
    if (dash < 0 && (args.length > 1 || (args.length > 0 && filenames.length > 0))) {
      throw new UsageError('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead');
    }
    const timeoutMillis = flags.duration('pod-running-timeout');
    if (timeoutMillis <= 0) throw new UsageError('--pod-running-timeout must be higher than zero');
    if (argument === '' && filenames.length === 0) {
      throw new CommandError('pod, type/name or --filename must be specified');
    }
    const command = dash < 0 ? [] : args.slice(dash);
    if (command.length === 0) throw new CommandError('you must specify at least one command for the container');
    return {
      argument,
      filenames,
      command,
      container: flags.string('container'),
      stdin: flags.bool('stdin'),
      tty: flags.bool('tty'),
      quiet: flags.bool('quiet'),
      timeoutMillis,
    };
  },
  async run(options, context) {
    const pod = await attachablePod(await namedObject(options, context), options.timeoutMillis, context);
    requireRunning(pod, 'exec into');
    const container = containerName(pod, options, context);
    const raw = canUseTerminal(options, context);
    const { command, stdin } = options;
    await runSession({ subresource: 'exec', pod, container, command, stdin, raw }, context);
  },
});

async function namedObject(options: ExecOptions, context: CommandContext): Promise<Unstructured> {
  const { argument, filenames } = options;
  if (filenames.length === 0) return objectOfArguments([argument], context);
  const request = {
    args: argument === '' ? [] : [argument],
    input: { filenames, recursive: false },
    isTyped: true,
    all: false,
    selector: '',
    fieldSelector: '',
    allNamespaces: false,
  };
  const targets = await resolveTargets(request, context);
  const failed = targets.flatMap((target) => ('error' in target ? [target.error] : []));
  if (failed.length > 0) throw failed[0];
  if (targets.length > 1) throw new CommandError('cannot exec into multiple objects at a time');
  // Pods are found by what stands in the file alone, whether it is on the server or not.
  const isPod = targets.some((target) => 'mapping' in target && target.mapping.gvk.kind === 'Pod');
  const { objects, errors } = await loadTargets(targets, context, isPod ? {} : { manifests: 'as-given' });
  throwFailures(errors);
  const [first] = objects;
  if (first === undefined || objects.length > 1) throw new CommandError('cannot exec into multiple objects at a time');
  return { ...first.object, apiVersion: first.object.apiVersion, kind: first.mapping.gvk.kind };
}

function containerName(pod: Pod, options: ExecOptions, context: CommandContext): string {
  const { container } = options;
  if (container !== '' && findContainer(pod, container) === undefined) {
    throw new CommandError(notAContainer(pod, container));
  }
  return chooseContainerFor(pod, options, context).name;
}
