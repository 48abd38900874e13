import { header, type HttpHeaders, type HttpResponse } from '../../../apimachinery/http.ts';
import type { ServerParts } from '../endpoints/endpoint.ts';
import { mediaTypeOf, negotiateOutput, requireAcceptable, type MediaTypeCodec, wantsPretty } from '../negotiation.ts';
import type { ApiResource } from '../registry/api-resource.ts';
import type { ApiRequest } from '../request-context.ts';
import { bytesResponse, objectResponse } from '../responses.ts';
import { methodNotAllowed } from '../route-resource.ts';
import {
  type AggregatedDocument,
  type DiscoveryDocuments,
  discoveryDocuments,
  type RemoteGroupVersion,
} from './discovery-documents.ts';

/** What the discovery route needs besides the server's registry. */
export interface DiscoveryRouteOptions {
  /** `HOST:PORT` that clients reach the server at. */
  serverAddress(): string;
  /** Group versions of other servers, as APIServices bring them in. */
  remote?(): readonly RemoteGroupVersion[];
  /** Further paths for the index at `/` (`/healthz`, `/metrics`, `/openapi/v3` …). */
  readonly otherPaths?: readonly string[];
  /** Told each time that the documents are put together. */
  readonly onBuilt?: () => void;
  /** Whether aggregated documents are there in their beta version, too (AggregatedDiscoveryRemoveBetaType=false). */
  readonly servesBeta?: boolean;
}

type DiscoveryRoute = (request: ApiRequest, server: ServerParts) => Promise<HttpResponse | undefined>;

/**
 * Answers `/`, `/api`, `/apis` and what stands below them up to the group version, in the old form and aggregated
 * (KEP-3352), from the server's registry. Documents are built when first asked for, and again when something changed.
 */
export function createDiscoveryRoute(options: DiscoveryRouteOptions): DiscoveryRoute {
  const documents = cachedDocuments(options);
  return async (request, server) => {
    const path = withoutLastSlashes(request.info.path);
    if (path !== '/' && path !== '/index.html' && !/^\/apis?(\/|$)/.test(path)) return undefined;
    const { legacyVersions, groupList, groups, groupVersions, ...all } = documents(server);
    if (path === '/api' || path === '/apis') {
      const asked = askedAggregation(request, server.codecs, options.servesBeta === true);
      if (asked !== undefined) {
        return aggregatedResponse(request, path === '/api' ? all.aggregatedLegacy : all.aggregatedGroups, asked);
      }
    }
    // Answered before the web framework of the real server, with its own look at Accept and methods, comes in.
    const isPlain =
      /^(\/|\/index\.html|\/apis\/?|\/apis\/(?!apiregistration\.k8s\.io\/?$)[^/]+\/?)$/.test(request.info.path) ||
      isOfCustomGroup(path, server);
    const document = documentAt(path, { legacyVersions, groupList, groups, groupVersions, ...all }, options);
    if (document === undefined) return undefined;
    if (!isPlain) {
      if (request.method !== 'GET') throw methodNotAllowed();
      requireAcceptable(request, server.codecs, false);
    }
    if (path === '/' || path === '/index.html') {
      return bytesResponse(request, 200, 'application/json', Buffer.from(JSON.stringify(document, null, 2)));
    }
    return objectResponse(request, negotiateOutput(request, server.codecs), 200, document);
  };
}

/** Whether a path is that of a group in which there are custom resources alone. */
function isOfCustomGroup(path: string, { registry }: ServerParts): boolean {
  const [, prefix, group = ''] = path.split('/');
  return prefix === 'apis' && registry.isCustomGroup(group);
}

/** `/api` and what stands below it and `/apis` may end in any number of slashes, `/apis` itself in one. */
function withoutLastSlashes(path: string): string {
  return path.replace(/(?<=.)\/$/, '').replace(/^(\/api|\/apis?(?:\/[^/]+)+)\/+$/, '$1');
}

function documentAt(path: string, documents: DiscoveryDocuments, options: DiscoveryRouteOptions): object | undefined {
  if (path === '/' || path === '/index.html') {
    return { paths: [...documents.paths, ...(options.otherPaths ?? [])].toSorted() };
  }
  if (path === '/api') return documents.legacyVersions;
  if (path === '/apis') return documents.groupList;
  const [, prefix, first = '', second, ...rest] = path.split('/');
  if (rest.length > 0) return undefined;
  if (prefix === 'api') return second === undefined ? documents.groupVersions.get(first) : undefined;
  return second === undefined ? documents.groups.get(first) : documents.groupVersions.get(`${first}/${second}`);
}

/** Documents are kept as long as the registry holds the same resources. */
function cachedDocuments(options: DiscoveryRouteOptions): (server: ServerParts) => DiscoveryDocuments {
  let known:
    | {
        resources: readonly ApiResource[];
        remote: readonly RemoteGroupVersion[];
        address: string;
        documents: DiscoveryDocuments;
      }
    | undefined;
  return (server) => {
    const resources = server.registry.all();
    const remote = options.remote?.() ?? [];
    const serverAddress = options.serverAddress();
    if (
      known !== undefined &&
      known.address === serverAddress &&
      sameItems(known.resources, resources) &&
      sameItems(known.remote, remote)
    ) {
      return known.documents;
    }
    const documents = discoveryDocuments(resources, { serverAddress, remote });
    options.onBuilt?.();
    known = { resources, remote, address: serverAddress, documents };
    return documents;
  };
}

function sameItems(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

interface Aggregation {
  readonly codec: MediaTypeCodec;
  readonly version: 'v2' | 'v2beta1';
  readonly pretty: boolean;
}

/** The first clause of Accept that the server can serve says whether the document is to be aggregated. */
function askedAggregation(
  request: ApiRequest,
  codecs: readonly MediaTypeCodec[],
  servesBeta: boolean,
): Aggregation | undefined {
  for (const clause of (header(request.headers, 'accept') ?? '').split(',')) {
    const codec = codecs.find((candidate) => candidate.mediaType === mediaTypeOf(clause));
    if (codec === undefined) continue;
    const parameters = new Map(
      clause
        .split(';')
        .slice(1)
        .map((text) => splitParameter(text)),
    );
    const as = parameters.get('as');
    if (as === undefined) return undefined;
    const version = parameters.get('v');
    const isDiscovery = as === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io';
    if (isDiscovery && (version === 'v2' || (version === 'v2beta1' && servesBeta))) {
      const pretty = parameters.get('pretty');
      return { codec, version, pretty: pretty === undefined ? wantsPretty(request) : pretty === '1' };
    }
  }
  return undefined;
}

function splitParameter(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  return [name.trim().toLowerCase(), value.join('=').trim()];
}

async function aggregatedResponse(
  request: ApiRequest,
  document: AggregatedDocument,
  { codec, version, pretty }: Aggregation,
): Promise<HttpResponse> {
  const headers: HttpHeaders = { 'cache-control': 'public', etag: `"${document.etag}"`, vary: 'Accept' };
  if (header(request.headers, 'if-none-match') === headers['etag']) {
    return { status: 304, headers, body: new Uint8Array() };
  }
  const list = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: document.items,
  };
  const contentType = `${codec.mediaType};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  const response = bytesResponse(request, 200, contentType, codec.encode(list, pretty));
  const vary = response.headers['vary'] === undefined ? 'Accept' : 'Accept-Encoding, Accept';
  return { ...response, headers: { ...response.headers, ...headers, vary } };
}
