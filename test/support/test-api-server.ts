import { builtInResources, builtInSchemas } from '../../src/api/registry.ts';
import type { ResourceDefinition } from '../../src/api/resource-definition.ts';
import { readBody, type HttpHeaders, type HttpResponse } from '../../src/apimachinery/http.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { allowEverything } from '../../src/control-plane/apiserver/filters/authorization.ts';
import type { Client } from '../../src/client/client.ts';
import { createInProcessTransport } from '../../src/client/in-process-transport.ts';
import { createClient } from '../../src/client/rest-client.ts';
import { createApiServer, type ApiServer, type ApiServerOptions } from '../../src/control-plane/apiserver/server.ts';
import { createMemoryStorage } from '../../src/control-plane/storage/memory-storage.ts';
import type { Storage } from '../../src/control-plane/storage/storage.ts';
import type { Clock } from '../../src/system/clock.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';

/** The user that requests of a test server come from. */
export const testUser = {
  username: 'admin',
  uid: 'admin',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
} as const;

export interface TestApiServerOptions extends Partial<ApiServerOptions> {
  /** All built-in ones when absent. */
  readonly resources?: readonly ResourceDefinition[];
  readonly clock?: Clock;
}

/** One answer, read. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** The body's text. */
  readonly text: string;
  /** The body as an object; an empty one when it is no JSON. */
  readonly body: Unstructured;
}

/** The real API server on memory storage, without sockets: everyone is admin, time stands still, chance is seeded. */
export interface TestApiServer {
  readonly server: ApiServer;
  readonly storage: Storage;
  readonly clock: Clock;
  /** The product's own client, connected to the server within the process. */
  readonly client: Client;
  /** Sends a request; objects go as JSON. */
  request(method: string, path: string, body?: unknown, headers?: HttpHeaders): Promise<TestAnswer>;
  /** Sends a request and hands out the answer unread, for watches. */
  open(path: string, headers?: HttpHeaders, signal?: AbortSignal): Promise<HttpResponse>;
  /** Creates an object, of which apiVersion, kind and metadata say where it goes. @throws Error when it is refused. */
  create(object: Unstructured): Promise<Unstructured>;
  close(): Promise<void>;
}

/** Builds a test server; the namespaces default and kube-system exist. */
export async function createTestApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  const clock = options.clock ?? new FakeClock();
  const storage = options.storage ?? createMemoryStorage();
  const server = createApiServer({
    types: builtInSchemas,
    authenticator: { authenticate: () => Promise.resolve(testUser) },
    authorizer: allowEverything,
    random: seededRandom(1),
    log: silentLogger,
    ...options,
    resources: options.resources ?? builtInResources,
    clock,
    storage,
  });
  const testServer: TestApiServer = {
    server,
    storage,
    clock,
    client: createClient({ transport: createInProcessTransport(server.handle), userAgent: 'test/1.0' }),
    async request(method, path, body, headers = {}) {
      const isText = typeof body === 'string' || body instanceof Uint8Array;
      const bytes = Buffer.from(isText ? body : JSON.stringify(body ?? null));
      const response = await server.handle({
        method,
        path,
        headers: { 'user-agent': 'test/1.0', 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: bytes }),
      });
      const text = Buffer.from(await readBody(response.body)).toString('utf8');
      return { status: response.status, headers: response.headers, text, body: objectOf(text) };
    },
    open: (path, headers = {}, signal) =>
      server.handle({ method: 'GET', path, headers, ...(signal === undefined ? {} : { signal }) }),
    async create(object) {
      const answer = await testServer.request('POST', collectionPath(server, object), object);
      if (answer.status !== 201) throw new Error(`creating failed: ${answer.text}`);
      return answer.body;
    },
    async close() {
      await server.close();
      await storage.close();
    },
  };
  for (const name of ['default', 'kube-system']) {
    await testServer.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  return testServer;
}

function collectionPath(server: ApiServer, object: Unstructured): string {
  const [first = '', second] = object.apiVersion.split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const resource = server.registry.findKind(group, version, object.kind);
  if (resource === undefined) throw new Error(`no resource serves ${object.apiVersion} ${object.kind}`);
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const namespace = object.metadata.namespace ?? 'default';
  const place = resource.definition.namespaced ? `/namespaces/${namespace}` : '';
  return `${root}${place}/${resource.definition.resource}`;
}

function objectOf(text: string): Unstructured {
  const empty: Unstructured = { apiVersion: '', kind: '', metadata: {} };
  try {
    return JSON.parse(text) as Unstructured;
  } catch {
    return empty;
  }
}

/** Reads the events of a JSON watch as they come. */
export async function* watchEvents(
  response: HttpResponse,
): AsyncGenerator<{ readonly type: string; readonly object: Unstructured }> {
  if (response.body instanceof Uint8Array) throw new Error(Buffer.from(response.body).toString('utf8'));
  let pending = '';
  for await (const chunk of response.body) {
    pending += Buffer.from(chunk).toString('utf8');
    const lines = pending.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as { type: string; object: Unstructured };
  }
}

/** Runs something with a server of its own, which is closed after it. */
export async function inServer(run: (api: TestApiServer) => Promise<void>): Promise<void> {
  const api = await createTestApiServer();
  try {
    await run(api);
  } finally {
    await api.close();
  }
}
