import { cloneJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { type CheckedManifest, readCheckedInput } from '../cli/checked-input.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { deleteObjects, type DeletionOptions } from '../cli/delete-objects.ts';
import { cascadeOf } from '../cli/deletion-flags.ts';
import { PrefixedError, throwFailures } from '../cli/exit.ts';
import {
  cascadeFlag,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  saveConfigFlag,
  standardFormats,
  subresourceFlag,
  validateFlag,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput, readInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { checkRaw, sendRaw } from '../cli/raw-request.ts';
import { requestPlan } from '../generators/request-plan.ts';
import { lastAppliedOf, withLastApplied } from '../patch/last-applied.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { type DryRun, type FieldValidation, parseValidate } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { asNew, findMapping, resourceOf } from '../resource/resource-access.ts';

interface ReplaceOptions {
  readonly input: ManifestInput;
  readonly raw: string;
  readonly subresource: string;
  readonly saveConfig: boolean;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  readonly dryRun: DryRun;
  /** --force: how the objects are deleted before they are made anew. */
  readonly deletion: DeletionOptions | undefined;
  readonly printer: ObjectPrinter | undefined;
}

/** `replace`: puts the manifests in the place of what is there. */
export const replaceCommand = defineCommand<ReplaceOptions>({
  path: ['replace'],
  usage: '-f FILENAME',
  short: 'Replace a resource by file name or stdin',
  long: 'Put whole objects, as the manifests have them, in the place of those on the server.',
  examples: '  kubectl replace -f pod.yaml\n  kubectl get pod web -o yaml | kubectl replace -f -',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('with what to replace'),
    cascadeFlag,
    dryRunFlag,
    fieldManagerFlag('kubectl-replace'),
    subresourceFlag('Replace this subresource of the object'),
    validateFlag,
    { name: 'force', type: 'bool', default: 'false', description: 'Delete the objects and make them anew' },
    { name: 'grace-period', type: 'int', default: '-1', description: 'With --force: seconds an object has to end' },
    { name: 'raw', type: 'string', default: '', description: 'A path to PUT to as it is' },
    saveConfigFlag,
    { name: 'timeout', type: 'duration', default: '0s', description: 'With --force: how long to wait for the end' },
    { name: 'wait', type: 'bool', default: 'false', description: 'With --force: wait until objects are gone' },
  ],
  async toOptions(_args, flags, context) {
    const input = manifestInput(flags);
    const force = flags.bool('force');
    const dryRun = dryRunOf(flags, context);
    const gracePeriodSeconds = flags.int('grace-period');
    if (gracePeriodSeconds >= 0 && !force) throw new CommandError('--grace-period must have --force specified');
    if (flags.duration('timeout') !== 0 && !force) throw new CommandError('--timeout must have --force specified');
    if (force && dryRun !== 'none') throw new CommandError('--dry-run can not be used when --force is set');
    if (input.filenames.length === 0) throw new CommandError('must specify one of -f and -k');
    checkRaw(input, flags);
    const cascade = cascadeOf(flags.string('cascade'), context);
    return {
      input,
      raw: flags.string('raw'),
      subresource: flags.string('subresource'),
      saveConfig: flags.bool('save-config'),
      validation: parseValidate(flags.string('validate')),
      fieldManager: flags.string('field-manager'),
      dryRun,
      deletion: force
        ? {
            cascade,
            // Zero would not wait for the end of what runs; the real program makes it one, too.
            gracePeriodSeconds: gracePeriodSeconds === 0 ? 1 : gracePeriodSeconds,
            force: false,
            ignoreNotFound: true,
            wait: true,
            timeoutMillis: flags.duration('timeout') || endMillis,
            output: flags.string('output') === 'name' ? 'name' : '',
            dryRun,
          }
        : undefined,
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    if (options.raw !== '') {
      await sendRaw('PUT', options.raw, options.input, context);
      return;
    }
    if (options.deletion !== undefined) await readForDeletion(options.input, context);
    const { entries, failures: refused } = await readCheckedInput(
      options.input,
      options,
      context,
      options.deletion === undefined ? undefined : 'no objects passed to replace',
    );
    if (options.deletion !== undefined) await deleteFirst(entries, options.deletion, context, refused);
    const printer = options.printer ?? new NamePrinter({ operation: `replaced${dryRunSuffix[options.dryRun]}` });
    const failures: unknown[] = [...refused];
    await requestPlan(
      entries,
      (entry) => replaceOne(entry, options, context),
      (result) => {
        if (result.ok) context.streams.out.write(printer.print(result.value));
        else failures.push(result.error);
      },
    );
    throwFailures(failures);
  },
});

/** How long the end of a deleted object is waited for where --timeout says nothing. */
const endMillis = 5 * 60_000;

/** What is to be deleted is read as it stands; what is made anew is checked as well. */
async function readForDeletion(input: ManifestInput, context: CommandContext): Promise<void> {
  // Standard input can be read once.
  if (input.filenames.includes('-')) return;
  const { objects, failures } = await readInput(input, context);
  throwFailures(failures);
  if (objects.length === 0) context.streams.out.write('No resources found\n');
}

async function deleteFirst(
  entries: readonly CheckedManifest[],
  deletion: DeletionOptions,
  context: CommandContext,
  failures: readonly unknown[],
): Promise<void> {
  const targets = entries.flatMap(({ mapping, namespace, object, source }) =>
    mapping === undefined ? [] : [{ mapping, namespace, source, name: object.metadata.name ?? '' }],
  );
  await deleteObjects(targets, deletion, await context.cluster.client(), context, failures);
}

async function replaceOne(
  entry: CheckedManifest,
  options: ReplaceOptions,
  context: CommandContext,
): Promise<Unstructured> {
  const { namespace, source } = entry;
  const mapping = entry.mapping ?? (await findMapping(await context.cluster.discovery(), entry));
  let object = cloneJson(entry.object);
  if (mapping.namespaced) object.metadata.namespace = namespace;
  if (options.saveConfig || lastAppliedOf(object) !== undefined) object = withLastApplied(object);
  if (options.dryRun === 'client') return object;
  const resource = resourceOf(await context.cluster.client(), mapping, namespace);
  const write = { fieldManager: options.fieldManager, fieldValidation: options.validation };
  if (options.deletion !== undefined) return resource.create(asNew(object), write);
  const { subresource } = options;
  const part = subresource === '' ? {} : { subresource };
  try {
    if ((object.metadata.resourceVersion ?? '') === '') {
      const { resourceVersion } = (await resource.get(object.metadata.name ?? '', part)).metadata;
      if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
    }
    return await resource.update(object, {
      ...part,
      ...write,
      ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
    });
  } catch (error) {
    throw new PrefixedError(`error when replacing ${JSON.stringify(source)}`, error);
  }
}
