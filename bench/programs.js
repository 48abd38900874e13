// Programs that are measured: run in homes of their own, timed, and ended with the benchmark.
import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The command that runs now, when a signal may end it. */
let running;
let interrupted = false;

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
export async function execute(command, args, { env, interruptible = true }) {
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
export async function call(program, args, options = {}) {
  const result = await execute(program.command[0], [...program.command.slice(1), ...args], {
    env: program.env,
    ...options,
  });
  if (result.code !== 0) throw new Error(`${program.name} ${args.join(' ')} failed: ${result.stderr.trim()}`);
  return result.stdout;
}

/** Measures one command of a program with bash's `time`: no other tool is on every machine. @returns seconds */
export async function measure(program, args) {
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
export async function measureInTurn(programs, runs, args) {
  const samples = new Map(programs.map((program) => [program, []]));
  for (const program of programs) await measure(program, args);
  for (let run = 0; run < runs; run++) {
    for (const program of programs) samples.get(program).push(await measure(program, args));
  }
  const medians = (figure) =>
    programs.map((program) => median(samples.get(program).map((sample) => sample[figure]))).map(inMillis);
  return { wall: medians('wall'), cpu: medians('cpu') };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

export function inMillis(seconds) {
  return { value: seconds * 1000, text: `${Math.round(seconds * 1000)} ms` };
}

export function inSeconds(seconds) {
  return { value: seconds, text: `${seconds.toFixed(2)} s` };
}

/** The real kubectl: $KUBECTL_REAL, or the first one on the PATH; undefined when there is none. */
export function findRealKubectl() {
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
export async function prepareProgram(name, command, folder) {
  const home = join(folder, name);
  await mkdir(home);
  const env = { ...process.env, HOME: home, KUBECONFIG: join(folder, 'kubeconfig'), LC_ALL: 'C' };
  // The last one makes Node 20 read a file of certificates at every start, 40 ms that few machines pay.
  for (const variable of ['KUBECACHEDIR', 'KUBERC', 'NODE_EXTRA_CA_CERTS']) delete env[variable];
  return { name, command, env };
}

export function isInterrupted() {
  return interrupted;
}

/** Memory in megabytes. */
export function inMegabytes(value) {
  return { value, text: `${Math.round(value)} MB` };
}

/**
 * Runs one command of a program and watches how much memory it takes, where /proc tells.
 * @returns the most that was resident, in megabytes; undefined elsewhere
 */
export async function peakMegabytes(program, args) {
  const child = spawn(program.command[0], [...program.command.slice(1), ...args], {
    env: program.env,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  let peak;
  const look = setInterval(() => {
    try {
      const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      if (kilobytes !== undefined) peak = Math.max(peak ?? 0, Number(kilobytes) / 1024);
    } catch {
      // It has ended, or there is no /proc.
    }
  }, 2);
  try {
    const code = await ended;
    if (code !== 0) throw new Error(`${program.name} ${args.join(' ')} failed with exit code ${code}`);
  } finally {
    clearInterval(look);
  }
  return peak;
}

export function printTable(header, rows) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  for (const row of [header, ...rows]) {
    console.log(
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('   '),
    );
  }
}

/** A folder with so many manifests of a ConfigMap each. */
export async function writeConfigMaps(folder, count) {
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
