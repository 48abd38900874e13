import { parseJson } from '../apimachinery/json-codec.ts';
import type { KubeList, Unstructured } from '../apimachinery/object-meta.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { resourcePath } from '../apimachinery/gvk.ts';
import { StatusError } from '../apimachinery/status.ts';
import { decodeWatch } from '../client/watch-decoder.ts';
import { rawTarget } from '../cli/raw-request.ts';
import type { Client } from '../client/client.ts';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagValues,
  SilentExit,
  UsageError,
} from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
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
import { type ManifestInput, manifestInput, readInput } from '../cli/manifest-input.ts';
import { genericTable, withEventColumn } from '../printers/generic-table.ts';
import { createPrinter } from '../printers/print-flags.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { sortBy } from '../printers/sort-by.ts';
import { TabWriter } from '../printers/tab-writer.ts';
import { type Table, TablePrinter, type TablePrinterOptions, type TableRow } from '../printers/table-printer.ts';
import { parseResourceArguments, type ResourceArgument } from '../resource/resource-arguments.ts';
import { findMapping } from '../resource/resource-access.ts';

interface GetOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly raw: string;
  readonly watch: boolean;
  readonly watchOnly: boolean;
  readonly watchEvents: boolean;
  readonly allNamespaces: boolean;
  readonly ignoreNotFound: boolean;
  readonly chunkSize: number;
  readonly selector: string;
  readonly fieldSelector: string;
  readonly subresource: string;
  readonly sortBy: string;
  readonly serverPrint: boolean;
  readonly printer: ObjectPrinter | undefined;
  readonly table: TablePrinterOptions & { readonly showKind: boolean };
}

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
  ],
  async toOptions(args, flags, context) {
    const raw = flags.string('raw');
    const input = manifestInput(flags);
    if (raw !== '') checkRaw(args, flags, raw);
    else if (args.length === 0 && input.filenames.length === 0) {
      const hint =
        'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.';
      context.streams.err.write(`${hint}\n\n`);
      throw new CommandError(
        'error: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee \'kubectl get -h\' for help and examples',
      );
    }
    const watchEvents = flags.bool('output-watch-events');
    const isWatching = flags.bool('watch') || flags.bool('watch-only');
    if (watchEvents && !isWatching)
      throw new UsageError('--output-watch-events option can only be used with --watch or --watch-only');
    return {
      args,
      input,
      raw,
      watch: flags.bool('watch'),
      watchOnly: flags.bool('watch-only'),
      watchEvents,
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
    const client = await context.cluster.client();
    if (options.raw !== '') {
      const response = await client.stream({ ...rawTarget(options.raw), method: 'GET', accept: '*/*', raw: true });
      for await (const chunk of response.body) context.streams.out.write(chunk);
      return;
    }
    const targets = await findTargets(options, context);
    if (options.watch || options.watchOnly) {
      await watchTargets(options, targets, client, context);
      return;
    }
    await (options.printer === undefined
      ? printTables(options, targets, client, context)
      : printObjects(options, options.printer, targets, client, context));
  },
});

function checkRaw(args: readonly string[], flags: FlagValues, raw: string): void {
  if (args.length > 0) throw new UsageError('arguments may not be passed when --raw is specified');
  if (flags.string('output') !== '') throw new UsageError('--raw and --output are mutually exclusive');
  if (!raw.startsWith('/')) throw new CommandError(`--raw must be a valid URL path: ${raw}`);
}

interface Target extends ResourceArgument {
  readonly namespace: string;
}

async function findTargets(options: GetOptions, context: CommandContext): Promise<Target[]> {
  const discovery = await context.cluster.discovery();
  const namespace = (await context.cluster.namespace()).name;
  if (options.input.filenames.length > 0) {
    const objects = await readInput(options.input, context);
    const targets: Target[] = [];
    for (const { object, source } of objects) {
      const mapping = await findMapping(discovery, object, source);
      targets.push({ mapping, name: object.metadata.name ?? '', namespace: object.metadata.namespace ?? namespace });
    }
    return targets;
  }
  const found = await discovery.withMapper((mapper) => parseResourceArguments(options.args, mapper));
  const isNamed = found.some((target) => target.name !== undefined);
  if (isNamed && options.allNamespaces) {
    throw new CommandError('a resource cannot be retrieved by name across all namespaces');
  }
  if (isNamed && (options.selector !== '' || options.fieldSelector !== '')) {
    throw new CommandError('name cannot be provided when a selector is specified');
  }
  return found.map((target) => ({ ...target, namespace: options.allNamespaces ? '' : namespace }));
}

