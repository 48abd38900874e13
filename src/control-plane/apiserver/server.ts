import { typesWithInitializers } from '../../api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { header, type HttpHandler, type HttpRequest, type HttpResponse } from '../../apimachinery/http.ts';
import type { ResourceDefinition, TypeDefinition } from '../../api/resource-definition.ts';
import type { SchemaSource } from '../../apimachinery/schema.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { ProcessStats } from '../../system/process-stats.ts';
import type { Random } from '../../system/random.ts';
import type { Storage } from '../storage/storage.ts';
import { jsonCodec } from './codecs/json-media-type.ts';
import { protobufCodec, protobufCodecFor } from './codecs/protobuf-media-type.ts';
import { typeIndexOf } from './codecs/type-index.ts';
import { yamlCodec } from './codecs/yaml-media-type.ts';
import { admitAll, type AdmissionChain } from './endpoints/admission.ts';
import { Draining } from './draining.ts';
import type { ServerParts } from './endpoints/endpoint.ts';
import type { FindView, SubresourceView } from './endpoints/subresource-view.ts';
import { EventExpiry } from './event-expiry.ts';
import { auditFilters, type AuditOptions } from './filters/audit.ts';
import { withAuthentication, type RequestAuthenticator } from './filters/authentication.ts';
import { withAuthorization, type RequestAuthorizer } from './filters/authorization.ts';
import { defaultInFlightLimits, withMaxInFlight, type InFlightLimits } from './filters/max-in-flight.ts';
import { withPriorityAndFairness } from './filters/priority-and-fairness.ts';
import { defaultRequestTimeoutMillis, withRequestTimeout } from './filters/request-timeout.ts';
import { countTermination, withRequestMetrics } from './filters/request-metrics.ts';
import { withPanicRecovery } from './filters/panic-recovery.ts';
import { handleHealth, isHealthPath, pingCheck, type HealthCheck } from './health.ts';
import { shutdownCheck } from './health-checks.ts';
import type { FlowControl } from './flow-control/flow-control.ts';
import { handleFlowDumps } from './flow-control/flow-dumps.ts';
import type { MetricRegistry } from './metrics/metric-registry.ts';
import { measuredAdmission } from './metrics/admission-times.ts';
import { handleMetrics } from './metrics/metrics-route.ts';
import {
  countStoredObjects,
  createServerMetrics,
  describeProgram,
  type ServerMetrics,
} from './metrics/server-metrics.ts';
import type { RemoteOpenApi } from './openapi/openapi-route.ts';
import { apiResource, ResourceRegistry, type ApiResource } from './registry/api-resource.ts';
import { builtInHooks } from './registry/built-in-hooks.ts';
import { managedFieldManagement } from './registry/managed-field-management.ts';
import { scaleViewOf } from './registry/scale-view.ts';
import { Store, type StoreHooks } from './registry/store.ts';
import { anonymousUser, type ApiRequest, type Filter, type Handler } from './request-context.ts';
import { parseQuery } from './query.ts';
import { parseRequestInfo } from './request-info.ts';
import { RequestUrlError } from './request-url.ts';
import { bytesResponse, errorResponse, pageNotFound, textResponse, withCommonHeaders } from './responses.ts';
import { methodNotAllowed, resourceNotFound, routeResource, type SpecialEndpoints } from './route-resource.ts';
import { requireMediaType } from './negotiation.ts';
import { builtInSpecialEndpoints } from './special-endpoints.ts';

/** Answers a path that is no resource (discovery, OpenAPI, metrics …); undefined when it is not its own. */
export type RouteHandler = (request: ApiRequest, server: ServerParts) => Promise<HttpResponse | undefined>;

/** What `/version` says. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly emulationMajor: string;
  readonly emulationMinor: string;
  readonly minCompatibilityMajor: string;
  readonly minCompatibilityMinor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** The API that this server speaks. */
export const servedVersion: VersionInfo = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.2',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: 'linux/amd64',
};

