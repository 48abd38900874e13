import type { PodCertificateRequest } from '../api/certificates/v1beta1/pod-certificate-request-strategy.ts';
import type { PersistentVolume, Pod } from '../api/types/core-v1.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../api/types/rbac-v1.ts';
import type { ResourceSlice } from '../api/types/resource-v1.ts';
import type { VolumeAttachment } from '../api/types/storage-v1.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { aggregateMessages, goQuote } from '../apimachinery/field-error.ts';
import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { ServedApi } from './served-api.ts';
import { bootstrapPolicy } from '../control-plane/apiserver/bootstrap/bootstrap-policy.ts';
import { abacAuthorizer } from '../control-plane/authorization/abac-authorizer.ts';
import {
  alwaysAllowAuthorizer,
  alwaysDenyAuthorizer,
  type Authorizer,
  type AuthorizerChain,
  countedAuthorizer,
  privilegedGroupAuthorizer,
  unionAuthorizer,
} from '../control-plane/authorization/authorizer.ts';
import { NodeAuthorizer } from '../control-plane/authorization/node-authorizer.ts';
import { NodeReferences } from '../control-plane/authorization/node-references.ts';
import { RbacAuthorizer } from '../control-plane/authorization/rbac-authorizer.ts';
import { webhookAuthorizer } from '../control-plane/authorization/webhook-authorizer.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import {
  authorizerTypes,
  type ConfiguredAuthorizer,
  readAuthorizationConfiguration,
  type WebhookSettings,
} from './authorization-configuration.ts';
import {
  ComponentArgumentError,
  type ComponentArguments,
  durationArgument,
  listArgument,
} from './component-arguments.ts';
import type { AuthorizationObserver } from './authorization-metrics.ts';
import { readArgumentFile, watchFile } from './watched-file.ts';
import { openWebhook } from './webhook-client.ts';

export interface AuthorizerAssemblyOptions {
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly informers: InformerFactory;
  /** What is served: some rights of nodes depend on it. */
  readonly api: Pick<ServedApi, 'openGates' | 'resources'>;
  readonly observer?: AuthorizationObserver;
}

/** The authorizers that the flags ask for, in their order. */
export interface AssembledAuthorizer extends AuthorizerChain {
  /** For questions about roles, whether or not RBAC decides. */
  readonly rbac: RbacAuthorizer;
  stop(): Promise<void>;
}

const configFlag = 'authorization-config';
const modeFlag = 'authorization-mode';
const webhookFlags = [
  'authorization-webhook-config-file',
  'authorization-webhook-version',
  'authorization-webhook-cache-authorized-ttl',
  'authorization-webhook-cache-unauthorized-ttl',
];

/** Puts the chain together. @throws ComponentArgumentError for flags and files that cannot be used */
export async function assembleAuthorizer(options: AuthorizerAssemblyOptions): Promise<AssembledAuthorizer> {
  const { arguments: flags, files, clock, log } = options;
  const rbac = rbacAuthorizer(options.informers);
  const path = flags.get(configFlag);
  const content = path === undefined ? '' : await readArgumentFile(files, path);
  const initial = path === undefined ? await chainFromFlags(flags) : await chainFromFile(flags, content, files);
  const kept = await asConfigured(() => keptAuthorizers(initial, options, rbac));
  let current = await asConfigured(() => openChain(initial, kept, options));
  if (path !== undefined) options.observer?.loaded(content, false);
  const onError = (reason: string): void => {
    options.observer?.loaded(undefined, true);
    log.error('reloading authorization config', { error: reason });
  };
  const onChange = async (changed: string): Promise<void> => {
    const chain = await readAuthorizationConfiguration(changed, files, [...kept.keys()]);
    const next = await openChain(chain, kept, options);
    const last = current;
    current = next;
    await last.close();
    options.observer?.loaded(changed, true);
    log.info('reloaded authz config');
  };
  const stopWatching = path === undefined ? undefined : watchFile({ files, clock, path, onChange, onError }, content);
  return {
    rbac,
    decide: (attributes) => current.chain.decide(attributes),
    authorize: (attributes) => current.chain.authorize(attributes),
    rulesFor: (user, namespace) => current.chain.rulesFor(user, namespace),
    rulesProblem: (user) => current.chain.rulesProblem(user),
    async stop() {
      stopWatching?.();
      await current.close();
    },
  };
}

