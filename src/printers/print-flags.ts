import { messageOf } from '../apimachinery/error-message.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { CustomColumnsPrinter, parseCustomColumns, parseCustomColumnsFile } from './custom-columns.ts';
import { NamePrinter } from './name-printer.ts';
import { type ObjectPrinter, PrinterError } from './printer.ts';
import { JsonPrinter, KyamlPrinter, OmitManagedFieldsPrinter, YamlPrinter } from './structured-printers.ts';
import { GoTemplatePrinter, JsonPathPrinter } from './template-printers.ts';
import { systemReason } from '../system/file-errors.ts';

/** What the flags that choose an output say. */
export interface PrintFlags {
  /** `-o`; empty when not given. */
  readonly output: string;
  /** `--template`. */
  readonly template?: string;
  /** `--allow-missing-template-keys`, true by default. */
  readonly allowMissingTemplateKeys?: boolean;
  /** `--show-managed-fields`. */
  readonly showManagedFields?: boolean;
  /** `--no-headers`, for custom columns. */
  readonly noHeaders?: boolean;
  /** What was done, with its dry-run suffix: `created (dry run)`; printed when no output is asked for. */
  readonly operation?: string;
  /** Whether `-o custom-columns` exists in this command; it does in get and events. */
  readonly customColumns?: boolean;
  /** Whether `-o wide` exists in this command. */
  readonly wide?: boolean;
  /** Whether `-o kyaml` exists; it does unless it is said otherwise. */
  readonly kyaml?: boolean;
  /** Whether the objects have their fields in the order of their types, and are shown so where the form keeps one. */
  readonly typed?: boolean;
  /** Reads a template's file; throws with `code` ENOENT and so on as Node does. */
  readFile?(path: string): Promise<Uint8Array>;
}

const goTemplateFormats = ['go-template', 'go-template-file', 'template', 'templatefile'];
const jsonPathFormats = ['jsonpath', 'jsonpath-as-json', 'jsonpath-file'];
const columnFormats = ['custom-columns', 'custom-columns-file'];
const plainFormats = ['json', 'kyaml', 'name', 'yaml'];

/** The formats of `-o`, sorted, as the message of a wrong one and completion list them. */
export function allowedFormats(flags: Pick<PrintFlags, 'customColumns' | 'wide' | 'kyaml'> = {}): string[] {
  const formats = [...goTemplateFormats, ...jsonPathFormats, ...plainFormats].filter((format) =>
    isThere(flags, format),
  );
  if (flags.customColumns === true) formats.push(...columnFormats);
  if (flags.wide === true) formats.push('wide');
  return formats.sort();
}

function isThere({ kyaml = true }: Pick<PrintFlags, 'kyaml'>, format: string): boolean {
  return kyaml || format !== 'kyaml';
}

/** Whether the environment leaves `-o kyaml` on, which `KUBECTL_KYAML=false` turns off (KEP-5295). */
export function hasKyaml(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env['KUBECTL_KYAML'] ?? '').toLowerCase() !== 'false';
}

/** The error of a format that does not exist. */
export function noCompatiblePrinter(output: string, formats: readonly string[]): PrinterError {
  return new PrinterError(
    `unable to match a printer suitable for the output format ${goQuote(output)}, allowed formats are: ${formats.join(',')}`,
  );
}

/**
 * Makes the printer that `-o` and `--template` ask for; undefined where the output is a table (no format, or `wide`
 * where the command has it).
 * @throws PrinterError with the real text for a format that does not exist and for templates that cannot be read
 */
export async function createPrinter(flags: PrintFlags): Promise<ObjectPrinter | undefined> {
  const { template = '', operation = '' } = flags;
  const output = flags.output === '' && template !== '' ? 'go-template' : flags.output;
  const { format, argument } = splitTemplate(output, template);
  const isOff = !isThere(flags, format.toLowerCase());
  const printer = isOff ? undefined : await chosenPrinter(flags, format, argument);
  if (printer !== undefined) {
    // Who asks for fields by name gets those as well.
    const isWhole = plainFormats.includes(format.toLowerCase());
    return isWhole && flags.showManagedFields !== true ? new OmitManagedFieldsPrinter(printer) : printer;
  }
  const plain = output.toLowerCase();
  if (plain === 'name') return new NamePrinter({ short: true });
  if (plain === '' && operation !== '') return new NamePrinter({ operation });
  if (plain === '' || (output === 'wide' && flags.wide === true)) return undefined;
  throw noCompatiblePrinter(output, allowedFormats(flags));
}

/** Splits `jsonpath={.x}`; `--template` goes before what stands behind the sign. */
function splitTemplate(output: string, template: string): { format: string; argument: string } {
  if (template !== '') return { format: output, argument: template };
  const sign = output.indexOf('=');
  if (sign < 0) return { format: output, argument: '' };
  const format = output.slice(0, sign);
  const takesArgument = [...goTemplateFormats, ...jsonPathFormats, ...columnFormats].includes(format);
  return takesArgument ? { format, argument: output.slice(sign + 1) } : { format: output, argument: '' };
}

async function chosenPrinter(flags: PrintFlags, format: string, argument: string): Promise<ObjectPrinter | undefined> {
  const allowMissingKeys = flags.allowMissingTemplateKeys ?? true;
  const keepOrder = flags.typed === true;
  if (goTemplateFormats.includes(format) || jsonPathFormats.includes(format)) {
    if (argument === '') throw new PrinterError('template format specified but no template given');
    const isFile = format.endsWith('file');
    const text = isFile ? await templateFile(flags, argument, 'error reading --template') : argument;
    if (goTemplateFormats.includes(format)) return new GoTemplatePrinter(text, { allowMissingKeys, keepOrder });
    return new JsonPathPrinter(text, { allowMissingKeys, asJson: format === 'jsonpath-as-json' });
  }
  if (flags.customColumns === true && columnFormats.includes(format)) {
    if (argument === '') throw new PrinterError('custom-columns format specified but no custom columns given');
    const columns =
      format === 'custom-columns'
        ? parseCustomColumns(argument)
        : parseCustomColumnsFile(await templateFile(flags, argument, 'error reading template'));
    // As in the real program, a file's headers are always shown.
    return new CustomColumnsPrinter(columns, format === 'custom-columns' && flags.noHeaders === true);
  }
  switch (format.toLowerCase()) {
    case 'json':
      return new JsonPrinter();
    case 'yaml':
      return new YamlPrinter();
    case 'kyaml':
      return new KyamlPrinter({ keepOrder });
    default:
      return undefined;
  }
}

async function templateFile(flags: PrintFlags, path: string, problem: string): Promise<string> {
  if (flags.readFile === undefined) throw new Error('no way to read a template file was given');
  try {
    return new TextDecoder().decode(await flags.readFile(path));
  } catch (error) {
    throw new PrinterError(`${problem} ${path}, ${openError(path, error)}\n`);
  }
}

/** What Go says of a file that cannot be read. */
function openError(path: string, error: unknown): string {
  const reason = systemReason(error);
  const action = reason === 'is a directory' ? 'read' : 'open';
  if (reason === undefined) return messageOf(error);
  return `${action} ${path}: ${reason}`;
}