export interface ApiServerOptions {
  readonly storage: Storage;
  /** Every built-in resource. */
  readonly resources: readonly ResourceDefinition[];
  /** Types of the built-in resources. */
  readonly types: SchemaSource;
  /** The same types with the kinds that they are of, where they are others than every server's. */
  readonly kindTypes?: () => ReadonlyMap<string, TypeDefinition>;
  /** Whether it speaks protobuf, which types need numbers for. Default true. */
  readonly hasProtobuf?: boolean;
  readonly authenticator: RequestAuthenticator;
  /** Whether requests to a path go on without credentials, as system:anonymous. All do by default. */
  readonly allowAnonymous?: (path: string) => boolean;
  readonly authorizer: RequestAuthorizer;
  /** Takes on the user that Impersonate-* headers name, after asking whether that is allowed. */
  readonly impersonation?: Filter;
  /** Tells browsers whose pages may read answers, and how to come; nothing when absent. */
  readonly forBrowsers?: Filter;
  readonly admission?: AdmissionChain;
  /** Whether objects stay out of sight until their initializers have seen them (feature gate Initializers). */
  readonly hasInitializers?: boolean;
  /** Feature gates that are open though they are closed by default: fields behind them are kept. */
  readonly openGates?: ReadonlySet<string>;
  /** What the audit log tells of requests; nothing when absent. */
  readonly audit?: AuditOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Answers what other servers serve, resources or not. */
  readonly aggregation?: RouteHandler;
  /** What those publish of their types. */
  readonly remoteOpenApi?: () => readonly RemoteOpenApi[];
  /** Asked in order for paths that are no resources. */
  readonly routes?: readonly RouteHandler[];
  /** Endpoints that differ from the generic ones. */
  readonly specialEndpoints?: SpecialEndpoints;
  /** Views beyond the built-in ones (scale of custom resources). */
  readonly findView?: FindView;
  /** What resources do around writes. */
  readonly storeHooks?: (resource: ApiResource) => StoreHooks | undefined;
  readonly healthChecks?: readonly HealthCheck[];
  readonly inFlightLimits?: InFlightLimits;
  /** How long requests may take at most, watches and the like aside; a minute when absent. */
  readonly requestTimeoutMillis?: number;
  /** How long watches last at least that do not say how long; half an hour when absent, without end when 0. */
  readonly minWatchSeconds?: number;
  /** Shares the server out among flows of requests; without it there are the limits alone. */
  readonly flowControl?: FlowControl;
  /** How long events stay; an hour when absent. */
  readonly eventTtlSeconds?: number;
  readonly version?: VersionInfo;
  /** What a refusal for want of credentials asks for, as WWW-Authenticate says it (RFC 9110). */
  readonly challenge?: string;
  /** What the metrics tell of the process and the program; nothing when absent. */
  readonly processStats?: () => ProcessStats;
}

/** An API server: a function from request to response. */
export interface ApiServer {
  readonly handle: HttpHandler;
  /** What is served; custom resources are added and removed here. */
  readonly registry: ResourceRegistry;
  /** What it counts, for those who count more. */
  readonly metrics: MetricRegistry;
  /** Counts a connection that ended before TLS was agreed on. */
  countHandshakeFailure(): void;
  /** The parts that endpoints use, for those who build more of them. */
  readonly parts: ServerParts;
  /** Says at /readyz that the end is near; everything else goes on. */
  beginShutdown(): void;
  /**
   * Ends watches of clients on the network and resolves when none of their requests is under way any more.
   * @param refuses whether those who come from now on are told to come again (429 with Retry-After).
   */
  drain(refuses: boolean): Promise<void>;
  /** Ends all watches and refuses new requests (but for those about health) with 503. */
  close(): Promise<void>;
}

