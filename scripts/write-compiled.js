// The compiled forms of dist/, which bin/load-compiled.js runs: V8's code caches, for a Node of this version.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Script } from 'node:vm';

const { setEngineFlags, wrapped } = createRequire(import.meta.url)('../bin/load-compiled.js');
const run = promisify(execFile);

/** Compiles every file as it is loaded, which leaves most functions for their first call. */
export async function writeCompiled(dist) {
  setEngineFlags();
  for (const path of ['main.js', ...(await readdir(join(dist, 'chunks'))).map((name) => join('chunks', name))]) {
    const file = join(dist, path);
    const script = new Script(wrapped(await readFile(file, 'utf8')), { filename: file });
    await writeFile(`${file}c`, script.createCachedData());
  }
}

/** Command lines of every day: what they call is compiled beforehand. */
const everyday = [
  'version --client',
  'apply -f examples/guestbook',
  'apply -f examples/guestbook',
  'get pods --all-namespaces',
  'get deployments --all-namespaces -o yaml',
  'describe deployment --namespace guestbook frontend',
  'delete -f examples/guestbook --wait=false --ignore-not-found',
].map((line) => line.split(' '));

/**
 * Adds to the compiled forms the functions that everyday commands call: they start up to a sixth sooner. The commands
 * run against a cluster of their own, in a temporary folder. Where none can be started the forms stay as they are.
 */
export async function writeCompiledFunctions(root) {
  const home = await mkdtemp(join(tmpdir(), 'kubectl-ts-build-'));
  const env = { ...process.env, HOME: home, USERPROFILE: home, KUBECONFIG: join(home, 'config') };
  for (const name of ['KUBECACHEDIR', 'KUBERC', 'NODE_OPTIONS']) delete env[name];
  const call = (program, args) => run(process.execPath, [join(root, program), ...args], { cwd: root, env });
  const cluster = (verb) => call('bin/kubectl-ts.js', ['cluster', verb, 'build']);
  try {
    await cluster('start');
    for (const args of everyday) await call('scripts/run-recorded.cjs', args);
  } catch (error) {
    console.warn(`Commands will start a little later: what they call could not be compiled. ${error.message}`);
  } finally {
    await cluster('delete').catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  }
}
