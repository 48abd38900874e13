import { jsonOrAnything } from '../client/answer-media-type.ts';
import type { KubeList } from '../apimachinery/object-meta.ts';
import type { Client } from '../client/client.ts';
import { listError } from '../client/list-error.ts';
import { type CommandContext, CommandError, defineCommand, type FlagValues } from '../cli/command.ts';
import { type DeletionTarget, deleteObjects } from '../cli/delete-objects.ts';
import { cascadeOf } from '../cli/deletion-flags.ts';
import { allNamespacesFlag, dryRunFlag, fieldSelectorFlag, filenameFlags, selectorFlag } from '../cli/flags.ts';
import { labelFilter, type ManifestInput, manifestInput, readInput, requireInputAlone } from '../cli/manifest-input.ts';
import { rawRequestPath, requireRawPath, sendRaw } from '../cli/raw-request.ts';
import { checkNamespace, listSubject, namedAndSelected, nothingNamed } from '../cli/resource-targets.ts';
import { printWarning } from '../cli/warnings.ts';
import { qualifiedName } from '../printers/name-printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { findMapping, resourceOf } from '../resource/resource-access.ts';
import { parseResourceArguments } from '../resource/resource-arguments.ts';
import { includeUninitializedFlag } from '../cli/uninitialized-choice.ts';

interface DeleteOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly all: boolean;
  readonly allNamespaces: boolean;
  readonly selector: string;
  readonly fieldSelector: string;
  readonly ignoreNotFound: boolean;
  readonly now: boolean;
  readonly force: boolean;
  readonly gracePeriodSeconds: number;
  readonly cascade: 'Background' | 'Orphan' | 'Foreground';
  readonly wait: boolean;
  readonly timeoutMillis: number;
  readonly output: string;
  readonly dryRun: DryRun;
  readonly interactive: boolean;
  readonly raw: string;
}

