import type { UserInfo } from '../../authentication/authenticator.ts';
import type { APIService, APIServiceSpec } from '../../../api/types/apiregistration-v1.ts';
import type { Service } from '../../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { header, type HttpHeaders, type HttpResponse, readBody, type Transport } from '../../../apimachinery/http.ts';
import type { JsonValue } from '../../../apimachinery/json.ts';
import { parseJson } from '../../../apimachinery/json-codec.ts';
import { formatTime, type KubeObject } from '../../../apimachinery/object-meta.ts';
import { requestedUpgrade } from '../../../apimachinery/streaming/protocols.ts';
import type { Client } from '../../../client/client.ts';
import { createHttpTransport, type HttpTransportOptions } from '../../../client/http-transport.ts';
import type { Informer } from '../../../client/informer.ts';
import { asTransportError } from '../../../client/transport-error.ts';
import { transportReason } from '../../../client/transport-reason.ts';
import type { ResolveService } from '../../../client/webhook-client.ts';
import { createWorkqueue, runWorkers, type WorkqueueObserver } from '../../../client/workqueue.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import type { RemoteGroupVersion } from '../discovery/discovery-documents.ts';
import type { RemoteOpenApi } from '../openapi/openapi-route.ts';
import type { ApiRequest } from '../request-context.ts';
import { textResponse } from '../responses.ts';
import type { RouteHandler } from '../server.ts';
import { forwardedHeaders, hasBody, returnedCacheControl, returnedHeaders } from '../streaming/forwarded-headers.ts';
import { cleanPath, escapePath, rewrittenQuery } from '../streaming/proxied-path.ts';
import { joinConnections } from '../streaming/pod-streams.ts';
import { type Availability, serviceProblem, withAvailability } from './api-service-availability.ts';
import { aggregatedDiscoveryTypes, aggregatedResources, discoveredResources } from './remote-discovery.ts';
import { type FetchedDocument, type RemoteFetch, RemoteOpenApiDocuments } from './remote-openapi.ts';

export interface AggregatorOptions {
  readonly client: Client;
  readonly apiServices: Informer<APIService>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly resolve: ResolveService;
  /** Over the network when absent. */
  readonly connect?: (options: HttpTransportOptions) => Transport;
  /** What other servers know this one by (--proxy-client-cert-file), PEM. */
  readonly identity?: { readonly certificate: string; readonly privateKey: string };
  readonly clock: Clock;
  readonly queueObserver?: WorkqueueObserver;
  readonly log: Logger;
}

/** Brings in API groups that other servers serve, as APIServices with a service say (the aggregation layer). */
export interface Aggregator {
  /** Passes requests for such groups on; undefined for all others. */
  readonly route: RouteHandler;
  /** What discovery tells of them. */
  remote(): readonly RemoteGroupVersion[];
  /** What they publish of their types, those of higher priority first. */
  openApi(): readonly RemoteOpenApi[];
  /** Begins to check them, and to write that to their conditions. */
  start(): void;
  stop(): Promise<void>;
}

