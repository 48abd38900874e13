import { gvkOf, gvkText } from '../apimachinery/gvk.ts';
import { describeJsonKind, isJsonObject, equalJson, cloneJson, type JsonObject } from '../apimachinery/json.ts';
import { JsonSyntaxError, parseJson, stringifyJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { parseYaml } from '../apimachinery/yaml.ts';
import type { PatchType } from '../client/client.ts';
import { changeCauseOf, changeCausePatch, recordFlag } from '../cli/change-cause.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  standardFormats,
  subresourceFlag,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput, readInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { type LoadedTarget, loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { applyJsonMergePatch } from '../patch/json-merge-patch.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../patch/json-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import { NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { isTypeOfKubernetes, type OpenApi } from '../schema-cache/openapi.ts';

type PatchName = 'json' | 'merge' | 'strategic';

interface PatchCommandOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly type: PatchName;
  /** JSON as it is sent. */
  readonly patch: string;
  readonly local: boolean;
  readonly subresource: string;
  readonly fieldManager: string;
  readonly dryRun: DryRun;
  /** Each object has a printer of its own. */
  readonly makePrinter: () => Promise<ObjectPrinter | undefined>;
  readonly changeCause: string | undefined;
}

const types: Readonly<Record<PatchName, PatchType>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/** `patch`: changes fields of an object. */
export const patchCommand = defineCommand<PatchCommandOptions>({
  path: ['patch'],
  usage: '(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]',
  short: 'Update fields of a resource',
  long: 'Change fields of objects with a strategic merge patch, a JSON merge patch or a JSON patch, written as JSON or YAML.',
  examples:
    '  # Keep pods from a node\n  kubectl patch node node-1 -p \'{"spec":{"unschedulable":true}}\'\n\n  # A JSON patch\n  kubectl patch pod web --type=json -p \'[{"op":"replace","path":"/spec/containers/0/image","value":"nginx"}]\'',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to patch'),
    dryRunFlag,
    fieldManagerFlag('kubectl-patch'),
    subresourceFlag('Patch this subresource of the object'),
    recordFlag,
    { name: 'local', type: 'bool', default: 'false', description: 'Change the manifests; do not ask the server' },
    { name: 'patch', shorthand: 'p', type: 'string', default: '', description: 'The patch, as JSON or YAML' },
    { name: 'patch-file', type: 'string', default: '', description: 'A file with the patch' },
    { name: 'type', type: 'string', default: 'strategic', description: 'json, merge or strategic' },
  ],
  async toOptions(args, flags, context) {
    const input = manifestInput(flags);
    const local = flags.bool('local');
    const file = flags.string('patch-file');
    const given = flags.string('patch');
    if (file !== '' && given !== '') throw new CommandError('cannot specify --patch and --patch-file together');
    if (file === '' && given === '') {
      throw new CommandError('must specify --patch or --patch-file containing the contents of the patch');
    }
    if (local && args.length > 0) throw new CommandError('cannot specify --local and server resources');
    const dryRun = dryRunOf(flags, context);
    if (local && dryRun === 'server') {
      throw new CommandError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?');
    }
    const type = flags.string('type').toLowerCase() || 'strategic';
    if (type !== 'json' && type !== 'merge' && type !== 'strategic') {
      throw new CommandError(`--type must be one of [json merge strategic], not "${flags.string('type')}"`);
    }
    const makePrinter = (): Promise<ObjectPrinter | undefined> => printerOf(flags, context);
    await makePrinter();
    return {
      args,
      input,
      type,
      patch: asJson(file === '' ? given : await readPatch(file, context)),
      local,
      subresource: flags.string('subresource'),
      fieldManager: flags.string('field-manager'),
      dryRun,
      makePrinter,
      changeCause: changeCauseOf(flags, ['patch'], args),
    };
  },
  async run(options, context) {
    if (options.local) {
      const api = await context.bundledApi?.();
      const read = await readInput(options.input, context);
      for (const { object } of read.objects) {
        const patched = await patchHere(object, options, api?.openApi);
        context.streams.out.write(await show(object, patched, options));
      }
      if (read.objects.length + read.failures.length === 0) throw new CommandError('no objects passed to patch');
      throwFailures(read.failures);
      return;
    }
    const request = { ...options, isServed: true, all: false, selector: '', fieldSelector: '', allNamespaces: false };
    const { subresource } = options;
    const targets = await resolveTargets(request, context);
    // What could not be read is told last.
    const refused = targets.flatMap((target) => ('error' in target ? [target.error] : []));
    const found = targets.filter((target) => !('error' in target));
    const { objects, errors } = await loadTargets(found, context, {
      subresource,
      manifestsAlone: true,
    });
    const failures = [...errors];
    for (const target of objects) {
      try {
        const patched = await patchOne(target, options, context);
        context.streams.out.write(await show(target.manifest ?? target.object, patched, options));
      } catch (error) {
        failures.push(error);
      }
    }
    failures.push(...refused);
    if (objects.length === 0 && failures.length === 0) throw new CommandError('no objects passed to patch');
    throwFailures(failures);
  },
});

