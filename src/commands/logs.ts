import type { Pod } from '../api/types/core-v1.ts';
import { canonicalTime } from '../apimachinery/go-time.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { ListOptions, ResourceClient } from '../client/client.ts';
import { listError } from '../client/list-error.ts';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagValues,
  SilentExit,
  UsageError,
} from '../cli/command.ts';
import { podRunningTimeoutFlag, selectorFlag } from '../cli/flags.ts';
import { objectOfArguments } from '../cli/pods/pod-object.ts';
import { type LogQuery, logTargets } from './logs/log-targets.ts';
import { showLogs } from '../cli/pods/show-logs.ts';

interface LogsOptions {
  /** `POD` or `TYPE/NAME`; empty with a selector. */
  readonly argument: string;
  readonly selector: string;
  readonly query: LogQuery;
  readonly allContainers: boolean;
  readonly allPods: boolean;
  readonly prefix: boolean;
  readonly ignoreErrors: boolean;
  readonly maxRequests: number;
  readonly timeoutMillis: number;
}

const usage = 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]';
const expected = `expected '${usage}'.\nPOD or TYPE/NAME is a required argument for the logs command`;
/** How many lines of each container a selector shows. */
const selectorTail = 10;

/** `logs`: what containers wrote. */
export const logsCommand = defineCommand<LogsOptions>({
  path: ['logs'],
  usage: '[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]',
  short: 'Print the logs for a container in a pod',
  long: 'Print what a container wrote. A workload or service stands for one of its pods, or with --all-pods for all; a selector for all pods it matches.',
  examples:
    '  # What the pod web wrote\n  kubectl logs web\n\n  # And what it goes on writing\n  kubectl logs -f web\n\n  # The last 20 lines of all containers of all pods of a deployment\n  kubectl logs deployment/web --all-pods --all-containers --tail=20\n\n  # Before the container sidecar was last restarted\n  kubectl logs -p -c sidecar web',
  flags: [
    { name: 'all-pods', type: 'bool', default: 'false', description: 'From all pods; turns --prefix on' },
    { name: 'all-containers', type: 'bool', default: 'false', description: 'From all containers of the pods' },
    { name: 'follow', shorthand: 'f', type: 'bool', default: 'false', description: 'Go on with what is still written' },
    { name: 'timestamps', type: 'bool', default: 'false', description: 'Put its time before each line' },
    { name: 'limit-bytes', type: 'int64', default: '0', description: 'At most this many bytes; 0 for all' },
    {
      name: 'previous',
      shorthand: 'p',
      type: 'bool',
      default: 'false',
      description: 'Of the instance before the last restart',
    },
    {
      name: 'tail',
      type: 'int64',
      default: '-1',
      description: 'This many lines from the end; -1 for all, or for 10 with a selector',
    },
    { name: 'ignore-errors', type: 'bool', default: 'false', description: 'Tell of errors and go on' },
    {
      name: 'since-time',
      type: 'string',
      default: '',
      description: 'Only what was written after this time (RFC 3339). Not together with --since.',
    },
    {
      name: 'since',
      type: 'duration',
      default: '0s',
      description: 'Only what was written within this time, such as 5s, 2m or 3h. Not together with --since-time.',
    },
    { name: 'container', shorthand: 'c', type: 'string', default: '', description: 'Of this container' },
    {
      name: 'insecure-skip-tls-verify-backend',
      type: 'bool',
      default: 'false',
      description: "Let the API server trust any certificate of the node's kubelet",
    },
    podRunningTimeoutFlag('20s'),
    selectorFlag,
    {
      name: 'max-log-requests',
      type: 'int',
      default: '5',
      description: 'How many logs may be followed at a time',
    },
    { name: 'prefix', type: 'bool', default: 'false', description: 'Put pod and container before each line' },
  ],
  toOptions(args, flags) {
    const selector = flags.string('selector');
    const [argument = '', inlineContainer] = args;
    if (args.length > 2 || (args.length === 0 && selector === '')) throw new UsageError(expected);
    if (args.length === 1 && selector !== '') {
      throw new UsageError('only a selector (-l) or a POD name is allowed');
    }
    const timeoutMillis = flags.duration('pod-running-timeout');
    if (timeoutMillis <= 0) throw new CommandError('--pod-running-timeout must be higher than zero');
    const query = logQuery(flags, inlineContainer ?? flags.string('container'));
    if (args.length === 2 && flags.changed('container')) {
      throw new CommandError('only one of -c or an inline [CONTAINER] arg is allowed');
    }
    return {
      argument,
      selector,
      query,
      allContainers: flags.bool('all-containers'),
      allPods: flags.bool('all-pods'),
      prefix: flags.bool('prefix') || flags.bool('all-pods'),
      ignoreErrors: flags.bool('ignore-errors'),
      maxRequests: flags.int('max-log-requests'),
      timeoutMillis,
    };
  },
  async run(options, context) {
    const object = await loggedObject(options, context);
    checkQuery(options);
    const { name: namespace } = await context.cluster.namespace();
    const client = await context.cluster.client();
    const targets = await logTargets(object, options, {
      client,
      clock: context.clock,
      namespace,
      timeoutMillis: options.timeoutMillis,
      signal: context.signal,
      tell: (text) => context.streams.err.write(text),
    });
    if (options.query.follow && targets.length > options.maxRequests && targets.length > 1) {
      throw new CommandError(
        `you are attempting to follow ${targets.length} log streams, but maximum allowed concurrency is ${options.maxRequests}, use --max-log-requests to increase the limit`,
      );
    }
    try {
      await showLogs(targets, options, { ...context, client });
    } catch (error) {
      if (context.signal.aborted) throw new SilentExit(1);
      throw error;
    }
  },
});

