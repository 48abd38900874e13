import { jsonOrAnything } from '../client/answer-media-type.ts';
import { rawRequestPath, requireRawPath } from '../cli/raw-request.ts';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagValues,
  PlainError,
  UsageError,
} from '../cli/command.ts';
import {
  allNamespacesFlag,
  chunkSizeFlag,
  fieldSelectorFlag,
  filenameFlags,
  noHeadersFlag,
  printFlags,
  selectorFlag,
  standardFormats,
} from '../cli/flags.ts';
import { manifestInput } from '../cli/manifest-input.ts';
import { TransportError } from '../client/transport-error.ts';
import { createPrinter, hasKyaml } from '../printers/print-flags.ts';
import { UnsortableError } from '../printers/sort-by.ts';
import type { OutputStream } from '../system/io-streams.ts';
import { klogLine } from '../system/klog.ts';
import { findTargets } from './get/fetch-targets.ts';
import type { GetOptions } from './get/get-options.ts';
import { printObjects } from './get/print-objects.ts';
import { printTables } from './get/print-tables.ts';
import { watchTargets } from './get/watch-targets.ts';
import { includeUninitializedFlag } from '../cli/uninitialized-choice.ts';

/** `get`: shows one or many objects. */
export const getCommand = defineCommand<GetOptions>({
  path: ['get'],
  usage:
    '[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]',
  short: 'Display one or many resources',
  long: 'Show objects of one or several kinds: as a table, or in the form that -o asks for.\n\n`kubectl api-resources` lists the kinds.',
  examples:
    "  # All pods of the namespace, then with their nodes and addresses\n  kubectl get pods\n  kubectl get pods -o wide\n\n  # One object as YAML\n  kubectl get deployment web -o yaml\n\n  # A field of each\n  kubectl get pods -o jsonpath='{.items[*].metadata.name}'",
  flags: [
    ...printFlags({ formats: [...standardFormats, 'custom-columns', 'custom-columns-file', 'wide'] }),
    ...filenameFlags('that name what to get'),
    selectorFlag,
    allNamespacesFlag,
    chunkSizeFlag,
    fieldSelectorFlag,
    { name: 'ignore-not-found', type: 'bool', default: 'false', description: 'What does not exist is no error' },
    {
      name: 'label-columns',
      shorthand: 'L',
      type: 'stringSlice',
      default: '[]',
      description: 'Labels that get a column each',
    },
    noHeadersFlag,
    {
      name: 'output-watch-events',
      type: 'bool',
      default: 'false',
      description: 'With --watch: say what happened to each object',
    },
    { name: 'raw', type: 'string', default: '', description: 'A path to GET as it is' },
    { name: 'server-print', type: 'bool', default: 'true', description: 'Let the server make the table' },
    { name: 'show-kind', type: 'bool', default: 'false', description: 'Put the kind before each name' },
    { name: 'show-labels', type: 'bool', default: 'false', description: 'A last column with all labels' },
    { name: 'sort-by', type: 'string', default: '', description: 'A field, as JSONPath, to sort lists by' },
    { name: 'subresource', type: 'string', default: '', description: 'Get this subresource of the object' },
    { name: 'watch', shorthand: 'w', type: 'bool', default: 'false', description: 'Go on with what changes' },
    { name: 'watch-only', type: 'bool', default: 'false', description: 'Only what changes from now on' },
    includeUninitializedFlag,
  ],
  // Who watches one object sees it come to be.
  wantsUninitialized: (flags, args) => (flags.bool('watch') || flags.bool('watch-only')) && args.length === 2,
  async toOptions(args, flags, context) {
    const input = manifestInput(flags);
    checkFlags(args, flags, input.filenames.length > 0, context);
    return {
      args,
      input,
      raw: flags.string('raw'),
      watch: flags.bool('watch'),
      watchOnly: flags.bool('watch-only'),
      watchEvents: flags.bool('output-watch-events'),
      allNamespaces: flags.bool('all-namespaces'),
      ignoreNotFound: flags.bool('ignore-not-found'),
      // What is sorted is sorted whole.
      chunkSize: flags.string('sort-by') === '' ? flags.int('chunk-size') : 0,
      selector: flags.string('selector'),
      fieldSelector: flags.string('field-selector'),
      subresource: flags.string('subresource'),
      sortBy: flags.string('sort-by'),
      serverPrint: flags.bool('server-print'),
      printer: await createPrinter({
        output: flags.string('output'),
        template: flags.string('template'),
        allowMissingTemplateKeys: flags.bool('allow-missing-template-keys'),
        showManagedFields: flags.bool('show-managed-fields'),
        noHeaders: flags.bool('no-headers'),
        customColumns: true,
        wide: true,
        kyaml: hasKyaml(context.env),
        readFile: (path) => context.files.readFile(path.startsWith('/') ? path : `${context.cwd}/${path}`),
      }),
      table: {
        noHeaders: flags.bool('no-headers'),
        wide: flags.string('output') === 'wide',
        withNamespace: flags.bool('all-namespaces'),
        showKind: flags.bool('show-kind'),
        showLabels: flags.bool('show-labels'),
        columnLabels: flags.list('label-columns'),
      },
    };
  },
  async run(options, context) {
    if (options.raw !== '') {
      const client = await context.cluster.client();
      const path = rawRequestPath(options.raw);
      const response = await client.stream({ path, method: 'GET', accept: jsonOrAnything, raw: true, once: true });
      await showRaw(response.body, context.streams.out);
      return;
    }
    const targets = await findTargets(options, context);
    try {
      if (options.watch || options.watchOnly) await watchTargets(options, targets.targets, context);
      else if (options.printer === undefined) await printTables(options, targets, context);
      else await printObjects(options, options.printer, targets, context);
    } catch (error) {
      // The real program ends with a line of its log here.
      if (!(error instanceof UnsortableError)) throw error;
      throw new PlainError(klogLine('F', context.clock.now(), error.source, error.message));
    }
  },
});

