import { resolve } from 'node:path';
import type { Container, EphemeralContainer, Pod } from '../api/types/core-v1.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { type GroupVersionKind, gvkText } from '../apimachinery/gvk.ts';
import { isImageReference } from '../apimachinery/image-reference.ts';
import type { JsonObject } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagDefinition,
  type FlagValues,
} from '../cli/command.ts';
import { typedAnswers } from '../cli/typed-answers.ts';
import { throwFailures } from '../cli/exit.ts';
import { filenameFlags } from '../cli/flags.ts';
import { requireKnownType } from '../cli/known-types.ts';
import { loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { debugCopy, type DebugPod, type DebugWish, nodeDebugPod, withEphemeralContainer } from './debug/debug-pod.ts';
import { debugProfiles } from './debug/debug-profiles.ts';
import { attachToDebugContainer } from './debug/attach-to-container.ts';

interface DebugOptions {
  /** `POD`, `TYPE/NAME` … */
  readonly names: readonly string[];
  readonly filenames: readonly string[];
  readonly wish: DebugWish;
  readonly replace: boolean;
  readonly attach: boolean;
  readonly quiet: boolean;
  /** A part of a container, for the one that is for debugging. */
  readonly custom: JsonObject | undefined;
}

const flag = (name: string, description: string, shorthand?: string, value = 'false'): FlagDefinition => ({
  name,
  type: 'bool',
  default: value,
  description,
  ...(shorthand === undefined ? {} : { shorthand }),
});
const text = (name: string, description: string, shorthand?: string, value = ''): FlagDefinition => ({
  name,
  type: 'string',
  default: value,
  description,
  ...(shorthand === undefined ? {} : { shorthand }),
});
const copyOnly = 'With --copy-to only.';

/** `debug`: a container to look at pods and nodes with. */
export const debugCommand = defineCommand<DebugOptions>({
  path: ['debug'],
  usage: '(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]',
  short: 'Create debugging sessions for troubleshooting workloads and nodes',
  long: 'Look at what runs: in a container that is added to a pod, in a copy of a pod with another command, image or container, or in a pod that sees the file system and processes of a node.',
  examples:
    '  # A shell in the pod web, beside its containers\n  kubectl debug web -it --image=busybox\n\n  # Which sees the processes of the container app\n  kubectl debug web -it --image=busybox --target=app\n\n  # A copy of web whose container app runs a shell\n  kubectl debug web -it --copy-to=web-debug --container=app -- sh\n\n  # A shell on a node\n  kubectl debug node/worker -it --image=busybox',
  flags: [
    ...filenameFlags('that name what to debug').filter(({ name }) => name === 'filename'),
    flag('arguments-only', "What stands behind -- are arguments of the image's own command"),
    flag('attach', 'Attach to the container when it runs; with -i that is so anyway'),
    text('container', 'Name of the container for debugging', 'c'),
    text('copy-to', 'Make a copy of the pod under this name'),
    flag('replace', `Delete the original pod. ${copyOnly}`),
    { name: 'env', type: 'stringToString', default: '[]', description: 'Variables of the container, NAME=VALUE' },
    text('image', 'Image of the container for debugging'),
    flag('keep-labels', `Keep the labels of the pod. ${copyOnly}`),
    flag('keep-annotations', `Keep the annotations of the pod. ${copyOnly}`),
    flag('keep-liveness', `Keep the liveness probes. ${copyOnly}`),
    flag('keep-readiness', `Keep the readiness probes. ${copyOnly}`),
    flag('keep-startup', `Keep the startup probes. ${copyOnly}`),
    flag('keep-init-containers', `Keep the init containers. ${copyOnly}`, undefined, 'true'),
    {
      name: 'set-image',
      type: 'stringToString',
      default: '[]',
      description: `Images of containers, NAME=IMAGE; * for all. ${copyOnly}`,
    },
    text('image-pull-policy', 'Always, IfNotPresent or Never; the server decides when it is empty'),
    flag('stdin', 'Keep standard input of the container open', 'i'),
    flag('quiet', 'Say nothing of our own', 'q'),
    flag('same-node', `Run the copy on the same node. ${copyOnly}`),
    flag(
      'share-processes',
      `Let the containers of the copy see each other's processes. ${copyOnly}`,
      undefined,
      'true',
    ),
    text('target', 'Container whose processes an ephemeral container sees'),
    flag('tty', 'Give the container a terminal', 't'),
    text('profile', 'One of general, baseline, restricted, netadmin, sysadmin', undefined, 'general'),
    text('custom', 'JSON or YAML file with a part of a container, which changes what the profile gives'),
  ],
  async toOptions(args, flags, context) {
    const dash = flags.argumentsBeforeDash ?? -1;
    const isSplit = dash >= 0 && args.length > dash;
    const names = isSplit ? args.slice(0, dash) : args;
    const wish = wishOf(flags, isSplit ? args.slice(dash) : []);
    const options: DebugOptions = {
      names,
      filenames: flags.list('filename'),
      wish,
      replace: flags.bool('replace'),
      attach: flags.changed('attach') ? flags.bool('attach') : flags.bool('stdin'),
      quiet: flags.bool('quiet'),
      custom: await customPart(flags.string('custom'), context),
    };
    validate(options, flags.changed('attach'), context);
    return options;
  },
  async run(options, context) {
    const request = {
      args: options.names.flatMap((name) => (name.includes('/') ? [name] : [`pods/${name}`])),
      input: { filenames: options.filenames, recursive: false },
      isTyped: true,
      all: false,
      selector: '',
      fieldSelector: '',
      allNamespaces: false,
    };
    // One after the other, as the real program goes through them: what came before a wrong one is done.
    for (const target of await resolveTargets(request, context)) {
      if ('error' in target) throw target.error;
      if (target.manifest !== undefined) requireDebuggable(target.mapping.gvk);
      const { objects, errors } = await loadTargets([target], context, { nameless: 'as-given' });
      throwFailures(errors);
      for (const { object, mapping } of objects) {
        requireDebuggable(mapping.gvk);
        await debugOne({ ...object, kind: mapping.gvk.kind }, mapping.gvk, options, context);
      }
    }
  },
});

function wishOf(flags: FlagValues, command: readonly string[]): DebugWish {
  return {
    container: flags.string('container'),
    image: flags.string('image'),
    command,
    argumentsOnly: flags.bool('arguments-only'),
    env: flags.map('env'),
    pullPolicy: flags.string('image-pull-policy'),
    stdin: flags.bool('stdin'),
    tty: flags.bool('tty'),
    target: flags.string('target'),
    profile: flags.string('profile'),
    kept: {
      labels: flags.bool('keep-labels'),
      annotations: flags.bool('keep-annotations'),
      liveness: flags.bool('keep-liveness'),
      readiness: flags.bool('keep-readiness'),
      startup: flags.bool('keep-startup'),
      initContainers: flags.bool('keep-init-containers'),
    },
    copyTo: flags.string('copy-to'),
    sameNode: flags.bool('same-node'),
    shareProcesses: flags.changed('share-processes') ? flags.bool('share-processes') : undefined,
    images: flags.map('set-image'),
  };
}

/** A part of a container from a file, read into its type as YAML is. @throws CommandError */
async function customPart(path: string, context: CommandContext): Promise<JsonObject | undefined> {
  if (path === '') return undefined;
  let content: Uint8Array;
  try {
    content = await context.files.readFile(resolve(context.cwd, path));
  } catch (error) {
    const { systemReasonOrMessage } = await import('../system/file-errors.ts');
    throw new CommandError(
      `must pass a container spec json file for custom profile: open ${path}: ${systemReasonOrMessage(error)}`,
    );
  }
  const { readCustomPart } = await import('./debug/custom-part.ts');
  try {
    return await readCustomPart(Buffer.from(content).toString('utf8'), context);
  } catch (error) {
    throw new CommandError(`${path} does not contain a valid container spec: ${messageOf(error)}`);
  }
}

const imageProblem = 'invalid reference format';

/** @throws CommandError for the first that is wrong, in the order of the real program */
function validate(options: DebugOptions, attachChanged: boolean, { streams }: CommandContext): void {
  const { wish, attach, custom, quiet } = options;
  if (debugProfiles[wish.profile] === undefined) throw new CommandError(`unknown profile: ${wish.profile}`);
  if (attach && attachChanged && wish.image === '' && wish.container === '') {
    throw new CommandError('you must specify --container or create a new container using --image in order to attach.');
  }
  validateCopy(options);
  if (wish.image !== '' && !isImageReference(wish.image)) {
    throw new CommandError(`invalid image name ${JSON.stringify(wish.image)}: ${imageProblem}`);
  }
  if (options.names.length === 0 && options.filenames.length === 0) {
    throw new CommandError('NAME or filename is required for debug');
  }
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(wish.pullPolicy)) {
    throw new CommandError(`invalid image pull policy: ${wish.pullPolicy}`);
  }
  for (const [name, image] of wish.images) {
    if (isImageReference(image)) continue;
    throw new CommandError(
      `invalid image name ${JSON.stringify(image)} for container ${JSON.stringify(name)}: ${imageProblem}`,
    );
  }
  if (wish.target !== '') {
    if (wish.copyTo !== '') {
      throw new CommandError('--target is incompatible with --copy-to. Use --share-processes instead.');
    }
    if (!quiet) {
      streams.out.write(
        `Targeting container ${JSON.stringify(wish.target)}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`,
      );
    }
  }
  if (wish.tty && !wish.stdin) throw new CommandError('-i/--stdin is required for containers with -t/--tty=true');
  const fixed = ['name', 'command', 'image', 'lifecycle', 'volumeDevices'];
  if (custom !== undefined && fixed.some((field) => custom[field] !== undefined)) {
    throw new CommandError('name, command, image, lifecycle and volume devices are not modifiable via custom profile');
  }
  if (wish.profile === 'legacy') {
    streams.err.write(
      '--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example "--profile=general".\n',
    );
  }
}

