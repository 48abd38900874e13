import { isImageReference } from '../apimachinery/image-reference.ts';
import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { changeCauseOf, recordChangeCause, recordFlag } from '../cli/change-cause.ts';
import { answersOfAnyType } from '../cli/typed-answers.ts';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagDefinition,
  type FlagValues,
  UsageError,
} from '../cli/command.ts';
import { type DeletionOptions, deleteObjects } from '../cli/delete-objects.ts';
import { cascadeOf } from '../cli/deletion-flags.ts';
import {
  cascadeFlag,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  saveConfigFlag,
  standardFormats,
} from '../cli/flags.ts';
import { type Overrides, override, overrideFlags, overridesOf } from '../cli/overrides.ts';
import { type PodAttacher, podAttacher } from '../cli/pod-attacher.ts';
import { requireFlags } from '../cli/required-flags.ts';
import { typedPrinter, withConfiguration, withNamespace } from '../cli/typed-objects.ts';
import { makePod, type PodSource } from '../generators/pod.ts';
import { makeService } from '../generators/service.ts';
import { typedShape } from '../generators/typed-shapes.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { type FollowOptions, followPod } from './run/attached-pod.ts';

interface RunOptions {
  readonly pod: PodSource;
  readonly overrides: Overrides;
  readonly expose: boolean;
  readonly dryRun: DryRun;
  readonly fieldManager: string;
  readonly saveConfig: boolean;
  readonly cause: string | undefined;
  readonly printer: ObjectPrinter;
  /** A line between the service and the pod, which the real program writes in YAML. */
  readonly separator: string;
  readonly attachment: (FollowOptions & { readonly attach: PodAttacher }) | undefined;
  /** How the pod is removed when it has ended; undefined for not. */
  readonly removal: DeletionOptions | undefined;
}

const flag = (name: string, description: string, shorthand?: string): FlagDefinition => ({
  name,
  type: 'bool',
  default: 'false',
  description,
  ...(shorthand === undefined ? {} : { shorthand }),
});
const text = (name: string, description: string, defaultText = ''): FlagDefinition => ({
  name,
  type: 'string',
  default: defaultText,
  description,
});

const flags: readonly FlagDefinition[] = [
  ...printFlags({ formats: standardFormats }),
  ...filenameFlags('that name what to delete; nothing is read from them'),
  ...overrideFlags,
  cascadeFlag,
  dryRunFlag,
  fieldManagerFlag('kubectl-run'),
  saveConfigFlag,
  recordFlag,
  { name: 'annotations', type: 'stringArray', default: '[]', description: 'An annotation of the pod, key=value.' },
  flag(
    'attach',
    'Attach to the pod when it runs; with -i that is so anyway. With --restart=Never its exit code is ours.',
  ),
  flag('command', 'What stands behind the name is the command, not its arguments.'),
  text('detach-keys', 'The keys that end attaching.', 'ctrl-p,ctrl-q'),
  { name: 'env', type: 'stringArray', default: '[]', description: 'A variable of the container, NAME=VALUE.' },
  flag('expose', 'Make a ClusterIP service for the pod as well; --port must be given.'),
  flag('force', 'With --rm: remove the pod without waiting for its end.'),
  { name: 'grace-period', type: 'int', default: '-1', description: 'With --rm: seconds the pod has to end.' },
  text('image', 'The image to run. Required.'),
  text('image-pull-policy', 'Always, IfNotPresent or Never; the server decides when it is empty.'),
  { ...text('labels', 'Labels of the pod, a=b,c=d; run=NAME when not given.'), shorthand: 'l' },
  flag('leave-stdin-open', 'Keep standard input open when the first who attached goes.'),
  {
    name: 'pod-running-timeout',
    type: 'duration',
    default: '1m0s',
    description: 'How long to wait for the pod to run, like 5s, 2m or 3h; more than zero.',
  },
  text('port', 'The port that the container serves on.'),
  flag('privileged', 'Run the container in privileged mode.'),
  flag('quiet', 'Say nothing of our own.', 'q'),
  text('restart', 'Always, OnFailure or Never.', 'Always'),
  flag('rm', 'Remove the pod when it has ended; only when attached to it.'),
  flag('stdin', 'Keep standard input of the container open, even when nothing is attached.', 'i'),
  { name: 'timeout', type: 'duration', default: '0s', description: 'With --rm and --wait: how long to wait.' },
  flag('tty', 'Give the container a terminal.', 't'),
  flag('wait', 'With --rm: wait until the pod is gone.'),
];

