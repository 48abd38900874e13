// `npm run bench`: our program and the real kubectl side by side, against a cluster of ours that is deleted at the end.
// `npm run bench -- storage`: the embedded store alone (bench/storage.ts); `-- access`: authentication, authorization and
// admission alone (bench/access.ts). Figures to look at, never a pass or a fail.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, platform, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { benchServer } from './server.js';

const root = join(import.meta.dirname, '..');
const cluster = 'bench';
const pods = 100;
const usage = `Usage: npm run bench -- [storage|access|server] [--objects N] [--pods N] [--watchers N]

  storage        measure the embedded store instead
  access         measure what requests pay for authentication, authorization and admission instead
  server         measure the API server instead, beside $KUBE_APISERVER_REAL with $ETCD_REAL where they are set
  --objects N    how many ConfigMaps to apply and delete, 500 if not given
  --pods N       how many pods the API server gets, 5000 if not given
  --watchers N   how many watch one resource, 1000 if not given`;

/** The command that runs now, when a signal may end it. */
let running;
let interrupted = false;
const leftovers = [];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    // The whole group, as bash stands between us and what is measured.
    if (running !== undefined) process.kill(-running.pid, 'SIGTERM');
  });
}

/**
 * Runs a command in a process group of its own, so that Ctrl-C reaches only us and the clean-up is never cut off.
 * @returns its exit code and what it wrote
 */
async function execute(command, args, { env, interruptible = true }) {
  if (interrupted && interruptible) throw new Error('interrupted');
  const child = spawn(command, args, { env, cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  if (interruptible) running = child;
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  try {
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (interrupted && interruptible) throw new Error('interrupted');
    return { code, ...output };
  } finally {
    running = undefined;
  }
}

/** Runs one command of a program and throws with its words when it fails. @returns what it printed */
async function call(program, args, options = {}) {
  const result = await execute(program.command[0], [...program.command.slice(1), ...args], {
    env: program.env,
    ...options,
  });
  if (result.code !== 0) throw new Error(`${program.name} ${args.join(' ')} failed: ${result.stderr.trim()}`);
  return result.stdout;
}

/** Measures one command of a program with bash's `time`: no other tool is on every machine. @returns seconds */
async function measure(program, args) {
  const script = `TIMEFORMAT='%3R %3U %3S'; time "$@" >/dev/null 2>"$0"`;
  const errors = join(program.env.HOME, 'stderr');
  const result = await execute('bash', ['-c', script, errors, ...program.command, ...args], { env: program.env });
  if (result.code !== 0) {
    throw new Error(`${program.name} ${args.join(' ')} failed: ${(await readFile(errors, 'utf8')).trim()}`);
  }
  const [wall, user, system] = result.stderr.trim().split(' ').map(Number);
  return { wall, cpu: user + system };
}

/** Measures a command of several programs in turn, so that a busy moment of the machine hits all of them. */
async function measureInTurn(programs, runs, args) {
  const samples = new Map(programs.map((program) => [program, []]));
  for (const program of programs) await measure(program, args);
  for (let run = 0; run < runs; run++) {
    for (const program of programs) samples.get(program).push(await measure(program, args));
  }
  const medians = (figure) =>
    programs.map((program) => median(samples.get(program).map((sample) => sample[figure]))).map(inMillis);
  return { wall: medians('wall'), cpu: medians('cpu') };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

function inMillis(seconds) {
  return { value: seconds * 1000, text: `${Math.round(seconds * 1000)} ms` };
}

function inSeconds(seconds) {
  return { value: seconds, text: `${seconds.toFixed(2)} s` };
}

/** The real kubectl: $KUBECTL_REAL, or the first one on the PATH; undefined when there is none. */
function findRealKubectl() {
  if (process.env.KUBECTL_REAL) return process.env.KUBECTL_REAL;
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'kubectl'));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A program with a home, and so a cache, of its own; the kubeconfig is the same for all. */
async function prepareProgram(name, command, folder) {
  const home = join(folder, name);
  await mkdir(home);
  const env = { ...process.env, HOME: home, KUBECONFIG: join(folder, 'kubeconfig'), LC_ALL: 'C' };
  // The last one makes Node 20 read a file of certificates at every start, 40 ms that few machines pay.
  for (const variable of ['KUBECACHEDIR', 'KUBERC', 'NODE_EXTRA_CA_CERTS']) delete env[variable];
  return { name, command, env };
}

/** The process of the cluster, as its folder tells. */
async function clusterPid(ours) {
  const state = await readFile(join(ours.env.HOME, '.kubectl-ts', 'clusters', cluster, 'cluster.json'), 'utf8');
  return JSON.parse(state).pid;
}

/** Starts the cluster in a new folder and again in the old one, several times. The last one goes on running. */
async function measureStarts(ours, runs) {
  const first = [];
  const again = [];
  const start = async () => {
    const begin = performance.now();
    // Not interruptible: half a start would leave a server that nobody knows of.
    await call(ours, ['cluster', 'start', cluster], { interruptible: false });
    return (performance.now() - begin) / 1000;
  };
  for (let run = 0; run < runs; run++) {
    if (run > 0) await call(ours, ['cluster', 'delete', cluster]);
    first.push(await start());
    await call(ours, ['cluster', 'stop', cluster]);
    again.push(await start());
  }
  return [
    ['cluster start, new folder', [inSeconds(median(first))]],
    ['cluster start, same folder again', [inSeconds(median(again))]],
  ];
}

async function residentMegabytes(pid) {
  if (existsSync('/proc/self/status')) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) / 1024;
  }
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout) / 1024;
}

