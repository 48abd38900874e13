import { type GroupVersionKind, gvkOf } from '../../apimachinery/gvk.ts';
import { startDeadline } from '../../system/deadline.ts';
import type { DaemonSet, Deployment, StatefulSet } from '../../api/types/apps-v1.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { StatusError } from '../../apimachinery/status.ts';
import { CommandError, defineCommand, type CommandContext } from '../../cli/command.ts';
import { throwVisited } from '../../cli/exit.ts';
import { filenameFlags, selectorFlag } from '../../cli/flags.ts';
import { type ManifestInput, manifestInput, requireInputAlone } from '../../cli/manifest-input.ts';
import { findMapping, missingNamespaceOr, resourceOf } from '../../resource/resource-access.ts';
import { parseResourceArguments } from '../../resource/resource-arguments.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import type { Client } from '../../client/client.ts';
import { namedAndSelected } from '../../cli/resource-targets.ts';
import { answersOfAnyType } from '../../cli/typed-answers.ts';
import { errorsOf, type FailedManifest, readTypedInput } from '../../cli/typed-input.ts';

interface RolloutStatusOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly watch: boolean;
  readonly revision: number;
  readonly selector: string;
  readonly timeoutMillis: number;
}

/** `rollout status`: follows a rollout until it is done. */
export const rolloutStatusCommand = defineCommand<RolloutStatusOptions>({
  path: ['rollout', 'status'],
  interruptedExitCode: 1,
  usage: '(TYPE NAME | TYPE/NAME) [flags]',
  short: 'Show the status of the rollout',
  long: 'Tell how far the newest rollout of a deployment, daemon set or stateful set is, until it is done.',
  examples: '  kubectl rollout status deployment/web',
  flags: [
    ...filenameFlags('that name what to look at'),
    selectorFlag,
    { name: 'revision', type: 'int64', default: '0', description: 'Only this revision; 0 for the newest.' },
    { name: 'timeout', type: 'duration', default: '0s', description: 'How long to wait; 0 for as long as it takes.' },
    { name: 'watch', shorthand: 'w', type: 'bool', default: 'true', description: 'Follow until it is done.' },
  ],
  toOptions(args, flags) {
    const input = manifestInput(flags);
    if (args.length === 0 && input.filenames.length === 0) throw new CommandError('required resource not specified');
    const revision = flags.int('revision');
    if (revision < 0) throw new CommandError(`revision must be a positive integer: ${revision}`);
    return {
      args,
      input,
      watch: flags.bool('watch'),
      revision,
      selector: flags.string('selector'),
      timeoutMillis: flags.duration('timeout'),
    };
  },
  async run(options, context) {
    const client = await context.cluster.client();
    const { targets, failures } = await findTargets(options, client, context);
    const ofInput = [...failures];
    const errors: unknown[] = [];
    for (const target of targets) {
      const { list } = target;
      await follow(target, options, client, context).catch((error: unknown) => {
        // Objects of files are asked for as their files are read.
        if (list !== undefined && error instanceof StatusError) ofInput.push({ error, list });
        else errors.push(error);
      });
    }
    throwVisited(errors, errorsOf(ofInput), options.input.filenames.length > 0);
    if (targets.length === 0) {
      const { name } = await context.cluster.namespace();
      context.streams.err.write(`No resources found in ${name} namespace.\n`);
    }
  },
});

interface Target {
  readonly mapping: RestMapping;
  readonly namespace: string;
  readonly name: string;
  /** The list of its file that it is an item of. */
  readonly list?: object;
}

/** What is to be followed, and what is wrong with objects of files. */
interface FoundTargets {
  readonly targets: readonly Target[];
  readonly failures: readonly FailedManifest[];
}

