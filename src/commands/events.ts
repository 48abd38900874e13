import type { Event } from '../api/types/core-v1.ts';
import { goSorted } from '../apimachinery/go-sort.ts';
import type { JsonObject } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { NoMatchError, parseResourceArgument, type RestMapper } from '../apimachinery/rest-mapping.ts';
import { formatGroupVersion, type GroupVersionKind } from '../apimachinery/gvk.ts';
import type { ResourceClient } from '../client/client.ts';
import { type CommandContext, CommandError, defineCommand, PlainError, SilentExit } from '../cli/command.ts';
import { typedAnswers } from '../cli/typed-answers.ts';
import { noResourceMatch } from '../cli/exit.ts';
import { allNamespacesFlag, chunkSizeFlag, noHeadersFlag, printFlags, standardFormats } from '../cli/flags.ts';
import { requireKnownType } from '../cli/known-types.ts';
import { typedPrinter } from '../cli/typed-objects.ts';
import { eventInterval } from '../describe/events.ts';
import { typedShape } from '../generators/typed-shapes.ts';
import { withZeroValues } from '../generators/zero-values.ts';
import { escapeTerminal, type ObjectPrinter } from '../printers/printer.ts';
import { TabWriter } from '../printers/tab-writer.ts';

interface EventsOptions {
  readonly allNamespaces: boolean;
  readonly watch: boolean;
  /** `TYPE/NAME`; empty for events of everything. */
  readonly about: string;
  /** In lower case; empty for all. */
  readonly types: readonly string[];
  readonly chunkSize: number;
  readonly noHeaders: boolean;
  /** Undefined for the table. */
  readonly printer: ObjectPrinter | undefined;
}

const events = { group: '', version: 'v1', resource: 'events' };

/** `events`: what happened. */
export const eventsCommand = defineCommand<EventsOptions>({
  path: ['events'],
  usage: `[(-o|--output=)${standardFormats.join('|')}] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]`,
  short: 'List events',
  long: 'Show the events of a namespace, of all, or of one object: when they were last seen, and what they say.',
  examples:
    '  # What happened in the namespace\n  kubectl events\n\n' +
    '  # What happened to a pod, and what will\n  kubectl events --for pod/web --watch\n\n' +
    '  # Only what is wrong\n  kubectl events --types=Warning',
  flags: [
    ...printFlags({ formats: standardFormats }),
    allNamespacesFlag,
    chunkSizeFlag,
    noHeadersFlag,
    { name: 'for', type: 'string', default: '', description: 'Only events of this object, TYPE/NAME.' },
    { name: 'types', type: 'stringSlice', default: '[]', description: 'Only events of these types: Normal, Warning.' },
    { name: 'watch', shorthand: 'w', type: 'bool', default: 'false', description: 'Go on with events that come.' },
  ],
  async toOptions(_args, flags, context) {
    const types = flags.list('types').map((type) => type.toLowerCase());
    const options: EventsOptions = {
      allNamespaces: flags.bool('all-namespaces'),
      watch: flags.bool('watch'),
      about: flags.string('for'),
      types,
      chunkSize: flags.int('chunk-size'),
      noHeaders: flags.bool('no-headers'),
      // A template alone is not looked at.
      printer:
        flags.string('output') === ''
          ? undefined
          : await eventPrinter(flags.string('output'), () => typedPrinter(flags, context)),
    };
    if (!types.every((type) => type === 'normal' || type === 'warning')) {
      throw new CommandError('valid --types are Normal or Warning');
    }
    return options;
  },
  async run(options, context) {
    const fieldSelector = await selectorFor(options.about, context);
    const { name } = await context.cluster.namespace();
    const client = await context.cluster.client();
    const read = typedAnswers({ apiVersion: 'v1', kind: 'EventList' }, context);
    const resource = client.resource(events, options.allNamespaces ? '' : name, read);
    const table = new EventTable(options, context);
    if (options.watch) {
      await watchEvents(resource, fieldSelector, options, table, context);
      return;
    }
    const found = (await listEvents(resource, fieldSelector, options.chunkSize)).filter((event) =>
      isWanted(event, options),
    );
    if (found.length === 0) {
      const where = options.allNamespaces ? '' : ` in ${name} namespace`;
      context.streams.err.write(`No events found${where}.\n`);
      return;
    }
    const sorted = goSorted(found, (left, right) => timeOf(left) < timeOf(right));
    if (options.printer === undefined) {
      context.streams.out.write(table.show(sorted));
      return;
    }
    const items = await Promise.all(sorted.map((event) => whole(event, context)));
    const list = { kind: 'EventList', apiVersion: 'v1', metadata: {}, items };
    context.streams.out.write(options.printer.print(list));
  },
});

