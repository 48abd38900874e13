import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type HttpHeaders, type HttpRequest, readBody } from '../../src/apimachinery/http.ts';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { type AssembledApiServer, assembleApiServer } from '../../src/cluster/api-server-assembly.ts';
import { type ClusterCredentials, loadCredentials } from '../../src/cluster/cluster-credentials.ts';
import { featureGatesOf } from '../../src/cluster/feature-gates.ts';
import { servedApi } from '../../src/cluster/served-api.ts';
import { DefaultServiceCidr } from '../../src/control-plane/apiserver/bootstrap/default-service-cidr.ts';
import { bootstrapCluster } from '../../src/control-plane/apiserver/bootstrap/bootstrap-cluster.ts';
import { createMemoryStorage } from '../../src/control-plane/storage/memory-storage.ts';
import type { Storage } from '../../src/control-plane/storage/storage.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';

/** A temporary folder that is gone after the test. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-assembly-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What the server said. */
export interface Answer {
  readonly status: number;
  /** Empty for what is no JSON. */
  readonly body: Unstructured;
  readonly text: string;
}

/** Sends requests as one of the users of the token file. */
export interface AssembledCluster {
  readonly api: AssembledApiServer;
  readonly clock: FakeClock;
  readonly credentials: ClusterCredentials;
  readonly storage: Storage;
  /** Sends a request as it is. */
  readonly send: (request: HttpRequest) => Promise<Answer>;
  readonly as: (token: string, method: string, path: string, body?: object, headers?: HttpHeaders) => Promise<Answer>;
}

const tokens = ['admin-token,admin,1,"system:masters"', 'ann-token,ann,2', 'bob-token,bob,3', 'cat-token,cat,4'].join(
  '\n',
);

async function readiness(api: AssembledApiServer): Promise<number> {
  return (await api.server.handle({ method: 'GET', path: '/readyz', headers: { authorization: 'Bearer admin-token' } }))
    .status;
}

/** The server as a cluster runs it, in memory, with the default roles and a token file. */
export async function assembled(
  context: TestContext,
  flags: Readonly<Record<string, string>> = {},
  storage: Storage = createMemoryStorage(),
  clock: FakeClock = new FakeClock(),
): Promise<AssembledCluster> {
  const folder = temporaryFolder(context);
  const tokenFile = join(folder, 'tokens.csv');
  writeFileSync(tokenFile, tokens);
  const files = nodeFileSystem;
  const credentials = await loadCredentials({ files, folder, addresses: [], now: clock.now() });
  const serverFlags = new Map(Object.entries({ 'token-auth-file': tokenFile, ...flags }));
  const api = await assembleApiServer({
    storage,
    credentials,
    arguments: serverFlags,
    api: await servedApi(serverFlags, featureGatesOf(serverFlags), silentLogger),
    files,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    routes: [],
    documentation: () => undefined,
    serverAddress: () => '127.0.0.1:6443',
  });
  const client = api.clientFor('test');
  const serviceCidr = new DefaultServiceCidr({ client, cidrs: ['10.96.0.0/12'], clock, log: silentLogger });
  await bootstrapCluster({
    client,
    serviceAddress: '10.96.0.1',
    serviceCidr,
    advertise: { address: '127.0.0.1', port: 6443 },
    clock: { now: () => 0 },
    work: api.persistent,
    onStep: (step) => api.progress.finish(step),
  });
  assert.equal(await readiness(api), 500);
  await api.start();
  assert.equal(await readiness(api), 200);
  context.after(async () => {
    await serviceCidr.stop();
    await api.stop();
    await storage.close();
  });
  const send = async (request: HttpRequest): Promise<Answer> => {
    const response = await api.server.handle(request);
    const text = Buffer.from(await readBody(response.body)).toString('utf8');
    // What was written is seen by the local copies that authorization reads.
    await settle(30);
    const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Unstructured;
    return { status: response.status, body, text };
  };
  return {
    api,
    clock,
    credentials,
    storage,
    send,
    as: (token, method, path, body, headers = {}) =>
      send({
        method,
        path,
        headers: {
          'content-type': 'application/json',
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      }),
  };
}

/** Who the server takes a token for; undefined for nobody. */
export async function who({ as }: AssembledCluster, bearer: string): Promise<JsonObject | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = await as(bearer, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
  if (answer.status === 401) return undefined;
  assert.equal(answer.status, 201, answer.text);
  return (answer.body['status'] as { userInfo: JsonObject }).userInfo;
}