const resource = { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' };
const recheckMillis = 30_000;
const discoveryTimeoutMillis = 5000;
const documentTimeoutMillis = 60_000;
const checker: UserInfo = { username: 'system:kube-aggregator', uid: '', groups: ['system:masters'], extra: {} };

/** Makes an aggregator. */
export function createAggregator(options: AggregatorOptions): Aggregator {
  const { apiServices, services, slices, clock, log } = options;
  const backends = new Backends(options);
  const remotes = new Map<string, RemoteGroupVersion>();
  const openApi = new RemoteOpenApiDocuments(backends);
  const queue = createWorkqueue<string>({ clock, observer: options.queueObserver });
  let running: Promise<void> | undefined;

  const sync = async (name: string): Promise<void> => {
    const apiService = apiServices.get('', name);
    const { spec } = apiService ?? {};
    if (apiService === undefined || spec?.service === undefined) {
      remotes.delete(name);
      openApi.forget(name);
      await backends.forget(name);
      return;
    }
    const { group = '', version = '', groupPriorityMinimum, versionPriority } = spec;
    const about = { group, version, groupPriorityMinimum, versionPriority };
    const checked = await check(options, backends, apiService);
    // Documents are made anew only for what has changed.
    const next =
      checked.resources === undefined
        ? { ...about, resources: [], stale: true }
        : { ...about, resources: checked.resources };
    if (JSON.stringify(next) !== JSON.stringify(remotes.get(name))) remotes.set(name, next);
    if (checked.resources !== undefined) await openApi.refresh(apiService);
    const changed = withAvailability(apiService, checked.availability, formatTime(clock.now()));
    if (changed !== undefined) {
      await options.client.resource<APIService>(resource).update(changed, { subresource: 'status' });
    }
    // One that does not answer is asked again soon.
    if (checked.availability.reason === 'FailedDiscoveryCheck') throw new Error(checked.availability.message);
    if (checked.availability.status === 'True' && checked.resources === undefined) {
      throw new Error(`no discovery from the server of ${version}.${group}`);
    }
    queue.addAfter(name, recheckMillis);
  };

  const enqueue = ({ metadata }: KubeObject): void => queue.add(metadata.name ?? '');
  apiServices.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  const enqueueFor = (namespace = '', serviceName = ''): void => {
    for (const apiService of apiServices.list()) {
      const { name, namespace: own } = apiService.spec?.service ?? {};
      if (name === serviceName && own === namespace) enqueue(apiService);
    }
  };
  const ofService = ({ metadata }: KubeObject): void => enqueueFor(metadata.namespace, metadata.name);
  const ofSlice = ({ metadata }: KubeObject): void =>
    enqueueFor(metadata.namespace, metadata.labels?.['kubernetes.io/service-name']);
  services.addHandler({ added: ofService, updated: ofService, deleted: ofService });
  slices.addHandler({ added: ofSlice, updated: ofSlice, deleted: ofSlice });

  return {
    async route(request) {
      const [, root, group = '', version = ''] = request.info.path.split('/');
      if (root !== 'apis' || version === '') return undefined;
      const apiService = apiServices.get('', `${version}.${group}`);
      if (apiService?.spec?.service === undefined) return undefined;
      const { conditions = [] } = apiService.status ?? {};
      const isAvailable = conditions.some(({ type, status }) => type === 'Available' && status === 'True');
      return isAvailable ? backends.pass(apiService, request) : unavailable('service unavailable');
    },
    remote: () => [...remotes.values()],
    openApi: () => openApi.all(),
    start() {
      running ??= runWorkers(queue, 5, sync, (key, error) => {
        log.warn('an APIService could not be checked', { key, error: String(error) });
      });
    },
    async stop() {
      queue.shutDown();
      await running;
      await backends.close();
    },
  };
}

/** Like Go's http.Error: text with a line end. */
function unavailable(text: string): HttpResponse {
  return textResponse(503, `${text}\n`);
}

interface Checked {
  readonly availability: Availability;
  /** Undefined when the server did not say. */
  readonly resources?: RemoteGroupVersion['resources'];
}

async function check(options: AggregatorOptions, backends: Backends, apiService: APIService): Promise<Checked> {
  const { name = '', namespace = '' } = apiService.spec?.service ?? {};
  const facts = {
    service: options.services.get(namespace, name),
    slices: options.slices
      .list(namespace)
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name),
  };
  const problem = serviceProblem(apiService, facts);
  if (problem !== undefined) return { availability: problem };
  const { group = '', version = '' } = apiService.spec ?? {};
  let availability: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };
  try {
    await backends.discover(apiService, `/apis/${group}/${version}`);
  } catch (error) {
    availability = { status: 'False', reason: 'FailedDiscoveryCheck', message: messageOf(error) };
  }
  // What a server tells of its resources is believed even where the check of this one version fails.
  const resources = await askForResources(backends, apiService);
  return { availability, ...(resources === undefined ? {} : { resources }) };
}

