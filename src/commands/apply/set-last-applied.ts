import { gvkOf } from '../../apimachinery/gvk.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { contentOf } from '../../cli/editing/edited-text.ts';
import { PrefixedError } from '../../cli/exit.ts';
import { dryRunFlag, filenameFlags, printFlags, standardFormats } from '../../cli/flags.ts';
import { type ManifestInput, readInput } from '../../cli/manifest-input.ts';
import { checkNamespace, nothingNamed } from '../../cli/resource-targets.ts';
import { printerOf } from '../../cli/print-objects.ts';
import { lastAppliedAnnotation, lastAppliedOf } from '../../patch/last-applied.ts';
import { stringifyGoJson } from '../../apimachinery/go-json.ts';
import { dryRunSuffix, NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import type { DryRun } from '../../resource/dry-run.ts';
import { dryRunOf } from '../../cli/dry-run-flag.ts';
import { findMapping, missingNamespaceOr, resourceOf } from '../../resource/resource-access.ts';
import { describeTarget } from './apply-object.ts';

interface SetOptions {
  readonly input: ManifestInput;
  readonly createAnnotation: boolean;
  readonly dryRun: DryRun;
  readonly printer: ObjectPrinter | undefined;
}

/** `apply set-last-applied`: writes manifests into the annotation of live objects, and changes nothing else. */
export const setLastAppliedCommand = defineCommand<SetOptions>({
  path: ['apply', 'set-last-applied'],
  usage: '-f FILENAME',
  short: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
  long: 'Make objects look as if manifests had been applied: only the annotation that apply reads is written.',
  examples:
    '  kubectl apply set-last-applied -f app.yaml\n  kubectl apply set-last-applied -f app.yaml --create-annotation',
  flags: [
    ...printFlags({ formats: standardFormats }),
    {
      name: 'create-annotation',
      type: 'bool',
      default: 'false',
      description: 'Write it to objects that do not have one, too',
    },
    dryRunFlag,
    ...filenameFlags('with what to write').filter(({ name }) => name === 'filename'),
  ],
  async toOptions(_args, flags, context) {
    return {
      input: { filenames: flags.list('filename'), recursive: false },
      createAnnotation: flags.bool('create-annotation'),
      dryRun: dryRunOf(flags, context),
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    if (options.input.filenames.length === 0) throw new CommandError(nothingNamed);
    const client = await context.cluster.client();
    const discovery = await context.cluster.discovery();
    const asked = await context.cluster.namespace();
    const printer = options.printer ?? new NamePrinter({ operation: `configured${dryRunSuffix[options.dryRun]}` });
    const changes: (() => Promise<Unstructured>)[] = [];
    const { parts } = await readInput(options.input, context);
    for (const entry of parts) {
      if (entry instanceof CommandError) throw entry;
      const { object, source } = entry;
      const mapping = await findMapping(discovery, entry);
      if (mapping.namespaced) checkNamespace(object.metadata.namespace ?? '', asked, context);
      const namespace = object.metadata.namespace ?? asked.name;
      if (mapping.namespaced) object.metadata.namespace = namespace;
      const name = object.metadata.name ?? '';
      const resource = resourceOf(client, mapping, namespace);
      const current = await resource.get(name).catch(async (error: unknown) => {
        if (hasReason(error, 'NotFound')) throw await missingNamespaceOr(error, client, mapping, namespace);
        const about = describeTarget(mapping, namespace, name);
        throw new PrefixedError(
          `error when retrieving current configuration of:\n${about}\nfrom server for: ${JSON.stringify(source)}`,
          error,
        );
      });
      const existing = lastAppliedOf(current);
      if (existing === undefined && !options.createAnnotation) {
        throw new CommandError(
          `no last-applied-configuration annotation found on resource: ${name}, to create the annotation, run the command with --create-annotation`,
        );
      }
      const wanted = `${stringifyGoJson(object)}\n`;
      if (existing !== undefined && contentOf(existing) === contentOf(wanted)) {
        context.streams.out.write(`set-last-applied ${name}: no changes required.\n`);
        continue;
      }
      const patch = { metadata: { annotations: { [lastAppliedAnnotation]: wanted } } };
      const write = options.dryRun === 'server' ? { dryRun: 'All' as const } : {};
      changes.push(() =>
        options.dryRun === 'client'
          ? Promise.resolve({ ...current, apiVersion: object.apiVersion, kind: gvkOf(object).kind })
          : resource.patch(name, 'application/merge-patch+json', patch, write),
      );
    }
    for (const change of changes) context.streams.out.write(printer.print(await change()));
  },
});
