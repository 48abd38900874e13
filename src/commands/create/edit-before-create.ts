import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { CommandContext } from '../../cli/command.ts';
import { type EditedObject, editObjects } from '../../cli/editing/edit-session.ts';
import { throwFailures } from '../../cli/exit.ts';
import { type ManifestInput, readInput } from '../../cli/manifest-input.ts';
import { withLastApplied } from '../../patch/last-applied.ts';
import { NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import type { FieldValidation } from '../../resource/dry-run.ts';
import { asNew, findMapping, resourceOf } from '../../resource/resource-access.ts';
import { aboutEditing } from '../edit.ts';

/** What `create --edit` goes by. */
export interface EditBeforeCreateOptions {
  readonly input: ManifestInput;
  /** `-o`. */
  readonly format: string;
  readonly saveConfig: boolean;
  readonly validation: FieldValidation;
  readonly windowsLineEndings: boolean;
  readonly printer: () => Promise<ObjectPrinter | undefined>;
}

/** Has each object of the input edited, one after the other, and creates it; those that are not changed are not. */
export async function editBeforeCreate(options: EditBeforeCreateOptions, context: CommandContext): Promise<void> {
  const discovery = await context.cluster.discovery();
  const { name: usual } = await context.cluster.namespace();
  const entries: EditedObject[] = [];
  const read = await readInput(options.input, context);
  for (const entry of read.objects) {
    const { object } = entry;
    const mapping = await findMapping(discovery, entry);
    const namespace = object.metadata.namespace ?? usual;
    if (mapping.namespaced) object.metadata.namespace = namespace;
    entries.push({ object, mapping, namespace, name: object.metadata.name ?? '' });
  }
  const failures: unknown[] = [...read.failures];
  const session = {
    about: aboutEditing,
    ...options,
    submit: (edited: readonly EditedObject[]) => createAll(edited, options, context),
  };
  for (const entry of entries) {
    await editObjects([entry], session, context).catch((error: unknown) => failures.push(error));
  }
  throwFailures(failures);
}

async function createAll(
  edited: readonly EditedObject[],
  { saveConfig, validation: fieldValidation, printer }: EditBeforeCreateOptions,
  context: CommandContext,
): Promise<void> {
  const client = await context.cluster.client();
  for (const { object, mapping, namespace } of edited) {
    const wanted: Unstructured = saveConfig ? withLastApplied(object) : object;
    const created = await resourceOf(client, mapping, namespace).create(asNew(wanted), {
      fieldManager: 'kubectl-create',
      fieldValidation,
    });
    context.streams.out.write(((await printer()) ?? new NamePrinter({ operation: 'created' })).print(created));
  }
}
