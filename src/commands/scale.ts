import type { Scale } from '../api/types/autoscaling-v1.ts';
import { cloneJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { WriteOptions } from '../client/client.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
import { dryRunFlag, filenameFlags, printFlags, selectorFlag, standardFormats } from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { requireFlags } from '../cli/required-flags.ts';
import { type LoadedTarget, loadTargets, resolveTargets, nothingNamed } from '../cli/resource-targets.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { sleep } from '../system/clock.ts';

interface ScaleOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly all: boolean;
  readonly selector: string;
  readonly replicas: number;
  readonly currentReplicas: number;
  readonly resourceVersion: string;
  readonly timeoutMillis: number;
  readonly dryRun: DryRun;
  readonly printer: ObjectPrinter | undefined;
}

/** `scale`: sets how many replicas there shall be. */
export const scaleCommand = defineCommand<ScaleOptions>({
  path: ['scale'],
  usage: '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  long: 'Set how many replicas of something there shall be, if it is as --current-replicas and --resource-version say.',
  examples: '  # Three replicas\n  kubectl scale --replicas=3 deployment/web',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to scale'),
    selectorFlag,
    dryRunFlag,
    { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
    {
      name: 'current-replicas',
      type: 'int',
      default: '-1',
      description: 'Only scale what has this many replicas; -1 for any',
    },
    { name: 'replicas', type: 'int', default: '0', description: 'How many replicas there shall be; required' },
    { name: 'resource-version', type: 'string', default: '', description: 'Only scale what has this version' },
    { name: 'timeout', type: 'duration', default: '0s', description: 'How long to wait until it is so; 0 for not' },
  ],
  async toOptions(args, flags, context) {
    requireFlags(flags, ['replicas']);
    const input = manifestInput(flags);
    const replicas = flags.int('replicas');
    if (replicas < 0) {
      throw new CommandError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
    }
    if (flags.int('current-replicas') < -1) {
      throw new CommandError('The --current-replicas must specify an integer of -1 or greater');
    }
    if (args.length === 0 && input.filenames.length === 0) {
      throw new CommandError(nothingNamed);
    }
    return {
      args,
      input,
      all: flags.bool('all'),
      selector: flags.string('selector'),
      replicas,
      currentReplicas: flags.int('current-replicas'),
      resourceVersion: flags.string('resource-version'),
      timeoutMillis: flags.duration('timeout'),
      dryRun: dryRunOf(flags, context),
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    const targets = await resolveTargets({ ...options, fieldSelector: '', allNamespaces: false }, context);
    const { objects, errors } = await loadTargets(targets, context);
    if (objects.length === 0 && errors.length === 0) throw new CommandError('no objects passed to scale');
    if (options.resourceVersion !== '' && objects.length > 1) {
      throw new CommandError('cannot use --resource-version with multiple resources');
    }
    const failures = [...errors];
    for (const target of objects) {
      try {
        if (options.dryRun !== 'client') await scaleOne(target, options, context);
        context.streams.out.write(show(target.object, options));
      } catch (error) {
        failures.push(error);
      }
    }
    throwFailures(failures);
  },
});

function show(object: Unstructured, options: ScaleOptions): string {
  const scaled = cloneJson(object) as Unstructured & { spec?: { replicas?: number } };
  scaled.spec = { ...scaled.spec, replicas: options.replicas };
  if (options.printer !== undefined) return options.printer.print(scaled);
  return new NamePrinter({ operation: `scaled${dryRunSuffix[options.dryRun]}` }).print(scaled);
}

async function scaleOne(target: LoadedTarget, options: ScaleOptions, context: CommandContext): Promise<void> {
  const client = await context.cluster.client();
  const resource = resourceOf(client, target.mapping, target.namespace);
  const write: WriteOptions = { subresource: 'scale', ...(options.dryRun === 'server' ? { dryRun: 'All' } : {}) };
  if (options.currentReplicas === -1 && options.resourceVersion === '') {
    const patch = { spec: { replicas: options.replicas } };
    await resource.patch(target.name, 'application/merge-patch+json', patch, write);
  } else {
    const current = await resource.get(target.name, { subresource: 'scale' });
    const { spec, metadata } = current as unknown as Scale;
    const replicas = spec?.replicas ?? 0;
    if (options.currentReplicas !== -1 && replicas !== options.currentReplicas) {
      throw new CommandError(`Expected replicas to be ${options.currentReplicas}, was ${replicas}`);
    }
    const version = metadata.resourceVersion ?? '';
    if (options.resourceVersion !== '' && version !== options.resourceVersion) {
      throw new CommandError(`Expected resource version to be ${options.resourceVersion}, was ${version}`);
    }
    await resource.update({ ...current, spec: { ...spec, replicas: options.replicas } }, write);
  }
  if (options.timeoutMillis === 0 || options.dryRun !== 'none') return;
  const deadline = context.clock.now() + options.timeoutMillis;
  for (;;) {
    const { spec, status } = (await resource.get(target.name, { subresource: 'scale' })) as unknown as Scale;
    if ((status?.replicas ?? 0) === (spec?.replicas ?? 0)) return;
    if (context.clock.now() >= deadline || !(await sleep(context.clock, 1000, context.signal))) {
      throw new CommandError(`timed out waiting for "${target.name}" to be synced`);
    }
  }
}
