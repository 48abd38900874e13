import { hostname } from 'node:os';
import { type Documentation, documentedResources } from '../api/documentation.ts';
import { builtInSchemas } from '../api/registry.ts';
import type { APIService } from '../api/types/apiregistration-v1.ts';
import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.ts';
import type { Service } from '../api/types/core-v1.ts';
import type { ServiceCIDR } from '../api/types/networking-v1.ts';
import type { Transport } from '../apimachinery/http.ts';
import type { KubeObject } from '../apimachinery/object-meta.ts';
import { type GroupVersionResource, parseGroupVersion } from '../apimachinery/gvk.ts';
import type { Client } from '../client/client.ts';
import { createHttpTransport, type HttpTransportOptions } from '../client/http-transport.ts';
import { createInProcessTransport } from '../client/in-process-transport.ts';
import { createInformerFactory } from '../client/informer-factory.ts';
import { createClient } from '../client/rest-client.ts';
import { createWebhookClient } from '../client/webhook-client.ts';
import { admissionChain } from '../control-plane/admission/admission-chain.ts';
import type { AdmissionAudience } from '../control-plane/admission/admission-observer.ts';
import type { AdmissionContext } from '../control-plane/admission/admission-plugin.ts';
import { admissionMetrics } from '../control-plane/apiserver/metrics/admission-metrics.ts';
import { AllocationMetrics } from '../control-plane/apiserver/metrics/allocation-metrics.ts';
import { ClientMetrics } from '../control-plane/apiserver/metrics/client-metrics.ts';
import { celMetrics } from '../control-plane/apiserver/metrics/cel-metrics.ts';
import { WorkqueueMetrics } from '../control-plane/apiserver/metrics/workqueue-metrics.ts';
import { ImpersonationMetrics } from '../control-plane/apiserver/metrics/impersonation-metrics.ts';
import { conversionMetrics } from '../control-plane/apiserver/custom-resources/conversion-metrics.ts';
import { createLocalApiServices } from '../control-plane/apiserver/aggregation/local-api-services.ts';
import type { ApiResource } from '../control-plane/apiserver/registry/api-resource.ts';
import { createCustomResourceHost } from '../control-plane/apiserver/custom-resources/custom-resource-host.ts';
import { createIdentityLease, serverIdentity } from '../control-plane/apiserver/bootstrap/identity-lease.ts';
import { type PersistentWork, persistentWork } from '../control-plane/apiserver/bootstrap/persistent-work.ts';
import { createIssuerDiscoveryRoute } from '../control-plane/apiserver/issuer-discovery.ts';
import { healthPaths, pingCheck } from '../control-plane/apiserver/health.ts';
import { createDiscoveryRoute } from '../control-plane/apiserver/discovery/discovery-route.ts';
import {
  informerSyncCheck,
  logCheck,
  StartupProgress,
  storageChecks,
  loopbackCheck,
} from '../control-plane/apiserver/health-checks.ts';
import { withImpersonation } from '../control-plane/apiserver/filters/impersonation.ts';
import { createAddressBook, rangesResource } from '../control-plane/apiserver/registry/address-book.ts';
import {
  type ClusterComponent,
  componentStatusEndpoints,
} from '../control-plane/apiserver/registry/component-statuses.ts';
import { reviewEndpoints } from '../control-plane/apiserver/registry/review-endpoints.ts';
import { serviceAddressHooks } from '../control-plane/apiserver/registry/service-addresses.ts';
import { servedKinds } from '../control-plane/apiserver/registry/served-kinds.ts';
import {
  createApiServer,
  type ApiServer,
  type ApiServerOptions,
  type RouteHandler,
  servedVersion,
} from '../control-plane/apiserver/server.ts';
import { countUnavailableApiServices } from '../control-plane/apiserver/aggregation/unavailable-api-services.ts';
import { createComponentPagesRoute } from '../control-plane/apiserver/component-pages.ts';
import { type KubeletConnections, noKubelets } from '../control-plane/apiserver/streaming/kubelet-connections.ts';
import type { Counter } from '../control-plane/apiserver/metrics/metric-registry.ts';
import { PodLogCounts } from '../control-plane/apiserver/metrics/pod-log-counts.ts';
import { streamingEndpoints } from '../control-plane/apiserver/streaming/streaming-endpoints.ts';
import { unionAuthenticator } from '../control-plane/authentication/authenticator.ts';
import {
  serviceAccountTokens,
  ServiceAccountTokenAuthority,
} from '../control-plane/authentication/service-account-token.ts';
import type { TokenRequestOptions } from '../control-plane/authentication/token-request.ts';
import { inProcessAuthenticator } from '../control-plane/authentication/token-file.ts';
import type { Storage } from '../control-plane/storage/storage.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import { readProcessStats } from '../system/process-stats.ts';
import type { Random } from '../system/random.ts';
import { auditSetup } from './audit-setup.ts';
import { browserOptions } from './browser-flags.ts';
import { describeFeatureGates, featureGatesOf } from './feature-gates.ts';
import { flowControlSetup } from './flow-control-setup.ts';
import { effectiveFlags } from './api-server-arguments.ts';
import { parsePortRange } from './flag-values.ts';
import { admissionPluginsOf } from './admission-flags.ts';
import { assembleAggregator } from './aggregation-assembly.ts';
import type { ClusterCredentials } from './cluster-credentials.ts';
import { AuthorizationMetrics } from './authorization-metrics.ts';
import { AuthenticationMetrics } from './authentication-metrics.ts';
import { type AssembledAuthenticator, assembleAuthenticator } from './authenticator-assembly.ts';
import { assembleAuthorizer } from './authorizer-assembly.ts';
import {
  booleanArgument,
  durationArgument,
  checkStorageMediaType,
  type ComponentArguments,
  integerArgument,
  listArgument,
} from './component-arguments.ts';
import type { LocalConnections } from './local-kubelets.ts';
import { remoteKubelets } from './remote-kubelets.ts';
import type { ServedApi } from './served-api.ts';
import { serviceAccountIssuers } from './service-account-issuers.ts';
import { createServiceResolver } from './service-resolver.ts';
import { serviceRangesOf } from './service-range.ts';
import { storageAtRest } from './encryption-assembly.ts';
import { CertificateMetrics } from './certificate-metrics.ts';
import { EncryptionMetrics } from './encryption-metrics.ts';
import { tokenObjects } from './token-objects.ts';

