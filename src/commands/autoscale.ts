import { formatGroupVersion } from '../apimachinery/gvk.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { changeCauseOf, recordChangeCause, recordFlag } from '../cli/change-cause.ts';
import { typedAnswers } from '../cli/typed-answers.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  saveConfigFlag,
  standardFormats,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { requireFlags } from '../cli/required-flags.ts';
import { type LoadedTarget, loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { typedPrinter, withConfiguration, withNamespace } from '../cli/typed-objects.ts';
import { GeneratorError } from '../generators/flag-texts.ts';
import {
  type AutoscalerSource,
  makeAutoscaler,
  makeOldAutoscaler,
  parseMetricTarget,
} from '../generators/horizontal-pod-autoscaler.ts';
import { typedShape } from '../generators/typed-shapes.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';

interface AutoscaleOptions extends Omit<AutoscalerSource, 'target'> {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly dryRun: DryRun;
  readonly fieldManager: string;
  readonly saveConfig: boolean;
  readonly cause: string | undefined;
  /** Made when something is printed: a wrong format is told as a failure of that. */
  readonly makePrinter: () => Promise<ObjectPrinter | undefined>;
}

/** `autoscale`: an autoscaler for something that scales. */
export const autoscaleCommand = defineCommand<AutoscaleOptions>({
  path: ['autoscale'],
  usage: '(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY]',
  short: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  long: 'Make an autoscaler, which keeps the number of pods of something between two bounds by how much they use.',
  examples:
    '  # Between 2 and 10 pods, as the server thinks best\n  kubectl autoscale deployment web --min=2 --max=10\n\n' +
    '  # Aim at 80% of the requested CPU\n  kubectl autoscale rc web --max=5 --cpu=80%\n\n' +
    '  # Aim at amounts\n  kubectl autoscale deployment web --max=6 --cpu=500m --memory=200Mi',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to autoscale'),
    dryRunFlag,
    fieldManagerFlag('kubectl-autoscale'),
    saveConfigFlag,
    recordFlag,
    {
      name: 'cpu',
      type: 'string',
      default: '',
      description:
        'How much CPU the pods shall use on average: a share of what they request (70%) or an amount (500m). A bare number is in thousandths of a CPU.',
    },
    {
      name: 'cpu-percent',
      type: 'int32',
      default: '-1',
      description: 'How much of the requested CPU the pods shall use, in percent.',
      deprecated:
        "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
    },
    { name: 'max', type: 'int32', default: '-1', description: 'How many pods there may be at most. Required.' },
    {
      name: 'memory',
      type: 'string',
      default: '',
      description:
        'How much memory the pods shall use on average: a share of what they request (60%) or an amount (200Mi). A bare number is in mebibytes.',
    },
    {
      name: 'min',
      type: 'int32',
      default: '-1',
      description: 'How many pods there must be at least; what the server thinks best when it is not positive.',
    },
    {
      name: 'name',
      type: 'string',
      default: '',
      description: 'Name of the autoscaler; that of what it scales if none.',
    },
  ],
  async toOptions(args, flags, context) {
    requireFlags(flags, ['max']);
    const dryRun = dryRunOf(flags, context);
    const options: AutoscaleOptions = {
      args,
      input: manifestInput(flags),
      name: flags.string('name'),
      min: flags.int('min'),
      max: flags.int('max'),
      cpuPercent: flags.int('cpu-percent'),
      cpu: flags.string('cpu'),
      memory: flags.string('memory'),
      dryRun,
      fieldManager: flags.string('field-manager'),
      saveConfig: flags.bool('save-config'),
      cause: changeCauseOf(flags, ['autoscale'], args),
      makePrinter: () => typedPrinter(flags, context),
    };
    check(options);
    return options;
  },
  async run(options, context) {
    const request = { selector: '', fieldSelector: '', all: false, allNamespaces: false };
    const targets = await resolveTargets(
      { ...request, isServed: true, args: options.args, input: options.input },
      context,
    );
    const { objects, errors } = await loadTargets(targets, context, { manifests: 'as-given' });
    const failures: unknown[] = [];
    for (const target of objects) {
      try {
        await autoscale(target, options, context);
      } catch (error) {
        failures.push(error);
      }
    }
    throwFailures([...failures, ...errors]);
    if (objects.length === 0) throw new CommandError('no objects passed to autoscale');
  },
});

