import type { UserInfo } from '../../authentication/authenticator.ts';
import { createHash } from 'node:crypto';
import type { APIService } from '../../../api/types/apiregistration-v1.ts';
import type { HttpResponse } from '../../../apimachinery/http.ts';
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import { parseJson } from '../../../apimachinery/json-codec.ts';
import { swaggerOfGroupVersion } from '../openapi/merged-swagger.ts';
import type { PublishedDocument, RemoteOpenApi } from '../openapi/openapi-route.ts';
import { openApi3Of } from './swagger-conversion.ts';
import type { ApiRequest } from '../request-context.ts';

/** A document of another server. */
export interface FetchedDocument {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** How the servers behind APIServices are asked. */
export interface RemoteFetch {
  /** Undefined when no answer came. */
  fetch(apiService: APIService, path: string, accept: string, user: UserInfo): Promise<FetchedDocument | undefined>;
  /** Passes a request on and the answer back. */
  pass(apiService: APIService, request: ApiRequest): Promise<HttpResponse>;
}

interface Published {
  readonly priority: readonly number[];
  readonly openApi: RemoteOpenApi;
}

const asker: UserInfo = { username: 'system:aggregator', uid: '', groups: [], extra: {} };

/** What the servers behind APIServices publish of their types, as they last said. */
export class RemoteOpenApiDocuments {
  readonly #servers: RemoteFetch;
  readonly #published = new Map<string, Published>();
  #all: readonly RemoteOpenApi[] | undefined;

  constructor(servers: RemoteFetch) {
    this.#servers = servers;
  }

  /** The same list as long as nothing has changed; those of higher priority first. */
  all(): readonly RemoteOpenApi[] {
    this.#all ??= [...this.#published.entries()]
      .toSorted(([left, { priority: a }], [right, { priority: b }]) => {
        const difference = (b[0] ?? 0) - (a[0] ?? 0) || (b[1] ?? 0) - (a[1] ?? 0);
        return difference === 0 ? (left < right ? -1 : 1) : difference;
      })
      .map(([, { openApi }]) => openApi);
    return this.#all;
  }

  /** Asks again; what a server does not say now is as it was. */
  async refresh(apiService: APIService): Promise<void> {
    const { name = '' } = apiService.metadata;
    const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = apiService.spec ?? {};
    const before = this.#published.get(name)?.openApi;
    const [index, swagger] = await Promise.all([
      this.#ask(apiService, '/openapi/v3', '*/*'),
      this.#ask(apiService, '/openapi/v2', 'application/json'),
    ]);
    const own = swagger.value === undefined ? before?.swagger : swaggerOfGroupVersion(swagger.value, group, version);
    // Servers that publish nothing newer than Swagger 2.0 have their documents made here.
    const made = index.status === 404 && own !== undefined ? documentOf(own, group, version) : undefined;
    const told = index.value === undefined ? (before?.paths ?? {}) : pathsOf(index.value);
    const next = { paths: made?.paths ?? told, swagger: own };
    const isSame =
      before !== undefined && JSON.stringify(next) === JSON.stringify({ paths: before.paths, swagger: before.swagger });
    if (isSame) return;
    const openApi = { ...next, ...(made === undefined ? {} : { made: made.documents }) };
    const pass = (request: ApiRequest): Promise<HttpResponse> => this.#servers.pass(apiService, request);
    this.#published.set(name, { priority: [groupPriorityMinimum, versionPriority], openApi: { ...openApi, pass } });
    this.#all = undefined;
  }

  forget(name: string): void {
    if (this.#published.delete(name)) this.#all = undefined;
  }

  async #ask(apiService: APIService, path: string, accept: string): Promise<Asked> {
    const answer = await this.#servers.fetch(apiService, path, accept, asker);
    const status = answer?.status ?? 0;
    if (answer === undefined || status !== 200) return { status, value: undefined };
    try {
      const value = parseJson(answer.body);
      return { status, value: isJsonObject(value) ? value : undefined };
    } catch {
      return { status, value: undefined };
    }
  }
}

/** What came when a document was asked for; status 0 when nothing did. */
interface Asked {
  readonly status: number;
  readonly value: JsonObject | undefined;
}

/** The document of a group version made of its part of a Swagger document, and where it is found. */
function documentOf(
  swagger: JsonObject,
  group: string,
  version: string,
): Pick<RemoteOpenApi, 'paths'> & { readonly documents: ReadonlyMap<string, PublishedDocument> } {
  const name = `apis/${group}/${version}`;
  const bytes = Buffer.from(JSON.stringify(openApi3Of(swagger)));
  const hash = createHash('sha512').update(bytes).digest('hex').toUpperCase();
  return {
    paths: { [name]: { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` } },
    documents: new Map([[name, { bytes, hash }]]),
  };
}

/** The names of the documents with their URLs. */
function pathsOf({ paths }: JsonObject): RemoteOpenApi['paths'] {
  if (!isJsonObject(paths)) return {};
  return Object.fromEntries(
    Object.entries(paths).flatMap(([name, entry]) =>
      isJsonObject(entry) && typeof entry['serverRelativeURL'] === 'string'
        ? [[name, { serverRelativeURL: entry['serverRelativeURL'] }]]
        : [],
    ),
  );
}
