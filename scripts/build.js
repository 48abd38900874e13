// Builds dist/: one small main file and a file per lazily loaded part, minified, as CommonJS.
// CommonJS because Node starts it faster than the same files as ES modules; esbuild splits only ES modules, so every
// chunk is turned into CommonJS afterwards, where import() becomes a lazy require.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const target = 'node20';

const bundled = await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts' },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target,
  // Native code stays where npm installed it, and so does what is loaded once in a cluster's life.
  external: ['keytar', 'classic-level', '@peculiar/x509', 'reflect-metadata'],
  chunkNames: 'chunks/[name]-[hash]',
  write: false,
  logLevel: 'warning',
});

const staging = join(root, `.build-dist-${process.pid}`);
await rm(staging, { recursive: true, force: true });
for (const { path, text } of bundled.outputFiles) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target,
    minify: true,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  });
  const file = join(staging, relative(dist, path));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, code);
}
await writeFile(join(staging, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
await rm(dist, { recursive: true, force: true });
await rename(staging, dist);

const generator = join(root, 'scripts/generate-openapi.js');
if (existsSync(generator)) await import(pathToFileURL(generator).href);
