import type { Duplex } from 'node:stream';
import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import type { HttpHeaders, HttpRequest, HttpResponse, Transport } from '../apimachinery/http.ts';
import type { KubeList, KubeObject, Unstructured } from '../apimachinery/object-meta.ts';
import type { WatchEvent } from '../apimachinery/watch-event.ts';

/** Query parameters; undefined and empty ones are left out, those with several values come several times. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ClientRequest {
  readonly method: string;
  /** Path without query, each segment already escaped (see resourcePath). */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: HttpHeaders;
  /** Sent as JSON, or as it is when bytes or text. */
  readonly body?: unknown;
  /** `application/json` when absent. */
  readonly contentType?: string;
  readonly accept?: string;
  /** The path is the user's own: errors made up for it do not tell a verb and resource. */
  readonly raw?: boolean;
  /** What the server says of an error is not read, as client-go's discovery does not; errors tell its code alone. */
  readonly unread?: boolean;
  /** Where the connection ends before an answer comes, the request is not sent again. */
  readonly once?: boolean;
  readonly signal?: AbortSignal;
}

export interface ClientResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** The whole body. */
  readonly body: Uint8Array;
}

/** Makes an object of an answer. @throws Error for what is none */
export type AnswerReader = (response: ClientResponse) => Promise<unknown>;

export interface ClientStreamResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  /** The server sends the metadata of the objects alone (PartialObjectMetadata). */
  readonly metadataOnly?: boolean;
  /** Also what initializers have not all seen yet (Kubernetes 1.7 to 1.13; other servers do not listen). */
  readonly includeUninitialized?: boolean;
  readonly signal?: AbortSignal;
}

export interface GetOptions {
  readonly subresource?: string;
  /** @see ListOptions.includeUninitialized */
  readonly includeUninitialized?: boolean;
  readonly signal?: AbortSignal;
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
  /** The objects may be those of other watches of this process, and must not be changed. */
  readonly shares?: boolean;
}

export interface WriteOptions {
  /** `All` for a server-side dry run. */
  readonly dryRun?: 'All';
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  readonly subresource?: string;
  readonly signal?: AbortSignal;
}

export interface PatchOptions extends WriteOptions {
  /** Only for apply. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly dryRun?: 'All';
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly signal?: AbortSignal;
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

/** The verbs of one resource, in one namespace or (without) cluster-wide. All throw StatusError for an error answer. */
export interface ResourceClient<T extends KubeObject = Unstructured> {
  get(name: string, options?: GetOptions): Promise<T>;
  list(options?: ListOptions): Promise<KubeList<T>>;
  /** Ends normally when the server closes; yields the ERROR event, then ends, when the server reports one. */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create(object: T, options?: WriteOptions & { readonly name?: string }): Promise<T>;
  update(object: T, options?: WriteOptions): Promise<T>;
  patch(name: string, type: PatchType, patch: unknown, options?: PatchOptions): Promise<T>;
  delete(name: string, options?: DeleteOptions): Promise<unknown>;
  deleteCollection(options?: DeleteOptions & ListOptions): Promise<unknown>;
}

/** A connection that speaks another protocol than HTTP now. */
export interface UpgradedConnection {
  readonly headers: HttpHeaders;
  readonly connection: Duplex;
}

/** The one HTTP client of both kubectl and the controllers. */
export interface Client {
  readonly transport: Transport;
  /** A whole exchange. @throws StatusError for status >= 400 (made up from the text when the body is no Status). */
  request(request: ClientRequest): Promise<ClientResponse>;
  /** Like request, with the body as it comes. */
  stream(request: ClientRequest): Promise<ClientStreamResponse>;
  /**
   * Asks for another protocol, which the request's headers name (`connection`, `upgrade`).
   * @throws UpgradeError for any other answer than 101
   */
  upgrade(request: ClientRequest): Promise<UpgradedConnection>;
  /** Sends somebody else's request with this client's credentials, and gives the answer as it is, whatever its status. */
  forward(request: HttpRequest): Promise<HttpResponse>;
  /** @param read reads answers; without it they are objects of any kind */
  resource<T extends KubeObject = Unstructured>(
    gvr: GroupVersionResource,
    namespace?: string,
    read?: AnswerReader,
  ): ResourceClient<T>;
  close(): Promise<void>;
}