async function measureMemory(ours) {
  const pid = await clusterPid(ours);
  const samples = [];
  for (let run = 0; run < 5; run++) {
    await sleep(2000);
    if (interrupted) throw new Error('interrupted');
    samples.push(await residentMegabytes(pid));
  }
  const value = median(samples);
  return [['memory of the idle cluster', [{ value, text: `${Math.round(value)} MB` }]]];
}

async function measureReads(programs, folder, runs) {
  const manifest = join(folder, 'pods.yaml');
  await writeFile(
    manifest,
    `apiVersion: apps/v1
kind: Deployment
metadata:
  name: many
spec:
  replicas: ${pods}
  selector:
    matchLabels: {app: many}
  template:
    metadata:
      labels: {app: many}
    spec:
      containers:
      - name: main
        image: registry.example/main:1
`,
  );
  await call(programs[0], ['apply', '-f', manifest]);
  await call(programs[0], ['rollout', 'status', 'deployment/many', '--timeout=120s']);
  const get = await measureInTurn(programs, runs, ['get', 'pods']);
  const version = await measureInTurn(programs, runs, ['version', '--client']);
  return [
    [`get pods (${pods}), wall`, get.wall],
    [`get pods (${pods}), CPU`, get.cpu],
    ['version --client, wall', version.wall],
    ['version --client, CPU', version.cpu],
  ];
}

