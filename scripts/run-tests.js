// Bundles the given test files (all of them by default) with esbuild and runs them under node:test.
// Usage: node scripts/run-tests.js [FILE-or-FOLDER…] [-- node-test-options…]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const argv = process.argv.slice(2);
const split = argv.indexOf('--');
const named = split < 0 ? argv : argv.slice(0, split);
const nodeOptions = split < 0 ? [] : argv.slice(split + 1);

/** All `*.test.ts` files below a folder, sorted. */
function testFilesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const files = (named.length > 0 ? named : [join(root, 'test')]).flatMap((path) => {
  if (!existsSync(path)) throw new Error(`no such test file or folder: ${path}`);
  return statSync(path).isDirectory() ? testFilesBelow(path) : [path];
});

// One output folder per run, inside the repository so that bare imports resolve to node_modules.
const outdir = mkdtempSync(join(root, '.build-'));
const home = mkdtempSync(join(tmpdir(), 'kubectl-ts-home-'));
let status = 1;
try {
  await build({
    entryPoints: files.map((file) => ({ in: file, out: relative(join(root, 'test'), file).replace(/\.ts$/, '') })),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
    outExtension: { '.js': '.mjs' },
  });
  const outputs = files.map((file) => join(outdir, relative(join(root, 'test'), file).replace(/\.ts$/, '.mjs')));
  const env = { ...process.env, HOME: home, KUBECTL_TS_ROOT: root };
  for (const name of ['KUBECONFIG', 'KUBECACHEDIR', 'NO_COLOR', 'FORCE_COLOR']) delete env[name];
  const run = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-timeout=120000', ...nodeOptions, ...outputs],
    { stdio: 'inherit', env, cwd: root },
  );
  status = run.status ?? 1;
} finally {
  rmSync(outdir, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}
process.exit(status);
