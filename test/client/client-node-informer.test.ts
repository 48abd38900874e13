import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { builtInResources, builtInSchemas } from '../../src/api/registry.ts';
import { readBody } from '../../src/apimachinery/http.ts';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { allowEverything } from '../../src/control-plane/apiserver/filters/authorization.ts';
import { listen, type Listener } from '../../src/control-plane/apiserver/listen.ts';
import { type ApiServer, createApiServer } from '../../src/control-plane/apiserver/server.ts';
import { openEmbeddedStorage } from '../../src/control-plane/storage/embedded-storage.ts';
import type { Storage } from '../../src/control-plane/storage/storage.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { type Random, seededRandom } from '../../src/system/random.ts';
import { type ForeignInformer, type ForeignObject, loadClientNode } from '../support/client-node.ts';
import { testUser } from '../support/test-api-server.ts';

/** A server on disk that is stopped, changed while it is away, and started again on the same port. */
class RestartedServer {
  readonly authority: CertificatePair;
  readonly #pair: CertificatePair;
  readonly #folder: string;
  #port = 0;
  #running: { readonly server: ApiServer; readonly storage: Storage; readonly listener: Listener } | undefined;
  #waiting: (() => void)[] = [];

  constructor(authority: CertificatePair, pair: CertificatePair, folder: string) {
    this.authority = authority;
    this.#pair = pair;
    this.#folder = folder;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** Resolves as soon as the server listens. */
  whenUp(): Promise<void> {
    if (this.#running !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param before what happens to the store while nobody can connect */
  async start(before: (server: ApiServer, storage: Storage) => Promise<void> = async () => undefined): Promise<void> {
    const storage = await openEmbeddedStorage(this.#folder);
    const server = createApiServer({
      types: builtInSchemas,
      resources: builtInResources,
      authenticator: { authenticate: () => Promise.resolve(testUser) },
      authorizer: allowEverything,
      random: seededRandom(storage.currentRevision()),
      log: silentLogger,
      clock: systemClock,
      storage,
    });
    await before(server, storage);
    const tls = { certificate: this.#pair.certificate, key: this.#pair.privateKey };
    const listener = await listen({
      handle: server.handle,
      tls,
      port: this.#port,
      clock: systemClock,
      log: silentLogger,
    });
    this.#port = listener.port;
    this.#running = { server, storage, listener };
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** @param isGraceful whether watches are ended before their connections are cut */
  async stop(isGraceful: boolean): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    if (isGraceful) await running.server.close();
    await running.listener.close(0);
    await running.server.close();
    await running.storage.close();
  }

  server(): ApiServer {
    if (this.#running === undefined) throw new Error('the server is away');
    return this.#running.server;
  }
}

async function send(server: ApiServer, method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const headers = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
  const response = await server.handle({
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
  });
  return JSON.parse(Buffer.from(await readBody(response.body)).toString('utf8')) as JsonObject;
}

const namespaces = ['one', 'two'];
const colors = ['red', 'green', 'blue'];

/** A create, an update, a change of label, or a delete of one of a few objects. */
async function changeSomething(server: ApiServer, random: Random): Promise<void> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)] as T;
  const name = `object-${Math.floor(random.next() * 25)}`;
  const path = `/api/v1/namespaces/${pick(namespaces)}/configmaps`;
  const labels = { color: pick(colors) };
  const data = { value: String(random.next()) };
  const dice = random.next();
  if (dice < 0.4) {
    await send(server, 'POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data });
  } else if (dice < 0.6) await send(server, 'PATCH', `${path}/${name}`, { data });
  else if (dice < 0.8) await send(server, 'PATCH', `${path}/${name}`, { metadata: { labels } });
  else await send(server, 'DELETE', `${path}/${name}`);
}

/** The server's list, by namespace and name. */
function stateOf(objects: readonly ForeignObject[]): readonly string[] {
  return objects
    .map(({ metadata: { namespace, name, resourceVersion } }) => `${namespace}/${name}@${resourceVersion}`)
    .toSorted();
}

/** How often each kind of trouble was met. */
type Troubles = Record<'cut' | 'restart' | 'compacted', number>;

async function trouble(server: RestartedServer, random: Random, met: Troubles): Promise<void> {
  const dice = random.next();
  if (dice < 0.3) return;
  const kind = dice < 0.5 ? 'cut' : dice < 0.75 ? 'restart' : 'compacted';
  met[kind]++;
  await server.stop(kind === 'restart');
  await server.start(async (away, storage) => {
    if (kind === 'cut') return;
    for (let change = 0; change < 10; change++) await changeSomething(away, random);
    // What the informers have seen last is forgotten: their watches are refused with 410.
    if (kind === 'compacted') await storage.compact(storage.currentRevision());
  });
}

/** An informer that begins again whenever the server is back. */
async function informerOf(
  server: RestartedServer,
  labelSelector: string | undefined,
): Promise<{
  readonly informer: ForeignInformer;
  readonly settle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}> {
  const client = await loadClientNode();
  const config = new client.KubeConfig();
  const caData = Buffer.from(server.authority.certificate).toString('base64');
  config.loadFromOptions({
    clusters: [{ name: 'c', server: server.url, caData }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const query = labelSelector === undefined ? '' : `?labelSelector=${encodeURIComponent(labelSelector)}`;
  const list = async (): Promise<unknown> => send(server.server(), 'GET', `/api/v1/configmaps${query}`);
  const informer = new client.ListWatch(
    '/api/v1/configmaps',
    new client.Watch(config),
    list,
    false,
    labelSelector,
    undefined,
    { delayFn: () => Promise.resolve() },
  );
  let isStopped = false;
  informer.on('error', () => {
    if (!isStopped) void server.whenUp().then(() => (isStopped ? undefined : informer.start()));
  });
  await informer.start();
  const isSettled = async (): Promise<boolean> => {
    const { items } = (await list()) as { items: ForeignObject[] };
    return JSON.stringify(stateOf(informer.list())) === JSON.stringify(stateOf(items));
  };
  return {
    informer,
    settle: () =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          isSettled().then((is) => (is ? resolve() : undefined), reject);
        };
        informer.on('change', look);
        look();
      }),
    async stop() {
      isStopped = true;
      await informer.stop();
    },
  };
}

async function runningServer(context: TestContext): Promise<RestartedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-informer-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const now = systemClock.now();
  const authority = await createCertificateAuthority('ca', now);
  const subject = { commonName: 'server' };
  const pair = await issueCertificate(authority, { subject, usage: 'server', ipAddresses: ['127.0.0.1'], now });
  const server = new RestartedServer(authority, pair, folder);
  context.after(() => server.stop(true));
  await server.start(async (away) => {
    for (const name of namespaces) {
      await send(away, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
  });
  return server;
}

// A minute of it: npm run story:informer.
const seconds = Number(process.env['INFORMER_STORY_SECONDS'] ?? 0);
const minRounds = 12;

test('informers of a foreign client end with the state of the server, whatever it went through', async (context) => {
  const server = await runningServer(context);
  const random = seededRandom(36);
  const informers = [await informerOf(server, undefined), await informerOf(server, 'color=red')];
  context.after(() => Promise.all(informers.map((informer) => informer.stop())));
  const met: Troubles = { cut: 0, restart: 0, compacted: 0 };
  const end = systemClock.now() + seconds * 1000;
  for (let round = 0; round < minRounds || systemClock.now() < end; round++) {
    for (let change = 0; change < 20; change++) await changeSomething(server.server(), random);
    await trouble(server, random, met);
    if (round % 3 === 2) for (const { settle } of informers) await settle();
  }
  for (const { settle } of informers) await settle();
  context.diagnostic(JSON.stringify(met));
  assert.ok(met.cut > 0 && met.restart > 0 && met.compacted > 0, JSON.stringify(met));
  assert.ok((informers[0]?.informer.list().length ?? 0) > (informers[1]?.informer.list().length ?? 0));
});
