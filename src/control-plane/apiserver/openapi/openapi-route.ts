import type { Documentation } from '../../../api/documentation.ts';
import type { TypeDefinition } from '../../../api/resource-definition.ts';
import { sortedKeys } from '../../../apimachinery/go-value.ts';
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import { stringifyJson } from '../../../apimachinery/json-codec.ts';
import { header, type HttpHeaders, type HttpResponse } from '../../../apimachinery/http.ts';
import { contentResponse } from '../content-response.ts';
import type { ServerParts } from '../endpoints/endpoint.ts';
import type { ApiResource } from '../registry/api-resource.ts';
import type { ApiRequest } from '../request-context.ts';
import { bytesResponse } from '../responses.ts';
import { documentHash } from './document-hash.ts';
import { customInput } from './custom-types.ts';
import { mergeSwagger } from './merged-swagger.ts';
import { type OpenApiInput, openApiV2Document, openApiV3Documents, openApiV3Text } from './openapi-documents.ts';

/** The documents of the built-in API, made when the program was built. */
export interface PublishedOpenApi {
  /** `/openapi/v3` without custom resources: document names with their URLs. */
  index(): Promise<Readonly<Record<string, { readonly serverRelativeURL: string }>>>;
  /** One document's bytes; undefined when there is none of that name. */
  document(name: string): Promise<Uint8Array | undefined>;
  /** `/openapi/v2`. */
  v2(): Promise<Uint8Array>;
  readonly types: () => ReadonlyMap<string, TypeDefinition>;
  /** Texts of types, fields and parameters, for custom resources; none when absent. */
  readonly documentation?: () => Promise<Documentation>;
}

/** What another server publishes of the types that it serves here (aggregation). */
export interface RemoteOpenApi {
  /** Names of its documents with their URLs. */
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  /** Its part of the Swagger 2.0 document; undefined when it has none. */
  readonly swagger: JsonObject | undefined;
  /** Documents that were made here of its part, as it has none itself, by their names. */
  readonly made?: ReadonlyMap<string, PublishedDocument>;
  /** Passes a request on to it. */
  pass(request: ApiRequest): Promise<HttpResponse>;
}

