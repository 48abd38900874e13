import { type Documentation, documentedResources } from '../api/documentation.ts';
import { builtInResources, builtInSchemas } from '../api/registry.ts';
import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.ts';
import type { Service } from '../api/types/core-v1.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../api/types/rbac-v1.ts';
import type { KubeObject } from '../apimachinery/object-meta.ts';
import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import type { Client } from '../client/client.ts';
import { createInProcessTransport } from '../client/in-process-transport.ts';
import { createInformerFactory } from '../client/informer-factory.ts';
import type { InformerFactory } from '../client/informer.ts';
import { createClient } from '../client/rest-client.ts';
import { admissionChain, defaultAdmissionPlugins } from '../control-plane/admission/admission-chain.ts';
import { createCustomResourceHost } from '../control-plane/apiserver/custom-resources/custom-resource-host.ts';
import { createDiscoveryRoute } from '../control-plane/apiserver/discovery/discovery-route.ts';
import { serviceAddressHooks } from '../control-plane/apiserver/registry/service-addresses.ts';
import { createApiServer, type ApiServer, type RouteHandler } from '../control-plane/apiserver/server.ts';
import { type Authenticator, unionAuthenticator } from '../control-plane/authentication/authenticator.ts';
import { clientCertificateAuthenticator } from '../control-plane/authentication/client-certificate.ts';
import {
  serviceAccountAuthenticator,
  ServiceAccountTokenAuthority,
} from '../control-plane/authentication/service-account-token.ts';
import { inProcessAuthenticator, tokenFileAuthenticator } from '../control-plane/authentication/token-file.ts';
import {
  alwaysAllowAuthorizer,
  alwaysDenyAuthorizer,
  type Authorizer,
  privilegedGroupAuthorizer,
  unionAuthorizer,
} from '../control-plane/authorization/authorizer.ts';
import { RbacAuthorizer } from '../control-plane/authorization/rbac-authorizer.ts';
import type { Storage } from '../control-plane/storage/storage.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import type { ClusterCredentials } from './cluster-credentials.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';
import { defaultServiceRange } from './service-range.ts';
import { tokenObjects } from './token-objects.ts';

export interface ApiServerAssemblyOptions {
  readonly storage: Storage;
  readonly credentials: ClusterCredentials;
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Further paths (OpenAPI …). */
  readonly routes: readonly RouteHandler[];
  /** Texts of types and fields. */
  readonly documentation: Documentation;
  /** `host:port` that discovery names. */
  readonly serverAddress: () => string;
}