/** `run`: a pod with one image. */
export const runCommand = defineCommand<RunOptions>({
  path: ['run'],
  usage:
    'NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]',
  short: 'Run a particular image on the cluster',
  long: 'Make a pod that runs one image.',
  examples:
    '  # A web server that serves on a port\n  kubectl run web --image=nginx --port=80\n\n' +
    '  # Variables and labels\n  kubectl run web --image=nginx --env="MODE=fast" --labels="app=web,tier=front"\n\n' +
    '  # See what would be made\n  kubectl run web --image=nginx --dry-run=client -o yaml\n\n' +
    '  # A shell that goes when it ends\n  kubectl run -it --rm shell --image=busybox --restart=Never\n\n' +
    '  # Another command\n  kubectl run nap --image=busybox --command -- sleep 1h',
  flags,
  async toOptions(args, values, context) {
    requireFlags(values, ['image']);
    const dryRun = dryRunOf(values, context);
    const printer = await typedPrinter(values, context);
    const cascade = cascadeOf(values.string('cascade'), context);
    if (args.length === 0 || values.argumentsBeforeDash === 0) throw new UsageError('NAME is required for run');
    const attached = values.changed('attach') ? values.bool('attach') : values.bool('stdin');
    checkFlags(values, attached, dryRun);
    return {
      pod: podSource(args, values),
      overrides: overridesOf(values),
      expose: values.bool('expose'),
      dryRun,
      fieldManager: values.string('field-manager'),
      saveConfig: values.bool('save-config'),
      cause: changeCauseOf(values, ['run'], args),
      printer: printer ?? new NamePrinter({ operation: `created${dryRunSuffix[dryRun]}` }),
      separator: values.string('output') === 'yaml' ? '---\n' : '',
      attachment: attached ? { ...followOptions(values), attach: podAttacher() } : undefined,
      removal: values.bool('rm')
        ? {
            cascade,
            gracePeriodSeconds: -1,
            force: values.bool('force'),
            ignoreNotFound: true,
            wait: false,
            timeoutMillis: values.duration('timeout'),
            output: '',
            quiet: values.bool('quiet'),
            dryRun,
          }
        : undefined,
    };
  },
  async run(options, context) {
    // What the flags say wrong of the service is told when the pod is there, as the real program does.
    const pod = await override(makePod(options.pod), options.overrides, context);
    const created = await store(pod, podResource, options, context);
    const objects = [{ object: created, gvr: podResource }];
    let failure: unknown;
    if (options.expose) {
      try {
        const service = await exposePod(options, context);
        objects.push({ object: service, gvr: serviceResource });
      } catch (error) {
        failure = error;
      }
    }
    if (options.attachment !== undefined) {
      const { attach, ...follow } = options.attachment;
      try {
        await followPod(created, attach, follow, context);
      } finally {
        if (options.removal !== undefined) await remove(objects, options.removal, context);
      }
      return;
    }
    context.streams.out.write(options.printer.print(created));
    if (failure !== undefined) throw failure;
  },
});