/** Names alone are not printed: the real program cannot print those of typed lists, and does not say so here. */
async function eventPrinter(
  output: string,
  make: () => Promise<ObjectPrinter | undefined>,
): Promise<ObjectPrinter | undefined> {
  return output.toLowerCase() === 'name' ? { print: () => '' } : make();
}

/** The field selector of the events of an object. @throws CommandError, SilentExit */
async function selectorFor(about: string, context: CommandContext): Promise<string> {
  if (about === '') return '';
  const [type = '', name = '', ...rest] = about.split('/');
  if (!about.includes('/')) throw new CommandError('--for must be in resource/name form');
  if (rest.length > 0) throw new CommandError('arguments in resource/name form may not have more than one slash');
  const discovery = await context.cluster.discovery();
  try {
    const gvk = await discovery.withMapper((mapper) => kindOf(type.toLowerCase(), mapper));
    return `involvedObject.kind=${gvk.kind},involvedObject.apiVersion=${formatGroupVersion(gvk)},involvedObject.name=${name}`;
  } catch (error) {
    if (!(error instanceof NoMatchError)) throw error;
    throw new PlainError(noResourceMatch(parseResourceArgument(type.toLowerCase()).resource).message);
  }
}

function kindOf(type: string, mapper: RestMapper): GroupVersionKind {
  const { versioned, resource, group } = parseResourceArgument(type);
  if (versioned !== undefined) {
    try {
      return mapper.kindFor(mapper.resourceFor(versioned));
    } catch (error) {
      if (!(error instanceof NoMatchError)) throw error;
    }
  }
  return mapper.kindFor(mapper.resourceFor({ group, version: '', resource }));
}

async function listEvents(resource: ResourceClient, fieldSelector: string, chunkSize: number): Promise<Event[]> {
  const found: Event[] = [];
  let next = '';
  do {
    const page = await resource.list({
      fieldSelector,
      ...(chunkSize > 0 ? { limit: chunkSize } : {}),
      ...(next === '' ? {} : { continue: next }),
    });
    found.push(...page.items.map((item) => asEvent(item)));
    next = page.metadata.continue ?? '';
  } while (next !== '');
  return found;
}

function asEvent(object: Unstructured): Event {
  return { ...object, apiVersion: 'v1', kind: 'Event' } as unknown as Event;
}

async function watchEvents(
  resource: ResourceClient,
  fieldSelector: string,
  options: EventsOptions,
  table: EventTable,
  context: CommandContext,
): Promise<void> {
  const { signal, streams } = context;
  try {
    for await (const { type, object } of resource.watch({ fieldSelector, signal })) {
      if (type === 'ERROR') return;
      // Events go by themselves after an hour; that is no news.
      if (type === 'DELETED' || type === 'BOOKMARK') continue;
      const event = asEvent(object);
      if (!isWanted(event, options)) continue;
      streams.out.write(
        options.printer === undefined ? table.show([event]) : options.printer.print(await whole(event, context)),
      );
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) throw new SilentExit(1);
}

function isWanted({ type = '' }: Event, { types }: EventsOptions): boolean {
  return types.length === 0 || types.includes(type.toLowerCase());
}

/** When an event was last seen; before everything when nothing tells. */
function timeOf({ series, lastTimestamp, eventTime }: Event): number {
  const time = series === undefined || series === null ? (lastTimestamp ?? eventTime) : series.lastObservedTime;
  return Date.parse(time ?? '') || Number.NEGATIVE_INFINITY;
}

/** The event with all that its type never leaves out. */
async function whole(event: Event, context: CommandContext): Promise<Unstructured> {
  const { types, name } = await requireKnownType(event, context);
  return typedShape(withZeroValues(event as unknown as JsonObject, name, types) as unknown as Unstructured);
}

/** A table that grows: its header stands there once, and its columns never get narrower. */
class EventTable {
  readonly #writer = new TabWriter();
  readonly #options: EventsOptions;
  readonly #context: CommandContext;
  #hasHeader: boolean;

  constructor(options: EventsOptions, context: CommandContext) {
    this.#options = options;
    this.#context = context;
    this.#hasHeader = options.noHeaders;
  }

  show(rows: readonly Event[]): string {
    const { allNamespaces } = this.#options;
    if (!this.#hasHeader) {
      this.#writer.write(`${allNamespaces ? 'NAMESPACE\t' : ''}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n`);
      this.#hasHeader = true;
    }
    const now = this.#context.clock.now();
    for (const event of rows) {
      const { involvedObject, type = '', reason = '', message = '', metadata } = event;
      const cells = [type, reason, `${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}`, message.trim()];
      const namespace = allNamespaces ? `${metadata.namespace ?? ''}\t` : '';
      this.#writer.write(`${namespace}${eventInterval(event, now)}\t${cells.map(escapeTerminal).join('\t')}\n`);
    }
    return this.#writer.flush();
  }
}
