import { CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { podRunningTimeoutFlag } from '../cli/flags.ts';
import { attachToPod, type AttachOptions as SessionOptions } from '../cli/pods/attach.ts';
import { attachablePod, requireRunning } from '../cli/pods/attachable-pod.ts';
import { objectOfArguments } from '../cli/pods/pod-object.ts';
import { containerFlag, quietFlag, stdinFlag, ttyFlag } from '../cli/pods/session-flags.ts';

interface AttachOptions {
  readonly args: readonly string[];
  readonly session: SessionOptions;
  readonly timeoutMillis: number;
}

/** `attach`: this program's streams joined to those of a container. */
export const attachCommand = defineCommand<AttachOptions>({
  path: ['attach'],
  usage: '(POD | TYPE/NAME) -c CONTAINER',
  short: 'Attach to a running container',
  long: 'Join the streams of this program to those of the process that a container runs.',
  examples:
    '  # See what the pod web writes\n  kubectl attach web\n\n  # Talk to the container shell of the pod web\n  kubectl attach web -c shell -i -t\n\n  # One of the pods of a replica set\n  kubectl attach rs/web',
  flags: [
    podRunningTimeoutFlag('1m0s'),
    containerFlag,
    stdinFlag,
    ttyFlag,
    quietFlag,
    {
      name: 'detach-keys',
      type: 'string',
      default: 'ctrl-p,ctrl-q',
      description: 'The keys that end the session and leave the container running.',
    },
  ],
  toOptions(args, flags) {
    const timeoutMillis = flags.duration('pod-running-timeout');
    if (timeoutMillis <= 0) throw new UsageError('--pod-running-timeout must be higher than zero');
    if (args.length === 0) throw new CommandError('at least 1 argument is required for attach');
    if (args.length > 2) {
      throw new CommandError(
        `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`,
      );
    }
    return {
      args,
      timeoutMillis,
      session: {
        container: flags.string('container'),
        stdin: flags.bool('stdin'),
        tty: flags.bool('tty'),
        quiet: flags.bool('quiet'),
        detachKeys: flags.string('detach-keys') === '' ? 'ctrl-p,ctrl-q' : flags.string('detach-keys'),
      },
    };
  },
  async run({ args, session, timeoutMillis }, context) {
    const pod = await attachablePod(await objectOfArguments(args, context), timeoutMillis, context);
    requireRunning(pod, 'attach');
    await attachToPod(pod, session, context);
  },
});