function checkFlags(values: FlagValues, attached: boolean, dryRun: DryRun): void {
  const image = values.string('image');
  if (values.duration('pod-running-timeout') <= 0) {
    throw new UsageError('--pod-running-timeout must be higher than zero');
  }
  if (image === '') throw new CommandError('--image is required');
  if (!isImageReference(image))
    throw new CommandError(`Invalid image name ${goQuote(image)}: invalid reference format`);
  if (values.bool('tty') && !values.bool('stdin')) {
    throw new UsageError('-i/--stdin is required for containers with -t/--tty=true');
  }
  if (values.bool('expose') && values.string('port') === '') {
    throw new UsageError('--port must be set when exposing a service');
  }
  const restart = values.string('restart');
  if (!['', 'Always', 'OnFailure', 'Never'].includes(restart)) {
    throw new UsageError(`invalid restart policy: ${restart}`);
  }
  if (!attached && values.bool('rm')) throw new UsageError('--rm should only be used for attached containers');
  if (attached && dryRun !== 'none') {
    throw new UsageError(
      "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
    );
  }
  const pullPolicy = values.string('image-pull-policy');
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(pullPolicy)) {
    throw new UsageError(`invalid image pull policy: ${pullPolicy}`);
  }
}

function podSource(args: readonly string[], values: FlagValues): PodSource {
  return {
    name: args[0] ?? '',
    image: values.string('image'),
    labels: values.string('labels'),
    annotations: values.list('annotations'),
    env: values.list('env'),
    port: values.string('port'),
    args: args.slice(1),
    isCommand: values.bool('command'),
    imagePullPolicy: values.string('image-pull-policy'),
    restartPolicy: values.string('restart'),
    stdin: values.bool('stdin'),
    leaveStdinOpen: values.bool('leave-stdin-open'),
    tty: values.bool('tty'),
    privileged: values.bool('privileged'),
  };
}

function followOptions(values: FlagValues): FollowOptions {
  const restart = values.string('restart');
  const unsaid = values.bool('stdin') ? 'OnFailure' : 'Always';
  return {
    terminal: {
      stdin: values.bool('stdin'),
      tty: values.bool('tty'),
      quiet: values.bool('quiet'),
      detachKeys: values.string('detach-keys'),
    },
    timeoutMillis: values.duration('pod-running-timeout'),
    restartPolicy: restart === '' ? unsaid : restart,
    leaveStdinOpen: values.bool('leave-stdin-open'),
  };
}

const podResource: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const serviceResource: GroupVersionResource = { group: '', version: 'v1', resource: 'services' };

/** Makes the service of the pod, and says so. */
async function exposePod(options: RunOptions, context: CommandContext): Promise<Unstructured> {
  const { name, labels, port } = options.pod;
  const made = makeService({ name, labels, selector: labels === '' ? `run=${name}` : labels, ports: port });
  const service = await store(made, serviceResource, options, context);
  context.streams.out.write(`${options.printer.print(service)}${options.separator}`);
  return service;
}

async function store(
  made: Unstructured,
  gvr: GroupVersionResource,
  options: RunOptions,
  context: CommandContext,
): Promise<Unstructured> {
  const { dryRun, fieldManager, saveConfig } = options;
  recordChangeCause(made, options.cause);
  const { name: namespace, explicit } = await context.cluster.namespace();
  if (dryRun === 'client') return explicit ? withNamespace(made, namespace) : made;
  const client = await context.cluster.client();
  const resource = client.resource(gvr, namespace, answersOfAnyType(context));
  const stored = await resource.create(saveConfig ? withConfiguration(made) : made, {
    ...(fieldManager === '' ? {} : { fieldManager }),
    ...(dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  });
  return typedShape(stored);
}

/** Removes what was made; what goes wrong with that is not told. */
async function remove(
  objects: readonly { readonly object: Unstructured; readonly gvr: GroupVersionResource }[],
  removal: DeletionOptions,
  context: CommandContext,
): Promise<void> {
  try {
    const mapper = await (await context.cluster.discovery()).mapper();
    const targets = objects.map(({ object, gvr }) => ({
      mapping: mapper.mappingForArgument(gvr.resource),
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name ?? '',
      source: '',
    }));
    await deleteObjects(targets, removal, await context.cluster.client(), context);
  } catch {
    // The pod's own end says more.
  }
}