/**
 * Aggregated discovery where the server has it, or else what its list of resources says; undefined when it cannot be
 * asked, or has neither.
 */
async function askForResources(
  backends: Backends,
  apiService: APIService,
): Promise<RemoteGroupVersion['resources'] | undefined> {
  const { group = '', version = '' } = apiService.spec ?? {};
  const ask = (path: string, accept: string): Promise<FetchedDocument | undefined> =>
    backends.fetch(apiService, path, accept, checker, discoveryTimeoutMillis);
  const answer = await ask('/apis', aggregatedDiscoveryTypes);
  if (answer === undefined || answer.status === 503) return undefined;
  const found =
    answer.status === 200 ? discoveredResources(answer.contentType, readJson(answer.body), group, version) : undefined;
  if (found !== undefined) return found;
  const list = await ask(`/apis/${group}/${version}`, 'application/json');
  return list?.status === 200 ? aggregatedResources(readJson(list.body)) : undefined;
}

/** JSON, or null for what is none. */
function readJson(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes);
  } catch {
    return null;
  }
}

/** The connections to the servers behind APIServices. */
class Backends implements RemoteFetch {
  readonly #options: AggregatorOptions;
  readonly #known = new Map<string, { readonly key: string; readonly transport: Transport }>();

  constructor(options: AggregatorOptions) {
    this.#options = options;
  }

  /** Passes a request on and the answer back. */
  async pass(apiService: APIService, request: ApiRequest): Promise<HttpResponse> {
    const { http, info, user, auditId } = request;
    let backend: Backend;
    try {
      backend = await this.#reach(apiService);
    } catch {
      return unavailable('service unavailable');
    }
    const path = escapePath(info.path);
    const wantsUpgrade = requestedUpgrade(http.headers) !== undefined;
    try {
      const answer = await backend.transport.send({
        method: http.method,
        path: `${path}${rewrittenQuery(request.query)}`,
        headers: {
          ...forwardedHeaders(http, 'https', cleanPath(path)),
          'x-forwarded-host': backend.address,
          host: backend.address,
          'audit-id': auditId,
          ...userHeaders(user),
        },
        ...(hasBody(http) && http.body !== undefined ? { body: http.body } : {}),
        signal: request.signal(),
      });
      const { upgraded, ...rest } = answer;
      if (upgraded !== undefined) return { ...rest, takeOver: (connection) => joinConnections(connection, upgraded) };
      return returned(answer, wantsUpgrade);
    } catch (error) {
      const reason = transportReason(asTransportError(error, backend.address));
      return unavailable(`error ${wantsUpgrade ? 'dialing backend' : 'trying to reach service'}: ${reason}`);
    }
  }

