import { messageOf } from '../../apimachinery/error-message.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import {
  type CommandContext,
  type CommandDefinition,
  CommandError,
  defineCommand,
  type FlagDefinition,
  type FlagValues,
  UsageError,
} from '../../cli/command.ts';
import { requestFailure } from '../../client/transport-reason.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  printFlags,
  saveConfigFlag,
  standardFormats,
  validateFlag,
} from '../../cli/flags.ts';
import { requireFlags } from '../../cli/required-flags.ts';
import { typedAnswers } from '../../cli/typed-answers.ts';
import { typedPrinter, withConfiguration, withNamespace } from '../../cli/typed-objects.ts';
import { TransportError } from '../../client/transport-error.ts';
import { dryRunSuffix, NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { type DryRun, type FieldValidation, parseValidate } from '../../resource/dry-run.ts';
import { dryRunOf } from '../../cli/dry-run-flag.ts';

/** What a command that makes one object is asked for. */
export interface CreateRequest {
  readonly name: string;
  /** The arguments behind the name. */
  readonly command: readonly string[];
  readonly flags: FlagValues;
  readonly context: CommandContext;
}

/** One command that makes one object from flags. */
export interface CreateCommand {
  readonly path: readonly string[];
  readonly aliases?: readonly string[];
  readonly usage: string;
  readonly short: string;
  readonly long?: string;
  readonly examples?: string;
  readonly flags: readonly FlagDefinition[];
  /** Flags that must be given, sorted. */
  readonly required?: readonly string[];
  readonly resource: GroupVersionResource;
  readonly namespaced: boolean;
  /** Stands before what went wrong: `failed to create quota: `; without it errors of the server stay as they are. */
  readonly failure?: string;
  /** Whether --save-config does anything; for services it does not. */
  readonly keepsConfig?: boolean;
  /** Checks the flags without touching the network; what it returns makes the object. */
  prepare(request: CreateRequest): () => Unstructured | Promise<Unstructured>;
}

interface Options {
  readonly make: () => Unstructured | Promise<Unstructured>;
  readonly dryRun: DryRun;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  readonly saveConfig: boolean;
  readonly printer: ObjectPrinter | undefined;
}

/** The frame that all commands share which make one object from flags. */
export function createFromFlags(command: CreateCommand): CommandDefinition<Options> {
  const { path, aliases, usage, short, long, examples, required = [] } = command;
  return defineCommand<Options>({
    path,
    usage,
    short,
    ...(aliases === undefined ? {} : { aliases }),
    ...(long === undefined ? {} : { long }),
    ...(examples === undefined ? {} : { examples }),
    flags: [
      ...printFlags({ formats: standardFormats }),
      ...command.flags,
      dryRunFlag,
      fieldManagerFlag('kubectl-create'),
      saveConfigFlag,
      validateFlag,
    ],
    async toOptions(args, flags, context) {
      requireFlags(flags, required);
      const name = nameFromArguments(args, flags);
      const dryRun = dryRunOf(flags, context);
      const printer = await typedPrinter(flags, context);
      const validation = parseValidate(flags.string('validate'));
      if (name === '') throw new CommandError('name must be specified');
      return {
        make: command.prepare({ name, command: args.slice(1), flags, context }),
        dryRun,
        validation,
        fieldManager: flags.string('field-manager'),
        saveConfig: flags.bool('save-config') && command.keepsConfig !== false,
        printer,
      };
    },
    async run(options, context) {
      const made = await options.make();
      const { name: namespace, explicit } = await context.cluster.namespace();
      let object = command.namespaced && explicit ? withNamespace(made, namespace) : made;
      if (options.saveConfig) object = withConfiguration(object);
      if (options.dryRun !== 'client') object = await send(object, namespace, command, options, context);
      const printer = options.printer ?? new NamePrinter({ operation: `created${dryRunSuffix[options.dryRun]}` });
      context.streams.out.write(printer.print(object));
    },
  });
}

/** The one NAME before `--`. @throws UsageError */
export function nameFromArguments(args: readonly string[], flags: FlagValues): string {
  const { argumentsBeforeDash = -1 } = flags;
  const count = argumentsBeforeDash === -1 ? args.length : argumentsBeforeDash;
  if (count !== 1) throw new UsageError(`exactly one NAME is required, got ${count}`);
  return args[0] ?? '';
}

async function send(
  object: Unstructured,
  namespace: string,
  command: CreateCommand,
  options: Options,
  context: CommandContext,
): Promise<Unstructured> {
  const client = await context.cluster.client();
  try {
    const place = command.namespaced ? namespace : undefined;
    return await client.resource(command.resource, place, typedAnswers(object, context)).create(object, {
      ...(options.fieldManager === '' ? {} : { fieldManager: options.fieldManager }),
      fieldValidation: options.validation,
      ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
    });
  } catch (error) {
    if (command.failure === undefined) throw error;
    throw new CommandError(`${command.failure}${reasonOf(error)}`);
  }
}

/** What went wrong as text, for messages that put something of their own before it. */
export function reasonOf(error: unknown): string {
  if (error instanceof StatusError) return error.message;
  if (error instanceof TransportError) return requestFailure(error);
  return messageOf(error);
}