function check({ max, min, cpuPercent, cpu, memory }: AutoscaleOptions): void {
  if (max < 1) throw new CommandError(`--max=MAXPODS is required and must be at least 1, max: ${max}`);
  if (max < min) {
    throw new CommandError(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`);
  }
  if (cpuPercent > 0 && cpu !== '') throw new CommandError('--cpu-percent and --cpu are mutually exclusive');
  if (cpu !== '') parseMetricTarget(cpu, 'cpu');
  if (memory !== '') parseMetricTarget(memory, 'memory');
}

async function autoscale(target: LoadedTarget, options: AutoscaleOptions, context: CommandContext): Promise<void> {
  const { gvk, gvr, resource } = target.mapping;
  if (!resource.subresources.some(({ name }) => name === 'scale')) {
    throw new CommandError(
      `cannot autoscale a ${gvk.kind}: could not find scale subresource for ${gvr.group}/${gvr.version}, Resource=${gvr.resource} in discovery information`,
    );
  }
  const source: AutoscalerSource = {
    ...options,
    name: options.name === '' ? target.name : options.name,
    target: { apiVersion: formatGroupVersion(gvk), kind: gvk.kind, name: target.name },
  };
  try {
    await handle(makeAutoscaler(source), 'v2', options, context);
  } catch {
    // Whatever went wrong with the new version, the old one is tried where it can say the same.
    checkFitsOldVersion(source);
    await handle(makeOldAutoscaler(source), 'v1', options, context);
  }
}

function checkFitsOldVersion({ cpu, memory, cpuPercent }: AutoscalerSource): void {
  const failure = 'failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1';
  let type: string;
  try {
    ({ type } = parseMetricTarget(cpu, 'cpu'));
  } catch (error) {
    if (error instanceof GeneratorError) throw new CommandError(`${failure}: ${error.message}`);
    throw error;
  }
  const fits = memory === '' && (cpuPercent >= 0 || type === 'Utilization');
  // The real program formats an error that is not there.
  if (!fits) throw new CommandError(`${failure}: %!w(<nil>)`);
}

async function handle(
  made: Unstructured,
  version: string,
  options: AutoscaleOptions,
  context: CommandContext,
): Promise<void> {
  const { dryRun, fieldManager, saveConfig, makePrinter } = options;
  const { name: namespace, explicit } = await context.cluster.namespace();
  const object = explicit ? withNamespace(made, namespace) : made;
  recordChangeCause(object, options.cause);
  // Made when there is something to print: a wrong format is told when the autoscaler is there.
  const printer = async (operation: string): Promise<ObjectPrinter> =>
    (await makePrinter()) ?? new NamePrinter({ operation: `${operation}${dryRunSuffix[dryRun]}` });
  if (dryRun === 'client') {
    context.streams.out.write((await printer('created')).print(object));
    return;
  }
  const client = await context.cluster.client();
  const gvr = { group: 'autoscaling', version, resource: 'horizontalpodautoscalers' };
  const sent = saveConfig ? withConfiguration(object) : object;
  const stored = await client.resource(gvr, namespace, typedAnswers(sent, context)).create(sent, {
    ...(fieldManager === '' ? {} : { fieldManager }),
    ...(dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  });
  context.streams.out.write((await printer('autoscaled')).print(typedShape(withMetrics(stored))));
}

/** The list of what was measured is never left out by Go. */
function withMetrics(stored: Unstructured): Unstructured {
  if (stored.apiVersion !== 'autoscaling/v2') return stored;
  return {
    ...stored,
    status: { currentMetrics: null, desiredReplicas: 0, ...(stored['status'] as object | undefined) },
  };
}
