import { createPrinter, hasKyaml } from '../printers/print-flags.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { CommandContext, FlagValues } from './command.ts';

/**
 * The printer that -o, --template and the rest ask for; undefined where the command says what it did.
 * @param typed whether the objects have their fields in the order of their types
 */
export function printerOf(
  flags: FlagValues,
  context: CommandContext,
  typed = false,
): Promise<ObjectPrinter | undefined> {
  return createPrinter({
    typed,
    kyaml: hasKyaml(context.env),
    output: flags.string('output'),
    template: flags.string('template'),
    allowMissingTemplateKeys: flags.bool('allow-missing-template-keys'),
    showManagedFields: flags.bool('show-managed-fields'),
    readFile: (path) => context.files.readFile(path.startsWith('/') ? path : `${context.cwd}/${path}`),
  });
}