/** Builds a server. Nothing listens; see listen.ts. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  // In the order in which negotiation names them.
  const kindTypes = options.kindTypes ?? (options.hasInitializers === true ? typesWithInitializers : undefined);
  const protobuf = kindTypes === undefined ? protobufCodec : protobufCodecFor(typeIndexOf(kindTypes));
  const codecs = [jsonCodec, yamlCodec, ...(options.hasProtobuf === false ? [] : [protobuf])];
  const registry = new ResourceRegistry();
  for (const definition of options.resources) registry.add(apiResource(definition, options.types));
  const metrics = createServerMetrics(options.clock);
  const parts: ServerParts = {
    codecs,
    registry,
    admission: measuredAdmission(options.admission ?? admitAll, metrics.registry, options.clock),
    fieldManagement: managedFieldManagement,
    hasInitializers: options.hasInitializers ?? false,
    authorizer: options.authorizer,
    clock: options.clock,
    random: options.random,
    log: options.log,
    minWatchSeconds: options.minWatchSeconds ?? 1800,
    storeOf: storeCache(options, metrics),
    remoteOpenApi: options.remoteOpenApi ?? (() => []),
  };
  const expiry = new EventExpiry(options.storage, options.clock, options.eventTtlSeconds);
  expiry.start();
  const closing = new AbortController();
  countStoredObjects(metrics, registry, options.storage);
  if (options.processStats !== undefined) {
    describeProgram(metrics, options.version ?? servedVersion, options.processStats);
  }
  let isShuttingDown = false;
  const draining = new Draining();
  const health = [pingCheck, ...(options.healthChecks ?? []), shutdownCheck(() => isShuttingDown)];
  const chain = buildHandlerChain(options, parts, health, metrics);
  return {
    registry,
    metrics: metrics.registry,
    countHandshakeFailure: () => metrics.handshakeFailures.add([]),
    parts,
    async handle(http) {
      // The server itself, of which nothing can be said: Go does not ask who wants to know.
      if (http.method === 'OPTIONS' && http.path === '*') return { status: 200, headers: {}, body: new Uint8Array() };
      const begins = begun(http, options, closing.signal);
      if (!('info' in begins)) return begins;
      const ending = draining.signalFor(begins);
      const request =
        ending === undefined ? begins : { ...begins, signal: () => AbortSignal.any([begins.signal(), ending]) };
      if (closing.signal.aborted && !isHealthPath(request.info.path)) {
        return errorResponse(request, codecs, shuttingDown());
      }
      const response = await draining.answer(request, async () => unreadableUrl(request) ?? (await chain(request)));
      const answer = withCommonHeaders(request, response);
      if (answer.status !== 401 || options.challenge === undefined) return answer;
      return { ...answer, headers: { ...answer.headers, 'www-authenticate': options.challenge } };
    },
    beginShutdown() {
      isShuttingDown = true;
    },
    drain(refuses) {
      isShuttingDown = true;
      return draining.begin(refuses);
    },
    close() {
      isShuttingDown = true;
      expiry.stop();
      closing.abort();
      return Promise.resolve();
    },
  };
}

/** The answer to a URL that says neither a resource nor anything else, before anyone asks who it comes from. */
function unreadableUrl({ http, info }: ApiRequest): HttpResponse | undefined {
  if (info.problem === undefined) return undefined;
  const text = `Internal Server Error: ${goQuote(http.path)}: failed to create RequestInfo: ${info.problem}, ${http.path}\n`;
  const sanitized = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return textResponse(500, sanitized, { 'cache-control': undefined });
}

/** The way of a request, outermost step first (as k8s.io/apiserver composes its handler chain). */
function buildHandlerChain(
  options: ApiServerOptions,
  parts: ServerParts,
  health: readonly HealthCheck[],
  metrics: ServerMetrics,
): Handler {
  const pass: Filter = (next) => next;
  const audit =
    options.audit === undefined
      ? undefined
      : auditFilters(counted(options.audit, metrics), parts.codecs, options.clock);
  const steps: readonly Filter[] = [
    withPanicRecovery(parts.codecs, options.log),
    withRequestTimeout(
      options.requestTimeoutMillis ?? defaultRequestTimeoutMillis,
      options.clock,
      countTermination(metrics, parts.registry),
    ),
    options.forBrowsers ?? pass,
    audit?.failedAuthentication ?? pass,
    withAuthentication(options.authenticator, options.allowAnonymous ?? (() => true), metrics, options.clock),
    audit?.requests ?? pass,
    options.impersonation ?? pass,
    limitRequests(options, parts, metrics),
    withAuthorization(options.authorizer, metrics, options.clock),
    withRequestMetrics(metrics, parts.registry, options.clock),
  ];
  const special: SpecialEndpoints = new Map([...builtInSpecialEndpoints, ...(options.specialEndpoints ?? [])]);
  const dispatch: Handler = (request) => dispatchRequest(request, options, parts, special, health, metrics);
  return steps.reduceRight((next, step) => step(next), dispatch);
}

/** Priority and fairness, or where there is none the number of requests at a time. */
function limitRequests(options: ApiServerOptions, parts: ServerParts, metrics: ServerMetrics): Filter {
  const { flowControl: control, inFlightLimits = defaultInFlightLimits, storage, clock } = options;
  if (control === undefined) return withMaxInFlight(inFlightLimits, metrics.inFlight);
  return withPriorityAndFairness({ control, resources: parts.registry, storage, metrics, clock });
}

/** Audit options whose events are counted. */
function counted(audit: AuditOptions, metrics: ServerMetrics): AuditOptions {
  audit.onLosses?.((plugin, count) => metrics.auditErrors.add([plugin], count));
  return {
    ...audit,
    onLevel: (level) => metrics.auditLevels.add([level]),
    onReject: () => metrics.auditRejections.add([]),
    onBegun: metrics.filters.audit,
    sink: {
      write(event) {
        metrics.auditEvents.add([]);
        return audit.sink.write(event);
      },
    },
  };
}

