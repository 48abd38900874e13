import { jsonOrAnything } from '../client/answer-media-type.ts';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts';
import { JsonSyntaxError, parseJson, stringifyJson } from '../apimachinery/json-codec.ts';
import { type OpenApiTypes, schemasFromOpenApiV3 } from '../apimachinery/openapi-schema.ts';
import { StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { type CacheOptions, cacheFolderName, writeCacheFile } from './cache-file.ts';

/** What a server publishes of its types (KEP-2896). */
export interface OpenApi {
  /** The types of a group version; undefined where the server publishes none. */
  typesOf(group: string, version: string): Promise<OpenApiTypes | undefined>;
  /** Whether anything is published as OpenAPI v3. */
  isPublished(): Promise<boolean>;
  /** The whole document of a group version, OpenAPI v3. */
  document(group: string, version: string): Promise<JsonObject | undefined>;
}

/** Whether a type is one of Kubernetes itself: the real program knows it without a server, with its merge keys. */
export function isTypeOfKubernetes(name: string): boolean {
  return name.startsWith('io.k8s.api.');
}

/**
 * An OpenApi over documents that are found by name; each is asked for once.
 * @param loadTypes finds as much of a document as its types need; the whole one when absent
 */
export function openApiOf(
  load: (name: string) => Promise<JsonObject | undefined>,
  isPublished: () => Promise<boolean> = () => Promise.resolve(true),
  loadTypes?: (name: string) => Promise<JsonObject | undefined>,
): OpenApi {
  const documents = new Map<string, Promise<JsonObject | undefined>>();
  const types = new Map<string, Promise<OpenApiTypes | undefined>>();
  const document = (name: string): Promise<JsonObject | undefined> => {
    const known = documents.get(name) ?? load(name);
    documents.set(name, known);
    return known;
  };
  return {
    isPublished,
    document: (group, version) => document(openApiDocumentName(group, version)),
    typesOf(group, version) {
      const name = openApiDocumentName(group, version);
      const known =
        types.get(name) ??
        (loadTypes ?? document)(name).then((found) => (found === undefined ? undefined : schemasFromOpenApiV3(found)));
      types.set(name, known);
      return known;
    },
  };
}

/**
 * OpenAPI v3 with a cache on disk that processes share: the index is asked for once in a run, a document only when its
 * hash is new. A server that does not answer is taken for what it last was. Files are written whole or not at all.
 */
export function createOpenApi(options: CacheOptions): OpenApi {
  const folder = join(options.cacheFolder, 'openapi', cacheFolderName(options.server));
  let index: Promise<ReadonlyMap<string, string>> | undefined;
  const urls = (): Promise<ReadonlyMap<string, string>> => (index ??= readIndex(options, folder));
  const load = async (name: string, part: DocumentPart): Promise<JsonObject | undefined> => {
    const url = (await urls()).get(name);
    if (url === undefined) return undefined;
    const document = await readDocument(options, folder, { name, url, part });
    return isJsonObject(document) ? document : undefined;
  };
  return openApiOf(
    (name) => load(name, 'whole'),
    async () => (await urls()).size > 0,
    (name) => load(name, 'types'),
  );
}

/** The documents' names with their URLs, hash included. */
async function readIndex(options: CacheOptions, folder: string): Promise<ReadonlyMap<string, string>> {
  const file = join(folder, 'index.json');
  let bytes: Uint8Array;
  try {
    bytes = (
      await options.client.request({
        method: 'GET',
        path: '/openapi/v3',
        query: { timeout: options.timeout },
        accept: jsonOrAnything,
      })
    ).body;
  } catch (error) {
    // Servers before 1.24 publish version 2 alone; what cannot be had for another reason is as good as not there.
    if (error instanceof StatusError) return new Map();
    if (!(error instanceof TransportError)) throw error;
    const cached = await options.files.readFile(file).catch(() => undefined);
    if (cached === undefined) throw error;
    return urlsOf(parseJson(cached));
  }
  let read: JsonValue;
  try {
    read = parseJson(bytes);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return new Map();
    throw error;
  }
  const urls = urlsOf(read);
  const known = await options.files.readFile(file).catch(() => undefined);
  if (known === undefined || !Buffer.from(known).equals(bytes)) await writeCacheFile(options.files, file, bytes);
  return urls;
}

function urlsOf(index: JsonValue): ReadonlyMap<string, string> {
  const paths: JsonObject = isJsonObject(index) && isJsonObject(index['paths']) ? index['paths'] : {};
  return new Map(
    Object.entries(paths).flatMap(([name, entry]): [string, string][] => {
      const url = isJsonObject(entry) ? entry['serverRelativeURL'] : undefined;
      return typeof url === 'string' ? [[name, url]] : [];
    }),
  );
}

/** Types without paths and descriptions are a fifth of a document, and all that most commands want. */
type DocumentPart = 'whole' | 'types';

interface PublishedDocument {
  readonly name: string;
  readonly url: string;
  readonly part: DocumentPart;
}

async function readDocument(
  options: CacheOptions,
  folder: string,
  { name, url, part }: PublishedDocument,
): Promise<JsonValue> {
  const { client, files, timeout } = options;
  const { pathname, searchParams } = new URL(url, 'https://server.invalid');
  const hash = searchParams.get('hash') ?? '';
  const stem = join(folder, `${name.replaceAll('/', '_')}.${hash.replaceAll(/[^\w-]/g, '_').slice(0, 32)}`);
  const paths = { whole: `${stem}.json`, types: `${stem}.types.json` };
  if (hash !== '') {
    try {
      return parseJson(await files.readFile(paths[part]));
    } catch {
      // Not there, or damaged: as good as not there.
    }
  }
  const query = { query: { ...(hash === '' ? {} : { hash }), timeout } };
  const { body } = await client.request({ method: 'GET', path: pathname, accept: 'application/json', ...query });
  const document = parseJson(body);
  if (hash !== '') {
    await writeCacheFile(files, paths.whole, body);
    await writeCacheFile(files, paths.types, stringifyJson(typesAlone(document)));
  }
  return document;
}

/** What schemasFromOpenApiV3 reads of a document, but for the descriptions. */
function typesAlone(document: JsonValue): JsonObject {
  const components = isJsonObject(document) ? document['components'] : undefined;
  const schemas = isJsonObject(components) ? components['schemas'] : undefined;
  return { components: { schemas: mapValues(schemas, withoutDescriptions) } };
}

function withoutDescriptions(schema: JsonValue): JsonValue {
  if (!isJsonObject(schema)) return schema;
  const kept: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'description') continue;
    if (keyword === 'properties') setOwn(kept, keyword, mapValues(value, withoutDescriptions));
    else if (keyword === 'items' || keyword === 'additionalProperties') {
      setOwn(kept, keyword, withoutDescriptions(value));
    } else setOwn(kept, keyword, value);
  }
  return kept;
}

function mapValues(value: JsonValue | undefined, map: (value: JsonValue) => JsonValue): JsonObject {
  const result: JsonObject = {};
  if (isJsonObject(value)) for (const [key, item] of Object.entries(value)) setOwn(result, key, map(item));
  return result;
}

/** `api/v1`, `apis/apps/v1`: what a group version's document is called. */
export function openApiDocumentName(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}
