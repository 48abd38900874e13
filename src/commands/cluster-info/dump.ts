import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../../apimachinery/error-message.ts';
import { formatGroupVersion, type GroupVersionResource, resourcePath } from '../../apimachinery/gvk.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import type { KubeList, Unstructured } from '../../apimachinery/object-meta.ts';
import type { Client } from '../../client/client.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { allNamespacesFlag, printFlags, standardFormats } from '../../cli/flags.ts';
import { knownTypeOf } from '../../cli/known-types.ts';
import { typedPrinter } from '../../cli/typed-objects.ts';
import { typedShape } from '../../generators/typed-shapes.ts';
import { withZeroValues } from '../../generators/zero-values.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { PrinterError } from '../../printers/printer.ts';

interface DumpOptions {
  readonly printer: ObjectPrinter;
  /** Of files with objects: `.json`. */
  readonly extension: string;
  /** Undefined for standard output. */
  readonly folder: string | undefined;
  readonly allNamespaces: boolean;
  /** Empty for kube-system and the one of the context. */
  readonly namespaces: readonly string[];
}

/** What is dumped of each namespace, by the names of files, in their order. */
const dumped: readonly (readonly [string, GroupVersionResource, string])[] = [
  ['events', { group: '', version: 'v1', resource: 'events' }, 'Event'],
  [
    'replication-controllers',
    { group: '', version: 'v1', resource: 'replicationcontrollers' },
    'ReplicationController',
  ],
  ['services', { group: '', version: 'v1', resource: 'services' }, 'Service'],
  ['daemonsets', { group: 'apps', version: 'v1', resource: 'daemonsets' }, 'DaemonSet'],
  ['deployments', { group: 'apps', version: 'v1', resource: 'deployments' }, 'Deployment'],
  ['replicasets', { group: 'apps', version: 'v1', resource: 'replicasets' }, 'ReplicaSet'],
  ['pods', { group: '', version: 'v1', resource: 'pods' }, 'Pod'],
];

/** `cluster-info dump`: what one needs to find out what is wrong. */
export const clusterInfoDumpCommand = defineCommand<DumpOptions>({
  path: ['cluster-info', 'dump'],
  usage: '[flags]',
  short: 'Dump relevant information for debugging and diagnosis',
  long: 'Write what one needs to find out what is wrong with a cluster: the nodes and, of namespaces, the events, services, workloads and pods with their logs. Without flags these are kube-system and the namespace of the context, on standard output; with --output-directory each list is a file.',
  examples:
    '  # Into a folder\n  kubectl cluster-info dump --output-directory=/tmp/state\n\n' +
    '  # Of some namespaces\n  kubectl cluster-info dump --namespaces=default,web',
  flags: [
    ...printFlags({ formats: standardFormats, default: 'json' }),
    allNamespacesFlag,
    { name: 'namespaces', type: 'stringSlice', default: '[]', description: 'Namespaces to dump.' },
    {
      name: 'output-directory',
      type: 'string',
      default: '',
      description: 'Folder for the files; empty or - for standard output.',
    },
    {
      name: 'pod-running-timeout',
      type: 'duration',
      default: '20s',
      description: 'How long to wait for pods, like 5s, 2m or 3h; more than zero.',
    },
  ],
  async toOptions(_args, flags, context) {
    const output = flags.string('output').toLowerCase();
    const printer = (output === 'name' ? listNamePrinter : await typedPrinter(flags, context)) ?? listNamePrinter;
    if (flags.duration('pod-running-timeout') <= 0) {
      throw new CommandError('--pod-running-timeout must be higher than zero');
    }
    const folder = flags.string('output-directory');
    return {
      printer,
      extension: output === 'json' || output === 'yaml' ? `.${output}` : '.txt',
      folder: folder === '' || folder === '-' ? undefined : folder,
      allNamespaces: flags.bool('all-namespaces'),
      namespaces: flags.list('namespaces'),
    };
  },
  async run(options, context) {
    const client = await context.cluster.client();
    const { extension } = options;
    const list = async (gvr: GroupVersionResource, kind: string, namespace: string | undefined) =>
      readList(gvr, kind, namespace, client, context);
    const write = async (name: string, value: object): Promise<void> =>
      put(`${name}${extension}`, options.printer.print(value), options, context);
    await write('nodes', await list({ group: '', version: 'v1', resource: 'nodes' }, 'Node', undefined));
    for (const namespace of await namespacesOf(options, client, context)) {
      for (const [name, gvr, kind] of dumped) {
        const found = await list(gvr, kind, namespace);
        await write(join(namespace, name), found);
        if (name !== 'pods') continue;
        for (const pod of found.items ?? []) {
          const logs = await logsOf(pod, namespace, client);
          await put(join(namespace, pod.metadata.name ?? '', 'logs.txt'), logs, options, context);
        }
      }
    }
    if (options.folder !== undefined) context.streams.out.write(`Cluster info dumped to ${options.folder}\n`);
  },
});

