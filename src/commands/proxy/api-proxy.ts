import { posix } from 'node:path';
import { messageOf } from '../../apimachinery/error-message.ts';
import {
  header,
  hopByHopHeaders,
  type HttpHandler,
  type HttpHeaders,
  type HttpRequest,
  type HttpResponse,
} from '../../apimachinery/http.ts';
import { requestedUpgrade } from '../../apimachinery/streaming/protocols.ts';
import type { Client } from '../../client/client.ts';
import { TransportError } from '../../client/transport-error.ts';
import { transportReason } from '../../client/transport-reason.ts';
import type { FileSystem } from '../../system/file-system.ts';
import type { VerboseLog } from '../../system/klog.ts';
import { accepts, type RequestFilter } from './request-filter.ts';
import { serveFile } from './static-files.ts';

/** What a proxy serves. */
export interface ApiProxyOptions {
  readonly client: Client;
  /** Path under which the API is found; ends with a slash. */
  readonly apiPrefix: string;
  /** Whether the path in the server's URL goes before what is asked. */
  readonly appendServerPath: boolean;
  /** None at all lets everything pass. */
  readonly filter: RequestFilter | undefined;
  readonly files: FileSystem;
  readonly log: VerboseLog | undefined;
  /** Told why a request, or the change to another protocol that it asks for, could not be passed on. */
  readonly onFailure: (reason: string, what: 'request' | 'upgrade') => void;
  /** A folder to serve files from, and the path under which; ends with a slash. */
  readonly staticFiles: { readonly folder: string; readonly prefix: string } | undefined;
}

/** Headers that are between two neighbours, and those that are for this proxy alone. */
const notForwarded = new Set([...hopByHopHeaders, 'expect', 'host']);

/** Passes requests on to the API server with the credentials of the kubeconfig, upgrades too. */
export function apiProxy(options: ApiProxyOptions): HttpHandler {
  const { apiPrefix, staticFiles, filter } = options;
  return (request) => {
    const path = pathOf(request);
    const wanted = canonicalPath(path, [apiPrefix, ...(staticFiles === undefined ? [] : [staticFiles.prefix])]);
    if (wanted !== path) return Promise.resolve(moved(request, `${wanted}${request.path.slice(path.length)}`));
    const isStatic = staticFiles !== undefined && path.startsWith(staticFiles.prefix);
    const isApi = path.startsWith(apiPrefix);
    if (isStatic && (!isApi || staticFiles.prefix.length >= apiPrefix.length)) {
      return serveFile(request, staticFiles.folder, path.slice(staticFiles.prefix.length - 1), options.files);
    }
    if (!isApi) return Promise.resolve(text(404, '404 page not found\n'));
    // Below /api the paths are the server's own.
    const stripped = apiPrefix.startsWith('/api') ? request.path : `/${request.path.slice(apiPrefix.length)}`;
    const forwarded = { ...request, path: stripped };
    if (filter !== undefined) {
      const host = header(request.headers, 'host') ?? '';
      if (!accepts(filter, { method: request.method, path: decoded(pathOf(forwarded)), host }, options.log))
        return Promise.resolve(text(403, 'Forbidden\n'));
    }
    return forward(forwarded, options);
  };
}

async function forward(
  request: HttpRequest,
  { client, appendServerPath, log, onFailure }: ApiProxyOptions,
): Promise<HttpResponse> {
  const wantsUpgrade = requestedUpgrade(request.headers) !== undefined;
  if (!wantsUpgrade) log?.(6, 'upgradeaware.go:312', '"Request was not an upgrade"');
  const headers: Record<string, HttpHeaders[string]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    const isKept = wantsUpgrade && (name === 'connection' || name === 'upgrade');
    if (isKept || !notForwarded.has(name)) headers[name] = value;
  }
  try {
    const { body, ...asked } = request;
    const hasBody = body !== undefined && ('content-length' in headers || 'transfer-encoding' in request.headers);
    const answer = await client.forward({
      ...asked,
      headers,
      isWholePath: !appendServerPath,
      ...(hasBody ? { body } : {}),
    });
    const { upgraded, ...rest } = answer;
    if (upgraded !== undefined) {
      return {
        ...rest,
        takeOver(connection) {
          connection.pipe(upgraded);
          upgraded.pipe(connection);
          connection.once('close', () => upgraded.destroy());
          upgraded.once('close', () => connection.end());
        },
      };
    }
    if (wantsUpgrade) {
      const reason = `invalid upgrade response: status code ${answer.status}`;
      onFailure(reason, 'upgrade');
      return text(500, `${reason}\n`);
    }
    const kept = Object.entries(answer.headers).filter(([name]) => !notForwarded.has(name));
    return { ...answer, headers: Object.fromEntries(kept) };
  } catch (error) {
    const reason = error instanceof TransportError ? transportReason(error) : messageOf(error);
    onFailure(reason, 'request');
    return text(500, `${reason}\n`);
  }
}

function pathOf({ path }: HttpRequest): string {
  const mark = path.indexOf('?');
  return mark < 0 ? path : path.slice(0, mark);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * A path without empty segments and dots, and with the last slash of a prefix that is asked for without it; as the
 * router of Go's HTTP server has it, which answers others with where that is.
 */
function canonicalPath(path: string, prefixes: readonly string[]): string {
  const cleaned = posix.normalize(`/${path}`);
  return prefixes.includes(`${cleaned}/`) ? `${cleaned}/` : cleaned;
}

function moved({ method }: HttpRequest, location: string): HttpResponse {
  const type = { 'content-type': 'text/html; charset=utf-8' };
  const headers = { location, ...(method === 'GET' || method === 'HEAD' ? type : {}) };
  const shown = location.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const link = `<a href="${shown.replaceAll('"', '&#34;').replaceAll("'", '&#39;')}">Moved Permanently</a>.\n\n`;
  return { status: 301, headers, body: Buffer.from(method === 'GET' ? link : '') };
}

function text(status: number, body: string): HttpResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return { status, headers, body: Buffer.from(body) };
}