/** What goes wrong while the authorizers are made. @throws ComponentArgumentError */
async function asConfigured<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    const why = messageOf(error);
    throw new ComponentArgumentError(`invalid authorization config: ${why}`);
  }
}

async function chainFromFile(
  flags: ComponentArguments,
  content: string,
  files: FileSystem,
): Promise<readonly ConfiguredAuthorizer[]> {
  if ([modeFlag, ...webhookFlags].some((flag) => flags.has(flag))) {
    throw new ComponentArgumentError(
      `--${configFlag} can not be specified when --${modeFlag} or --authorization-webhook-* flags are defined`,
    );
  }
  try {
    return await readAuthorizationConfiguration(content, files);
  } catch (error) {
    throw new ComponentArgumentError(messageOf(error));
  }
}

/** Without flags a cluster has Node and RBAC, which kubeadm asks for. */
async function chainFromFlags(flags: ComponentArguments): Promise<readonly ConfiguredAuthorizer[]> {
  const modes = listArgument(flags, modeFlag) ?? ['Node', 'RBAC'];
  const kubeconfig = flags.get('authorization-webhook-config-file') ?? '';
  const policyFile = flags.get('authorization-policy-file') ?? '';
  const problems: string[] = [];
  if (modes.length === 0) problems.push('at least one authorization-mode must be passed');
  for (const mode of modes) {
    if (!authorizerTypes.includes(mode)) problems.push(`authorization-mode ${goQuote(mode)} is not a valid mode`);
    if (mode === 'ABAC' && policyFile === '') {
      problems.push("authorization-mode ABAC's authorization policy file not passed");
    }
    if (mode === 'Webhook' && kubeconfig === '') {
      problems.push("authorization-mode Webhook's authorization config file not passed");
    }
  }
  if (policyFile !== '' && !modes.includes('ABAC')) {
    problems.push('cannot specify --authorization-policy-file without mode ABAC');
  }
  if (kubeconfig !== '' && !modes.includes('Webhook')) {
    problems.push('cannot specify --authorization-webhook-config-file without mode Webhook');
  }
  if (new Set(modes).size !== modes.length) {
    problems.push(`authorization-mode [${modes.map(goQuote).join(' ')}] has mode specified more than once`);
  }
  if (problems.length > 0) throw new ComponentArgumentError(aggregateMessages(problems));
  return modes.map((mode) =>
    mode === 'Webhook'
      ? { type: mode, name: 'default', webhook: webhookFromFlags(flags, kubeconfig) }
      : { type: mode, name: mode.toLowerCase() },
  );
}

function webhookFromFlags(flags: ComponentArguments, kubeconfig: string): WebhookSettings {
  const version = flags.get('authorization-webhook-version') ?? 'v1beta1';
  if (version !== 'v1' && version !== 'v1beta1') {
    throw new ComponentArgumentError(
      `invalid authorization config: unsupported webhook authorizer version ${goQuote(version)}, supported versions are "v1", "v1beta1"`,
    );
  }
  return {
    kubeconfig,
    version,
    timeoutMillis: 30_000,
    authorizedMillis: durationArgument(flags, 'authorization-webhook-cache-authorized-ttl') ?? 300_000,
    unauthorizedMillis: durationArgument(flags, 'authorization-webhook-cache-unauthorized-ttl') ?? 30_000,
    onFailure: 'noOpinion',
  };
}

/** Those that stay when the file changes, by their type: they hold local copies of what they decide by. */
async function keptAuthorizers(
  chain: readonly ConfiguredAuthorizer[],
  { arguments: flags, files, informers, api }: AuthorizerAssemblyOptions,
  rbac: RbacAuthorizer,
): Promise<ReadonlyMap<string, Authorizer>> {
  const kept = new Map<string, Authorizer>();
  for (const { type } of chain) {
    if (type === 'AlwaysAllow') kept.set(type, alwaysAllowAuthorizer);
    else if (type === 'AlwaysDeny') kept.set(type, alwaysDenyAuthorizer);
    else if (type === 'Node') kept.set(type, nodeAuthorizer(informers, api));
    else if (type === 'RBAC') kept.set(type, rbac);
    else if (type === 'ABAC') {
      const path = flags.get('authorization-policy-file') ?? '';
      kept.set(type, abacAuthorizer(await readArgumentFile(files, path), path));
    }
  }
  return kept;
}