function validateCopy({ wish, replace }: DebugOptions): void {
  const { copyTo, image, images, command, container, sameNode } = wish;
  if (copyTo !== '') {
    if (image === '' && images.size === 0 && command.length === 0) {
      throw new CommandError('you must specify --image, --set-image or command arguments.');
    }
    if (command.length > 0 && container === '' && image === '') {
      throw new CommandError('you must specify an existing container or a new image when specifying args.');
    }
    return;
  }
  if (replace) throw new CommandError('--replace may only be used with --copy-to.');
  if (sameNode) throw new CommandError('--same-node may only be used with --copy-to.');
  if (images.size > 0) throw new CommandError('--set-image may only be used with --copy-to.');
  if (image === '') throw new CommandError('you must specify --image when not using --copy-to.');
}

async function debugOne(
  object: Unstructured,
  gvk: GroupVersionKind,
  options: DebugOptions,
  context: CommandContext,
): Promise<void> {
  const { wish, quiet } = options;
  const tell = (message: string): void => {
    if (!quiet) context.streams.out.write(message);
  };
  const world = { random: context.random, tell };
  let made: { readonly pod: Pod; readonly container: string };
  if (gvk.group === '' && gvk.kind === 'Node') {
    const { name } = await context.cluster.namespace();
    const plain = nodeDebugPod(object, wish, name, world);
    made = await createPod({ ...plain, pod: await customized(plain, options, context) }, context);
  } else {
    const pod: Pod = object;
    made = wish.copyTo === '' ? await addContainer(pod, options, context) : await copyPod(pod, options, context);
  }
  if (!options.attach || made.container === '') return;
  await attachToDebugContainer(made.pod, made.container, { ...wish, quiet }, context);
}

