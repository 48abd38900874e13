import type { KubeList, Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import type { CommandContext } from '../../cli/command.ts';
import { throwCollected } from '../../cli/manifest-input.ts';
import { genericTable, type StatusFields, statusTable } from '../../printers/generic-table.ts';
import { JsonPathError } from '../../apimachinery/jsonpath.ts';
import { PrinterError } from '../../printers/printer.ts';
import { sortBy, UnsortableError } from '../../printers/sort-by.ts';
import { TabWriter } from '../../printers/tab-writer.ts';
import { type Table, TablePrinter, type TableRow } from '../../printers/table-printer.ts';
import { type Fetched, fetchTargets, type Page, type Targets } from './fetch-targets.ts';
import type { GetOptions } from './get-options.ts';

/** What the server is asked for where it makes the tables. */
export const tableAccept =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

/** Prints a table for each kind, one below the other. Of a list only the text of its rows is held. */
export async function printTables(options: GetOptions, { targets }: Targets, context: CommandContext): Promise<void> {
  const client = await context.cluster.client();
  const fetched = await fetchTargets(targets, options, client, options.serverPrint ? tableAccept : 'application/json');
  const tables = new Tables(options, context, fetched.kinds);
  for await (const page of await inOrder(fetched, options)) {
    const isNew = tables.start(page.target.mapping);
    if (isNew) await tables.flush();
    tables.add(page, isNew);
  }
  await tables.flush();
  if (!tables.hasPrinted && fetched.errors.length === 0 && !options.ignoreNotFound) {
    const isScoped = !options.allNamespaces && fetched.kinds.every(({ namespaced }) => namespaced);
    const { name } = await context.cluster.namespace();
    context.streams.err.write(isScoped ? `No resources found in ${name} namespace.\n` : 'No resources found\n');
  }
  throwCollected(fetched.errorsByList);
}

/** Several answers are sorted among themselves, too, as the real program does. @throws PrinterError, JsonPathError */
async function inOrder(
  { pages }: Fetched,
  { sortBy: expression, serverPrint }: GetOptions,
): Promise<AsyncIterable<Page> | readonly Page[]> {
  if (expression === '') return pages;
  const all: Page[] = [];
  for await (const page of pages) all.push(...(serverPrint ? [page] : separated(page)));
  return all.length < 2 ? all : sortBy(all, expression, ({ answer }) => answer);
}

/** A list as an answer for each of its items. */
function separated({ target, answer }: Page): Page[] {
  const { items } = answer as unknown as Partial<KubeList>;
  return items === undefined ? [{ target, answer }] : items.map((item) => ({ target, answer: item }));
}

class Tables {
  hasPrinted = false;
  readonly #options: GetOptions;
  readonly #context: CommandContext;
  readonly #writer = new TabWriter();
  readonly #withKind: boolean;
  #withNamespace = false;
  #printer: TablePrinter | undefined;
  #last: RestMapping | undefined;
  #needsBlankLine = false;

  constructor(options: GetOptions, context: CommandContext, kinds: readonly RestMapping[]) {
    this.#options = options;
    this.#context = context;
    const names = new Set(kinds.map(({ gvk }) => `${gvk.group}/${gvk.version}/${gvk.kind}`));
    this.#withKind = options.table.showKind || names.size > 1;
  }

  /** Whether a kind's table is another than the last one. */
  start({ gvr }: RestMapping): boolean {
    const last = this.#last?.gvr;
    return last?.group !== gvr.group || last.version !== gvr.version || last.resource !== gvr.resource;
  }

  add({ target: { mapping }, answer }: Page, isNew: boolean): void {
    if (isNew || this.#printer === undefined) this.#begin(mapping);
    const table = asTable(answer, this.#context.clock.now());
    try {
      this.#printer?.add(sortRows(table, this.#options.sortBy));
    } catch (error) {
      // The real program drops what its printers say, and so the whole table, but for what ends it on the spot.
      const isIgnored = error instanceof JsonPathError || error instanceof PrinterError;
      if (!isIgnored || error instanceof UnsortableError) throw error;
    }
  }

  /** Hands out what there is, with an empty line before all but the first table. */
  async flush(): Promise<void> {
    const { out } = this.#context.streams;
    for (const piece of this.#writer.pieces()) {
      out.write(this.#needsBlankLine ? `\n${piece}` : piece);
      this.#needsBlankLine = false;
      this.hasPrinted = true;
      await out.flush();
    }
  }

  #begin(mapping: RestMapping): void {
    const { table, allNamespaces } = this.#options;
    this.#writer.forgetWidths();
    this.#needsBlankLine = this.hasPrinted && table.noHeaders !== true;
    // Once asked for it stays, also for kinds without namespaces.
    this.#withNamespace ||= allNamespaces && mapping.namespaced;
    const kindPrefix = this.#withKind ? { kindPrefix: kindPrefixOf(mapping) } : {};
    this.#printer = new TablePrinter({ ...table, withNamespace: this.#withNamespace, ...kindPrefix }, this.#writer);
    this.#last = mapping;
  }
}

/** What names are told with: `pod`, `deployment.apps`. */
export function kindPrefixOf({ gvk: { kind, group } }: RestMapping): string {
  return group === '' ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`;
}

/** The Table that the server sent, or one of names and ages when it sent objects. */
export function asTable(answer: Unstructured, now: number): Table {
  if (answer.kind === 'Table') return answer as unknown as Table;
  if (answer.kind === 'Status') return statusTable(answer as StatusFields);
  const { items } = answer as unknown as Partial<KubeList>;
  return genericTable(items ?? [answer], now);
}

/** A Table with its rows sorted by a field of their objects. @throws PrinterError, JsonPathError */
export function sortRows(table: Table, expression: string): Table {
  const rows = table.rows ?? [];
  if (expression === '' || rows.length < 2) return table;
  return { ...table, rows: sortBy<TableRow>(rows, expression, (row) => row.object, '[][][]reflect.Value') };
}
