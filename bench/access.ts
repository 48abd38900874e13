// `npm run bench -- access` runs this and prints the figures.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBody } from '../src/apimachinery/http.ts';
import { createEnvironment } from '../src/cel/environment.ts';
import { celFromJson } from '../src/cel/json-values.ts';
import { types } from '../src/cel/types.ts';
import { type AssembledApiServer, assembleApiServer } from '../src/cluster/api-server-assembly.ts';
import { featureGatesOf } from '../src/cluster/feature-gates.ts';
import { servedApi } from '../src/cluster/served-api.ts';
import { loadCredentials } from '../src/cluster/cluster-credentials.ts';
import { bootstrapCluster } from '../src/control-plane/apiserver/bootstrap/bootstrap-cluster.ts';
import { createMemoryStorage } from '../src/control-plane/storage/memory-storage.ts';
import { systemClock } from '../src/system/clock.ts';
import { silentLogger } from '../src/system/logger.ts';
import { nodeFileSystem } from '../src/system/node-file-system.ts';
import { seededRandom } from '../src/system/random.ts';

/** One figure of the benchmark of authentication, authorization and admission. */
export interface AccessFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const bindings = 1000;
const evaluations = 10_000;

/**
 * Measures what a request pays for the whole chain: the same requests against a server with the default authorizers,
 * roles, 1,000 bindings and admission plugins, and against one that allows everything and has no plugin.
 * @param requests how many are measured, after a tenth as many to warm up.
 */
export async function measureAccess(requests = 5000): Promise<AccessFigure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-ts-bench-'));
  try {
    const figures: AccessFigure[] = [];
    const whole = await start(folder, {});
    const bare = await start(folder, { 'authorization-mode': 'AlwaysAllow', 'admission-control': 'AlwaysAdmit' });
    for (const [name, ask] of questions) {
      // In turns, so that a busy moment of the machine hits both.
      const [withChain, without] = [[] as number[], [] as number[]];
      for (let round = 0; round < 5; round++) {
        withChain.push(await perRequest(whole, ask, requests / 5));
        without.push(await perRequest(bare, ask, requests / 5));
      }
      const [all, none] = [median(withChain), median(without)];
      figures.push({ name: `${name}, whole request`, value: all, unit: 'ms of CPU' });
      figures.push({ name: `${name}, of that the chain`, value: all - none, unit: 'ms of CPU' });
    }
    await Promise.all([whole.stop(), bare.stop()]);
    return [...figures, ...celFigures()];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

const evicting = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 };

/** It has all that plugins would add, so that what is written is the same with and without them. */
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: {
    containers: [{ name: 'c', image: 'registry.example.com/c:1' }],
    serviceAccountName: 'default',
    automountServiceAccountToken: false,
    priority: 0,
    preemptionPolicy: 'PreemptLowerPriority',
    tolerations: [
      { key: 'node.kubernetes.io/not-ready', ...evicting },
      { key: 'node.kubernetes.io/unreachable', ...evicting },
    ],
  },
};

const questions: readonly (readonly [string, Question])[] = [
  ['reading an object', { method: 'GET', path: '/api/v1/namespaces/default/serviceaccounts/default' }],
  ['creating a pod (dry run)', { method: 'POST', path: '/api/v1/namespaces/default/pods?dryRun=All', body: pod }],
];

async function start(folder: string, flags: Readonly<Record<string, string>>): Promise<AssembledApiServer> {
  const tokens = join(folder, 'tokens.csv');
  await writeFile(tokens, 'admin-token,admin,1,"system:masters"\nuser-token,user,2,"team"\n');
  const now = systemClock.now();
  const serverFlags = new Map(Object.entries({ 'token-auth-file': tokens, ...flags }));
  const api = await assembleApiServer({
    storage: createMemoryStorage(),
    credentials: await loadCredentials({ files: nodeFileSystem, folder, addresses: [], now }),
    arguments: serverFlags,
    api: await servedApi(serverFlags, featureGatesOf(serverFlags), silentLogger),
    files: nodeFileSystem,
    clock: systemClock,
    random: seededRandom(1),
    log: silentLogger,
    routes: [],
    documentation: () => undefined,
    serverAddress: () => '127.0.0.1:6443',
  });
  await bootstrapCluster({
    client: api.clientFor('bench'),
    clock: systemClock,
    work: api.persistent,
    serviceAddress: '10.96.0.1',
    serviceCidr: { start: () => Promise.resolve() },
    advertise: { address: '127.0.0.1', port: 6443 },
    onStep: (step) => api.progress.finish(step),
  });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await send(api, 'admin-token', 'POST', '/api/v1/namespaces/default/serviceaccounts', account);
  // Half of the bindings are of the whole cluster; the user of the requests is in the last of the namespace.
  for (let index = 0; index < bindings; index++) {
    const isCluster = index % 2 === 0;
    const name = index === bindings - 1 ? 'user' : `user-${index}`;
    const path = `/apis/rbac.authorization.k8s.io/v1/${isCluster ? 'clusterrolebindings' : 'namespaces/default/rolebindings'}`;
    await send(api, 'admin-token', 'POST', path, {
      metadata: { name: `binding-${index}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: isCluster ? 'view' : 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    });
  }
  await api.start();
  return api;
}

async function send(
  api: AssembledApiServer,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<void> {
  const response = await api.server.handle({
    method,
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
  });
  const text = Buffer.from(await readBody(response.body)).toString('utf8');
  if (response.status >= 400) throw new Error(`${method} ${path}: ${text}`);
}

/** Milliseconds of processor time: on a busy machine the clock on the wall says little. */
function spentMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Milliseconds of processor time. */
async function perRequest(
  api: AssembledApiServer,
  { method, path, body }: Question,
  requests: number,
): Promise<number> {
  for (let run = 0; run < requests / 10; run++) await send(api, 'user-token', method, path, body);
  const started = process.cpuUsage();
  for (let run = 0; run < requests; run++) await send(api, 'user-token', method, path, body);
  return spentMilliseconds(started) / requests;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

/** Ten thousand evaluations of expressions such as policies have. */
function celFigures(): AccessFigure[] {
  const environment = createEnvironment({ variables: { object: types.dyn } });
  const object = celFromJson({
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas: 3,
      containers: Array.from({ length: 5 }, (_, index) => ({ name: `c${index}`, image: 'r.io/x:1' })),
    },
  });
  return [
    ['a comparison', "object.spec.replicas <= 5 && object.metadata.name.startsWith('w')"],
    ['a loop of five', "object.spec.containers.all(c, c.image.startsWith('r.io/') && !c.image.endsWith(':latest'))"],
  ].map(([name = '', text = '']) => {
    const program = environment.compile(text);
    const started = process.cpuUsage();
    for (let run = 0; run < evaluations; run++) {
      const { value } = program.evaluate((variable) => (variable === 'object' ? object : undefined));
      if (value !== true) throw new Error(`${text} is not true`);
    }
    return { name: `10,000 evaluations in CEL: ${name}`, value: spentMilliseconds(started), unit: 'ms of CPU' };
  });
}
