import type { KubeList, Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import type { CommandContext } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import type { ListPrinter, ObjectPrinter } from '../../printers/printer.ts';
import { sortBy } from '../../printers/sort-by.ts';
import { emptyList } from '../../printers/structured-printers.ts';
import { fetchTargets, type Targets } from './fetch-targets.ts';
import type { OutputStream } from '../../system/io-streams.ts';
import type { GetOptions } from './get-options.ts';

/** Prints objects in the form that -o asks for: one as it is, several as a List, item by item where the form allows. */
export async function printObjects(
  options: GetOptions,
  printer: ObjectPrinter,
  { targets, isSingle, isOneFile }: Targets,
  context: CommandContext,
): Promise<void> {
  const { out } = context.streams;
  const client = await context.cluster.client();
  const fetched = await fetchTargets(targets, options, client, 'application/json');
  const pages = isOneFile ? await collected(fetched.pages) : fetched.pages;
  if (isOneFile) throwFailures(fetched.errors);
  if (isSingle) {
    for await (const { answer } of pages) out.write(printer.print(answer));
  } else {
    // Nothing is printed of nothing where that is no error.
    let list: ListPrinter | undefined;
    const output = new HeldOutput(out);
    const start = (): ListPrinter => (list ??= listPrinter(printer, options.sortBy));
    for await (const { target, answer } of pages) {
      for (const item of itemsOf(answer, target.mapping)) {
        await output.write(start().add(item));
      }
    }
    if (list !== undefined || !options.ignoreNotFound) {
      for (const piece of start().end()) await output.write(piece);
    }
    await output.end();
  }
  if (printer.end !== undefined) out.write(printer.end());
  throwFailures(fetched.errors);
}

async function collected<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** How much is held back before the first of it is written. */
const heldLength = 1_048_576;

/** Holds the beginning back, so that of a list that cannot be printed nothing is, unless it is a long one. */
class HeldOutput {
  readonly #out: OutputStream;
  #held: string[] = [];
  #length = 0;

  constructor(out: OutputStream) {
    this.#out = out;
  }

  async write(text: string): Promise<void> {
    this.#held.push(text);
    this.#length += text.length;
    if (this.#length > heldLength) await this.end();
  }

  /** Writes what is held back. */
  async end(): Promise<void> {
    const text = this.#held.join('');
    this.#held = [];
    this.#length = 0;
    if (text !== '') this.#out.write(text);
    await this.#out.flush();
  }
}

/** The printer's own way to print a list item by item, or one that waits for all of them. */
function listPrinter(printer: ObjectPrinter, expression: string): ListPrinter {
  const own = expression === '' ? printer.list?.() : undefined;
  if (own !== undefined) return own;
  const items: unknown[] = [];
  return {
    add(item) {
      items.push(item);
      return '';
    },
    end: () => {
      const sorted = expression === '' || items.length === 0 ? items : sortBy(items, expression, (item) => item);
      return [printer.print({ ...emptyList(), items: sorted })];
    },
  };
}

/** The objects of an answer, each with its kind. */
export function itemsOf(answer: Unstructured, mapping: RestMapping | undefined): Unstructured[] {
  const { items } = answer as unknown as Partial<KubeList>;
  if (!Array.isArray(items)) return [answer];
  const kind = mapping?.gvk.kind ?? answer.kind.replace(/List$/, '');
  return items.map((item) => ({ ...item, apiVersion: answer.apiVersion, kind }));
}
