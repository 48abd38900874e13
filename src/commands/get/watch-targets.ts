import { goQuote } from '../../apimachinery/field-error.ts';
import { JsonSyntaxError, parseJson } from '../../apimachinery/json-codec.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { type CommandContext, CommandError, SilentExit } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import { listSubject, nothingNamed } from '../../cli/resource-targets.ts';
import { answeredObject } from '../../client/answered-object.ts';
import type { Client } from '../../client/client.ts';
import { listError } from '../../client/list-error.ts';
import { TransportError } from '../../client/transport-error.ts';
import { decodeWatch } from '../../client/watch-decoder.ts';
import { withEventColumn } from '../../printers/generic-table.ts';
import { PrintableEvent } from '../../printers/printer.ts';
import { TablePrinter } from '../../printers/table-printer.ts';
import { type FailedTarget, pathOf, type Target } from './fetch-targets.ts';
import type { GetOptions } from './get-options.ts';
import { itemsOf } from './print-objects.ts';
import { asTable, kindPrefixOf, sortRows, tableAccept } from './print-tables.ts';
import { missingNamespaceOr } from '../../resource/resource-access.ts';

/** Prints what there is of one kind (or one object) and then every change, until the watch ends or is interrupted. */
export async function watchTargets(
  options: GetOptions,
  found: readonly (Target | FailedTarget)[],
  context: CommandContext,
): Promise<void> {
  const targets = found.flatMap((target) => ('failure' in target ? [] : [target]));
  const client = await context.cluster.client();
  const [target] = targets;
  const kinds = new Set(targets.map(({ mapping }) => `${mapping.gvr.group}/${mapping.gvr.resource}`));
  if (target === undefined) {
    throwFailures(found.flatMap((failed) => ('failure' in failed ? [failed.failure] : [])));
    throw new CommandError(nothingNamed);
  }
  // Files are read before anything is said of their kinds.
  if (kinds.size > 1 && options.input.filenames.length === 0)
    throw new CommandError('you may only specify a single resource type');
  const accept = options.printer === undefined && options.serverPrint ? tableAccept : 'application/json';
  const show = watchPrinter(options, target, context);
  if (targets.length > 1) return refuseSeveral(options, targets, accept, client, show);
  const first = await firstAnswer(options, target, client, accept);
  if (first === undefined) return;
  if (!options.watchOnly) show('ADDED', first, true);
  // What is watched alone is told once more at first, as of a version that is always there.
  let isKnown = target.name !== undefined;
  const { resourceVersion } = first.metadata as { resourceVersion?: string };
  const stream = await client.stream({
    method: 'GET',
    path: pathOf(target.mapping, target.namespace, undefined),
    accept,
    query: { ...watchQuery(options, target), watch: true, resourceVersion: isKnown ? '0' : resourceVersion },
    signal: context.signal,
  });
  const onTimeUp = (): void => {
    const reason = 'net/http: request canceled (Client.Timeout or context cancellation while reading body)';
    const text = `"Unable to decode an event from the watch stream" err=${goQuote(reason)}`;
    context.log?.(5, 'streamwatcher.go:123', text);
  };
  try {
    for await (const event of decodeWatch<Unstructured>(stream.body, { onTimeUp })) {
      if (!eventTypes.has(event.type)) throw new JsonSyntaxError(`got invalid watch event type: ${event.type}`, 0);
      if (!isKnown && event.type !== 'BOOKMARK') show(event.type, { ...event.object }, false);
      isKnown &&= event.type === 'BOOKMARK';
    }
  } catch (error) {
    if (context.signal.aborted) throw new SilentExit(1);
    // A watch that breaks off is one that has ended.
    if (error instanceof TransportError && error.kind === 'reset') return;
    if (!(error instanceof JsonSyntaxError)) throw error;
    if (!isKnown && error.message !== 'unexpected end of JSON input') show('ERROR', noEvent(error.message), false);
  }
}

const eventTypes: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

/** What client-go makes of what is no event. */
function noEvent(problem: string): Unstructured {
  const text = `unable to decode an event from the watch stream: ${problem}`;
  const message = `an error on the server (${goQuote(text)}) has prevented the request from succeeding`;
  const details = { causes: [{ reason: 'UnexpectedServerResponse', message: text }] };
  const status = { status: 'Failure', message, reason: 'InternalError', details, code: 500 };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, ...status };
}

/** Shows several objects, which cannot be watched. @throws CommandError, StatusError */
async function refuseSeveral(
  options: GetOptions,
  targets: readonly Target[],
  accept: string,
  client: Client,
  show: (type: string, answer: Unstructured, isFirst: boolean) => void,
): Promise<never> {
  const answers = await Promise.all(
    targets.map(({ mapping, namespace, name }) =>
      client.request({ method: 'GET', path: pathOf(mapping, namespace, name), accept }),
    ),
  );
  for (const { body } of answers) show('ADDED', parseJson(body) as unknown as Unstructured, true);
  if (options.input.filenames.length === 0) {
    throw new CommandError('you may only watch a single resource or type of resource at a time');
  }
  throw new CommandError(
    `watch is only supported on individual resources and resource collections - ${targets.length} resources were found`,
  );
}

function watchQuery(options: GetOptions, { name }: Target): { readonly labelSelector: string; fieldSelector: string } {
  const fieldSelector = name === undefined ? options.fieldSelector : `metadata.name=${name}`;
  return { labelSelector: options.selector, fieldSelector };
}

/** What there is when the watch begins; undefined where the object is not there and need not be. */
async function firstAnswer(
  options: GetOptions,
  target: Target,
  client: Client,
  accept: string,
): Promise<Unstructured | undefined> {
  const { mapping, namespace, name } = target;
  const request = { method: 'GET', path: pathOf(mapping, namespace, name), accept } as const;
  if (name === undefined) {
    const query = watchQuery(options, target);
    try {
      return answeredObject(await client.request({ ...request, query }));
    } catch (error) {
      throw listError(error, listSubject(mapping), query);
    }
  }
  try {
    return answeredObject(await client.request(request));
  } catch (error) {
    if (options.ignoreNotFound && hasReason(error, 'NotFound')) return undefined;
    throw await missingNamespaceOr(error, client, mapping, namespace);
  }
}

/** Prints lists and events of a watch, one after the other. */
function watchPrinter(
  options: GetOptions,
  target: Target,
  context: CommandContext,
): (type: string, answer: Unstructured, isFirst: boolean) => void {
  const { out } = context.streams;
  const { printer } = options;
  if (printer !== undefined) {
    return (type, answer) => {
      for (const object of itemsOf(answer, target.mapping)) {
        out.write(printer.print(options.watchEvents ? new PrintableEvent(type, object) : object));
      }
    };
  }
  const kindPrefix = options.table.showKind ? { kindPrefix: kindPrefixOf(target.mapping) } : {};
  const tables = new TablePrinter({ ...options.table, ...kindPrefix, withNamespace: options.allNamespaces });
  return (type, answer, isFirst) => {
    const all = asTable(answer, context.clock.now());
    const table = isFirst ? sortRows(all, options.sortBy) : all;
    out.write(tables.print(options.watchEvents ? withEventColumn(table, type) : table));
  };
}
