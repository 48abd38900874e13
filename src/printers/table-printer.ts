import { formatGoValue } from '../apimachinery/go-value.ts';
import { escapeTerminal, type ObjectPrinter } from './printer.ts';
import { TabWriter } from './tab-writer.ts';

/** A column of a Table (meta.k8s.io/v1). */
export interface TableColumn {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  /** Above 0: only with `-o wide`. */
  readonly priority?: number;
}

/** A row, with the object it stands for where the server sent it (whole or its metadata). */
export interface TableRow {
  readonly cells: readonly unknown[];
  readonly object?: unknown;
}

/** A Table as a server sends it. */
export interface Table {
  readonly columnDefinitions?: readonly TableColumn[];
  readonly rows?: readonly TableRow[] | null;
}

export interface TablePrinterOptions {
  readonly noHeaders?: boolean;
  readonly wide?: boolean;
  readonly withNamespace?: boolean;
  /** Put before names, as in `pod/web`: `pod`, `deployment.apps`. */
  readonly kindPrefix?: string;
  readonly showLabels?: boolean;
  /** `-L`: labels with a column each. */
  readonly columnLabels?: readonly string[];
}

/**
 * Prints Tables as cli-runtime's printer does: headers when the columns change, rows aligned when it is flushed.
 * Columns stay remembered, since a watch's later Tables come without them.
 */
export class TablePrinter implements ObjectPrinter {
  readonly #options: TablePrinterOptions;
  readonly #writer: TabWriter;
  #lastColumns: readonly TableColumn[] = [];
  /** Whether rows, and so the names of their columns, were printed. */
  #hasHeader = false;

  /** @param writer shared by the printers of one output; flushing it is up to who made it */
  constructor(options: TablePrinterOptions = {}, writer: TabWriter = new TabWriter()) {
    this.#options = options;
    this.#writer = writer;
  }

  /** Prints a Table at once. */
  print(table: unknown): string {
    this.add(table as Table);
    return this.#writer.flush();
  }

  /** Hands a Table's lines to the writer, to be aligned with what comes before and after. */
  add(table: Table, options: TablePrinterOptions = this.#options): void {
    let columns = table.columnDefinitions ?? [];
    const isSame =
      this.#hasHeader && (columns.length === 0 || JSON.stringify(columns) === JSON.stringify(this.#lastColumns));
    if (columns.length === 0) columns = this.#lastColumns;
    else this.#lastColumns = columns;
    const rows = table.rows ?? [];
    if (rows.length === 0) return;
    const decorated = decoratedColumns(columns, options);
    this.#hasHeader = true;
    if (!(options.noHeaders ?? false) && !isSame) {
      const names = visible(decorated, options).map(([, column]) => column.name.toUpperCase());
      this.#writer.write(`${names.join('\t')}\n`);
    }
    const shown = visible(decorated, options);
    for (const row of rows) {
      const cells = decoratedCells(row, columns, options);
      const present = shown.filter(([index]) => index < cells.length);
      this.#writer.write(`${present.map(([index]) => cellText(cells[index])).join('\t')}\n`);
    }
  }
}

function visible(columns: readonly TableColumn[], options: TablePrinterOptions): [number, TableColumn][] {
  return columns
    .map((column, index): [number, TableColumn] => [index, column])
    .filter(([, column]) => options.wide === true || (column.priority ?? 0) === 0);
}

function decoratedColumns(columns: readonly TableColumn[], options: TablePrinterOptions): TableColumn[] {
  const labels = (options.columnLabels ?? []).map((label) => ({ name: (label.split('/').at(-1) ?? '').toUpperCase() }));
  return [
    ...(options.withNamespace === true ? [{ name: 'Namespace' }] : []),
    ...columns,
    ...labels,
    ...(options.showLabels === true ? [{ name: 'Labels' }] : []),
  ];
}

function decoratedCells(row: TableRow, columns: readonly TableColumn[], options: TablePrinterOptions): unknown[] {
  const cells = row.cells.slice(0, columns.length);
  if (options.kindPrefix !== undefined && options.kindPrefix !== '') {
    const at = columns.findIndex(({ format, type }) => format === 'name' && type === 'string');
    if (at >= 0) cells[at] = `${options.kindPrefix.toLowerCase()}/${formatGoValue(cells[at])}`;
  }
  const metadata = metadataOf(row.object);
  const columnLabels = options.columnLabels ?? [];
  if (metadata === undefined) {
    // Columns that cannot be told stay empty.
    const added = columnLabels.length + (options.showLabels === true ? 1 : 0);
    return [...(options.withNamespace === true ? [null] : []), ...cells, ...Array.from({ length: added }, () => null)];
  }
  const labels = metadata.labels ?? {};
  return [
    ...(options.withNamespace === true ? [metadata.namespace ?? ''] : []),
    ...cells,
    ...columnLabels.map((label) => (Object.hasOwn(labels, label) ? labels[label] : '')),
    ...(options.showLabels === true ? [formatLabels(labels)] : []),
  ];
}

interface RowMetadata {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>> | null;
}

function metadataOf(object: unknown): RowMetadata | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  const { metadata } = object as { metadata?: unknown };
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}

/** `a=b,c=d` in the order of the keys, `<none>` without any. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined | null): string {
  const entries = Object.entries(labels ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

/** The first line of a text, marked where more follows; other values as Go prints them. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return escapeTerminal(formatGoValue(value));
  const at = value.search(/[\f\n\r]/);
  return at < 0 ? escapeTerminal(value) : `${escapeTerminal(value.slice(0, at))}...`;
}
