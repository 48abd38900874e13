import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { CommandError, defineCommand, type FlagValues } from '../../cli/command.ts';
import { printFlags, standardFormats } from '../../cli/flags.ts';
import { defined } from '../../generators/typed-json.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { typedAnswers } from '../../cli/typed-answers.ts';
import { typedPrinter } from '../../cli/typed-objects.ts';
import { nameFromArguments, reasonOf } from './create-from-flags.ts';

interface TokenOptions {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly printer: ObjectPrinter | undefined;
}

const kinds = ['Node', 'Pod', 'Secret'];

/** `create token`: a token with which one is a service account. */
export const createTokenCommand = defineCommand<TokenOptions>({
  path: ['create', 'token'],
  usage: 'SERVICE_ACCOUNT_NAME',
  short: 'Request a service account token',
  examples: '  # A token for ten minutes\n  kubectl create token builder --duration=10m',
  flags: [
    ...printFlags({ formats: standardFormats }),
    { name: 'audience', type: 'stringArray', default: '[]', description: 'Who the token is for; may be repeated' },
    {
      name: 'bound-object-kind',
      type: 'string',
      default: '',
      description: 'Kind of an object the token ends with: Node, Pod or Secret',
    },
    { name: 'bound-object-name', type: 'string', default: '', description: 'Name of the object the token ends with' },
    { name: 'bound-object-uid', type: 'string', default: '', description: 'UID of the object the token ends with' },
    {
      name: 'duration',
      type: 'duration',
      default: '0s',
      description: 'How long it shall last; 0 to let the server say',
    },
  ],
  async toOptions(args, flags, context) {
    const name = nameFromArguments(args, flags);
    const printer = await typedPrinter(flags, context);
    if (name === '') throw new CommandError('service account name is required');
    return { name, spec: specOf(flags), printer };
  },
  async run({ name, spec, printer }, context) {
    const client = await context.cluster.client();
    const namespace = (await context.cluster.namespace()).name;
    const request = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      spec,
      status: { token: '', expirationTimestamp: null },
    };
    const resource = { group: '', version: 'v1', resource: 'serviceaccounts' };
    const accounts = client.resource(resource, namespace, typedAnswers(request, context));
    let response: Unstructured & { readonly status?: { readonly token?: string } };
    try {
      response = await accounts.create(request, { name, subresource: 'token' });
    } catch (error) {
      throw new CommandError(`failed to create token: ${reasonOf(error)}`);
    }
    const token = response.status?.token ?? '';
    if (token === '') throw new CommandError('failed to create token: no token in server response');
    const { out } = context.streams;
    out.write(printer?.print(response) ?? (out.isTerminal ? `${token}\n` : token));
  },
});

function specOf(flags: FlagValues): Record<string, unknown> {
  const duration = flags.duration('duration');
  const audiences = flags.list('audience');
  const kind = flags.string('bound-object-kind');
  const name = flags.string('bound-object-name');
  const uid = flags.string('bound-object-uid');
  const problem = (isWrong: boolean, message: string): void => {
    if (isWrong) throw new CommandError(message);
  };
  problem(duration < 0, '--duration must be greater than or equal to 0');
  problem(duration % 1000 !== 0, '--duration cannot be expressed in units less than seconds');
  problem(audiences.includes(''), '--audience must not be an empty string');
  if (kind === '') {
    problem(name !== '', '--bound-object-name can only be set if --bound-object-kind is provided');
    problem(uid !== '', '--bound-object-uid can only be set if --bound-object-kind is provided');
  } else {
    problem(!kinds.includes(kind), `supported --bound-object-kind values are ${kinds.join(', ')}`);
    problem(name === '', '--bound-object-name is required if --bound-object-kind is provided');
  }
  const object = defined({ kind, apiVersion: 'v1', name, uid: uid === '' ? undefined : uid });
  return {
    audiences: audiences.length === 0 ? null : audiences,
    expirationSeconds: duration === 0 ? null : duration / 1000,
    boundObjectRef: kind === '' ? null : object,
  };
}