  /** Asks for a document that the server must have, in whatever form. @throws Error as the condition tells it */
  async discover(apiService: APIService, path: string): Promise<void> {
    const { transport, address } = await this.#reach(apiService);
    const url = `https://${address}${path}`;
    const controller = new AbortController();
    const timer = this.#options.clock.setTimer(() => controller.abort(), discoveryTimeoutMillis, { unref: true });
    try {
      const headers = { host: address, ...userHeaders(checker) };
      const { status, body } = await transport.send({ method: 'GET', path, headers, signal: controller.signal });
      await readBody(body);
      if (status >= 200 && status < 300) return;
      throw new BadStatusError(`bad status from ${url}: ${status}`);
    } catch (error) {
      let reason = error instanceof BadStatusError ? error.message : undefined;
      reason ??= `Get "${url}": ${
        controller.signal.aborted
          ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
          : transportReason(asTransportError(error, address))
      }`;
      throw new Error(`failing or missing response from ${url}: ${reason}`, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  async fetch(
    apiService: APIService,
    path: string,
    accept: string,
    user: UserInfo,
    timeoutMillis = documentTimeoutMillis,
  ): Promise<FetchedDocument | undefined> {
    const controller = new AbortController();
    const timer = this.#options.clock.setTimer(() => controller.abort(), timeoutMillis, { unref: true });
    try {
      const { transport, address } = await this.#reach(apiService);
      const headers = { host: address, accept, ...userHeaders(user) };
      const {
        status,
        headers: answered,
        body,
      } = await transport.send({
        method: 'GET',
        path,
        headers,
        signal: controller.signal,
      });
      const { 'content-type': contentType } = answered;
      return { status, contentType: typeof contentType === 'string' ? contentType : '', body: await readBody(body) };
    } catch {
      // Whether it can be reached is told by its condition.
      return undefined;
    } finally {
      timer.cancel();
    }
  }

  async forget(name: string): Promise<void> {
    const known = this.#known.get(name);
    this.#known.delete(name);
    await known?.transport.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.keys()].map((name) => this.forget(name)));
  }

  async #reach({ metadata, spec }: APIService): Promise<Backend> {
    const { name = '' } = metadata;
    const { name: serviceName = '', namespace = '', port = 443 } = spec?.service ?? {};
    const found = await this.#options.resolve(namespace, serviceName, port);
    const address = `${found.host.includes(':') ? `[${found.host}]` : found.host}:${found.port}`;
    const connection = connectionOptions(spec, `https://${address}`, `${serviceName}.${namespace}.svc`, this.#options);
    const key = JSON.stringify(connection);
    const known = this.#known.get(name);
    if (known?.key === key) return { transport: known.transport, address };
    const transport = (this.#options.connect ?? createHttpTransport)(connection);
    this.#known.set(name, { key, transport });
    await known?.transport.close();
    return { transport, address };
  }
}

/** The answer of another server as the client sees it: it is sent nowhere else, and not told that nothing was upgraded. */
function returned(answer: HttpResponse, wantsUpgrade: boolean): HttpResponse {
  const { status, headers } = answer;
  const about = { ...returnedHeaders(headers), 'cache-control': returnedCacheControl(headers) };
  if (status >= 300 && status < 400 && (header(headers, 'location') ?? '') !== '') {
    const type = 'text/plain; charset=utf-8';
    const body = Buffer.from('the backend attempted to redirect this request, which is not permitted');
    return { status: 502, headers: { 'cache-control': 'no-cache, private', 'content-type': type }, body };
  }
  if (wantsUpgrade && status < 400) return unavailable(`invalid upgrade response: status code ${status}`);
  return { ...answer, headers: about };
}

class BadStatusError extends Error {}

interface Backend {
  readonly transport: Transport;
  /** `host:port`. */
  readonly address: string;
}

function connectionOptions(
  spec: APIServiceSpec | undefined,
  server: string,
  tlsServerName: string,
  { identity }: AggregatorOptions,
): Parameters<typeof createHttpTransport>[0] {
  const { caBundle = '', insecureSkipTLSVerify: insecureSkipTlsVerify = false } = spec ?? {};
  return {
    server,
    tlsServerName,
    insecureSkipTlsVerify,
    disableCompression: true,
    ...(caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64').toString('utf8') }),
    ...(identity === undefined ? {} : { clientCertificate: identity.certificate, clientKey: identity.privateKey }),
  };
}

/** Whose request it is, for a server that believes this one (its requestheader flags). */
function userHeaders({ username, uid, groups, extra }: UserInfo): HttpHeaders {
  const more = Object.entries(extra).map(([key, values]) => [`x-remote-extra-${escapeKey(key)}`, values] as const);
  return {
    'x-remote-user': username,
    ...(uid === '' ? {} : { 'x-remote-uid': uid }),
    'x-remote-group': groups,
    ...Object.fromEntries(more),
  };
}

/** A key may have what a header's name may not: that is percent-encoded, and the rest in lower case. */
function escapeKey(key: string): string {
  return Array.from(Buffer.from(key), (byte) => {
    const char = String.fromCodePoint(byte);
    return /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