/** @throws CommandError for what is neither a pod nor a node */
function requireDebuggable(gvk: GroupVersionKind): void {
  if (gvk.group === '' && (gvk.kind === 'Pod' || gvk.kind === 'Node')) return;
  throw new CommandError(`${JSON.stringify(gvkText(gvk))} not supported by debug`);
}

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

async function createPod(
  { pod, container }: DebugPod,
  context: CommandContext,
): Promise<{ pod: Pod; container: string }> {
  const client = await context.cluster.client();
  const resource = client.resource<Pod>(podsResource, pod.metadata.namespace ?? '', typedAnswers(pod, context));
  const created = await resource.create(pod);
  return { pod: created, container };
}

async function copyPod(
  pod: Pod,
  options: DebugOptions,
  context: CommandContext,
): Promise<{ pod: Pod; container: string }> {
  const world = worldOf(options, context);
  const plain = debugCopy(pod, options.wish, world);
  const made = { ...plain, pod: await customized(plain, options, context) };
  warnOfUser(made.pod, made, context);
  const created = await createPod(made, context);
  if (options.replace) {
    const client = await context.cluster.client();
    const pods = client.resource(podsResource, pod.metadata.namespace ?? '');
    await pods.delete(pod.metadata.name ?? '', { gracePeriodSeconds: 0 });
  }
  return created;
}

