// `npm run bench -- server`: our API server, and the real one with etcd when KUBE_APISERVER_REAL and ETCD_REAL say where
// they are; both fsync every write. Neither has controllers, a scheduler or nodes.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { openLeanConnection } from './lean-connection.js';

const clients = 64;
const path = '/api/v1/namespaces/default/pods';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/**
 * Measures one server after the other.
 * @returns rows of a table: what, then a text for each server
 */
export async function benchServer(folder, root, { pods, watchers }, { onStarted, isInterrupted }) {
  const starts = [startOurs];
  const { KUBE_APISERVER_REAL, ETCD_REAL } = process.env;
  if (KUBE_APISERVER_REAL && ETCD_REAL) starts.push(startReal);
  const columns = [];
  for (const start of starts) {
    const server = { ...(await start(folder, root)), isInterrupted };
    onStarted(() => server.stop());
    console.error(`Measuring ${server.name} …`);
    columns.push({ name: server.name, figures: await measure(server, pods, watchers) });
    await server.stop();
  }
  const rows = columns[0].figures.map(([what], row) => [what, ...columns.map(({ figures }) => figures[row][1])]);
  return { names: columns.map(({ name }) => name), rows };
}

async function measure(server, pods, watchers) {
  const pool = poolOf(server, 1);
  const ask = (method, at, body, accept) => send(pool, method, at, body, accept);
  const figures = [];
  const idle = await residentMegabytes(server.pids());
  for (let warm = 0; warm < 200; warm++) await ask('POST', `${path}?dryRun=All`, pod(`warm-${warm}`));
  const creates = async (prefix, count) => {
    const seconds = await inParallel(server, count, (connection, index) =>
      connection.ask('POST', path, JSON.stringify(pod(`${prefix}-${String(index).padStart(6, '0')}`))),
    );
    return `${Math.round(count / seconds)}/s`;
  };
  figures.push([`creates by ${clients} clients`, await creates('pod', pods)]);
  const reads = Math.min(pods, 5000);
  const getting = await inParallel(server, reads, (connection, index) =>
    connection.ask('GET', `${path}/pod-${String(index).padStart(6, '0')}`),
  );
  figures.push([`gets by ${clients} clients`, `${Math.round(reads / getting)}/s`]);
  for (const [what, accept] of [
    ['JSON', 'application/json'],
    ['Table', table],
    ['protobuf', 'application/vnd.kubernetes.protobuf'],
  ]) {
    const times = [];
    for (let run = 0; run < 6; run++) {
      const begin = performance.now();
      await ask('GET', path, undefined, accept);
      if (run > 0) times.push(performance.now() - begin);
    }
    figures.push([`list of ${pods} pods, ${what}`, `${Math.round(times.sort((a, b) => a - b)[2])} ms`]);
  }
  const loaded = await residentMegabytes(server.pids());
  figures.push([`memory before and with ${pods} pods`, `${Math.round(idle)} and ${Math.round(loaded)} MB`]);
  figures.push([
    `until the last of ${watchers} watchers has an event`,
    `${await measureWatchers(server, watchers)} ms`,
  ]);
  // By now V8 has compiled what creates run.
  const more = Math.min(pods, 5000);
  figures.push([`creates of ${more} more by ${clients} clients`, await creates('more', more)]);
  await pool.destroy();
  return figures;
}

function pod(name) {
  const containers = [{ name: 'main', image: 'registry.example/main:1', resources: { requests: { cpu: '10m' } } }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: 'bench' } }, spec: { containers } };
}

/** Runs so many pieces of work, each client with a connection of its own. @returns seconds */
async function inParallel(server, count, work) {
  const headers = { authorization: 'Bearer bench', accept: 'application/json', 'content-type': 'application/json' };
  const opening = Array.from({ length: clients }, () => openLeanConnection(server.url, headers));
  const connections = await Promise.all(opening);
  const begin = performance.now();
  let next = 0;
  const client = async (connection) => {
    while (next < count) {
      if (server.isInterrupted()) throw new Error('interrupted');
      await work(connection, next++);
    }
  };
  await Promise.all(connections.map(client));
  const seconds = (performance.now() - begin) / 1000;
  for (const connection of connections) connection.close();
  return seconds;
}

/** So many connections, one request at a time on each. */
function poolOf(server, connections) {
  return new Pool(server.url, { connections, pipelining: 1, connect: { rejectUnauthorized: false }, bodyTimeout: 0 });
}

