// `npm run quickstart`: builds, starts a cluster, applies the guestbook, waits for it, shows it, and tells how to go on.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const program = join(root, 'bin', 'kubectl-ts.js');
const name = 'quickstart';
const context = `kubectl-ts-${name}`;
const namespace = ['--context', context, '-n', 'guestbook'];

/** Runs one command of ours and shows it as a person would type it. @returns its exit code */
function kubectl(...args) {
  console.log(`\n$ npx . ${args.join(' ')}`);
  return spawnSync(process.execPath, [program, ...args], { stdio: 'inherit', cwd: root }).status ?? 1;
}

/** Ends with a word about where it stopped. */
function orStop(status, what) {
  if (status === 0) return;
  console.error(`\nThe quickstart stopped: ${what} failed. The cluster's log: npx . cluster logs ${name}`);
  process.exit(status);
}

if (!existsSync(join(root, 'node_modules'))) {
  console.error('Run `npm install` first.');
  process.exit(1);
}
console.log('Building …');
const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.js')], { stdio: 'inherit', cwd: root });
orStop(build.status ?? 1, 'the build');

orStop(kubectl('cluster', 'start', name), 'starting the cluster');
orStop(kubectl('--context', context, 'apply', '-f', 'examples/guestbook'), 'applying the guestbook');
for (const workload of ['statefulset/store', 'deployment/backend', 'deployment/frontend']) {
  orStop(kubectl(...namespace, 'rollout', 'status', workload, '--timeout=90s'), `the rollout of ${workload}`);
}
orStop(kubectl(...namespace, 'get', 'all'), 'get all');
orStop(kubectl(...namespace, 'get', 'gadgets'), 'get gadgets');
orStop(kubectl(...namespace, 'describe', 'deployment', 'frontend'), 'describe');
orStop(kubectl(...namespace, 'get', 'pods', '-o', 'wide'), 'get pods');

console.log(`
The cluster goes on running, and "${context}" is the current context of your kubeconfig: your own kubectl works too.

  npx . get pods -A                                         what runs
  npx . --context ${context} -n guestbook scale deployment frontend --replicas 5
  npx . cluster status ${name}                            is it up
  npx . cluster stop ${name}                              stop it; \`cluster start ${name}\` brings it back
  npx . cluster delete ${name}                            remove it and everything in it
`);
