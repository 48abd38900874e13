import type { ManifestInput } from '../../cli/manifest-input.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import type { TablePrinterOptions } from '../../printers/table-printer.ts';

/** What the flags and arguments of `get` say. */
export interface GetOptions {
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