/** Requests of one target: one GET, or a list in pieces. */
async function* fetchTarget(
  target: Target,
  options: GetOptions,
  client: Client,
  accept: string,
): AsyncGenerator<Unstructured> {
  const { mapping, name, namespace } = target;
  const path = pathOf(mapping, namespace, name, options.subresource);
  if (name !== undefined) {
    const response = await client.request({ method: 'GET', path, accept });
    yield parseJson(response.body) as unknown as Unstructured;
    return;
  }
  let continueToken: string | undefined;
  do {
    const response = await client.request({
      method: 'GET',
      path,
      accept,
      query: {
        labelSelector: options.selector,
        fieldSelector: options.fieldSelector,
        limit: options.chunkSize > 0 ? options.chunkSize : undefined,
        continue: continueToken,
        includeObject: options.sortBy !== '' && accept.includes('Table') ? 'Object' : undefined,
      },
    });
    const page = parseJson(response.body) as unknown as Unstructured;
    const metadata = page.metadata as { continue?: string };
    continueToken = metadata.continue;
    yield page;
  } while (continueToken !== undefined && continueToken !== '');
}

function pathOf(mapping: RestMapping, namespace: string, name: string | undefined, subresource = ''): string {
  const scope = mapping.namespaced ? namespace : undefined;
  return resourcePath(mapping.gvr, scope, name, subresource === '' ? undefined : subresource);
}

const tableAccept =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

/** Answers of all targets, asked for side by side, in the order of the targets. */
function fetchAll(
  targets: readonly Target[],
  options: GetOptions,
  client: Client,
  accept: string,
): Promise<(readonly Unstructured[] | Error)[]> {
  return Promise.all(
    targets.map(async (target) => {
      const pages: Unstructured[] = [];
      try {
        for await (const page of fetchTarget(target, options, client, accept)) pages.push(page);
        return pages;
      } catch (error) {
        if (options.ignoreNotFound && error instanceof StatusError && error.reason === 'NotFound') return [];
        return error instanceof Error ? error : new Error(String(error));
      }
    }),
  );
}

async function printTables(
  options: GetOptions,
  targets: readonly Target[],
  client: Client,
  context: CommandContext,
): Promise<void> {
  const { out } = context.streams;
  const accept = options.serverPrint ? tableAccept : 'application/json';
  const answers = await fetchAll(targets, options, client, accept);
  const kinds = new Set(targets.map(({ mapping }) => `${mapping.gvr.group}/${mapping.gvr.resource}`));
  const writer = new TabWriter();
  const errors: Error[] = [];
  let printed = 0;
  let lastKind = '';
  let printer: TablePrinter | undefined;
  for (const [index, target] of targets.entries()) {
    const answer = answers[index];
    if (answer instanceof Error) {
      errors.push(answer);
      continue;
    }
    for (const page of answer ?? []) {
      const table = sortRows(asTable(page, context.clock.now()), options.sortBy);
      const rows = table.rows?.length ?? 0;
      if (rows === 0) continue;
      const { gvr, gvk } = target.mapping;
      const kind = `${gvr.group}/${gvr.resource}`;
      if (kind !== lastKind) {
        out.write(writer.flush());
        if (printed > 0) out.write('\n');
        const prefix = gvk.group === '' ? gvk.kind.toLowerCase() : `${gvk.kind.toLowerCase()}.${gvk.group}`;
        const withKind = options.table.showKind || kinds.size > 1;
        printer = new TablePrinter(
          {
            ...options.table,
            withNamespace: options.table.withNamespace === true && target.mapping.namespaced,
            ...(withKind ? { kindPrefix: prefix } : {}),
          },
          writer,
        );
        lastKind = kind;
      }
      printer?.add(table);
      printed += rows;
    }
  }
  out.write(writer.flush());
  if (printed === 0 && errors.length === 0 && !options.ignoreNotFound) {
    const isScoped = !options.allNamespaces && targets.some(({ mapping }) => mapping.namespaced);
    const namespace = targets[0]?.namespace ?? '';
    context.streams.err.write(isScoped ? `No resources found in ${namespace} namespace.\n` : 'No resources found\n');
  }
  throwFailures(errors);
}