/** The real program cannot print names of typed lists. */
const listNamePrinter: ObjectPrinter = {
  print(list) {
    const { kind } = list as Unstructured;
    throw new PrinterError(`list types are not supported by name printing: *v1.${kind}`);
  },
};

async function namespacesOf(options: DumpOptions, client: Client, context: CommandContext): Promise<readonly string[]> {
  if (options.allNamespaces) {
    const { items } = await client.resource({ group: '', version: 'v1', resource: 'namespaces' }).list();
    return items.map(({ metadata }) => metadata.name ?? '');
  }
  if (options.namespaces.length > 0) return options.namespaces;
  return ['kube-system', (await context.cluster.namespace()).name];
}

type TypedList = Omit<KubeList, 'items'> & { readonly items: readonly Unstructured[] | null };

/** A list as the real program has it, with typed items, which do not tell their kind; one without items has null. */
async function readList(
  gvr: GroupVersionResource,
  kind: string,
  namespace: string | undefined,
  client: Client,
  context: CommandContext,
): Promise<TypedList> {
  const { metadata, items } = await client.resource(gvr, namespace).list();
  const apiVersion = formatGroupVersion(gvr);
  const known = await knownTypeOf({ apiVersion, kind }, context);
  const typed = items.map((item) => {
    const object = { ...item, apiVersion, kind };
    const whole =
      known === undefined ? object : withZeroValues(object as unknown as JsonObject, known.name, known.types);
    const { apiVersion: _version, kind: _kind, ...shown } = typedShape(whole as unknown as Unstructured);
    return shown as unknown as Unstructured;
  });
  return { kind: `${kind}List`, apiVersion, metadata, items: typed.length === 0 ? null : typed };
}

async function put(name: string, text: string, { folder }: DumpOptions, context: CommandContext): Promise<void> {
  if (folder === undefined) {
    context.streams.out.write(text);
    return;
  }
  const file = resolve(context.cwd, folder, name);
  await context.files.makeFolder(dirname(file), 0o755);
  await context.files.writeFileAtomic(file, text, 0o644);
}

/** The logs of all containers of a pod, each between two lines; what goes wrong stands in their place. */
async function logsOf(pod: Unstructured, namespace: string, client: Client): Promise<string> {
  const { initContainers = [], containers = [] } = (pod['spec'] ?? {}) as {
    readonly initContainers?: readonly { readonly name: string }[];
    readonly containers?: readonly { readonly name: string }[];
  };
  const name = pod.metadata.name ?? '';
  const path = resourcePath({ group: '', version: 'v1', resource: 'pods' }, namespace, name, 'log');
  const parts: string[] = [];
  for (const { name: container } of [...initContainers, ...containers]) {
    const what = `logs for container ${container} of pod ${namespace}/${name} ====\n`;
    parts.push(`==== START ${what}`);
    try {
      const { body } = await client.request({ method: 'GET', path, query: { container }, accept: '*/*' });
      parts.push(Buffer.from(body).toString('utf8'));
    } catch (error) {
      parts.push(`Request log error: ${messageOf(error)}\n`);
    }
    parts.push(`==== END ${what}`);
  }
  return parts.join('');
}