async function patchOne(
  { object, mapping, namespace, name }: LoadedTarget,
  options: PatchCommandOptions,
  context: CommandContext,
): Promise<Unstructured> {
  if (options.dryRun === 'client') return patchHere(object, options, await context.cluster.openApi());
  const resource = resourceOf(await context.cluster.client(), mapping, namespace);
  const write = {
    fieldManager: options.fieldManager,
    ...(options.subresource === '' ? {} : { subresource: options.subresource }),
    ...(options.dryRun === 'none' ? {} : { dryRun: 'All' as const }),
  };
  const patched = await resource.patch(name, types[options.type], options.patch, write);
  const cause = changeCausePatch(patched, options.changeCause);
  if (cause === undefined) return patched;
  // Why it was changed is good to know, but nothing fails without.
  return resource.patch(name, 'application/merge-patch+json', cause, write).catch(() => patched);
}

async function readPatch(file: string, context: CommandContext): Promise<string> {
  try {
    const path = file.startsWith('/') ? file : `${context.cwd}/${file}`;
    return Buffer.from(await context.files.readFile(path)).toString('utf8');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    throw new CommandError(`unable to read patch file: open ${file}: no such file or directory`);
  }
}

/** What begins as an object of JSON goes to the server as it is, for it to judge; the rest is YAML. */
function asJson(text: string): string {
  if (/^\s*\{/.test(text)) return text;
  try {
    return stringifyJson(parseYaml(text));
  } catch (error) {
    throw new CommandError(`unable to parse ${JSON.stringify(text)}: ${error instanceof Error ? error.message : ''}`);
  }
}

/** Patches without sending anything. @param openApi the types that tell how lists are merged. @throws CommandError */
async function patchHere(
  object: Unstructured,
  { type, patch }: PatchCommandOptions,
  openApi: OpenApi | undefined,
): Promise<Unstructured> {
  const document = cloneJson(object) as unknown as JsonObject;
  if (type === 'json') {
    return applyJsonPatch(document, operationsOf(patch), { as: 'kubectl' }) as unknown as Unstructured;
  }
  const parsed = mergePatchOf(patch, type);
  if (type === 'merge') return applyJsonMergePatch(document, parsed) as unknown as Unstructured;
  const gvk = gvkOf(object);
  const known = await openApi?.typesOf(gvk.group, gvk.version);
  const name = known?.nameOf(gvk.group, gvk.version, gvk.kind);
  if (known === undefined || name === undefined || !isTypeOfKubernetes(name)) {
    const about = gvkText(gvk);
    throw new CommandError(`strategic merge patch is not supported for ${about} locally, try --type merge`);
  }
  return applyStrategicMergePatch(document, parsed, known.lookup(name), known) as unknown as Unstructured;
}

/** The operations of a JSON patch. @throws CommandError in the words of Go's encoding/json */
function operationsOf(patch: string): readonly JsonPatchOperation[] {
  const parsed = parseJson(patch) ?? [];
  if (!Array.isArray(parsed)) {
    throw new CommandError(`json: cannot unmarshal ${describeJsonKind(parsed)} into Go value of type jsonpatch.Patch`);
  }
  for (const [index, operation] of parsed.entries()) {
    if (isJsonObject(operation)) continue;
    throw new CommandError(
      `json: cannot unmarshal ${describeJsonKind(operation)} into Patch.${index} of type jsonpatch.Operation`,
    );
  }
  return parsed as unknown as readonly JsonPatchOperation[];
}

/** The members to be merged. @throws CommandError for what is no such patch */
function mergePatchOf(patch: string, type: PatchName): JsonObject {
  let parsed;
  try {
    parsed = parseJson(patch);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
  }
  if (isJsonObject(parsed)) return parsed;
  if (type === 'strategic' && parsed === null) return {};
  if (type === 'strategic') throw new CommandError('invalid JSON document');
  throw new CommandError(
    Array.isArray(parsed)
      ? 'json: cannot unmarshal array into Go value of type unstructured.detector'
      : 'Invalid JSON Patch',
  );
}

async function show(before: Unstructured, after: Unstructured, options: PatchCommandOptions): Promise<string> {
  const printer = await options.makePrinter();
  if (printer !== undefined) return printer.print(after);
  const operation = equalJson(before, after) ? 'patched (no change)' : 'patched';
  return new NamePrinter({ operation }).print(after);
}