/** The Table that the server sent, or one of names and ages when it sent objects. */
function asTable(answer: Unstructured, now: number): Table {
  if (answer.kind === 'Table') return answer as unknown as Table;
  const items = (answer as unknown as Partial<KubeList>).items;
  return genericTable(items ?? [answer], now);
}

function sortRows(table: Table, expression: string): Table {
  if (expression === '') return table;
  return { ...table, rows: sortBy<TableRow>(table.rows ?? [], expression, (row) => row.object) };
}

async function printObjects(
  options: GetOptions,
  printer: ObjectPrinter,
  targets: readonly Target[],
  client: Client,
  context: CommandContext,
): Promise<void> {
  const { out } = context.streams;
  const answers = await fetchAll(targets, options, client, 'application/json');
  const errors = answers.filter((answer) => answer instanceof Error);
  const isSingle = targets.length === 1 && targets[0]?.name !== undefined;
  const objects = answers.flatMap((answer, index) => {
    if (answer instanceof Error || answer === undefined) return [];
    return answer.flatMap((page) => itemsOf(page, targets[index]?.mapping));
  });
  const only = objects[0];
  if (isSingle && only !== undefined) {
    out.write(printer.print(only));
  } else if (!(isSingle && objects.length === 0) && (errors.length === 0 || objects.length > 0)) {
    const items = options.sortBy === '' ? objects : sortBy(objects, options.sortBy, (item) => item);
    out.write(printer.print({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }));
  }
  if (printer.end !== undefined) out.write(printer.end());
  throwFailures(errors);
}

/** The objects of an answer, each with its kind. */
function itemsOf(answer: Unstructured, mapping: RestMapping | undefined): Unstructured[] {
  const { items } = answer as unknown as Partial<KubeList>;
  if (!Array.isArray(items)) return [answer];
  const kind = mapping?.gvk.kind ?? answer.kind.replace(/List$/, '');
  return items.map((item) => ({ ...item, apiVersion: answer.apiVersion, kind }));
}

async function watchTargets(
  options: GetOptions,
  targets: readonly Target[],
  client: Client,
  context: CommandContext,
): Promise<void> {
  const target = targets[0];
  if (target === undefined || targets.length > 1) throw new UsageError('you may only specify a single resource type');
  const accept = options.printer === undefined && options.serverPrint ? tableAccept : 'application/json';
  const show = watchPrinter(options, target, context);
  const path = pathOf(target.mapping, target.namespace, undefined);
  const fieldSelector = target.name === undefined ? options.fieldSelector : `metadata.name=${target.name}`;
  const query = { labelSelector: options.selector, fieldSelector };
  const first = await client.request({ method: 'GET', path, accept, query });
  const list = parseJson(first.body) as unknown as Unstructured;
  if (target.name !== undefined && isEmpty(list)) {
    await client.request({ method: 'GET', path: pathOf(target.mapping, target.namespace, target.name) });
  }
  if (!options.watchOnly) show('ADDED', list);
  const { resourceVersion } = list.metadata as { resourceVersion?: string };
  const stream = await client.stream({
    method: 'GET',
    path,
    accept,
    query: { ...query, watch: true, resourceVersion, allowWatchBookmarks: true },
    signal: context.signal,
  });
  try {
    for await (const event of decodeWatch<Unstructured>(stream.body)) {
      if (event.type === 'ERROR') throw new StatusError(event.object);
      if (event.type !== 'BOOKMARK') show(event.type, event.object);
    }
  } catch (error) {
    if (context.signal.aborted) throw new SilentExit(130);
    throw error;
  }
}

function isEmpty(list: Unstructured): boolean {
  const { rows, items } = list as unknown as { rows?: unknown[] | null; items?: unknown[] };
  return (rows ?? items ?? []).length === 0;
}

/** Prints lists and events of a watch, one after the other. */
function watchPrinter(
  options: GetOptions,
  target: Target,
  context: CommandContext,
): (type: string, answer: Unstructured) => void {
  const { out } = context.streams;
  const { printer } = options;
  if (printer !== undefined) {
    return (type, answer) => {
      for (const object of itemsOf(answer, target.mapping)) {
        const shown = options.watchEvents ? { type, object } : object;
        out.write(printer.print(shown));
      }
    };
  }
  const tables = new TablePrinter({
    ...options.table,
    withNamespace: options.table.withNamespace === true && target.mapping.namespaced,
  });
  return (type, answer) => {
    const table = asTable(answer, context.clock.now());
    out.write(tables.print(options.watchEvents ? withEventColumn(table, type) : table));
  };
}
