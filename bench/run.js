// `npm run bench`: our program and the real kubectl side by side, against a cluster of ours that is deleted at the end.
// `npm run bench -- commands`: everyday commands, with their memory (bench/commands.js); `-- storage`: the embedded store alone (bench/storage.ts); `-- access`: authentication, authorization and
// admission alone (bench/access.ts). Figures to look at, never a pass or a fail.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { measureCommands } from './commands.js';
import {
  call,
  findRealKubectl,
  inMegabytes,
  inSeconds,
  isInterrupted,
  measure,
  measureInTurn,
  median,
  prepareProgram,
  printTable,
  writeConfigMaps,
} from './programs.js';
import { benchServer } from './server.js';

const root = join(import.meta.dirname, '..');
const cluster = 'bench';
const pods = 100;
const usage = `Usage: npm run bench -- [commands|storage|access|server] [--objects N] [--pods N] [--watchers N]

  commands       measure everyday commands instead, with their memory, and lists of 5,000 pods
  storage        measure the embedded store instead
  access         measure what requests pay for authentication, authorization and admission instead
  server         measure the API server instead, beside $KUBE_APISERVER_REAL with $ETCD_REAL where they are set
  --objects N    how many ConfigMaps to apply, label, describe and delete, 500 if not given
  --pods N       how many pods there are in long lists, 5000 if not given
  --watchers N   how many watch one resource, 1000 if not given`;

const leftovers = [];

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
    if (isInterrupted()) throw new Error('interrupted');
    samples.push(await residentMegabytes(pid));
  }
  const value = median(samples);
  return [['memory of the idle cluster', [inMegabytes(value)]]];
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

/** Measures with a cluster of ours for both programs, and prints what came out. */
async function benchPrograms(folder, measureAll) {
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
  const rows = await measureAll(programs);

  console.log(`\nMedians, Node ${process.version}, ${platform()} ${arch()}, ${availableParallelism()} cores.`);
  console.log(
    realVersion === undefined ? 'No real kubectl: set KUBECTL_REAL.' : `Real kubectl: ${realVersion}, ${path}`,
  );
  console.log(
    realVersion === undefined ? '' : 'Both speak to our server; what takes the real one minutes it does once.\n',
  );
  const text = rows.map(([name, [mine, theirs]]) => {
    const ratio = mine === undefined || theirs === undefined ? '-' : (mine.value / theirs.value).toFixed(2);
    return [name, mine?.text ?? '-', theirs?.text ?? '-', ratio];
  });
  const columns = realVersion === undefined ? 2 : 4;
  printTable(
    ['', 'ours', 'real', 'ours/real'].slice(0, columns),
    text.map((row) => row.slice(0, columns)),
  );
}

async function measureCluster(programs, folder, objects) {
  const [ours] = programs;
  console.error('Starting clusters …');
  const rows = await measureStarts(ours, 5);
  console.error('Watching an idle cluster …');
  rows.push(...(await measureMemory(ours)));
  console.error(`Reading ${pods} pods …`);
  rows.push(...(await measureReads(programs, folder, 15)));
  console.error(`Applying and deleting ${objects} ConfigMaps, which takes the real kubectl minutes …`);
  rows.push(...(await measureObjects(programs, folder, 5, objects)));
  return rows;
}

async function measureEveryday(programs, folder, { objects, pods: many }) {
  // Nothing runs the pods of the long lists: they are read alone.
  await call(programs[0], ['cluster', 'start', cluster, '--nodes', '0'], { interruptible: false });
  return measureCommands(programs, folder, { objects, pods: many });
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
    (positionals.length === 1 && !['commands', 'server', ...Object.keys(parts)].includes(positionals[0]))
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
  if (chosen.part === undefined) {
    await benchPrograms(folder, (programs) => measureCluster(programs, folder, chosen.objects));
  } else if (chosen.part === 'commands') {
    await benchPrograms(folder, (programs) => measureEveryday(programs, folder, chosen));
  } else if (chosen.part === 'server') {
    const { names, rows } = await benchServer(folder, root, chosen, {
      onStarted: (stop) => leftovers.unshift(stop),
      isInterrupted,
    });
    printTable(['API server', ...names], rows);
  } else await benchPart(folder, chosen.part);
} catch (error) {
  console.error(`The benchmark stopped: ${error.message}`);
  process.exitCode = isInterrupted() ? 130 : 1;
} finally {
  for (const remove of leftovers) await remove();
}