export interface ApiServerAssemblyOptions {
  readonly storage: Storage;
  readonly credentials: ClusterCredentials;
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What is served. */
  readonly api: ServedApi;
  /** Further paths (OpenAPI …). */
  readonly routes: readonly RouteHandler[];
  /** Texts of types and fields. */
  readonly documentation: Documentation;
  /** Admission plugins that run beside the default ones, unless a flag turns them off. */
  readonly pluginsOn?: readonly string[];
  /** What componentstatuses tells of. */
  readonly components?: readonly ClusterComponent[];
  /** The way to the nodes of this process; others are reached as their objects say. */
  readonly kubelets?: LocalConnections;
  /** `host:port` that discovery names. */
  readonly serverAddress: () => string;
}

/** An API server with everything it asks: who, may they, and is it all right. */
export interface AssembledApiServer {
  readonly server: ApiServer;
  readonly tokens: ServiceAccountTokenAuthority;
  /** Who clients' certificates may come from, for the listener. */
  readonly clientAuthorities: AssembledAuthenticator['clientAuthorities'];
  /** What of starting up is done, as the health endpoints tell; who bootstraps the cluster adds to it. */
  readonly progress: StartupProgress;
  /** Shows what queues tell, those of other parts of this process too. */
  readonly queues: WorkqueueMetrics;
  /** What admission may refuse when the server starts is done by this. */
  readonly persistent: PersistentWork;
  /** A client in this process that may do everything; `component` is its user agent and so its field manager. */
  clientFor(component: string): Client;
  /** Starts the local copies that authorization and admission read. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What the index at `/` names beside the API and the checks of health. */
const indexedPaths: readonly string[] = [
  '/.well-known/openid-configuration',
  '/flagz',
  '/metrics',
  '/metrics/slis',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/',
  '/openid/v1/jwks',
  '/readyz/shutdown',
  '/statusz',
  '/version',
];

/** Puts the API server together, as kube-apiserver's flags say. @throws ComponentArgumentError */
export async function assembleApiServer(options: ApiServerAssemblyOptions): Promise<AssembledApiServer> {
  const { clock, random, log, credentials } = options;
  checkStorageMediaType(options.arguments);
  const [issuer, ...otherIssuers] = serviceAccountIssuers(options.arguments);
  const authenticationMetrics = new AuthenticationMetrics();
  const ownToken = `${random.uuid()}${random.uuid()}`;
  const apiAudiences = listArgument(options.arguments, 'api-audiences') ?? [issuer, ...otherIssuers];
  const tokens = new ServiceAccountTokenAuthority({
    issuer,
    otherIssuers,
    signingKey: credentials.serviceAccountKey,
    ...(credentials.serviceAccountVerificationKeys === undefined
      ? {}
      : { verificationKeys: credentials.serviceAccountVerificationKeys }),
    looksUpSecrets: booleanArgument(options.arguments, 'service-account-lookup', true),
    apiAudiences,
    clock,
    random,
    observer: authenticationMetrics,
  });
  let handle: ApiServer['handle'] | undefined;
  const queues = new WorkqueueMetrics();
  const allocations = new AllocationMetrics();
  const clientMetrics = new ClientMetrics(clock, options.serverAddress);
  const clientFor = (component: string): Client =>
    createClient({
      transport: clientMetrics.measured(
        createInProcessTransport((request) => {
          if (handle === undefined) throw new Error('the API server is not there yet');
          return handle(request);
        }),
      ),
      authorization: () => Promise.resolve(`Bearer ${ownToken}`),
      userAgent: `${component}/v1.36.2`,
      clock,
    });
  const ownClient = clientFor('kube-apiserver');
  const informers = createInformerFactory({ client: ownClient, clock, random, log });
  const objects = tokenObjects(() => ownClient);
  const known = await assembleAuthenticator({
    arguments: options.arguments,
    files: options.files,
    clock,
    random,
    log,
    authority: credentials.authority.certificate,
    apiAudiences,
    ownIssuers: [issuer, ...otherIssuers],
    client: ownClient,
    serviceAccounts: serviceAccountTokens(tokens, objects),
    observer: authenticationMetrics,
  });
  const authenticators = [
    inProcessAuthenticator(ownToken, {
      username: 'system:apiserver',
      uid: random.uuid(),
      groups: ['system:authenticated', 'system:masters'],
      extra: {},
    }),
    ...known.authenticators,
  ];
  const authorizationMetrics = new AuthorizationMetrics();
  const authorizer = await assembleAuthorizer({
    api: options.api,
    arguments: options.arguments,
    files: options.files,
    clock,
    random,
    log,
    informers,
    observer: authorizationMetrics,
  });
  const { rbac } = authorizer;
  const resolve = createServiceResolver({
    client: ownClient,
    random,
    serverAddress: options.serverAddress,
    toEndpoints: options.arguments.get('enable-aggregator-routing') !== 'false',
    toExternalNames: options.arguments.get('enable-aggregator-routing') !== 'true',
  });
  const dial = options.kubelets?.dialBeside;
  const connect = (to: HttpTransportOptions): Transport =>
    createHttpTransport({ ...to, ...(dial === undefined ? {} : { dial }) });
  const impersonations = new ImpersonationMetrics();
  const certificateMetrics = new CertificateMetrics();
  const webhookOptions = {
    resolve,
    clock,
    userAgent: 'kube-apiserver-admission',
    connect,
    onLegacyName: () => certificateMetrics.legacyName(),
  };
  const webhooks = createWebhookClient(webhookOptions);
  const persistent = persistentWork({ clock, log });
  const aggregator = await assembleAggregator({ ...options, client: ownClient, informers, resolve, connect, queues });
  const audience: AdmissionAudience = { clock };
  const context: AdmissionContext = {
    audience,
    client: ownClient,
    callWebhook: webhooks.call,
    informer: <T extends KubeObject>(gvr: GroupVersionResource) => informers.informer<T>(gvr),
    clock,
    access: authorizer,
    rules: rbac,
    kinds: servedKinds(() => server.registry),
    resourceOf(apiVersion, kind) {
      const { group, version } = parseGroupVersion(apiVersion);
      const found = server.registry.findKind(group, version, kind)?.definition;
      if (found === undefined) return undefined;
      return { resource: { group, version, resource: found.resource }, namespaced: found.namespaced };
    },
  };
  const remote = await remoteKubelets({ ...options, client: ownClient });
  const local = options.kubelets;
  const kubelets: KubeletConnections = {
    networkTo: (scheme, host, port) => (local ?? noKubelets).networkTo(scheme, host, port),
    connectionTo: (nodeName, insecureSkipTlsVerify) =>
      local?.has(nodeName) === true
        ? local.connectionTo(nodeName)
        : remote.connectionTo(nodeName, insecureSkipTlsVerify),
  };
  const serviceHooks = serviceAddressHooks({
    serviceRanges: serviceRangesOf(options.arguments).ranges,
    nodePorts: parsePortRange(options.arguments.get('service-node-port-range') ?? '30000-32767'),
    random,
    clock,
    observer: allocations,
    existing: async () =>
      (await ownClient.resource<Service>({ group: '', version: 'v1', resource: 'services' }).list()).items,
    book: createAddressBook(ownClient, informers.informer<ServiceCIDR>(rangesResource)),
  });
  const { files } = options;
  const admission = await admissionPluginsOf(options.arguments, {
    files,
    context,
    random,
    webhooks: webhookOptions,
    alsoOn: options.pluginsOn ?? [],
  });
  const gates = featureGatesOf(options.arguments);
  const encryptionMetrics = new EncryptionMetrics();
  const atRest = await storageAtRest({ ...options, observer: encryptionMetrics });
  const { storage } = atRest;
  const liveFrom = clock.now() + (durationArgument(options.arguments, 'livez-grace-period') ?? 0);
  let aggregations: Counter | undefined;
  const podLogCounts = new PodLogCounts();
  const progress = new StartupProgress(() => clock.now() < liveFrom);
  const audit = await auditSetup(options);
  const flowControl = flowControlSetup({ ...options, client: ownClient, informers, queues });
  const healthChecks = [
    logCheck(log, clock),
    loopbackCheck,
    ...storageChecks(options.storage, clock),
    ...atRest.healthChecks,
    informerSyncCheck(() => informers.unsynced().map(({ version, resource }) => `*${version}.${resource}`)),
    ...atRest.startChecks,
    ...progress.checks,
  ];
  const server = createApiServer({
    healthChecks,
    storage,
    resources: documentedResources(options.api.resources, options.documentation),
    types: { lookup: (name) => options.api.types().get(name)?.schema },
    ...(options.api.isUsual ? {} : { kindTypes: () => options.api.types() }),
    hasInitializers: gates.Initializers,
    openGates: options.api.openGates,
    authenticator: unionAuthenticator(authenticators, {
      onRefusal: (reasons) => log.warn('unable to authenticate the request', { reasons }),
    }),
    allowAnonymous: known.allowAnonymous,
    ...(known.challenge === undefined ? {} : { challenge: known.challenge }),
    authorizer,
    impersonation: withImpersonation(authorizer, clock, impersonations),
    ...(audit === undefined ? {} : { audit }),
    ...flowControl.serverOptions,
    admission: admissionChain(admission.plugins, audience),
    specialEndpoints: new Map([
      ...reviewEndpoints({
        authorizer,
        rules: authorizer,
        tokens: { tokens: known.tokens, apiAudiences, allowAnonymous: known.allowAnonymous },
        issuing: { authority: tokens, apiAudiences, clock, ...tokenLimits(options.arguments) },
      }),
      ...streamingEndpoints({ kubelets, authorizer, logs: podLogCounts }),
      ...componentStatusEndpoints(options.components ?? []),
    ]),
    storeHooks: ({ definition }) =>
      definition.group === '' && definition.resource === 'services' ? serviceHooks : undefined,
    clock,
    random,
    log,
    processStats: readProcessStats,
    ...timeLimits(options.arguments),
    ...browserOptions(options.arguments),
    aggregation: aggregator.route,
    remoteOpenApi: aggregator.openApi,
    routes: [
      createIssuerDiscoveryRoute({
        issuer,
        jwksUri: () =>
          options.arguments.get('service-account-jwks-uri') ?? `https://${options.serverAddress()}/openid/v1/jwks`,
        keys: tokens.jsonWebKeys(),
      }),
      createComponentPagesRoute({
        flags: effectiveFlags(options.arguments),
        version: servedVersion,
        startedAt: clock.now(),
      }),
      createDiscoveryRoute({
        onBuilt: () => aggregations?.add([]),
        serverAddress: options.serverAddress,
        remote: aggregator.remote,
        servesBeta: !gates.AggregatedDiscoveryRemoveBetaType,
        otherPaths: [...indexedPaths, ...healthPaths([pingCheck, ...healthChecks])],
      }),
      ...options.routes,
    ],
  });
  handle = server.handle;
  podLogCounts.bind(server.metrics);
  impersonations.bind(server.metrics);
  aggregations = server.metrics.counter({
    name: 'aggregator_discovery_aggregation_count_total',
    help: 'Times that the documents of aggregated discovery were put together.',
    stability: 'ALPHA',
  });
  aggregations.add([], 0);
  const owner = { identity: serverIdentity(hostname()), clock };
  authenticationMetrics.bind(server.metrics, owner);
  certificateMetrics.bind(server.metrics);
  encryptionMetrics.bind(server.metrics, owner);
  clientMetrics.bind(server.metrics);
  allocations.bind(server.metrics, () => serviceHooks.use());
  describeFeatureGates(server.metrics, gates);
  audience.observer = admissionMetrics(server.metrics);
  authorizationMetrics.bind(server.metrics, serverIdentity(hostname()), clock);
  const definitions = context.informer<CustomResourceDefinition>({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    resource: 'customresourcedefinitions',
  });
  const apiServices = context.informer<APIService>({
    group: 'apiregistration.k8s.io',
    version: 'v1',
    resource: 'apiservices',
  });
  countUnavailableApiServices(server.metrics, () => apiServices.list());
  const localApiServices = createLocalApiServices({
    client: ownClient,
    builtIn: () => groupVersionsOf(server.registry.all().filter(({ custom }) => !custom)),
    apiServices,
    definitions,
    clock,
    queueObserver: queues.observer('autoregister'),
    log,
  });
  const customResources = createCustomResourceHost({
    conversion: { call: webhooks.call, clock, random, metrics: conversionMetrics(server.metrics) },
    registry: server.registry,
    builtInTypes: builtInSchemas,
    client: ownClient,
    definitions,
    clock,
    queueObserver: queues.observer('crd_naming_condition_controller'),
    ruleTimes: celMetrics(server.metrics, clock),
    log,
  });
  queues.bind(server.metrics);
  server.metrics.hide(listArgument(options.arguments, 'disabled-metrics') ?? []);
  const identityLease = createIdentityLease({
    client: ownClient,
    clock,
    random,
    log,
    hostname: hostname(),
    address: options.serverAddress,
  });
  return {
    server,
    tokens,
    clientAuthorities: known.clientAuthorities,
    progress,
    queues,
    persistent,
    clientFor,
    async start() {
      informers.start();
      progress.finish('poststarthook/generic-apiserver-start-informers');
      progress.finish('poststarthook/start-apiextensions-informers');
      await informers.waitForSync();
      progress.finish('poststarthook/start-apiserver-admission-initializer');
      progress.finish('poststarthook/crd-informer-synced');
      progress.finish('poststarthook/storage-readiness');
      customResources.start();
      flowControl.start();
      progress.finish('poststarthook/priority-and-fairness-config-consumer');
      progress.finish('poststarthook/priority-and-fairness-filter');
      progress.finish('poststarthook/storage-object-count-tracker-hook');
      await serviceHooks.load();
      await persistent.run('noting whose the addresses of services are', serviceHooks.claimStored);
      progress.finish('poststarthook/start-service-ip-repair-controllers');
      await persistent.run('telling other servers whom to believe', aggregator.tellOthers);
      aggregator.start();
      progress.finish('poststarthook/start-cluster-authentication-info-controller');
      // It always has a certificate by which other servers know it.
      progress.finish('poststarthook/aggregator-reload-proxy-client-cert');
      identityLease.start();
      // Where the other servers are the lease tells: there is no other record of it.
      progress.finish('poststarthook/peer-endpoint-reconciler-controller');
      progress.finish('poststarthook/start-kube-apiserver-identity-lease-controller');
      progress.finish('poststarthook/start-kube-apiserver-identity-lease-garbage-collector');
      progress.finish('poststarthook/start-kube-aggregator-informers');
      progress.finish('poststarthook/apiservice-status-remote-available-controller');
      progress.finish('poststarthook/apiservice-registration-controller');
      progress.finish('poststarthook/apiservice-wait-for-first-sync');
      progress.finish('poststarthook/apiservice-discovery-controller');
      progress.finish('poststarthook/apiservice-openapi-controller');
      progress.finish('poststarthook/apiservice-openapiv3-controller');
      await persistent.run('registering the groups that are served', localApiServices.register);
      localApiServices.start();
      progress.finish('poststarthook/kube-apiserver-autoregistration');
      progress.finish('poststarthook/apiservice-status-local-available-controller');
      progress.finish('autoregister-completion');
      progress.finish('poststarthook/start-apiextensions-controllers');
    },
    async stop() {
      server.beginShutdown();
      persistent.stop();
      await identityLease.stop();
      await flowControl.stop();
      await customResources.stop();
      await localApiServices.stop();
      await aggregator.stop();
      await remote.close();
      await informers.stop();
      await webhooks.close();
      await admission.close();
      atRest.stop();
      await authorizer.stop();
      await known.stop();
      await server.close();
      await audit?.close();
    },
  };
}

/** Reads `--request-timeout` and `--event-ttl`. @throws ComponentArgumentError */
function timeLimits(
  flags: ComponentArguments,
): Pick<ApiServerOptions, 'requestTimeoutMillis' | 'eventTtlSeconds' | 'minWatchSeconds'> {
  const requestTimeoutMillis = durationArgument(flags, 'request-timeout');
  const eventTtlMillis = durationArgument(flags, 'event-ttl');
  return {
    minWatchSeconds: integerArgument(flags, 'min-request-timeout', 1800),
    ...(requestTimeoutMillis === undefined ? {} : { requestTimeoutMillis }),
    ...(eventTtlMillis === undefined ? {} : { eventTtlSeconds: Math.ceil(eventTtlMillis / 1000) }),
  };
}

/** How long tokens of service accounts may last. */
function tokenLimits(
  flags: ComponentArguments,
): Pick<TokenRequestOptions, 'maxExpirationSeconds' | 'extendExpiration'> {
  const longest = durationArgument(flags, 'service-account-max-token-expiration') ?? 0;
  return {
    ...(longest === 0 ? {} : { maxExpirationSeconds: longest / 1000 }),
    extendExpiration: booleanArgument(flags, 'service-account-extend-token-expiration', true),
  };
}

/** Each group version once. */
function groupVersionsOf(resources: readonly ApiResource[]): { readonly group: string; readonly version: string }[] {
  return [
    ...new Map(resources.map(({ apiVersion, gvk: { group, version } }) => [apiVersion, { group, version }])).values(),
  ];
}