interface OpenChain {
  readonly chain: AuthorizerChain;
  close(): Promise<void>;
}

const fixedAuthorizers = new Map<string, Authorizer>([
  ['AlwaysAllow', alwaysAllowAuthorizer],
  ['AlwaysDeny', alwaysDenyAuthorizer],
]);

async function openChain(
  configured: readonly ConfiguredAuthorizer[],
  kept: ReadonlyMap<string, Authorizer>,
  { files, clock, random, log, observer }: AuthorizerAssemblyOptions,
): Promise<OpenChain> {
  const chain: Authorizer[] = [privilegedGroupAuthorizer];
  const opened: { close(): Promise<void> }[] = [];
  for (const { type, name, webhook } of configured) {
    if (webhook === undefined) {
      const found = kept.get(type) ?? fixedAuthorizers.get(type);
      if (found === undefined) {
        throw new Error(`authorizer type ${type} is not allowed if it was not enabled at initial server startup`);
      }
      chain.push(countedAuthorizer(found, (decision) => observer?.decided(type, name, decision)));
      continue;
    }
    const { kubeconfig, timeoutMillis } = webhook;
    const server = await openWebhook({ kubeconfig, timeoutMillis, files, clock, random });
    opened.push(server);
    const onError = (error: string): void => log.error('Failed to make webhook authorizer request', { name, error });
    const told = observer === undefined ? {} : { observer: observer.webhook(name) };
    const asked = webhookAuthorizer({ ...webhook, webhook: server, clock, onError, ...told });
    chain.push(countedAuthorizer(asked, (decision) => observer?.decided(type, name, decision)));
  }
  return {
    chain: unionAuthorizer(chain),
    close: async () => void (await Promise.all(opened.map((server) => server.close()))),
  };
}

function rbacAuthorizer(informers: InformerFactory): RbacAuthorizer {
  const rbac = (resource: string): GroupVersionResource => ({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    resource,
  });
  return new RbacAuthorizer({
    clusterRoles: informers.informer<ClusterRole>(rbac('clusterroles')),
    clusterRoleBindings: informers.informer<ClusterRoleBinding>(rbac('clusterrolebindings')),
    roles: informers.informer<Role>(rbac('roles')),
    roleBindings: informers.informer<RoleBinding>(rbac('rolebindings')),
  });
}

function nodeAuthorizer(
  informers: InformerFactory,
  { openGates, resources }: AuthorizerAssemblyOptions['api'],
): NodeAuthorizer {
  const role = bootstrapPolicy(openGates).clusterRoles.find(({ metadata }) => metadata.name === 'system:node');
  let opened: Promise<NodeReferences> | undefined;
  const hasCertificates = resources.some(
    ({ group, version, resource }) =>
      group === podCertificateRequests.group &&
      version === podCertificateRequests.version &&
      resource === podCertificateRequests.resource,
  );
  const open = (): Promise<NodeReferences> => (opened ??= openNodeReferences(informers, hasCertificates));
  return new NodeAuthorizer(open, role?.rules ?? [], openGates);
}

const podCertificateRequests = { group: 'certificates.k8s.io', version: 'v1beta1', resource: 'podcertificaterequests' };

/** Begins to follow what tells of nodes and what they use; resolves when all of it is known. */
async function openNodeReferences(informers: InformerFactory, hasCertificates: boolean): Promise<NodeReferences> {
  const core = (resource: string): GroupVersionResource => ({ group: '', version: 'v1', resource });
  const references = new NodeReferences({
    pods: informers.informer<Pod>(core('pods')),
    volumes: informers.informer<PersistentVolume>(core('persistentvolumes')),
    attachments: informers.informer<VolumeAttachment>({
      group: 'storage.k8s.io',
      version: 'v1',
      resource: 'volumeattachments',
    }),
    slices: informers.informer<ResourceSlice>({ group: 'resource.k8s.io', version: 'v1', resource: 'resourceslices' }),
    ...(hasCertificates
      ? { certificateRequests: informers.informer<PodCertificateRequest>(podCertificateRequests) }
      : {}),
  });
  informers.start();
  await informers.waitForSync();
  return references;
}
