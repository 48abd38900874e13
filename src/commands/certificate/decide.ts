import { goQuote } from '../../apimachinery/field-error.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { StatusError } from '../../apimachinery/status.ts';
import { type CommandContext, type CommandDefinition, CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import { filenameFlags, printFlags, standardFormats } from '../../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../../cli/manifest-input.ts';
import { printerOf } from '../../cli/print-objects.ts';
import { loadTargets, resolveTargets } from '../../cli/resource-targets.ts';
import { NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';

interface Decision {
  readonly word: 'approve' | 'deny';
  readonly short: string;
  readonly operation: string;
  readonly condition: 'Approved' | 'Denied';
}

interface DecideOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly force: boolean;
  readonly printer: ObjectPrinter | undefined;
}

type Request = Unstructured & { status?: { conditions?: readonly { readonly type?: string }[] } };

const requests = { group: 'certificates.k8s.io', version: 'v1', resource: 'certificatesigningrequests' } as const;
const attempts = 11;

/** `certificate approve`. */
export const certificateApproveCommand = deciding({
  word: 'approve',
  short: 'Approve a certificate signing request',
  operation: 'approved',
  condition: 'Approved',
});

/** `certificate deny`. */
export const certificateDenyCommand = deciding({
  word: 'deny',
  short: 'Deny a certificate signing request',
  operation: 'denied',
  condition: 'Denied',
});

function deciding(decision: Decision): CommandDefinition<DecideOptions> {
  const { word, short, operation } = decision;
  return defineCommand<DecideOptions>({
    path: ['certificate', word],
    usage: '(-f FILENAME | NAME)',
    short,
    long: `Tell the signer whether a certificate may be given. Look at what a request asks for first: whoever holds the certificate is who it names.`,
    examples: `  # One request\n  kubectl certificate ${word} csr-x7k2p`,
    flags: [
      ...printFlags({ formats: standardFormats }),
      ...filenameFlags('with the requests'),
      { name: 'force', type: 'bool', default: 'false', description: 'Send it again for what was decided so already' },
    ],
    async toOptions(args, flags, context) {
      const input = manifestInput(flags);
      const printer = await printerOf(flags, context);
      if (args.length === 0 && input.filenames.length === 0) {
        throw new CommandError('one or more CSRs must be specified as <name> or -f <filename>');
      }
      return { args, input, force: flags.bool('force'), printer };
    },
    async run(options, context) {
      const args = options.args.map((name) => (name.includes('/') ? name : `certificatesigningrequests/${name}`));
      const { input } = options;
      // Requests live in no namespace, so none is given to what stands in files without one.
      const allNamespaces = input.filenames.length > 0;
      const request = {
        args,
        input,
        all: false,
        selector: '',
        fieldSelector: '',
        isServed: true,
        allNamespaces,
        namespaceCheck: 'never' as const,
      };
      if (options.args.includes('')) throw new CommandError('resource name may not be empty');
      const targets = await resolveTargets(request, context);
      // No namespace is given to arguments either, and some kinds need one: nothing is looked at then.
      if (args.length > 0 && targets.some((target) => 'mapping' in target && target.mapping.resource.namespaced)) {
        throw new CommandError('namespace may not be empty when retrieving a resource by name');
      }
      const { objects, errors } = await loadTargets(targets, context, { nameless: 'as-given' });
      const failures = [...errors];
      const printer = options.printer ?? new NamePrinter({ operation });
      for (const { object, mapping, name } of objects) {
        try {
          const { group, kind } = mapping.gvk;
          if (kind !== 'CertificateSigningRequest' || group !== requests.group) {
            const found = group === '' ? kind : `${kind}.${group}`;
            throw new CommandError(
              `can only handle CertificateSigningRequest.certificates.k8s.io objects, got ${found}`,
            );
          }
          await decide(name, decision, options.force, context);
          context.streams.out.write(printer.print(object));
        } catch (error) {
          failures.push(error);
        }
      }
      throwFailures(failures);
      if (objects.length === 0) context.streams.out.write('No resources found\n');
    },
  });
}

async function decide(name: string, decision: Decision, force: boolean, context: CommandContext): Promise<void> {
  const resource = (await context.cluster.client()).resource<Request>(requests);
  const opposite = decision.condition === 'Approved' ? 'Denied' : 'Approved';
  for (let attempt = 1; ; attempt++) {
    const request = await resource.get(name);
    const conditions = request.status?.conditions ?? [];
    if (conditions.some(({ type }) => type === opposite)) {
      throw new CommandError(`certificate signing request ${goQuote(name)} is already ${opposite}`);
    }
    const isDecided = conditions.some(({ type }) => type === decision.condition);
    if (isDecided && !force) return;
    const condition = {
      type: decision.condition,
      status: 'True',
      reason: `Kubectl${decision.condition === 'Approved' ? 'Approve' : 'Deny'}`,
      message: `This CSR was ${decision.operation} by kubectl certificate ${decision.word}.`,
      lastUpdateTime: new Date(context.clock.now()).toISOString().replace(/\.\d+/, ''),
    };
    const status = { ...request.status, conditions: isDecided ? conditions : [...conditions, condition] };
    try {
      await resource.update({ ...request, status }, { subresource: 'approval' });
      return;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict' || attempt >= attempts) throw error;
    }
  }
}