async function findTargets(
  options: RolloutStatusOptions,
  client: Client,
  context: CommandContext,
): Promise<FoundTargets> {
  await requireInputAlone(options.input, options.args, context);
  const discovery = await context.cluster.discovery();
  const namespace = (await context.cluster.namespace()).name;
  if (options.input.filenames.length > 0) {
    const targets: Target[] = [];
    const failures: FailedManifest[] = [];
    for (const entry of await readTypedInput(options.input, context)) {
      if ('error' in entry) {
        failures.push(entry);
        continue;
      }
      const { name = '', namespace: own = namespace } = entry.object.metadata;
      const list = entry.list === undefined ? {} : { list: entry.list };
      await findMapping(discovery, entry).then(
        (mapping) => targets.push({ mapping, namespace: own, name, ...list }),
        (error: unknown) => failures.push({ error, ...list }),
      );
    }
    return { targets, failures };
  }
  const found = await discovery.withMapper((mapper) => parseResourceArguments(options.args, mapper));
  if (options.selector !== '' && found.some(({ name }) => name !== undefined)) {
    throw new CommandError(namedAndSelected(options.args));
  }
  const targets: Target[] = [];
  for (const { mapping, name } of found) {
    if (name !== undefined) targets.push({ mapping, namespace, name });
    else {
      const list = await resourceOf(client, mapping, namespace, answersOfAnyType(context)).list({
        labelSelector: options.selector,
      });
      for (const item of list.items) targets.push({ mapping, namespace, name: item.metadata.name ?? '' });
    }
  }
  return { targets, failures: [] };
}

async function follow(
  target: Target,
  options: RolloutStatusOptions,
  client: Client,
  context: CommandContext,
): Promise<void> {
  const { kind } = target.mapping.gvk;
  // What has no name is not asked for, only what it is.
  if (target.name === '' && !viewedKinds.has(kind)) throw noViewer(target.mapping.gvk);
  const resource = resourceOf(client, target.mapping, target.namespace, answersOfAnyType(context));
  const deadline = startDeadline(context.clock, options.timeoutMillis, context.signal);
  const { log } = context;
  const followed = log === undefined ? undefined : (await import('../../cli/reflector-log.ts')).reflectorLog(log);
  try {
    for (;;) {
      const current = await resource.get(target.name).catch(async (error: unknown) => {
        throw await missingNamespaceOr(error, client, target.mapping, target.namespace);
      });
      followed?.started();
      followed?.populated();
      if (tell(current, options, context) || !options.watch) return;
      const events = resource.watch({
        fieldSelector: `metadata.name=${target.name}`,
        resourceVersion: current.metadata.resourceVersion ?? '',
        signal: deadline.signal,
      });
      for await (const event of events) {
        if (event.type === 'ERROR') {
          if (event.object.code === 410) break;
          throw new StatusError(event.object);
        }
        if (event.type === 'DELETED') throw new CommandError('object has been deleted');
        if (tell(event.object, options, context)) return;
      }
    }
  } catch (error) {
    if (deadline.hasPassed) throw new CommandError('timed out waiting for the condition');
    throw error;
  } finally {
    deadline.stop();
    followed?.stopped();
  }
}

/** Prints where the rollout is. @returns whether it is done. */
function tell(object: Unstructured, options: RolloutStatusOptions, context: CommandContext): boolean {
  const { text, done } = rolloutStatus(object, options.revision);
  context.streams.out.write(text);
  return done;
}

const viewedKinds: ReadonlySet<string> = new Set(['Deployment', 'DaemonSet', 'StatefulSet']);

function noViewer({ group, kind }: Pick<GroupVersionKind, 'group' | 'kind'>): CommandError {
  return new CommandError(`no status viewer has been implemented for ${group === '' ? kind : `${kind}.${group}`}`);
}

/** What `rollout status` says of an object. @throws CommandError when it failed, or has no rollouts. */
export function rolloutStatus(
  object: Unstructured,
  revision: number,
): { readonly text: string; readonly done: boolean } {
  switch (object.kind) {
    case 'Deployment':
      return deploymentStatus(object, revision);
    case 'DaemonSet':
      return daemonSetStatus(object);
    case 'StatefulSet':
      return statefulSetStatus(object);
    default:
      throw noViewer(gvkOf(object));
  }
}

