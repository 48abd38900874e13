import { cloneJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { changeCauseOf, recordChangeCause, recordFlag } from '../cli/change-cause.ts';
import { type CommandContext, CommandError, type CommandDefinition, defineCommand } from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
import {
  allNamespacesFlag,
  dryRunFlag,
  fieldManagerFlag,
  fieldSelectorFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
  standardFormats,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput, readInput } from '../cli/manifest-input.ts';
import { type MapChanges, parseAnnotationChanges, parseLabelChanges, splitChanges } from '../cli/map-changes.ts';
import { printerOf } from '../cli/print-objects.ts';
import { type LoadedTarget, loadTargets, namespaceProblem, resolveTargets } from '../cli/resource-targets.ts';
import { inOrder } from '../generators/request-plan.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { includeUninitializedFlag } from '../cli/uninitialized-choice.ts';

/** `label` and `annotate` differ in these words. */
export interface MetadataCommandWords {
  readonly command: 'label' | 'annotate';
  readonly noun: 'label' | 'annotation';
  readonly field: 'labels' | 'annotations';
  readonly short: string;
  readonly long: string;
  readonly examples: string;
}

interface MetadataOptions {
  readonly words: MetadataCommandWords;
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly changes: MapChanges;
  readonly all: boolean;
  readonly allNamespaces: boolean;
  readonly selector: string;
  readonly fieldSelector: string;
  readonly list: boolean;
  readonly local: boolean;
  readonly overwrite: boolean;
  readonly resourceVersion: string;
  readonly changeCause: string | undefined;
  readonly fieldManager: string;
  readonly dryRun: DryRun;
  /** Of one object: label prints each as if alone, annotate those of a run together. */
  readonly printer: () => Promise<ObjectPrinter | undefined>;
}

/** Makes `label` or `annotate`. */
export function metadataCommand(words: MetadataCommandWords): CommandDefinition<MetadataOptions> {
  return defineCommand<MetadataOptions>({
    path: [words.command],
    usage: '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]',
    short: words.short,
    long: words.long,
    examples: words.examples,
    flags: [
      ...printFlags({ formats: standardFormats }),
      ...filenameFlags(`that name what to ${words.command}`),
      selectorFlag,
      fieldSelectorFlag,
      allNamespacesFlag,
      dryRunFlag,
      fieldManagerFlag(`kubectl-${words.command}`),
      recordFlag,
      { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
      { name: 'list', type: 'bool', default: 'false', description: `Print the ${words.field} there are then` },
      { name: 'local', type: 'bool', default: 'false', description: 'Change the manifests; do not ask the server' },
      { name: 'overwrite', type: 'bool', default: 'false', description: `Change ${words.field} that have a value` },
      { name: 'resource-version', type: 'string', default: '', description: 'Only change what has this version' },
      includeUninitializedFlag,
    ],
    async toOptions(args, flags, context) {
      const input = manifestInput(flags);
      const { resources, changes } = splitChanges(args, words.noun);
      const parsed = words.noun === 'label' ? parseLabelChanges(changes) : parseAnnotationChanges(changes);
      const shared = printerOf(flags, context);
      await shared;
      const options: MetadataOptions = {
        words,
        args: resources,
        input,
        changes: parsed,
        all: flags.bool('all'),
        allNamespaces: flags.bool('all-namespaces'),
        selector: flags.string('selector'),
        fieldSelector: flags.string('field-selector'),
        list: flags.bool('list'),
        local: flags.bool('local'),
        overwrite: flags.bool('overwrite'),
        resourceVersion: flags.string('resource-version'),
        changeCause: changeCauseOf(flags, [words.command], args),
        fieldManager: flags.string('field-manager'),
        dryRun: dryRunOf(flags, context),
        printer: words.noun === 'label' ? () => printerOf(flags, context) : () => shared,
      };
      check(options, flags.string('output'));
      return options;
    },
    async run(options, context) {
      const { objects, errors } = await load(options, context);
      if (options.resourceVersion !== '' && objects.length > 1) {
        throw new CommandError('--resource-version may only be used with a single resource');
      }
      const failures = [...errors];
      await inOrder(
        objects,
        (target) => changeOne(target, options, context),
        (result, target) => {
          context.streams.out.write(missingLabels(target, options));
          try {
            if (!result.ok) throw result.error;
            const { object, printer } = result.value;
            const text = options.list ? listText(target, object, options, objects.length) : printer.print(object);
            context.streams.out.write(text);
          } catch (error) {
            failures.push(error);
          }
        },
      );
      throwFailures(failures);
    },
  });
}

function check(options: MetadataOptions, output: string): void {
  const { words, args, input, changes } = options;
  if (options.list && output !== '' && words.noun === 'label')
    throw new CommandError('--list and --output may not be specified together');
  if (options.all && options.selector !== '') {
    throw new CommandError('cannot set --all and --selector at the same time');
  }
  if (options.all && options.fieldSelector !== '') {
    throw new CommandError('cannot set --all and --field-selector at the same time');
  }
  const hasFiles = input.filenames.length > 0;
  if (options.local) {
    const example = words.noun === 'label' ? ['pod.yaml', 'pod.json'] : ['rsrc.yaml', 'rsrc.json'];
    const files = `-f ${example[0] ?? ''} or --filename=${example[1] ?? ''}`;
    if (options.dryRun === 'server') {
      throw new CommandError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?');
    }
    if (args.length > 0) throw new CommandError(`can only use local files by ${files} when --local=true is set`);
    if (!hasFiles) throw new CommandError(`one or more files must be specified as ${files}`);
  }
  if (args.length === 0 && !hasFiles) {
    throw new CommandError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  }
  if (changes.set.size === 0 && changes.remove.length === 0 && !options.list) {
    throw new CommandError(`at least one ${words.noun} update is required`);
  }
}

type Loaded = Pick<LoadedTarget, 'object' | 'name' | 'namespace'> & Partial<LoadedTarget>;

async function load(
  options: MetadataOptions,
  context: CommandContext,
): Promise<{ readonly objects: readonly Loaded[]; readonly errors: readonly unknown[] }> {
  if (!options.local)
    return loadTargets(await resolveTargets({ ...options, namespaceCheck: 'loaded' }, context), context);
  const read = await readInput(options.input, context);
  const asked = await context.cluster.namespace();
  const errors: unknown[] = [...read.failures];
  const objects = read.objects.flatMap(({ object, source }) => {
    const problem = namespaceProblem(object.metadata.namespace ?? '', asked, context);
    if (problem !== undefined) {
      errors.push(problem);
      return [];
    }
    const { name = '', namespace = '' } = object.metadata;
    return [{ object, source, name, namespace }];
  });
  return { objects, errors };
}

/** What became of the keys. */
interface Change {
  readonly object: Unstructured;
  readonly isAdded: boolean;
  readonly isRemoved: boolean;
}

function changed(object: Unstructured, options: MetadataOptions): Change {
  const { field } = options.words;
  const copy = cloneJson(object);
  const values = { ...copy.metadata[field] };
  if (!options.overwrite) checkOverwrite(values, options);
  let isAdded = false;
  let isRemoved = false;
  for (const [key, value] of options.changes.set) {
    isAdded ||= values[key] !== value;
    values[key] = value;
  }
  for (const key of options.changes.remove) {
    isRemoved ||= values[key] !== undefined;
    delete values[key];
  }
  if (Object.keys(values).length === 0) delete copy.metadata[field];
  else copy.metadata[field] = values;
  if (options.resourceVersion !== '') copy.metadata.resourceVersion = options.resourceVersion;
  return { object: copy, isAdded, isRemoved };
}

/** The annotation that --record writes may always be changed. */
const changeCauseKey = 'kubernetes.io/change-cause';

function checkOverwrite(values: Readonly<Record<string, string>>, options: MetadataOptions): void {
  const isLabel = options.words.noun === 'label';
  const taken = [...options.changes.set]
    .filter(([key, value]) => values[key] !== undefined && values[key] !== value)
    .filter(([key]) => isLabel || key !== changeCauseKey)
    .map(([key]) => `'${key}' already has a value (${values[key] ?? ''})`)
    .toSorted();
  if (taken.length === 0) return;
  if (isLabel) throwFailures(taken.map((one) => new CommandError(`${one}, and --overwrite is false`)));
  throw new CommandError(`--overwrite is false but found the following declared annotation(s): ${taken.join('; ')}`);
}

/** Whether nothing is to be sent for an object. */
function isChangedHere({ mapping }: Loaded, { dryRun, list }: MetadataOptions): boolean {
  return mapping === undefined || dryRun === 'client' || list;
}

/** A line for each label that was to be taken away and is not there. */
function missingLabels(target: Loaded, options: MetadataOptions): string {
  if (options.words.noun !== 'label' || isChangedHere(target, options)) return '';
  const { labels = {} } = target.object.metadata;
  const missing = options.changes.remove.filter((key) => labels[key] === undefined);
  return missing.map((key) => `label "${key}" not found.\n`).join('');
}

async function changeOne(
  target: Loaded,
  options: MetadataOptions,
  context: CommandContext,
): Promise<{ readonly object: Unstructured; readonly printer: ObjectPrinter }> {
  const { object, mapping } = target;
  const { field, noun } = options.words;
  const wanted = changed(object, options);
  const operation = `${operationOf(wanted, options)}${dryRunSuffix[options.dryRun]}`;
  const printer = (await options.printer()) ?? new NamePrinter({ operation });
  if (mapping === undefined || isChangedHere(target, options)) return { object: wanted.object, printer };
  if (noun === 'label' && !wanted.isAdded && !wanted.isRemoved) {
    recordChangeCause(wanted.object, options.changeCause);
    return { object: wanted.object, printer };
  }
  const values: Record<string, string | null> = Object.fromEntries(options.changes.set);
  for (const key of options.changes.remove) values[key] = null;
  const recorded: { metadata: { annotations?: Record<string, string> } } = { metadata: {} };
  recordChangeCause({ apiVersion: '', kind: '', ...recorded }, options.changeCause);
  const version = options.resourceVersion === '' ? {} : { resourceVersion: options.resourceVersion };
  const { annotations } = recorded.metadata;
  const patch = {
    metadata: {
      ...(annotations === undefined ? {} : { annotations }),
      [field]: field === 'annotations' ? { ...annotations, ...values } : values,
      ...version,
    },
  };
  const resource = resourceOf(await context.cluster.client(), mapping, target.namespace);
  const result = await resource.patch(target.name, 'application/merge-patch+json', patch, {
    fieldManager: options.fieldManager,
    ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  });
  // label shows what it sent, annotate what came back.
  return { object: noun === 'label' ? wanted.object : result, printer };
}

function operationOf({ isAdded, isRemoved }: Change, options: MetadataOptions): string {
  if (options.words.noun === 'annotation') return 'annotated';
  if (isAdded && isRemoved) return 'modified';
  if (isAdded) return 'labeled';
  return isRemoved ? 'unlabeled' : 'not labeled';
}

function listText(target: Loaded, object: Unstructured, options: MetadataOptions, count: number): string {
  const { field } = options.words;
  const values = object.metadata[field] ?? {};
  const indent = count > 1 ? ' ' : '';
  const lines = Object.keys(values)
    .toSorted()
    .map((key) => `${indent}${key}=${values[key] ?? ''}\n`);
  const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '';
  const title = count > 1 ? `Listing ${field} for ${object.kind}.${group}/${target.name}:\n` : '';
  return `${title}${lines.join('')}`;
}