/** Writes an answer as it is; to a terminal as text, so that it cannot steer it. @throws CommandError when it breaks off */
async function showRaw(body: AsyncIterable<Uint8Array>, out: OutputStream): Promise<void> {
  const decoder = out.isTerminal ? new TextDecoder() : undefined;
  try {
    for await (const chunk of body) out.write(decoder?.decode(chunk, { stream: true }) ?? chunk);
  } catch (error) {
    if (error instanceof TransportError && error.kind === 'reset') throw new CommandError('unexpected EOF');
    throw error;
  }
}

function checkFlags(args: readonly string[], flags: FlagValues, hasInput: boolean, context: CommandContext): void {
  const raw = flags.string('raw');
  const isWatching = flags.bool('watch') || flags.bool('watch-only');
  if (raw !== '') checkRaw(args, flags, raw, isWatching);
  else if (isWatching && flags.string('sort-by') !== '') {
    const flag = flags.bool('watch') ? '--watch' : '--watch-only';
    const part = flags.bool('watch') ? ' for watch events received' : '';
    context.streams.err.write(`warning: ${flag} requested, --sort-by will be ignored${part}\n`);
  } else if (!isWatching && args.length === 0 && !hasInput) {
    const hint =
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.';
    context.streams.err.write(`${hint}\n\n`);
    throw new UsageError(
      'error: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
    );
  }
  const output = flags.string('output');
  if (flags.bool('show-labels') && output !== '' && output !== 'wide') {
    throw new CommandError(`--show-labels option cannot be used with ${output} printer`);
  }
  if (flags.bool('output-watch-events') && !isWatching) {
    throw new CommandError('--output-watch-events option can only be used with --watch or --watch-only');
  }
}

function checkRaw(args: readonly string[], flags: FlagValues, raw: string, isWatching: boolean): void {
  if (args.length > 0) throw new CommandError('arguments may not be passed when --raw is specified');
  if (isWatching || flags.string('selector') !== '') {
    throw new CommandError(
      '--raw may not be specified with other flags that filter the server request or alter the output',
    );
  }
  if (flags.string('output') !== '') throw new CommandError('--raw and --output are mutually exclusive');
  requireRawPath(raw);
}
