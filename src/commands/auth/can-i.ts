import { NoMatchError, parseResourceArgument, RestMapper } from '../../apimachinery/rest-mapping.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { allNamespacesFlag } from '../../cli/flags.ts';
import { typedAnswers } from '../../cli/typed-answers.ts';
import { printWarning } from '../../cli/warnings.ts';
import { permissionColumns, permissionRows } from '../../describe/roles.ts';
import { TabWriter } from '../../printers/tab-writer.ts';

interface CanIOptions {
  readonly verb: string;
  /** What stands behind the verb: a type, perhaps with a name, or a path. */
  readonly subject: string;
  readonly subresource: string;
  readonly allNamespaces: boolean;
  readonly quiet: boolean;
  readonly list: boolean;
  readonly noHeaders: boolean;
}

const group = 'authorization.k8s.io';
const resourceVerbs = new Set(
  (
    'get list watch create update patch delete deletecollection use bind impersonate * approve sign escalate ' +
    'attest'
  ).split(' '),
);
const pathVerbs = new Set('get put post head options delete patch *'.split(' '));
/** Resources that exist only for rules about impersonation. */
const virtualResources = new Set(['users', 'groups']);

/** `auth can-i`: whether one may do something. */
export const canICommand = defineCommand<CanIOptions>({
  path: ['auth', 'can-i'],
  usage: 'VERB [TYPE | TYPE/NAME | NONRESOURCEURL]',
  short: 'Check whether an action is allowed',
  long:
    'Ask the server whether one may do something: yes, or no and exit code 1. With --list it tells all one may do in the namespace.\n\n' +
    'VERB is a verb of the API such as get, list or delete; what stands behind it is a kind, a kind with a name, or a path that begins with a slash. --as asks for another user.',
  examples:
    '  # Deployments of the namespace\n  kubectl auth can-i list deployments.apps\n\n' +
    '  # The logs of pods, for a service account\n  kubectl auth can-i get pods --subresource=log --as=system:serviceaccount:dev:robot\n\n' +
    "  # Everything\n  kubectl auth can-i '*' '*'\n\n" +
    '  # All one may do\n  kubectl auth can-i --list --namespace=dev',
  flags: [
    allNamespacesFlag,
    { name: 'list', type: 'bool', default: 'false', description: 'Tell all that is allowed.' },
    { name: 'no-headers', type: 'bool', default: 'false', description: 'With --list: print no headers.' },
    { name: 'quiet', shorthand: 'q', type: 'bool', default: 'false', description: 'Answer with the exit code alone.' },
    { name: 'subresource', type: 'string', default: '', description: 'A subresource, such as log or scale.' },
  ],
  toOptions(args, flags) {
    const list = flags.bool('list');
    if (list && args.length > 0) throw new CommandError('list option must be specified with no arguments');
    if (!list && args.length !== 2) {
      throw new CommandError(
        "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
      );
    }
    const [verb = '', subject = ''] = args;
    return {
      verb,
      subject,
      subresource: flags.string('subresource'),
      allNamespaces: flags.bool('all-namespaces'),
      quiet: flags.bool('quiet'),
      list,
      noHeaders: flags.bool('no-headers'),
    };
  },
  async run(options, context) {
    const namespace = options.allNamespaces ? '' : (await context.cluster.namespace()).name;
    if (options.list) {
      await listRules(options, namespace, context);
      return 0;
    }
    const isAllowed = await check(options, namespace, context);
    return isAllowed ? 0 : 1;
  },
});

async function listRules(options: CanIOptions, namespace: string, context: CommandContext): Promise<void> {
  if (options.quiet || options.allNamespaces || options.subresource !== '') {
    throw new CommandError("list option can't be specified with neither quiet, all-namespaces nor subresource options");
  }
  const review = await ask(
    'SelfSubjectRulesReview',
    { spec: { namespace }, status: { resourceRules: null, nonResourceRules: null, incomplete: false } },
    context,
  );
  const status = (review['status'] ?? {}) as {
    readonly incomplete?: boolean;
    readonly evaluationError?: string;
    readonly resourceRules?: readonly PolicyRule[] | null;
    readonly nonResourceRules?: readonly PolicyRule[] | null;
  };
  if (status.incomplete === true) {
    printWarning(`the list may be incomplete: ${status.evaluationError ?? ''}`, context);
  }
  const rows = permissionRows([...(status.resourceRules ?? []), ...(status.nonResourceRules ?? [])]);
  const writer = new TabWriter();
  for (const row of options.noHeaders ? rows : [permissionColumns, ...rows]) writer.write(`${row.join('\t')}\n`);
  context.streams.out.write(writer.flush());
}