function deploymentStatus(deployment: Deployment, revision: number): { text: string; done: boolean } {
  const { spec, status = {}, metadata } = deployment;
  const name = metadata.name ?? '';
  const current = Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '0');
  if (revision > 0 && revision !== current) {
    throw new CommandError(`desired revision (${revision}) is different from the running revision (${current})`);
  }
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return { text: 'Waiting for deployment spec update to be observed...\n', done: false };
  }
  const progressing = status.conditions?.find((condition) => condition.type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    throw new CommandError(`deployment "${name}" exceeded its progress deadline`);
  }
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const wait = `Waiting for deployment "${name}" rollout to finish:`;
  if (spec?.replicas !== undefined && updatedReplicas < spec.replicas) {
    return {
      text: `${wait} ${updatedReplicas} out of ${spec.replicas} new replicas have been updated...\n`,
      done: false,
    };
  }
  if (replicas > updatedReplicas) {
    return { text: `${wait} ${replicas - updatedReplicas} old replicas are pending termination...\n`, done: false };
  }
  if (availableReplicas < updatedReplicas) {
    return {
      text: `${wait} ${availableReplicas} of ${updatedReplicas} updated replicas are available...\n`,
      done: false,
    };
  }
  return { text: `deployment "${name}" successfully rolled out\n`, done: true };
}

function daemonSetStatus(daemonSet: DaemonSet): { text: string; done: boolean } {
  const { spec, status, metadata } = daemonSet;
  const name = metadata.name ?? '';
  if (spec?.updateStrategy?.type !== 'RollingUpdate') {
    throw new CommandError('rollout status is only available for RollingUpdate strategy type');
  }
  if ((metadata.generation ?? 0) > (status?.observedGeneration ?? 0)) {
    return { text: 'Waiting for daemon set spec update to be observed...\n', done: false };
  }
  const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status ?? {};
  const wait = `Waiting for daemon set "${name}" rollout to finish:`;
  if (updatedNumberScheduled < desiredNumberScheduled) {
    const text = `${wait} ${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...\n`;
    return { text, done: false };
  }
  if (numberAvailable < desiredNumberScheduled) {
    const text = `${wait} ${numberAvailable} of ${desiredNumberScheduled} updated pods are available...\n`;
    return { text, done: false };
  }
  return { text: `daemon set "${name}" successfully rolled out\n`, done: true };
}

function statefulSetStatus(set: StatefulSet): { text: string; done: boolean } {
  const { spec, status, metadata } = set;
  if (spec?.updateStrategy?.type !== 'RollingUpdate') {
    throw new CommandError('rollout status is only available for RollingUpdate strategy type');
  }
  const { observedGeneration = 0, readyReplicas = 0, updatedReplicas = 0, currentReplicas = 0 } = status ?? {};
  const { currentRevision = '', updateRevision = '' } = status ?? {};
  if (observedGeneration === 0 || (metadata.generation ?? 0) > observedGeneration) {
    return { text: 'Waiting for statefulset spec update to be observed...\n', done: false };
  }
  const replicas = spec.replicas ?? 1;
  if (readyReplicas < replicas) {
    return { text: `Waiting for ${replicas - readyReplicas} pods to be ready...\n`, done: false };
  }
  const partition = spec.updateStrategy.rollingUpdate?.partition;
  if (partition !== undefined) {
    if (updatedReplicas < replicas - partition) {
      const text = `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${replicas - partition} new pods have been updated...\n`;
      return { text, done: false };
    }
    return { text: `partitioned roll out complete: ${updatedReplicas} new pods have been updated...\n`, done: true };
  }
  if (updateRevision !== currentRevision) {
    const text = `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...\n`;
    return { text, done: false };
  }
  const text = `statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...\n`;
  return { text, done: true };
}
