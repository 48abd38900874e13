import { messageOf } from '../../apimachinery/error-message.ts';
import { equalJson, type JsonObject } from '../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../apimachinery/object-meta.ts';
import { formatGroupResource } from '../../apimachinery/gvk.ts';
import { type CommandContext, CommandError, type CommandDefinition, defineCommand } from '../../cli/command.ts';
import { NestedErrors } from '../../cli/exit.ts';
import { fieldManagerFlag, filenameFlags, printFlags, selectorFlag, standardFormats } from '../../cli/flags.ts';
import { type ManifestInput, manifestInput, throwCollected } from '../../cli/manifest-input.ts';
import { typedPrinter } from '../../cli/typed-objects.ts';
import { loadTargetsToChange } from '../../cli/resource-targets.ts';
import { applyJsonMergePatch } from '../../patch/json-merge-patch.ts';
import { NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { resourceOf } from '../../resource/resource-access.ts';

interface ChangeOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly selector: string;
  readonly fieldManager: string;
  /** Made when something is printed: a wrong format is told after what went wrong before. */
  readonly makePrinter: () => Promise<ObjectPrinter | undefined>;
}

interface RolloutChange {
  readonly name: 'restart' | 'pause' | 'resume';
  readonly done: string;
  readonly doing: string;
  readonly short: string;
  readonly long: string;
  readonly kinds: readonly string[];
  /** Why it cannot be done to a deployment that is paused, or is not. */
  refusal(isPaused: boolean): string | undefined;
  patch(context: CommandContext): JsonObject;
}

function rolloutChange(change: RolloutChange): CommandDefinition<ChangeOptions> {
  return defineCommand<ChangeOptions>({
    path: ['rollout', change.name],
    usage: 'RESOURCE',
    short: change.short,
    long: change.long,
    examples: `  kubectl rollout ${change.name} deployment/web`,
    flags: [
      ...printFlags({ formats: standardFormats }),
      ...filenameFlags(`that name what to ${change.name}`),
      selectorFlag,
      fieldManagerFlag('kubectl-rollout'),
    ],
    async toOptions(args, flags, context) {
      const input = manifestInput(flags);
      if (args.length === 0 && input.filenames.length === 0) throw new CommandError('required resource not specified');
      return {
        args,
        input,
        selector: flags.string('selector'),
        fieldManager: flags.string('field-manager'),
        makePrinter: () => typedPrinter(flags, context),
      };
    },
    async run(options, context) {
      const { objects, errors } = await loadTargetsToChange({ ...options, isTyped: true }, context);
      const failures: unknown[] = errors.length > 1 && objects.length > 0 ? [new NestedErrors(errors)] : [...errors];
      const client = await context.cluster.client();
      if (objects.length === 0 && errors.length === 0) {
        context.streams.err.write(`No resources found in ${(await context.cluster.namespace()).name} namespace.\n`);
      }
      for (const { object, mapping, namespace, name } of objects) {
        try {
          const refused = refusalOf(object, change);
          if (refused !== undefined) {
            throw new CommandError(`error: ${formatGroupResource(mapping.gvr)} "${name}" ${refused}`);
          }
          const patch = change.patch(context);
          if (equalJson(applyJsonMergePatch(object as unknown as JsonObject, patch), object)) {
            throw new CommandError(
              `failed to create patch for ${name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
            );
          }
          const { fieldManager } = options;
          const resource = resourceOf(client, mapping, namespace);
          const result = await resource
            .patch(name, 'application/strategic-merge-patch+json', patch, { fieldManager })
            .catch((error: unknown) => {
              throw new CommandError(`failed to patch: ${messageOf(error)}`);
            });
          const plain = new NamePrinter({ operation: change.done });
          context.streams.out.write(((await options.makePrinter()) ?? plain).print(result));
        } catch (error) {
          failures.push(error);
        }
      }
      throwCollected(failures);
    },
  });
}

function refusalOf(object: Unstructured, change: RolloutChange): string | undefined {
  if (!change.kinds.includes(object.kind)) return `${change.doing} is not supported`;
  if (object.kind !== 'Deployment') return undefined;
  return change.refusal((object['spec'] as { paused?: boolean } | undefined)?.paused === true);
}

/** `rollout restart`: makes all pods anew. */
export const rolloutRestartCommand = rolloutChange({
  name: 'restart',
  done: 'restarted',
  doing: 'restarting',
  short: 'Restart a resource',
  long: 'Roll out the same pod template again, so that every pod is made anew.',
  kinds: ['Deployment', 'DaemonSet', 'StatefulSet'],
  refusal: (isPaused) => (isPaused ? "can't restart paused deployment (run rollout resume first)" : undefined),
  patch: ({ clock }) => {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': formatTime(clock.now()) };
    return { spec: { template: { metadata: { annotations } } } };
  },
});

/** `rollout pause`: holds the rollouts of a deployment. */
export const rolloutPauseCommand = rolloutChange({
  name: 'pause',
  done: 'paused',
  doing: 'pausing',
  short: 'Mark the provided resource as paused',
  long: 'Hold the rollouts of a deployment: changes of its pod template wait until it is resumed.',
  kinds: ['Deployment'],
  refusal: (isPaused) => (isPaused ? 'is already paused' : undefined),
  patch: () => ({ spec: { paused: true } }),
});

/** `rollout resume`: lets the rollouts of a deployment go on. */
export const rolloutResumeCommand = rolloutChange({
  name: 'resume',
  done: 'resumed',
  doing: 'resuming',
  short: 'Resume a paused resource',
  long: 'Let the rollouts of a paused deployment go on.',
  kinds: ['Deployment'],
  refusal: (isPaused) => (isPaused ? undefined : 'is not paused'),
  patch: () => ({ spec: { paused: null } }),
});