async function writeConfigMaps(folder, count) {
  await mkdir(folder);
  for (let index = 0; index < count; index++) {
    const text = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-${index}
  labels: {app: bench}
data:
  number: "${index}"
  text: |
    A line of text for number ${index}.
    Another one.
`;
    await writeFile(join(folder, `settings-${index}.yaml`), text);
  }
}

/**
 * Applies a folder of ConfigMaps, applies it again, deletes it. The first apply of each program is measured in turn,
 * each time into a namespace that has none of the objects; what takes the real one minutes it does once. A first round
 * of ours, which is not counted, warms the server up for both.
 */
async function measureObjects(programs, folder, runs, objects) {
  const [ours, real] = programs;
  const configMaps = join(folder, 'configmaps');
  await writeConfigMaps(configMaps, objects);
  const samples = programs.map(() => ({ first: [], again: [], deletion: [] }));
  const step = async (program, name, command, namespace) => {
    const { wall } = await measure(program, [command, '-f', configMaps, '-n', namespace]);
    samples[programs.indexOf(program)][name].push(wall);
  };
  for (const name of ['warm-up', 'ours']) await call(ours, ['create', 'namespace', name]);
  for (const command of ['apply', 'apply', 'delete']) {
    await measure(ours, [command, '-f', configMaps, '-n', 'warm-up']);
  }
  for (let run = 0; run < runs; run++) {
    await step(ours, 'first', 'apply', 'ours');
    await step(ours, 'again', 'apply', 'ours');
    await step(ours, 'deletion', 'delete', 'ours');
    if (real === undefined) continue;
    await call(ours, ['create', 'namespace', `real-${run}`]);
    await step(real, 'first', 'apply', `real-${run}`);
  }
  if (real !== undefined) {
    await step(real, 'again', 'apply', 'real-0');
    await step(real, 'deletion', 'delete', 'real-0');
  }
  const titles = { first: 'apply', again: 'apply unchanged', deletion: 'delete' };
  return Object.entries(titles).map(([name, title]) => [
    `${title}, ${objects} ConfigMaps`,
    samples.map((seconds) => inSeconds(median(seconds[name]))),
  ]);
}

function printTable(header, rows) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  for (const row of [header, ...rows]) {
    console.log(
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('   '),
    );
  }
}

async function benchPrograms(folder, objects) {
  const program = join(root, 'bin', 'kubectl-ts.js');
  if (!existsSync(join(root, 'dist', 'main.js'))) throw new Error('there is no dist/: run `npm run build` first');
  if (spawnSync('bash', ['-c', ':']).status !== 0) throw new Error('bash is needed: its `time` measures the CPU');
  const programs = [await prepareProgram('ours', [process.execPath, program], folder)];
  const [ours] = programs;
  const path = findRealKubectl();
  if (path !== undefined) programs.push(await prepareProgram('real', [path], folder));
  const versions = programs.slice(1).map((real) => call(real, ['version', '--client']));
  const [realVersion] = (await Promise.all(versions)).map((text) =>
    text.split('\n')[0].replace('Client Version: ', ''),
  );
  leftovers.unshift(() => deleteCluster(ours));

  console.error('Starting clusters …');
  const rows = await measureStarts(ours, 5);
  console.error('Watching an idle cluster …');
  rows.push(...(await measureMemory(ours)));
  console.error(`Reading ${pods} pods …`);
  rows.push(...(await measureReads(programs, folder, 15)));
  console.error(`Applying and deleting ${objects} ConfigMaps, which takes the real kubectl minutes …`);
  rows.push(...(await measureObjects(programs, folder, 5, objects)));

  console.log(`\nMedians, Node ${process.version}, ${platform()} ${arch()}, ${availableParallelism()} cores.`);
  console.log(
    realVersion === undefined ? 'No real kubectl: set KUBECTL_REAL.' : `Real kubectl: ${realVersion}, ${path}`,
  );
  console.log(
    realVersion === undefined ? '' : 'Both speak to our server; the real one applies unchanged and deletes once.\n',
  );
  const text = rows.map(([name, [mine, theirs]]) => {
    const ratio = theirs === undefined ? '-' : (mine.value / theirs.value).toFixed(2);
    return [name, mine.text, theirs?.text ?? '-', ratio];
  });
  const columns = realVersion === undefined ? 2 : 4;
  printTable(
    ['', 'ours', 'real', 'ours/real'].slice(0, columns),
    text.map((row) => row.slice(0, columns)),
  );
}

async function deleteCluster(ours) {
  const pid = await clusterPid(ours).catch(() => undefined);
  if (pid === undefined) return;
  await call(ours, ['cluster', 'delete', cluster], { interruptible: false }).catch((error) => {
    console.error(error.message);
    if (pid > 0) process.kill(pid, 'SIGKILL');
  });
}

/** The benchmarks that need no program: file in bench/, function, what it measures. */
const parts = {
  storage: { measures: 'measureStorage', title: 'the embedded store' },
  access: { measures: 'measureAccess', title: 'who may do what' },
};

/** Bundles a file of bench/ and runs it in a process of its own, that can be ended at any moment. */
async function benchPart(folder, name) {
  const { measures, title } = parts[name];
  const { build } = await import('esbuild');
  // Inside the repository, so that bare imports resolve to node_modules.
  const outdir = await mkdtemp(join(root, '.build-'));
  leftovers.push(() => rm(outdir, { recursive: true, force: true }));
  const outfile = join(outdir, `${name}.mjs`);
  await build({
    entryPoints: [join(root, 'bench', `${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
  console.error(`Measuring ${title} …`);
  const script = `import { ${measures} } from ${JSON.stringify(pathToFileURL(outfile).href)};
console.log(JSON.stringify(await ${measures}()));`;
  const node = { name: 'node', command: [process.execPath], env: { ...process.env, TMPDIR: folder } };
  const figures = JSON.parse(await call(node, ['--input-type=module', '-e', script]));
  const digits = (value) => (value < 10 ? value.toFixed(2) : String(Math.round(value)));
  printTable(
    [title, ''],
    figures.map(({ name, value, unit }) => [name, `${digits(value)} ${unit}`]),
  );
}

function readArguments() {
  const number = (fallback) => ({ type: 'string', default: String(fallback) });
  const help = { type: 'boolean', default: false };
  const options = { help, objects: number(500), pods: number(5000), watchers: number(1000) };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const { help: wantsHelp, ...texts } = values;
  if (wantsHelp) return undefined;
  const numbers = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value <= 0) throw new Error(`--${name} takes a number`);
  }
  if (
    positionals.length > 1 ||
    (positionals.length === 1 && positionals[0] !== 'server' && !Object.hasOwn(parts, positionals[0]))
  ) {
    throw new Error(`unknown benchmark: ${positionals.join(' ')}`);
  }
  return { part: positionals[0], ...numbers };
}

let chosen;
try {
  chosen = readArguments();
} catch (error) {
  console.error(`${error.message}\n\n${usage}`);
  process.exit(1);
}
if (chosen === undefined) {
  console.log(usage);
  process.exit(0);
}
const folder = await mkdtemp(join(tmpdir(), 'kubectl-ts-bench-'));
leftovers.push(() => rm(folder, { recursive: true, force: true }));
try {
  if (chosen.part === undefined) await benchPrograms(folder, chosen.objects);
  else if (chosen.part === 'server') {
    const { names, rows } = await benchServer(folder, root, chosen, {
      onStarted: (stop) => leftovers.unshift(stop),
      isInterrupted: () => interrupted,
    });
    printTable(['API server', ...names], rows);
  } else await benchPart(folder, chosen.part);
} catch (error) {
  console.error(`The benchmark stopped: ${error.message}`);
  process.exitCode = interrupted ? 130 : 1;
} finally {
  for (const remove of leftovers) await remove();
}
