import { formatGoValue } from '../apimachinery/go-value.ts';
import { JsonPath, JsonPathError, relaxedJsonPath } from '../apimachinery/jsonpath.ts';
import { escapeTerminal, listItems, type ListPrinter, type ObjectPrinter, PrinterError } from './printer.ts';
import { TabWriter } from './tab-writer.ts';

/** A column with its header and the template of its cells. */
export interface CustomColumn {
  readonly header: string;
  readonly template: string;
}

/** Reads `NAME:.metadata.name,…`. @throws PrinterError, JsonPathError */
export function parseCustomColumns(spec: string): CustomColumn[] {
  if (spec === '') throw new PrinterError('custom-columns format specified but no custom columns given');
  return spec.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon < 0) {
      throw new PrinterError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    }
    return { header: part.slice(0, colon), template: relaxedJsonPath(part.slice(colon + 1)) };
  });
}

/** Reads a file of two lines, headers and paths, separated by white space. @throws PrinterError, JsonPathError */
export function parseCustomColumnsFile(text: string): CustomColumn[] {
  const shape = 'Expected format is one line of space separated headers, one line of space separated column specs.';
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  if (text === '') throw new PrinterError(`invalid template, missing header line. ${shape}`);
  if (lines[1] === undefined || (lines.length === 2 && lines[1] === '')) {
    throw new PrinterError(`invalid template, missing spec line. ${shape}`);
  }
  const headers = words(lines[0] ?? '');
  const specs = words(lines[1]);
  if (headers.length !== specs.length) {
    throw new PrinterError(
      `number of headers (${headers.length}) and field specifications (${specs.length}) don't match`,
    );
  }
  return headers.map((header, index) => ({ header, template: relaxedJsonPath(specs[index] ?? '') }));
}

function words(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}

/** `-o custom-columns`: a line an object, `<none>` for what it does not have. */
export class CustomColumnsPrinter implements ObjectPrinter {
  readonly #columns: readonly CustomColumn[];
  #paths: readonly JsonPath[] = [];
  readonly #writer = new TabWriter();
  #needsHeaders: boolean;

  constructor(columns: readonly CustomColumn[], noHeaders = false) {
    this.#columns = columns;
    this.#needsHeaders = !noHeaders;
  }

  print(object: unknown): string {
    const list = this.list();
    for (const item of listItems(object) ?? [object]) list.add(item);
    return [...list.end()].join('');
  }

  list(): ListPrinter {
    if (this.#needsHeaders) {
      this.#writer.write(`${this.#columns.map(({ header }) => header).join('\t')}\n`);
      this.#needsHeaders = false;
    }
    // Paths are read below the headers: a wrong one comes behind these.
    this.#paths = this.#reading(() =>
      this.#columns.map(({ template }) => new JsonPath(template, { allowMissingKeys: true })),
    );
    return {
      add: (item) => {
        this.#writer.write(`${this.#line(item)}\n`);
        return '';
      },
      end: () => this.#writer.pieces(),
    };
  }

  #line(object: unknown): string {
    return this.#paths
      .map((path) => {
        const results = this.#reading(() => path.find(object));
        if (results.length === 0 || results[0]?.length === 0) return '<none>';
        return results
          .flat()
          .map((value) => (value === null || value === undefined ? '<nil>' : escapeTerminal(formatGoValue(value))))
          .join(',');
      })
      .join('\t');
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      // What came before is shown.
      throw new PrinterError(error.message, this.#writer.flush());
    }
  }
}