/** The options that the server is sent. @throws Error for a time that is none */
function logQuery(flags: FlagValues, container: string): LogQuery {
  const sinceTime = flags.string('since-time');
  const since = flags.duration('since');
  const limitBytes = flags.int('limit-bytes');
  const tail = flags.int('tail');
  const tailLines = tail === -1 && flags.string('selector') !== '' && !flags.changed('tail') ? selectorTail : tail;
  const time = sinceTime === '' ? undefined : canonicalTime(sinceTime);
  const sinceSeconds = Math.sign(since) * Math.round(Math.abs(since) / 1000);
  return {
    container,
    follow: flags.bool('follow'),
    previous: flags.bool('previous'),
    timestamps: flags.bool('timestamps'),
    insecureSkipTLSVerifyBackend: flags.bool('insecure-skip-tls-verify-backend'),
    ...(time === undefined ? {} : { sinceTime: time }),
    ...(since === 0 ? {} : { sinceSeconds }),
    ...(limitBytes === 0 ? {} : { limitBytes }),
    ...(tailLines === -1 ? {} : { tailLines }),
  };
}

/** What does not go together is told when it is known whose logs they are. @throws CommandError */
function checkQuery({ query, allContainers }: LogsOptions): void {
  const { container, sinceTime, sinceSeconds = 0, limitBytes = 0, tailLines = -1 } = query;
  if (allContainers && container !== '') {
    throw new CommandError(`--all-containers=true should not be specified with container name ${container}`);
  }
  if (sinceTime !== undefined && sinceSeconds !== 0) {
    throw new CommandError('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  if (limitBytes < 0) throw new CommandError('--limit-bytes must be greater than 0');
  if (sinceSeconds < 0) throw new CommandError('--since must be greater than 0');
  if (tailLines < -1) throw new CommandError('--tail must be greater than or equal to -1');
}

async function podsOfSelector(pods: ResourceClient<Pod>, query: ListOptions): Promise<readonly Pod[]> {
  try {
    return (await pods.list(query)).items;
  } catch (error) {
    throw listError(error, '/v1, Resource=pods', query);
  }
}

/** What the arguments name: an object, or the pods of a selector. @throws CommandError */
async function loggedObject(options: LogsOptions, context: CommandContext): Promise<Unstructured | readonly Pod[]> {
  const { argument, selector } = options;
  const { name: namespace } = await context.cluster.namespace();
  if (selector === '') {
    try {
      return await objectOfArguments([argument], context);
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
      throw new CommandError(`error from server (NotFound): ${error.message} in namespace ${goQuote(namespace)}`);
    }
  }
  if (argument !== '') {
    throw new CommandError('selectors and the all flag cannot be used when passing resource/name arguments');
  }
  const client = await context.cluster.client();
  const pods = client.resource<Pod>({ group: '', version: 'v1', resource: 'pods' }, namespace);
  const items = await podsOfSelector(pods, { labelSelector: selector, signal: context.signal });
  if (items.length === 0) context.streams.err.write(`No resources found in ${namespace} namespace.\n`);
  return items;
}