/** A resource, one of the server's own paths, or nothing. */
async function dispatchRequest(
  request: ApiRequest,
  options: ApiServerOptions,
  parts: ServerParts,
  special: SpecialEndpoints,
  checks: readonly HealthCheck[],
  metrics: ServerMetrics,
): Promise<HttpResponse> {
  // A path that starts with two slashes is nobody's, nor is a group without a name.
  if (/^(\/apis)?\/\//.test(request.info.path)) return pageNotFound();
  const aggregated = await options.aggregation?.(request, parts);
  if (aggregated !== undefined) return aggregated;
  if (request.info.isResourceRequest) {
    const findView: FindView = (resource, name) =>
      options.findView?.(resource, name) ?? builtInView(resource, name, options.types);
    return routeResource(request, parts, special, findView);
  }
  for (const route of options.routes ?? []) {
    const response = await route(request, parts);
    if (response !== undefined) return response;
  }
  const dump = options.flowControl === undefined ? undefined : handleFlowDumps(request, options.flowControl);
  if (dump !== undefined) return dump;
  const health = await handleHealth(request, { checks, log: options.log, observe: metrics.observeHealth });
  if (health !== undefined) return health;
  const shown = await handleMetrics(request, metrics);
  if (shown !== undefined) return shown;
  if (/^\/version\/*$/.test(request.info.path)) {
    if (request.method !== 'GET') throw methodNotAllowed();
    requireMediaType(request, ['application/json']);
    const body = JSON.stringify(options.version ?? servedVersion, null, 2);
    return bytesResponse(request, 200, 'application/json', Buffer.from(body));
  }
  return unknownPath(request, parts);
}

/** The scale of workloads, built in or custom. */
function builtInView(resource: ApiResource, subresource: string, types: SchemaSource): SubresourceView | undefined {
  if (subresource !== 'scale' || (resource.custom && resource.scalePaths === undefined)) return undefined;
  return scaleViewOf(resource, types);
}

/** Below the path of a group that is served, an error is a Status; elsewhere it is a plain page. */
function unknownPath(request: ApiRequest, parts: ServerParts): HttpResponse {
  const [prefix = '', group = '', version = ''] = request.info.path.replace(/^\/|\/$/g, '').split('/');
  if (prefix === 'version') throw resourceNotFound();
  const isCore = prefix === 'api';
  const isGroup = prefix === 'apis' && parts.registry.hasGroup(group) && !parts.registry.isCustomGroup(group);
  if (!isCore && !isGroup) return pageNotFound();
  const [g, v] = isCore ? ['', group] : [group, version];
  if (v === '' || parts.registry.hasGroupVersion(g, v)) throw methodNotAllowed();
  throw resourceNotFound();
}

/** The request, or what is said to one whose URL means nothing. */
function begun(http: HttpRequest, options: ApiServerOptions, closing: AbortSignal): ApiRequest | HttpResponse {
  try {
    return beginRequest(http, options, closing);
  } catch (error) {
    if (error instanceof RequestUrlError) return textResponse(400, error.message);
    throw error;
  }
}

function beginRequest(http: HttpRequest, options: ApiServerOptions, closing: AbortSignal): ApiRequest {
  const mark = http.path.indexOf('?');
  const rawPath = mark < 0 ? http.path : http.path.slice(0, mark);
  const query = parseQuery(mark < 0 ? '' : http.path.slice(mark + 1));
  const auditId = header(http.headers, 'audit-id') ?? '';
  return {
    http,
    method: http.method,
    headers: http.headers,
    query,
    info: parseRequestInfo(http.method, rawPath, query),
    user: anonymousUser,
    warnings: [],
    responseHeaders: {},
    receivedAt: options.clock.now(),
    auditId: auditId === '' ? options.random.uuid() : auditId,
    signal: () => (http.signal === undefined ? closing : AbortSignal.any([http.signal, closing])),
  };
}

/** One store per resource and version, made when first asked for. */
function storeCache(options: ApiServerOptions, metrics: ServerMetrics): (resource: ApiResource) => Store {
  const stores = new WeakMap<ApiResource, Store>();
  return (resource) => {
    const known = stores.get(resource);
    if (known !== undefined) return known;
    const { storage, authorizer, clock, random } = options;
    const hooks = options.storeHooks?.(resource) ?? builtInHooks(resource, storage, authorizer, () => clock.now());
    const store = new Store(resource, {
      storage: metrics.storage.measured(storage, resource),
      clock,
      random,
      hooks,
      lists: metrics.storage.lists(resource),
      openGates: options.openGates,
    });
    stores.set(resource, store);
    return store;
  };
}

function shuttingDown(): StatusError {
  return new StatusError({
    message: 'apiserver is shutting down',
    reason: 'ServiceUnavailable',
    details: { retryAfterSeconds: 1 },
    code: 503,
  });
}
