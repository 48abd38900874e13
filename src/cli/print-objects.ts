import { createPrinter } from '../printers/print-flags.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { CommandContext, FlagValues } from './command.ts';

/** The printer that -o, --template and the rest ask for; undefined where the command says what it did. */
export function printerOf(flags: FlagValues, context: CommandContext): Promise<ObjectPrinter | undefined> {
  return createPrinter({
    output: flags.string('output'),
    template: flags.string('template'),
    allowMissingTemplateKeys: flags.bool('allow-missing-template-keys'),
    showManagedFields: flags.bool('show-managed-fields'),
    readFile: (path) => context.files.readFile(path.startsWith('/') ? path : `${context.cwd}/${path}`),
  });
}
