import { cloneJson, equalJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
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
import { type LoadedTarget, loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { resourceOf } from '../resource/resource-access.ts';

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
  readonly fieldManager: string;
  readonly dryRun: DryRun;
  readonly printer: ObjectPrinter | undefined;
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
      { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
      { name: 'list', type: 'bool', default: 'false', description: `Print the ${words.field} there are then` },
      { name: 'local', type: 'bool', default: 'false', description: 'Change the manifests; do not ask the server' },
      { name: 'overwrite', type: 'bool', default: 'false', description: `Change ${words.field} that have a value` },
      { name: 'resource-version', type: 'string', default: '', description: 'Only change what has this version' },
    ],
    async toOptions(args, flags, context) {
      const input = manifestInput(flags);
      const { resources, changes } = splitChanges(args, words.noun);
      const parsed = words.noun === 'label' ? parseLabelChanges(changes) : parseAnnotationChanges(changes);
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
        fieldManager: flags.string('field-manager'),
        dryRun: dryRunOf(flags, context),
        printer: await printerOf(flags, context),
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
      for (const target of objects) {
        try {
          const text = await changeOne(target, options, context);
          context.streams.out.write(options.list ? listText(target, text.object, options, objects.length) : text.shown);
        } catch (error) {
          failures.push(error);
        }
      }
      throwFailures(failures);
    },
  });
}

function check(options: MetadataOptions, output: string): void {
  const { words, args, input, changes } = options;
  if (options.list && output !== '') throw new CommandError('--list and --output may not be specified together');
  if (options.all && options.selector !== '') {
    throw new CommandError('cannot set --all and --selector at the same time');
  }
  if (options.all && options.fieldSelector !== '') {
    throw new CommandError('cannot set --all and --field-selector at the same time');
  }
  if (options.local && input.filenames.length === 0) {
    throw new CommandError('can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set');
  }
  if (args.length === 0 && input.filenames.length === 0) {
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
  if (!options.local) return loadTargets(await resolveTargets(options, context), context);
  const objects = (await readInput(options.input, context)).map(({ object, source }) => {
    const { name = '', namespace = '' } = object.metadata;
    return { object, source, name, namespace };
  });
  return { objects, errors: [] };
}

function changed(object: Unstructured, options: MetadataOptions): Unstructured {
  const { field } = options.words;
  const copy = cloneJson(object);
  const values = { ...copy.metadata[field] };
  if (!options.overwrite) checkOverwrite(values, options);
  for (const [key, value] of options.changes.set) values[key] = value;
  for (const key of options.changes.remove) delete values[key];
  if (Object.keys(values).length === 0) delete copy.metadata[field];
  else copy.metadata[field] = values;
  if (options.resourceVersion !== '') copy.metadata.resourceVersion = options.resourceVersion;
  return copy;
}

function checkOverwrite(values: Readonly<Record<string, string>>, options: MetadataOptions): void {
  const taken = [...options.changes.set]
    .filter(([key, value]) => values[key] !== undefined && values[key] !== value)
    .map(([key]) => `'${key}' already has a value (${values[key] ?? ''})`)
    .toSorted();
  if (taken.length === 0) return;
  throw new CommandError(
    options.words.noun === 'label'
      ? `${taken[0] ?? ''}, and --overwrite is false`
      : `--overwrite is false but found the following declared annotation(s): ${taken.join('; ')}`,
  );
}

async function changeOne(
  target: Loaded,
  options: MetadataOptions,
  context: CommandContext,
): Promise<{ readonly object: Unstructured; readonly shown: string }> {
  const { object, mapping } = target;
  const wanted = changed(object, options);
  const operation = `${operationOf(object, wanted, options)}${dryRunSuffix[options.dryRun]}`;
  const show = (result: Unstructured): { readonly object: Unstructured; readonly shown: string } => ({
    object: result,
    shown: options.printer?.print(result) ?? new NamePrinter({ operation }).print(result),
  });
  if (mapping === undefined || options.dryRun === 'client' || options.list) return show(wanted);
  const { field, noun } = options.words;
  if (noun === 'label') {
    for (const key of options.changes.remove) {
      if (object.metadata.labels?.[key] === undefined) context.streams.out.write(`label "${key}" not found.\n`);
    }
  }
  const values: Record<string, string | null> = Object.fromEntries(options.changes.set);
  for (const key of options.changes.remove) values[key] = null;
  const version = options.resourceVersion === '' ? {} : { resourceVersion: options.resourceVersion };
  const patch = { metadata: { [field]: values, ...version } };
  const resource = resourceOf(await context.cluster.client(), mapping, target.namespace);
  const result = await resource.patch(target.name, 'application/merge-patch+json', patch, {
    fieldManager: options.fieldManager,
    ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  });
  return show(result);
}

function operationOf(before: Unstructured, after: Unstructured, options: MetadataOptions): string {
  if (options.words.noun === 'annotation') return 'annotated';
  if (equalJson(before, after)) return 'not labeled';
  const isShorter = JSON.stringify(after).length < JSON.stringify(before).length;
  return !options.overwrite && isShorter ? 'unlabeled' : 'labeled';
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