/** An API server with everything it asks: who, may they, and is it all right. */
export interface AssembledApiServer {
  readonly server: ApiServer;
  readonly tokens: ServiceAccountTokenAuthority;
  /** A client in this process that may do everything; `component` is its user agent and so its field manager. */
  clientFor(component: string): Client;
  /** Starts the local copies that authorization and admission read. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';

/** Puts the API server together, as kube-apiserver's flags say. @throws ComponentArgumentError */
export async function assembleApiServer(options: ApiServerAssemblyOptions): Promise<AssembledApiServer> {
  const { clock, random, log, credentials } = options;
  const issuer = options.arguments.get('service-account-issuer') ?? defaultIssuer;
  const ownToken = `${random.uuid()}${random.uuid()}`;
  const tokens = new ServiceAccountTokenAuthority({
    issuer,
    signingKey: credentials.serviceAccountKey,
    apiAudiences: [issuer],
    clock,
    random,
  });
  let handle: ApiServer['handle'] | undefined;
  const clientFor = (component: string): Client =>
    createClient({
      transport: createInProcessTransport((request) => {
        if (handle === undefined) throw new Error('the API server is not there yet');
        return handle(request);
      }),
      authorization: () => Promise.resolve(`Bearer ${ownToken}`),
      userAgent: `${component}/v1.36.2`,
      clock,
    });
  const ownClient = clientFor('kube-apiserver');
  const informers = createInformerFactory({ client: ownClient, clock, random, log });
  const authenticators: Authenticator[] = [
    inProcessAuthenticator(ownToken, {
      username: 'system:apiserver',
      uid: random.uuid(),
      groups: ['system:authenticated', 'system:masters'],
      extra: {},
    }),
    clientCertificateAuthenticator([credentials.authority.certificate], clock),
    ...(await tokenFile(options)),
    serviceAccountAuthenticator(
      tokens,
      [issuer],
      tokenObjects(() => ownClient),
    ),
  ];
  const context = {
    client: ownClient,
    informer: <T extends KubeObject>(gvr: GroupVersionResource) => informers.informer<T>(gvr),
  };
  const serviceHooks = serviceAddressHooks({
    serviceRange: options.arguments.get('service-cluster-ip-range') ?? defaultServiceRange,
    random,
    existing: async () =>
      (await ownClient.resource<Service>({ group: '', version: 'v1', resource: 'services' }).list()).items,
  });
  const server = createApiServer({
    storage: options.storage,
    resources: documentedResources(builtInResources, options.documentation),
    types: builtInSchemas,
    authenticator: unionAuthenticator(authenticators, {
      onRefusal: (reasons) => log.warn('unable to authenticate the request', { reasons }),
    }),
    allowAnonymous: (options.arguments.get('anonymous-auth') ?? 'true') === 'true',
    authorizer: unionAuthorizer([privilegedGroupAuthorizer, ...authorizers(options.arguments, informers)]),
    admission: admissionChain(defaultAdmissionPlugins(context, random)),
    storeHooks: ({ definition }) =>
      definition.group === '' && definition.resource === 'services' ? serviceHooks : undefined,
    clock,
    random,
    log,
    routes: [createDiscoveryRoute({ serverAddress: options.serverAddress }), ...options.routes],
  });
  handle = server.handle;
  const customResources = createCustomResourceHost({
    registry: server.registry,
    builtInTypes: builtInSchemas,
    client: ownClient,
    definitions: context.informer<CustomResourceDefinition>({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      resource: 'customresourcedefinitions',
    }),
    clock,
    log,
  });
  return {
    server,
    tokens,
    clientFor,
    async start() {
      informers.start();
      await informers.waitForSync();
      customResources.start();
    },
    async stop() {
      await customResources.stop();
      await informers.stop();
      await server.close();
    },
  };
}

async function tokenFile(options: ApiServerAssemblyOptions): Promise<Authenticator[]> {
  const path = options.arguments.get('token-auth-file');
  if (path === undefined) return [];
  return [tokenFileAuthenticator(Buffer.from(await options.files.readFile(path)).toString('utf8'))];
}

function authorizers(componentArguments: ComponentArguments, informers: InformerFactory): Authorizer[] {
  const modes = (componentArguments.get('authorization-mode') ?? 'Node,RBAC').split(',');
  const rbac = (resource: string): GroupVersionResource => ({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    resource,
  });
  return modes.flatMap((mode): Authorizer[] => {
    switch (mode) {
      case 'AlwaysAllow':
        return [alwaysAllowAuthorizer];
      case 'AlwaysDeny':
        return [alwaysDenyAuthorizer];
      case 'Node':
        // Our own nodes speak with the control plane's identity; nodes of other origin get what RBAC gives them.
        return [];
      case 'RBAC':
        return [
          new RbacAuthorizer({
            clusterRoles: informers.informer<ClusterRole>(rbac('clusterroles')),
            clusterRoleBindings: informers.informer<ClusterRoleBinding>(rbac('clusterrolebindings')),
            roles: informers.informer<Role>(rbac('roles')),
            roleBindings: informers.informer<RoleBinding>(rbac('rolebindings')),
          }),
        ];
      default:
        throw new ComponentArgumentError(
          `authorization-mode ${mode} is not there yet; there are AlwaysAllow, AlwaysDeny, Node and RBAC`,
        );
    }
  });
}
