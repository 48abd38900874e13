import { isJsonObject, equalJson, cloneJson, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { parseYaml } from '../apimachinery/yaml.ts';
import type { PatchType } from '../client/client.ts';
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
import { loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { applyJsonMergePatch } from '../patch/json-merge-patch.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../patch/json-patch.ts';
import { NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { resourceOf } from '../resource/resource-access.ts';

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
  readonly printer: ObjectPrinter | undefined;
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
    { name: 'local', type: 'bool', default: 'false', description: 'Change the manifests; do not ask the server' },
    { name: 'patch', shorthand: 'p', type: 'string', default: '', description: 'The patch, as JSON or YAML' },
    { name: 'patch-file', type: 'string', default: '', description: 'A file with the patch' },
    { name: 'type', type: 'string', default: 'strategic', description: 'json, merge or strategic' },
  ],
  async toOptions(args, flags, context) {
    const input = manifestInput(flags);
    const local = flags.bool('local');
    if (local && args.length > 0) throw new CommandError('cannot specify --local and server resources');
    const file = flags.string('patch-file');
    const given = flags.string('patch');
    if (file !== '' && given !== '') throw new CommandError('cannot specify --patch and --patch-file together');
    if (file === '' && given === '') {
      throw new CommandError('must specify --patch or --patch-file containing the contents of the patch');
    }
    const type = flags.string('type').toLowerCase();
    if (type !== 'json' && type !== 'merge' && type !== 'strategic') {
      throw new CommandError(`--type must be one of [json merge strategic], not "${flags.string('type')}"`);
    }
    return {
      args,
      input,
      type,
      patch: asJson(file === '' ? given : await readPatch(file, context)),
      local,
      subresource: flags.string('subresource'),
      fieldManager: flags.string('field-manager'),
      dryRun: dryRunOf(flags, context),
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    if (options.local) {
      for (const { object } of await readInput(options.input, context)) {
        const patched = patchHere(object, options) as unknown as Unstructured;
        context.streams.out.write(show(object, patched, options));
      }
      return;
    }
    const request = { ...options, all: false, selector: '', fieldSelector: '', allNamespaces: false };
    const { objects, errors } = await loadTargets(await resolveTargets(request, context), context);
    const failures = [...errors];
    const client = await context.cluster.client();
    for (const { object, mapping, namespace, name } of objects) {
      try {
        const resource = resourceOf(client, mapping, namespace);
        const { subresource } = options;
        const before = subresource === '' ? object : await resource.get(name, { subresource });
        const patched = await resource.patch(name, types[options.type], options.patch, {
          fieldManager: options.fieldManager,
          ...(subresource === '' ? {} : { subresource }),
          ...(options.dryRun === 'none' ? {} : { dryRun: 'All' as const }),
        });
        context.streams.out.write(show(before, patched, options));
      } catch (error) {
        failures.push(error);
      }
    }
    throwFailures(failures);
  },
});

async function readPatch(file: string, context: CommandContext): Promise<string> {
  try {
    const path = file.startsWith('/') ? file : `${context.cwd}/${file}`;
    return Buffer.from(await context.files.readFile(path)).toString('utf8');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    throw new CommandError(`unable to read patch file: open ${file}: no such file or directory`);
  }
}

/** What looks like JSON goes to the server as it is, for it to judge; the rest is YAML. */
function asJson(text: string): string {
  if (/^\s*[{[]/.test(text)) return text;
  try {
    return stringifyJson(parseYaml(text));
  } catch (error) {
    throw new CommandError(`unable to parse ${JSON.stringify(text)}: ${error instanceof Error ? error.message : ''}`);
  }
}

/** Patches without a server, which alone knows how a kind's lists are merged. @throws CommandError where that matters */
function patchHere(object: Unstructured, { type, patch }: PatchCommandOptions): JsonValue {
  const document = cloneJson(object) as unknown as JsonObject;
  const parsed = parseJson(patch);
  if (type === 'json') {
    return applyJsonPatch(document, parsed as unknown as JsonPatchOperation[], { missingKeys: 'error' });
  }
  if (type === 'strategic' && needsTypes(parsed)) {
    throw new CommandError('--local cannot merge lists with --type=strategic in kubectl-ts; use --type=merge or json');
  }
  return applyJsonMergePatch(document, parsed);
}

function needsTypes(patch: JsonValue): boolean {
  if (Array.isArray(patch)) return true;
  if (!isJsonObject(patch)) return false;
  return Object.entries(patch).some(([key, value]) => key.startsWith('$') || needsTypes(value));
}

function show(before: Unstructured, after: Unstructured, options: PatchCommandOptions): string {
  if (options.printer !== undefined) return options.printer.print(after);
  const operation = equalJson(before, after) ? 'patched (no change)' : 'patched';
  return new NamePrinter({ operation }).print(after);
}