async function addContainer(
  pod: Pod,
  options: DebugOptions,
  context: CommandContext,
): Promise<{ pod: Pod; container: string }> {
  const made = withEphemeralContainer(pod, options.wish, worldOf(options, context));
  const changed = await customized(made, options, context);
  warnOfUser(pod, { ...made, pod: changed }, context);
  const { ephemeralContainers = [] } = changed.spec ?? {};
  const patch = {
    spec: {
      '$setElementOrder/ephemeralContainers': ephemeralContainers.map(({ name }) => ({ name })),
      ephemeralContainers: ephemeralContainers.slice(-1),
    },
  };
  const client = await context.cluster.client();
  const pods = client.resource<Pod>(podsResource, pod.metadata.namespace ?? '');
  try {
    const patched = await pods.patch(pod.metadata.name ?? '', 'application/strategic-merge-patch+json', patch, {
      subresource: 'ephemeralcontainers',
    });
    return { pod: patched, container: made.container };
  } catch (error) {
    if (!hasReason(error, 'NotFound') || (error.status.details?.name ?? '') !== '') throw error;
    throw new CommandError(
      `ephemeral containers are disabled for this cluster (error from server: ${JSON.stringify(error.message)})`,
    );
  }
}

function worldOf({ quiet }: DebugOptions, { random, streams }: CommandContext): Parameters<typeof debugCopy>[2] {
  return {
    random,
    tell: (message) => {
      if (!quiet) streams.out.write(message);
    },
  };
}

/** The pod with the custom part in its container for debugging. @throws CommandError */
async function customized(
  { pod, list, container }: DebugPod,
  { custom }: DebugOptions,
  context: CommandContext,
): Promise<Pod> {
  if (custom === undefined || container === '') return pod;
  const { applyStrategicMergePatch, StrategicMergePatchError } = await import('../patch/strategic-merge-patch.ts');
  const { types, schema } = await requireKnownType({ ...pod, apiVersion: 'v1', kind: 'Pod' }, context);
  const patch = { spec: { [list]: [{ ...custom, name: container }] } } as unknown as JsonObject;
  try {
    return applyStrategicMergePatch(pod as unknown as JsonObject, patch, schema, types) as unknown as Pod;
  } catch (error) {
    if (!(error instanceof StrategicMergePatchError)) throw error;
    throw new CommandError(`error creating three way patch to add debug container: ${error.message}`);
  }
}

/** Capabilities are of little use to a user that is not root. */
function warnOfUser(target: Pod, { pod, list, container }: DebugPod, { streams }: CommandContext): void {
  const all: readonly (Container | EphemeralContainer)[] = pod.spec?.[list] ?? [];
  const security = all.find(({ name }) => name === container)?.securityContext;
  const podUser = target.spec?.securityContext?.runAsUser ?? 0;
  if (security === undefined || podUser === 0 || security.runAsUser === 0) return;
  if (security.privileged !== true && (security.capabilities?.add ?? []).length === 0) return;
  streams.err.write(
    'Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using "--custom" with a custom profile that specifies "securityContext.runAsUser: 0".\n',
  );
}