/** `delete`: removes objects, and waits until they are gone. */
export const deleteCommand = defineCommand<DeleteOptions>({
  path: ['delete'],
  interruptedExitCode: 1,
  usage: '([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])',
  short: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  long: 'Delete objects by manifest, by kind and name, or by kind and label. The command ends when they are gone, unless --wait=false.',
  examples:
    '  # What a manifest made\n  kubectl delete -f app.yaml\n\n  # All pods with a label\n  kubectl delete pods -l app=web',
  flags: [
    ...filenameFlags('that name what to delete'),
    allNamespacesFlag,
    selectorFlag,
    fieldSelectorFlag,
    dryRunFlag,
    { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
    {
      name: 'cascade',
      type: 'string',
      default: 'background',
      optional: 'background',
      description: 'background, orphan or foreground: what becomes of what the object owns',
    },
    {
      name: 'force',
      type: 'bool',
      default: 'false',
      description: 'With --grace-period=0: remove without waiting for the end',
    },
    {
      name: 'grace-period',
      type: 'int',
      default: '-1',
      description: 'Seconds the object has to end; negative for its own',
    },
    { name: 'ignore-not-found', type: 'bool', default: 'false', description: 'What does not exist is no error' },
    {
      name: 'interactive',
      shorthand: 'i',
      type: 'bool',
      default: 'false',
      description: 'Ask before anything is deleted',
    },
    { name: 'now', type: 'bool', default: 'false', description: 'Like --grace-period=1' },
    { name: 'output', shorthand: 'o', type: 'string', default: '', description: 'name, for names alone' },
    { name: 'raw', type: 'string', default: '', description: 'A path to DELETE as it is' },
    { name: 'timeout', type: 'duration', default: '0s', description: 'How long to wait; 0 for as long as it takes' },
    { name: 'wait', type: 'bool', default: 'true', description: 'Wait until the objects are gone' },
    includeUninitializedFlag,
  ],
  toOptions(args, flags, context) {
    const cascade = cascadeOf(flags.string('cascade'), context);
    const isSelecting = flags.bool('all') || flags.string('selector') !== '' || flags.string('field-selector') !== '';
    const options: DeleteOptions = {
      args,
      input: manifestInput(flags),
      all: flags.bool('all'),
      allNamespaces: flags.bool('all-namespaces'),
      selector: flags.string('selector'),
      fieldSelector: flags.string('field-selector'),
      ignoreNotFound: flags.bool('ignore-not-found') || (isSelecting && !flags.changed('ignore-not-found')),
      now: flags.bool('now'),
      force: flags.bool('force'),
      gracePeriodSeconds: gracePeriod(flags),
      cascade,
      wait: flags.bool('wait') && !flags.bool('force'),
      timeoutMillis: flags.duration('timeout'),
      output: flags.string('output'),
      dryRun: dryRunOf(flags, context),
      interactive: flags.bool('interactive'),
      raw: flags.string('raw'),
    };
    checkOptions(options);
    return options;
  },
  async run(options, context) {
    if (options.raw === '') await context.cluster.namespace();
    if (options.force && options.gracePeriodSeconds === 0) {
      printWarning(
        'Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.',
        context,
      );
    }
    const client = await context.cluster.client();
    if (options.raw !== '') {
      if (options.input.filenames.length > 0) {
        await sendRaw('DELETE', options.raw, options.input, context);
        return;
      }
      const response = await client.request({
        path: rawRequestPath(options.raw),
        method: 'DELETE',
        accept: jsonOrAnything,
        raw: true,
      });
      context.streams.out.write(response.body);
      return;
    }
    const { targets, failures } = await findTargets(options, client, context);
    if (options.interactive && targets.length > 0 && !(await confirm(targets, context))) {
      context.streams.out.write('deletion is cancelled\n');
      return;
    }
    const { explicit } = await context.cluster.namespace();
    if (explicit && !options.allNamespaces && targets.some(({ mapping }) => !mapping.namespaced)) {
      printWarning('deleting cluster-scoped resources, not scoped to the provided namespace', context);
    }
    await deleteObjects(targets, options, client, context, failures);
  },
});

function gracePeriod(flags: FlagValues): number {
  const asked = flags.int('grace-period');
  if (flags.bool('now')) {
    if (asked !== -1) throw new CommandError('--now and --grace-period cannot be specified together');
    return 1;
  }
  if (asked === 0 && !flags.bool('force')) return 1;
  return flags.bool('force') && asked < 0 ? 0 : asked;
}

function checkOptions(options: DeleteOptions): void {
  const { all, selector, fieldSelector, args, input, output, raw } = options;
  if (raw === '') {
    const isSelecting = selector !== '' || fieldSelector !== '';
    if (all && isSelecting) throw new CommandError("setting 'all' parameter but found a non empty selector. ");
    if (args.length === 0 && input.filenames.length === 0) {
      throw new CommandError(
        all || isSelecting ? 'at least one resource must be specified to use a selector' : nothingNamed,
      );
    }
  }
  if (output !== '' && output !== 'name') {
    throw new CommandError(`unexpected -o output mode: ${output}. We only support '-o name'`);
  }
  if (options.force && options.gracePeriodSeconds > 0) {
    throw new CommandError('--force and --grace-period greater than 0 cannot be specified together');
  }
  if (raw !== '') checkRaw(options);
}

function checkRaw({ interactive, input, output, raw }: DeleteOptions): void {
  const [filename = ''] = input.filenames;
  if (interactive) throw new CommandError('--interactive can not be used with --raw');
  if (input.filenames.length > 1) throw new CommandError('--raw can only use a single local file or stdin');
  if (/^https?:\/\//.test(filename)) throw new CommandError('--raw cannot read from a url');
  if (input.recursive) throw new CommandError('--raw and --recursive are mutually exclusive');
  if (output !== '') throw new CommandError('--raw and --output are mutually exclusive');
  requireRawPath(raw);
}

/** What is to be deleted, and what is wrong with objects of files. */
interface FoundTargets {
  readonly targets: readonly DeletionTarget[];
  readonly failures: readonly unknown[];
}

async function findTargets(options: DeleteOptions, client: Client, context: CommandContext): Promise<FoundTargets> {
  await requireInputAlone(options.input, options.args, context);
  const discovery = await context.cluster.discovery();
  const asked = await context.cluster.namespace();
  const namespace = asked.name;
  if (options.input.filenames.length > 0) {
    const selects = labelFilter(options.selector);
    const targets: DeletionTarget[] = [];
    const read = await readInput(options.input, context);
    const failures: unknown[] = [...read.failures];
    for (const entry of read.objects) {
      const { object, source } = entry;
      if (!selects(object)) continue;
      const own = object.metadata.namespace ?? '';
      try {
        const mapping = await findMapping(discovery, entry);
        if (mapping.namespaced) checkNamespace(own, asked, context);
        targets.push({
          mapping,
          namespace: own === '' && !options.allNamespaces ? namespace : own,
          name: object.metadata.name ?? '',
          source,
        });
      } catch (error) {
        failures.push(error);
      }
    }
    return { targets, failures };
  }
  const found = await discovery.withMapper((mapper) => parseResourceArguments(options.args, mapper));
  const targets: DeletionTarget[] = [];
  for (const { mapping, name } of found) {
    if (name !== undefined) {
      const isSelecting = options.all || options.selector !== '' || options.fieldSelector !== '';
      if (isSelecting) throw new CommandError(namedAndSelected(options.args));
      if (options.allNamespaces) {
        throw new CommandError('a resource cannot be retrieved by name across all namespaces');
      }
      targets.push({ mapping, namespace, name, source: '' });
      continue;
    }
    if (!options.all && options.selector === '' && options.fieldSelector === '') {
      throw new CommandError('resource(s) were provided, but no name was specified');
    }
    const scope = options.allNamespaces ? '' : namespace;
    const selectors = { labelSelector: options.selector, fieldSelector: options.fieldSelector };
    let list: KubeList;
    try {
      list = await resourceOf(client, mapping, scope).list(selectors);
    } catch (error) {
      throw listError(error, listSubject(mapping), selectors);
    }
    for (const item of list.items) {
      targets.push({
        mapping,
        namespace: item.metadata.namespace ?? scope,
        name: item.metadata.name ?? '',
        source: '',
      });
    }
  }
  return { targets, failures: [] };
}

async function confirm(targets: readonly DeletionTarget[], context: CommandContext): Promise<boolean> {
  const { in: input, out } = context.streams;
  out.write(`You are about to delete the following ${targets.length} resource(s):\n`);
  for (const { mapping, name } of targets) {
    out.write(`${qualifiedName(mapping.gvk.group, mapping.gvk.kind, name)}\n`);
  }
  out.write('Do you want to continue? (y/N): ');
  return ((await input.readLine()) ?? '').trim().toLowerCase() === 'y';
}