/** A document with the hash that its URL names. */
export interface PublishedDocument {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** Answers `/openapi/v2`, `/openapi/v3` and the documents below it (KEP-2896), custom resources included. */
export function createOpenApiRoute(
  published: PublishedOpenApi,
): (request: ApiRequest, server: ServerParts) => Promise<HttpResponse | undefined> {
  const documents = new CustomDocuments(published);
  let startedAt: number | undefined;
  return async (request, server) => {
    const { path } = request.info;
    if (!path.startsWith('/openapi/')) return undefined;
    const now = server.clock.now();
    startedAt ??= now;
    if (path === '/openapi/v2') {
      const custom = customResources(server);
      const remote = server.remoteOpenApi();
      const isPlain = custom.length === 0 && remote.length === 0;
      const json = await (isPlain ? published.v2() : documents.v2(custom, remote));
      return v2Response(request, json, startedAt);
    }
    if (path === '/openapi/v3') {
      const paths: Record<string, { readonly serverRelativeURL: string }> = { ...(await published.index()) };
      for (const [name, { hash }] of await documents.v3(customResources(server))) {
        paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
      }
      for (const { paths: others } of server.remoteOpenApi()) {
        for (const [name, entry] of Object.entries(others)) paths[name] ??= entry;
      }
      // The real server lets Go guess the type from the bytes, which JSON does not give away.
      const contentType = 'text/plain; charset=utf-8';
      return contentResponse(request, { bytes: Buffer.from(JSON.stringify({ paths })), contentType, modifiedAt: now });
    }
    if (!path.startsWith('/openapi/v3/')) return undefined;
    const name = path.slice('/openapi/v3/'.length);
    const found = (await documents.v3(customResources(server))).get(name) ?? (await publishedDocument(published, name));
    if (found !== undefined) return documentResponse(request, path, found, { startedAt, now });
    const remote = server.remoteOpenApi().find(({ paths }) => Object.hasOwn(paths, name));
    if (remote === undefined) return emptyResponse(404);
    const made = remote.made?.get(name);
    return made === undefined ? remote.pass(request) : documentResponse(request, path, made, { startedAt, now });
  };
}

/** A status that says all, without a type. */
function emptyResponse(status: number, headers: HttpHeaders = {}): HttpResponse {
  return { status, headers: { 'cache-control': 'no-cache, private', ...headers }, body: new Uint8Array() };
}

async function publishedDocument(published: PublishedOpenApi, name: string): Promise<PublishedDocument | undefined> {
  const bytes = await published.document(name);
  if (bytes === undefined) return undefined;
  const [, hash] = (await published.index())[name]?.serverRelativeURL.split('?hash=') ?? [];
  return { bytes, hash: hash ?? documentHash(bytes) };
}

/** The media types of both documents in protobuf, without the first half. */
const protobufNames = {
  v2: 'com.github.proto-openapi.spec.v2.v1.0+protobuf',
  v3: 'com.github.proto-openapi.spec.v3.v1.0+protobuf',
} as const;

/** The Swagger 2.0 document of everything, as JSON or as the protobuf that clients in Go ask for. */
async function v2Response(request: ApiRequest, json: Uint8Array, modifiedAt: number): Promise<HttpResponse> {
  const form = askedForm(request, 'v2');
  const vary = ['Accept-Encoding', 'Accept'];
  if (form === undefined) return emptyResponse(406, { vary });
  const bytes =
    form === 'json'
      ? json
      : (await import('./swagger-protobuf.ts')).swaggerAsProtobuf(
          JSON.parse(Buffer.from(json).toString('utf8')) as JsonObject,
        );
  const contentType = form === 'json' ? 'application/json' : `application/${protobufNames.v2}`;
  const response = contentResponse(request, {
    bytes,
    contentType,
    tag: documentHash(json),
    modifiedAt,
    headers: { vary },
  });
  // Nothing is packed of what only heads are shown of.
  const isWhole = response.status === 200 && request.method !== 'HEAD';
  if (!isWhole || !(response.body instanceof Uint8Array)) return response;
  const { headers, body } = bytesResponse(request, 200, contentType, Buffer.from(response.body), true);
  const coding = headers['content-encoding'];
  return {
    ...response,
    headers: {
      ...response.headers,
      ...(coding === undefined ? {} : { 'content-encoding': coding, 'content-length': undefined }),
    },
    body,
  };
}

/** The first form that the Accept header names, whatever the weights; undefined when it names none. */
function askedForm(request: ApiRequest, version: 'v2' | 'v3'): 'json' | 'protobuf' | undefined {
  const accept = header(request.headers, 'accept') ?? '';
  for (const range of accept === '' ? ['*/*'] : accept.split(',')) {
    const [type = '', subtype = ''] = (range.split(';')[0] ?? '').trim().split('/');
    if (type !== 'application' && type !== '*') continue;
    if (subtype === 'json' || subtype === '*' || subtype === '') return 'json';
    // The older name of the type has an @ in it.
    if (subtype.replace(`${version}@v1`, `${version}.v1`) === protobufNames[version]) return 'protobuf';
  }
  return undefined;
}

/** Documents in protobuf, made when they are first asked for and kept as long as what they are made of. */
const protobufForms = new WeakMap<Uint8Array, Uint8Array>();

async function v3Protobuf(json: Uint8Array): Promise<Uint8Array> {
  const known = protobufForms.get(json);
  if (known !== undefined) return known;
  const { openApiV3AsProtobuf } = await import('./openapi-v3-protobuf.ts');
  const made = openApiV3AsProtobuf(JSON.parse(Buffer.from(json).toString('utf8')) as JsonObject);
  protobufForms.set(json, made);
  return made;
}

/** A year in which a document asked for by its hash does not change. */
const yearMillis = 365 * 24 * 3600 * 1000;

/** A document asked for with its hash never changes; another hash leads to the one it has now. */
async function documentResponse(
  request: ApiRequest,
  path: string,
  { bytes, hash }: PublishedDocument,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): Promise<HttpResponse> {
  const vary = 'Accept';
  const form = askedForm(request, 'v3');
  if (form === undefined) return emptyResponse(406, { vary });
  const contentType = form === 'json' ? 'application/json' : `application/${protobufNames.v3}`;
  const asked = request.query.get('hash') ?? '';
  if (asked !== '' && asked !== hash) {
    const location = `${path}?hash=${hash}`;
    return emptyResponse(301, { 'content-type': contentType, etag: `"${hash}"`, location, vary });
  }
  const lasting: HttpHeaders =
    asked === ''
      ? {}
      : {
          'cache-control': 'public, immutable',
          expires: new Date(now + yearMillis).toUTCString().replace('GMT', 'UTC'),
        };
  return contentResponse(request, {
    bytes: form === 'json' ? bytes : await v3Protobuf(bytes),
    contentType,
    tag: hash,
    modifiedAt: startedAt,
    headers: { vary, ...lasting },
  });
}

function customResources(server: ServerParts): ApiResource[] {
  return server.registry.all().filter((resource) => resource.custom);
}

/** The documents with custom resources, rendered anew when one of these has changed. */
class CustomDocuments {
  readonly #published: PublishedOpenApi;
  #v2: (Rendered<Uint8Array> & { readonly remote: readonly RemoteOpenApi[] }) | undefined;
  #v3: Rendered<ReadonlyMap<string, PublishedDocument>> | undefined;

