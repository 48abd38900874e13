import type { Unstructured } from '../apimachinery/object-meta.ts';
import { stringifyTyped } from '../generators/typed-json.ts';
import { lastAppliedAnnotation } from '../patch/last-applied.ts';
import { type ObjectPrinter, PrintableEvent } from '../printers/printer.ts';
import { withoutManagedFields } from '../printers/structured-printers.ts';
import type { CommandContext, FlagValues } from './command.ts';
import { printerOf } from './print-objects.ts';

/** The printer of -o; JSON and KYAML keep the order of the fields, which typed objects have. */
export async function typedPrinter(flags: FlagValues, context: CommandContext): Promise<ObjectPrinter | undefined> {
  const printer = await printerOf(flags, context, true);
  if (printer === undefined) return undefined;
  if (flags.string('output').toLowerCase() !== 'json') return new HeadFirstPrinter(printer);
  const showManagedFields = flags.bool('show-managed-fields');
  return {
    print: (object) =>
      `${stringifyTyped(headFirst(showManagedFields ? object : withoutManagedFields(object)), '    ')}\n`,
  };
}

/** Hands objects on with what they are before their fields. */
class HeadFirstPrinter implements ObjectPrinter {
  readonly #delegate: ObjectPrinter;

  constructor(delegate: ObjectPrinter) {
    this.#delegate = delegate;
  }

  print(object: unknown): string {
    return this.#delegate.print(object instanceof PrintableEvent ? object : headFirst(object));
  }

  end(): string {
    return this.#delegate.end?.() ?? '';
  }
}

function headFirst(object: unknown): Unstructured {
  const { kind, apiVersion, metadata, ...fields } = object as Unstructured;
  return { kind, apiVersion, metadata, ...fields };
}

/** Puts an object into a namespace, the field where its type has it. */
export function withNamespace(object: Unstructured, namespace: string): Unstructured {
  const { name, ...rest } = object.metadata;
  return { ...object, metadata: { ...(name === undefined ? {} : { name }), namespace, ...rest } };
}

/** Keeps in an annotation what the object says, its fields in the order of its type. */
export function withConfiguration(object: Unstructured): Unstructured {
  const { annotations = {}, ...metadata } = object.metadata;
  const kept = { ...annotations, [lastAppliedAnnotation]: `${stringifyTyped(object)}\n` };
  return { ...object, metadata: { ...metadata, annotations: kept } };
}