async function check(options: CanIOptions, namespace: string, context: CommandContext): Promise<boolean> {
  const { verb, subject, subresource } = options;
  const isPath = subject.startsWith('/');
  const attributes = isPath
    ? { nonResourceAttributes: { path: subject, verb } }
    : { resourceAttributes: await resourceAttributes(options, namespace, context) };
  if (isPath) {
    if (subresource !== '') throw new CommandError('--subresource can not be used with NonResourceURL');
    if (!pathVerbs.has(verb)) printWarning(`verb '${verb}' is not a known verb\n`, context);
  }
  if (options.noHeaders) throw new CommandError('--no-headers cannot be set without --list specified');
  const review = await ask('SelfSubjectAccessReview', { spec: attributes, status: { allowed: false } }, context);
  const { allowed = false, text } = answerOf(review);
  if (!options.quiet) context.streams.out.write(`${text}\n`);
  return allowed;
}

async function ask(kind: string, fields: object, context: CommandContext): Promise<Unstructured> {
  const client = await context.cluster.client();
  const asked = { kind, apiVersion: `${group}/v1`, metadata: {}, ...fields };
  const resource = { group, version: 'v1', resource: `${kind.toLowerCase()}s` };
  return client.resource(resource, undefined, typedAnswers(asked, context)).create(asked);
}

function answerOf(review: Unstructured): { readonly allowed?: boolean; readonly text: string } {
  const status = (review['status'] ?? {}) as {
    readonly allowed?: boolean;
    readonly reason?: string;
    readonly evaluationError?: string;
  };
  if (status.allowed === true) return { allowed: true, text: 'yes' };
  const { reason = '', evaluationError = '' } = status;
  const because = [reason, evaluationError].filter((text) => text !== '').map((text) => ` - ${text}`);
  return { allowed: false, text: `no${because.join('')}` };
}

async function resourceAttributes(
  { verb, subject, subresource, allNamespaces }: CanIOptions,
  namespace: string,
  context: CommandContext,
): Promise<Readonly<Record<string, string>>> {
  const slash = subject.indexOf('/');
  const [type, name] = slash < 0 ? [subject, ''] : [subject.slice(0, slash), subject.slice(slash + 1)];
  const mapper = await kindsOfServer(context);
  const found = type === '*' ? undefined : findResource(type, mapper, context);
  const gvr = found ?? { group: '', version: '', resource: type };
  if (!allNamespaces) {
    warnOfScope(gvr, mapper, context);
    if (!resourceVerbs.has(verb)) printWarning(`verb '${verb}' is not a known verb\n`, context);
  }
  const all = { namespace, verb, group: gvr.group, resource: gvr.resource, subresource, name };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** No kinds where the server does not tell them, which is complained of: it may answer all the same. */
async function kindsOfServer(context: CommandContext): Promise<RestMapper> {
  const discovery = await context.cluster.discovery();
  try {
    return await discovery.mapper();
  } catch (error) {
    if (error !== discovery.failure) throw error;
    const { complain } = await import('../../cli/discovery-complaints.ts');
    // It is looked up with its group and without.
    complain(error, 2, context);
    return new RestMapper([]);
  }
}

function findResource(type: string, mapper: RestMapper, context: CommandContext): GroupVersionResource | undefined {
  const { versioned, resource, group: wanted } = parseResourceArgument(type.toLowerCase());
  for (const partial of [...(versioned === undefined ? [] : [versioned]), { group: wanted, version: '', resource }]) {
    try {
      return mapper.resourceFor(partial);
    } catch (error) {
      if (!(error instanceof NoMatchError)) throw error;
    }
  }
  const shown = wanted === '' ? resource : `${resource}.${wanted}`;
  if (!virtualResources.has(shown)) {
    const where = wanted === '' ? '' : ` in group '${wanted}'`;
    printWarning(`the server doesn't have a resource type '${resource}'${where}\n`, context);
  }
  return undefined;
}

function warnOfScope(gvr: GroupVersionResource, mapper: RestMapper, context: CommandContext): void {
  const served = mapper.resources.find(
    ({ group: own, version, name }) => own === gvr.group && version === gvr.version && name === gvr.resource,
  );
  if (served === undefined || served.namespaced) return;
  const where = gvr.group === '' ? '' : ` in group '${gvr.group}'`;
  printWarning(`resource '${gvr.resource}' is not namespace scoped${where}\n`, context);
}