  constructor(published: PublishedOpenApi) {
    this.#published = published;
  }

  /** The document of everything, built-in resources included. */
  async v2(custom: readonly ApiResource[], remote: readonly RemoteOpenApi[]): Promise<Uint8Array> {
    if (!isRenderedFor(this.#v2, custom) || this.#v2.remote !== remote) {
      this.#v2 = { custom, remote, value: this.#renderV2(custom, remote) };
    }
    return this.#v2.value;
  }

  /** The documents of the custom resources' group versions, by name. */
  async v3(custom: readonly ApiResource[]): Promise<ReadonlyMap<string, PublishedDocument>> {
    this.#v3 = isRenderedFor(this.#v3, custom) ? this.#v3 : { custom, value: this.#renderV3(custom) };
    return this.#v3.value;
  }

  async #renderV2(custom: readonly ApiResource[], remote: readonly RemoteOpenApi[]): Promise<Uint8Array> {
    const builtIn = JSON.parse(Buffer.from(await this.#published.v2()).toString('utf8')) as JsonObject;
    const added = custom.length === 0 ? {} : openApiV2Document(await this.#input(custom));
    const merged = { ...builtIn };
    for (const part of ['paths', 'definitions', 'parameters']) {
      const [before, after] = [builtIn[part], added[part]];
      if (!isJsonObject(before) || !isJsonObject(after)) continue;
      const all = { ...after, ...before };
      merged[part] = Object.fromEntries(sortedKeys(all).map((key) => [key, all[key] ?? null]));
    }
    const others = remote.flatMap(({ swagger }) => (swagger === undefined ? [] : [swagger]));
    return Buffer.from(stringifyJson(others.length === 0 ? merged : mergeSwagger(merged, others)));
  }

  async #renderV3(custom: readonly ApiResource[]): Promise<ReadonlyMap<string, PublishedDocument>> {
    const rendered = new Map<string, PublishedDocument>();
    if (custom.length === 0) return rendered;
    const groups = new Set(custom.map(({ gvk }) => gvk.group));
    for (const [name, make] of openApiV3Documents(await this.#input(custom))) {
      if (!groups.has(name.split('/')[1] ?? '')) continue;
      const bytes = Buffer.from(openApiV3Text(make()));
      rendered.set(name, { bytes, hash: documentHash(bytes) });
    }
    return rendered;
  }

  async #input(custom: readonly ApiResource[]): Promise<OpenApiInput> {
    const { types, documentation } = this.#published;
    return customInput(custom, types(), (await documentation?.()) ?? (() => undefined));
  }
}

/** What was made of some resources. */
interface Rendered<T> {
  readonly custom: readonly ApiResource[];
  readonly value: Promise<T>;
}

/** A definition that changes is served by a resource of its own. */
function isRenderedFor<T>(rendered: Rendered<T> | undefined, custom: readonly ApiResource[]): rendered is Rendered<T> {
  return (
    rendered !== undefined &&
    rendered.custom.length === custom.length &&
    rendered.custom.every((resource, index) => resource === custom[index])
  );
}
