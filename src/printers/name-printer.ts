import { parseGroupVersion } from '../apimachinery/gvk.ts';
import { listItems, type ListPrinter, type ObjectPrinter, PrintableEvent, PrinterError } from './printer.ts';

export interface NamePrinterOptions {
  /** What was done, `created`; left out with `-o name`. */
  readonly operation?: string;
  /** `-o name`: nothing but the name. */
  readonly short?: boolean;
}

/** How a dry run is marked behind the operation. */
export const dryRunSuffix: Readonly<Record<'none' | 'client' | 'server', string>> = {
  none: '',
  client: ' (dry run)',
  server: ' (server dry run)',
};

/** `deployment.apps/web created`, and `deployment.apps/web` for `-o name`; each item of a list on a line of its own. */
export class NamePrinter implements ObjectPrinter {
  readonly #options: NamePrinterOptions;

  constructor(options: NamePrinterOptions) {
    this.#options = options;
  }

  list(): ListPrinter {
    return { add: (item) => this.print(item), end: () => [] };
  }

  print(object: unknown): string {
    if (object instanceof PrintableEvent) return this.print(object.object);
    const items = listItems(object);
    if (items !== undefined) return items.map((item) => this.print(item)).join('');
    const { apiVersion, kind, metadata } = object as { apiVersion?: unknown; kind?: unknown; metadata?: unknown };
    if (typeof kind !== 'string' || (kind === '' && (typeof apiVersion !== 'string' || apiVersion === ''))) {
      throw new PrinterError(
        'missing apiVersion or kind; try GetObjectKind().SetGroupVersionKind() if you know the type',
      );
    }
    const { name } = (metadata ?? {}) as { name?: unknown };
    const shownName = typeof name === 'string' && name !== '' ? name : '<unknown>';
    const { group } = parseGroupVersion(typeof apiVersion === 'string' ? apiVersion : '');
    const line = qualifiedName(group, kind, shownName);
    const { operation = '', short = false } = this.#options;
    return short || operation === '' ? `${line}\n` : `${line} ${operation}\n`;
  }
}

/** `deployment.apps/web`, `pod/web`. */
export function qualifiedName(group: string, kind: string, name: string): string {
  return group === '' ? `${kind.toLowerCase()}/${name}` : `${kind.toLowerCase()}.${group}/${name}`;
}
