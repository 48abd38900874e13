import { cloneJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { PrefixedError, throwFailures } from '../cli/exit.ts';
import {
  cascadeFlag,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  standardFormats,
  subresourceFlag,
  validateFlag,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput, readInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { type ResourceTarget, resolveTargets } from '../cli/resource-targets.ts';
import { stringifyGoJson } from '../printers/go-json.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { type DryRun, type FieldValidation, parseDryRun, parseValidate } from '../resource/dry-run.ts';
import { resourceOf } from '../resource/resource-access.ts';

interface ReplaceOptions {
  readonly input: ManifestInput;
  readonly raw: string;
  readonly subresource: string;
  readonly saveConfig: boolean;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  readonly dryRun: DryRun;
  readonly printer: ObjectPrinter | undefined;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

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
    {
      name: 'save-config',
      type: 'bool',
      default: 'false',
      description: 'Keep the manifest in the annotation that apply reads',
    },
    { name: 'timeout', type: 'duration', default: '0s', description: 'With --force: how long to wait for the end' },
    { name: 'wait', type: 'bool', default: 'false', description: 'With --force: wait until objects are gone' },
  ],
  async toOptions(_args, flags, context) {
    const input = manifestInput(flags);
    const raw = flags.string('raw');
    if (flags.int('grace-period') >= 0 && !flags.bool('force')) {
      throw new CommandError('--grace-period must have --force specified');
    }
    if (flags.duration('timeout') !== 0 && !flags.bool('force')) {
      throw new CommandError('--timeout must have --force specified');
    }
    if (input.filenames.length === 0) throw new CommandError('must specify one of -f and -k');
    if (raw !== '') checkRaw(raw, input);
    if (flags.bool('force')) {
      throw new CommandError('--force is not supported by kubectl-ts yet: delete the object and create it');
    }
    return {
      input,
      raw,
      subresource: flags.string('subresource'),
      saveConfig: flags.bool('save-config'),
      validation: parseValidate(flags.string('validate')),
      fieldManager: flags.string('field-manager'),
      dryRun: parseDryRun(flags.string('dry-run'), (text) => context.streams.err.write(text)),
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    if (options.raw !== '') {
      await replaceRaw(options, context);
      return;
    }
    const request = { ...options, args: [], all: false, selector: '', fieldSelector: '', allNamespaces: false };
    const targets = await resolveTargets(request, context);
    if (targets.length === 0) throw new CommandError('no objects passed to replace');
    const failures: unknown[] = [];
    for (const target of targets) {
      try {
        const replaced = await replaceOne(target, options, context);
        const operation = `replaced${dryRunSuffix[options.dryRun]}`;
        context.streams.out.write((options.printer ?? new NamePrinter({ operation })).print(replaced));
      } catch (error) {
        failures.push(error);
      }
    }
    throwFailures(failures);
  },
});

function checkRaw(raw: string, input: ManifestInput): void {
  if (input.filenames.length !== 1) throw new UsageError('--raw can only use a single local file or stdin');
  if (/^https?:/.test(input.filenames[0] ?? '')) throw new UsageError('--raw cannot read from a url');
  if (!raw.startsWith('/')) throw new UsageError(`--raw must be a valid URL path: ${raw}`);
}

async function replaceRaw(options: ReplaceOptions, context: CommandContext): Promise<void> {
  const client = await context.cluster.client();
  const [{ object } = { object: {} }] = await readInput(options.input, context);
  const answer = await client.request({ method: 'PUT', path: options.raw, body: object });
  context.streams.out.write(`${stringifyGoJson(parseJson(answer.body))}\n`);
}

async function replaceOne(
  { mapping, namespace, name = '', source, manifest }: ResourceTarget,
  options: ReplaceOptions,
  context: CommandContext,
): Promise<Unstructured> {
  if (manifest === undefined) throw new CommandError('no objects passed to replace');
  const object = cloneJson(manifest);
  if (mapping.namespaced) object.metadata.namespace = namespace;
  if (options.saveConfig || object.metadata.annotations?.[lastApplied] !== undefined) keepManifest(object);
  if (options.dryRun === 'client') return object;
  const resource = resourceOf(await context.cluster.client(), mapping, namespace);
  const { subresource } = options;
  const part = subresource === '' ? {} : { subresource };
  try {
    if ((object.metadata.resourceVersion ?? '') === '') {
      const current = await resource.get(name, part);
      const { resourceVersion } = current.metadata;
      if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
    }
    return await resource.update(object, {
      ...part,
      fieldManager: options.fieldManager,
      fieldValidation: options.validation,
      ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
    });
  } catch (error) {
    if (hasReason(error, 'Invalid')) throw error;
    throw new PrefixedError(`error when replacing ${JSON.stringify(source)}`, error);
  }
}

/** Writes the manifest, without the annotation itself, into the annotation. */
function keepManifest(object: Unstructured): void {
  const annotations = { ...object.metadata.annotations };
  delete annotations[lastApplied];
  object.metadata.annotations = annotations;
  const text = `${stringifyGoJson(object)}\n`;
  object.metadata.annotations = { ...annotations, [lastApplied]: text };
}
