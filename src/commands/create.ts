import { cloneJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { changeCauseOf, recordChangeCause, recordFlag } from '../cli/change-cause.ts';
import { type CheckedManifest, readCheckedInput } from '../cli/checked-input.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { PrefixedError, throwFailures } from '../cli/exit.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  saveConfigFlag,
  selectorFlag,
  standardFormats,
  validateFlag,
  windowsLineEndingsFlag,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { checkRaw, sendRaw } from '../cli/raw-request.ts';
import { requestPlan } from '../generators/request-plan.ts';
import { lastAppliedOf, withLastApplied } from '../patch/last-applied.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { type DryRun, type FieldValidation, parseValidate } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { asNew, findMapping, resourceOf } from '../resource/resource-access.ts';
import type { EditBeforeCreateOptions } from './create/edit-before-create.ts';

interface CreateOptions {
  readonly input: ManifestInput;
  readonly edit: EditBeforeCreateOptions | undefined;
  readonly selector: string;
  readonly raw: string;
  readonly saveConfig: boolean;
  readonly changeCause: string | undefined;
  readonly dryRun: DryRun;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  readonly printer: ObjectPrinter | undefined;
}

/** `create -f`: makes what the manifests say, which must not be there yet. */
export const createCommand = defineCommand<CreateOptions>({
  path: ['create'],
  usage: '-f FILENAME',
  short: 'Create a resource from a file or from stdin',
  long: 'Make objects as JSON or YAML manifests say, or, with one of the commands below, from flags. Everything is read and checked before anything is sent.',
  examples:
    '  # What a file says\n  kubectl create -f pod.yaml\n\n  # What another program prints\n  cat pod.json | kubectl create -f -',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('with what to create'),
    dryRunFlag,
    { name: 'edit', type: 'bool', default: 'false', description: 'Edit the objects before they are created' },
    fieldManagerFlag('kubectl-create'),
    { name: 'raw', type: 'string', default: '', description: 'A path to POST to as it is' },
    saveConfigFlag,
    selectorFlag,
    validateFlag,
    windowsLineEndingsFlag,
    recordFlag,
  ],
  async toOptions(args, flags, context) {
    const input = manifestInput(flags);
    if (input.filenames.length === 0 && args.length === 0) throw new CommandError('must specify one of -f and -k');
    if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(' ')}]`);
    const raw = flags.string('raw');
    const selector = flags.string('selector');
    if (raw !== '' && flags.bool('edit')) throw new CommandError('--raw and --edit are mutually exclusive');
    if (raw !== '' && selector !== '') throw new CommandError('--raw and --selector (-l) are mutually exclusive');
    checkRaw(input, flags);
    return {
      input,
      edit: flags.bool('edit')
        ? {
            input,
            format: flags.string('output'),
            saveConfig: flags.bool('save-config'),
            validation: parseValidate(flags.string('validate')),
            windowsLineEndings: flags.bool('windows-line-endings'),
            printer: () => printerOf(flags, context),
          }
        : undefined,
      selector,
      raw,
      saveConfig: flags.bool('save-config'),
      changeCause: changeCauseOf(flags, ['create'], args),
      dryRun: dryRunOf(flags, context),
      validation: parseValidate(flags.string('validate')),
      fieldManager: flags.string('field-manager'),
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    if (options.raw !== '') {
      await sendRaw('POST', options.raw, options.input, context);
      return;
    }
    if (options.edit !== undefined) {
      const { editBeforeCreate } = await import('./create/edit-before-create.ts');
      await editBeforeCreate(options.edit, context);
      return;
    }
    const input = await readCheckedInput(options.input, options, context, 'no objects passed to create');
    const printer = options.printer ?? new NamePrinter({ operation: `created${dryRunSuffix[options.dryRun]}` });
    const failures: unknown[] = [...input.failures];
    await requestPlan(
      input.entries,
      (entry) => createOne(entry, options, context),
      (result) => {
        if (result.ok) context.streams.out.write(printer.print(result.value));
        else failures.push(result.error);
      },
    );
    throwFailures(failures);
  },
});

async function createOne(
  entry: CheckedManifest,
  options: CreateOptions,
  context: CommandContext,
): Promise<Unstructured> {
  const { namespace, source } = entry;
  const mapping = entry.mapping ?? (await findMapping(await context.cluster.discovery(), entry));
  let object = cloneJson(entry.object);
  if (mapping.namespaced) object.metadata.namespace = namespace;
  recordChangeCause(object, options.changeCause);
  if (options.saveConfig || lastAppliedOf(object) !== undefined) object = withLastApplied(object);
  if (options.dryRun === 'client') return object;
  try {
    return await resourceOf(await context.cluster.client(), mapping, namespace).create(asNew(object), {
      fieldManager: options.fieldManager,
      fieldValidation: options.validation,
      ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
    });
  } catch (error) {
    throw new PrefixedError(`error when creating ${JSON.stringify(source)}`, error);
  }
}