async function send(pool, method, at, body, accept = 'application/json') {
  const response = await pool.request({
    method,
    path: at,
    headers: { authorization: 'Bearer bench', accept, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.body.arrayBuffer();
  if (response.statusCode < 300) return;
  throw new Error(`${method} ${at}: ${response.statusCode} ${Buffer.from(answer).toString()}`);
}

async function measureWatchers(server, watchers) {
  const pool = poolOf(server, watchers + 1);
  const configMaps = '/api/v1/namespaces/default/configmaps';
  const watch = `${configMaps}?watch=1&fieldSelector=metadata.name%3Dbench`;
  const opened = [];
  const told = [];
  for (let index = 0; index < watchers; index++) {
    let tell;
    told.push(new Promise((resolve) => (tell = resolve)));
    opened.push(openWatch(pool, watch, tell));
    if (index % 50 === 49) await Promise.all(opened);
  }
  await Promise.all(opened);
  const begin = performance.now();
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bench' } };
  await send(pool, 'POST', configMaps, object);
  await Promise.all(told);
  const millis = Math.round(performance.now() - begin);
  await pool.destroy();
  return millis;
}

async function openWatch(pool, path, onEvent) {
  const { body } = await pool.request({ method: 'GET', path, headers: { authorization: 'Bearer bench' } });
  body.once('data', onEvent);
  body.on('error', () => undefined);
}

async function startOurs(folder, root) {
  const home = join(folder, 'ours');
  await mkdir(home);
  const env = { ...process.env, HOME: home, KUBECONFIG: join(home, 'kubeconfig') };
  const tokens = await tokenFile(home);
  const run = (...args) => {
    const result = spawnSync(process.execPath, [join(root, 'bin', 'kubectl-ts.js'), 'cluster', ...args], { env });
    if (result.status !== 0) throw new Error(`cluster ${args[0]} failed: ${result.stderr.toString()}`);
  };
  const flags = [`token-auth-file=${tokens}`, 'disable-admission-plugins=ServiceAccount'];
  const leftOut = ['--nodes', '0', '--without', 'controller-manager,scheduler', '--wait', '120s'];
  run('start', 'bench', ...leftOut, ...flags.flatMap((flag) => ['--apiserver-arg', flag]));
  const state = JSON.parse(await readFile(join(home, '.kubectl-ts', 'clusters', 'bench', 'cluster.json'), 'utf8'));
  let isRunning = true;
  return {
    name: 'kubectl-ts',
    url: state.server,
    pids: () => [state.pid],
    async stop() {
      if (isRunning) run('delete', 'bench');
      isRunning = false;
    },
  };
}

async function startReal(folder) {
  const home = join(folder, 'real');
  await mkdir(home);
  const [port, clientPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const tokens = await tokenFile(home);
  const key = join(home, 'sa.key');
  const made = spawnSync('openssl', ['genrsa', '-out', key, '2048']);
  if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr.toString()}`);
  const [client, peer] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const etcd = start(process.env.ETCD_REAL, {
    'data-dir': join(home, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
  });
  const apiServer = start(process.env.KUBE_APISERVER_REAL, {
    'etcd-servers': client,
    'bind-address': '127.0.0.1',
    'secure-port': port,
    'cert-dir': join(home, 'certs'),
    'service-account-key-file': key,
    'service-account-signing-key-file': key,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-cluster-ip-range': '10.0.0.0/24',
    'token-auth-file': tokens,
    'authorization-mode': 'RBAC',
    'disable-admission-plugins': 'ServiceAccount',
  });
  const server = {
    name: 'kube-apiserver and etcd',
    url: `https://127.0.0.1:${port}`,
    pids: () => [apiServer.pid, etcd.pid],
    async stop() {
      for (const child of [apiServer, etcd]) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await ended;
      }
    },
  };
  const pool = poolOf(server, 1);
  for (let attempt = 0; ; attempt++) {
    try {
      await send(pool, 'GET', '/api/v1/namespaces/default');
      await pool.destroy();
      return server;
    } catch (error) {
      if (attempt < 240 && apiServer.exitCode === null) await sleep(500);
      else {
        await server.stop();
        throw error;
      }
    }
  }
}

function start(program, flags) {
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return spawn(program, args, { stdio: 'ignore' });
}

async function tokenFile(folder) {
  const file = join(folder, 'tokens.csv');
  await writeFile(file, 'bench,bench,1,"system:masters"\n');
  return file;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function residentMegabytes(pids) {
  let total = 0;
  for (const pid of pids) {
    if (existsSync('/proc/self/status')) {
      total += Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]);
    } else total += Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
  }
  return total / 1024;
}
