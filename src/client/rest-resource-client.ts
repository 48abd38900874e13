import { type GroupVersionResource, resourcePath } from '../apimachinery/gvk.ts';
import type { KubeList, KubeObject } from '../apimachinery/object-meta.ts';
import type { WatchEvent } from '../apimachinery/watch-event.ts';
import { answeredObject } from './answered-object.ts';
import type {
  AnswerReader,
  Client,
  ClientRequest,
  DeleteOptions,
  GetOptions,
  ListOptions,
  Query,
  ResourceClient,
  WatchOptions,
} from './client.ts';
import { checkNamespaceName, checkResourceName } from './path-segment.ts';
import { decodeWatch } from './watch-decoder.ts';

/** A server that cannot send metadata alone sends the objects. */
function acceptOf({ metadataOnly }: ListOptions, kind: string): { readonly accept?: string } {
  if (metadataOnly !== true) return {};
  return { accept: `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json` };
}

/** Objects of one resource, in one namespace or in all of them, through a client. */
export class RestResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly #client: Client;
  readonly #gvr: GroupVersionResource;
  readonly #namespace: string | undefined;
  readonly #read: AnswerReader | undefined;

  constructor(client: Client, gvr: GroupVersionResource, namespace: string | undefined, read?: AnswerReader) {
    this.#client = client;
    this.#gvr = gvr;
    this.#namespace = namespace;
    this.#read = read;
  }

  async get(name: string, options: GetOptions = {}): Promise<T> {
    const { subresource, includeUninitialized } = options;
    const query = { includeUninitialized };
    return this.#object({ method: 'GET', path: this.#path(name, subresource), query, ...signalOf(options) });
  }

  async list(options: ListOptions = {}): Promise<KubeList<T>> {
    const list = await this.#decode<Omit<KubeList<T>, 'items'> & { readonly items: T[] | null }>({
      method: 'GET',
      path: this.#path(),
      query: listQuery(options),
      ...acceptOf(options, 'PartialObjectMetadataList'),
      ...signalOf(options),
    });
    // An empty list of metadata has null for items.
    return { ...list, items: list.items ?? [] };
  }

  async *watch(options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const { allowWatchBookmarks, sendInitialEvents, timeoutSeconds, shares } = options;
    const query = { ...listQuery(options), watch: true, allowWatchBookmarks, sendInitialEvents, timeoutSeconds };
    const response = await this.#client.stream({
      method: 'GET',
      path: this.#path(),
      query,
      ...acceptOf(options, 'PartialObjectMetadata'),
      ...signalOf(options),
    });
    for await (const event of decodeWatch<T>(response.body, shares === undefined ? {} : { shares })) {
      yield event;
      if (event.type === 'ERROR') return;
    }
  }

  async create(object: T, options: Parameters<ResourceClient<T>['create']>[1] = {}): Promise<T> {
    const path =
      options.subresource === undefined
        ? this.#path()
        : this.#path(options.name ?? object.metadata.name ?? '', options.subresource);
    return this.#object({ method: 'POST', path, query: writeQuery(options), body: object, ...signalOf(options) });
  }

  async update(object: T, options: Parameters<ResourceClient<T>['update']>[1] = {}): Promise<T> {
    const path = this.#path(object.metadata.name ?? '', options.subresource);
    return this.#object({ method: 'PUT', path, query: writeQuery(options), body: object, ...signalOf(options) });
  }

  async patch(
    name: string,
    type: Parameters<ResourceClient<T>['patch']>[1],
    patch: unknown,
    options: Parameters<ResourceClient<T>['patch']>[3] = {},
  ): Promise<T> {
    return this.#object({
      method: 'PATCH',
      path: this.#path(name, options.subresource),
      query: { ...writeQuery(options), force: options.force },
      body: patch,
      contentType: type,
      ...signalOf(options),
    });
  }

  async delete(name: string, options: DeleteOptions = {}): Promise<unknown> {
    const body = deleteBody(options);
    return this.#decode({ method: 'DELETE', path: this.#path(name), body, ...signalOf(options) });
  }

  async deleteCollection(options: DeleteOptions & ListOptions = {}): Promise<unknown> {
    const body = deleteBody(options);
    return this.#decode({
      method: 'DELETE',
      path: this.#path(),
      query: listQuery(options),
      body,
      ...signalOf(options),
    });
  }

  #path(name?: string, subresource?: string): string {
    if (name !== undefined) checkResourceName(name);
    if (this.#namespace !== undefined) checkNamespaceName(this.#namespace);
    return resourcePath(this.#gvr, this.#namespace, name, subresource);
  }

  #object(request: ClientRequest): Promise<T> {
    return this.#decode<T>(request);
  }

  async #decode<R>(request: ClientRequest): Promise<R> {
    const response = await this.#client.request(request);
    const answered = this.#read === undefined ? answeredObject(response) : await this.#read(response);
    return answered as R;
  }
}

function signalOf(options: { readonly signal?: AbortSignal }): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function listQuery(options: ListOptions): Query {
  const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch, includeUninitialized } = options;
  const from = { continue: options.continue, resourceVersion, resourceVersionMatch };
  return { labelSelector, fieldSelector, limit, ...from, includeUninitialized };
}

function writeQuery(options: { dryRun?: string; fieldManager?: string; fieldValidation?: string }): Query {
  const { dryRun, fieldManager, fieldValidation } = options;
  return { dryRun, fieldManager, fieldValidation };
}

function deleteBody(options: DeleteOptions): unknown {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  if (
    gracePeriodSeconds === undefined &&
    propagationPolicy === undefined &&
    preconditions === undefined &&
    dryRun === undefined
  ) {
    return undefined;
  }
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun === undefined ? {} : { dryRun: [dryRun] }),
  };
}
