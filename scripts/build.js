// Builds dist/: one small main file and a file per lazily loaded part, minified, as CommonJS.
// CommonJS because Node starts it faster than the same files as ES modules; esbuild splits only ES modules, so every
// chunk is turned into CommonJS afterwards, where import() becomes a lazy require.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';
import { writeCompiled, writeCompiledFunctions } from './write-compiled.js';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const target = 'node20';

/** Finds the parts of the program: functions in main.js itself, else files of dist/chunks, compiled beforehand. */
const loader = `
const known={};
const folder=__dirname+"/chunks";
const {loadCompiled}=require("../bin/load-compiled.js");
function find(name){
  if(!name.startsWith("./"))return require(name);
  name=name.slice(2);
  let module=known[name];
  if(module===undefined){
    module=known[name]={exports:{}};
    if(Object.hasOwn(parts,name))parts[name](module,module.exports,find,folder);
    else loadCompiled(folder+"/"+name,module,find);
  }
  return module.exports;
}
`;

/** The commit that is built, and its time; nothing of either where this is no repository. */
function commitDefines() {
  const { status, stdout } = spawnSync('git', ['-C', root, 'log', '-1', '--format=%H %ct'], { encoding: 'utf8' });
  if (status !== 0) return {};
  const [commit, seconds] = stdout.trim().split(' ');
  const date = new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
  return {
    'process.env.KUBECTL_TS_BUILD_COMMIT': JSON.stringify(commit),
    'process.env.KUBECTL_TS_BUILD_DATE': JSON.stringify(date),
  };
}

const bundled = await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts' },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target,
  define: commitDefines(),
  // Native code stays where npm installed it, and so does what is loaded once in a cluster's life.
  external: ['keytar', 'classic-level', '@peculiar/x509', 'reflect-metadata'],
  chunkNames: 'chunks/[name]-[hash]',
  write: false,
  metafile: true,
  plugins: [{ name: 'load-late', setup: loadLate }],
  logLevel: 'warning',
});

const staging = join(root, `.build-dist-${process.pid}`);
await rm(staging, { recursive: true, force: true });
const outputs = new Map();
for (const { path, text } of bundled.outputFiles) {
  const { code } = await transform(withPlainExports(text), {
    format: 'cjs',
    platform: 'node',
    target,
    minify: true,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  });
  outputs.set(relative(dist, path), code);
}
for (const [path, code] of withPartsInMain(outputs, bundled.metafile)) {
  const file = join(staging, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, code);
}
await writeFile(join(staging, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
await buildExamples(join(staging, 'examples'));
await rm(dist, { recursive: true, force: true });
await rename(staging, dist);

await writeCompiled(dist);

const generator = join(root, 'scripts/generate-openapi.js');
if (existsSync(generator)) await import(pathToFileURL(generator).href);
await writeCompiledFunctions(root);

/**
 * The exports of a chunk as properties of an object that is made when all of it has run. As esbuild writes them, every
 * use of a function of another chunk is a call of two getters. It never makes two chunks that import each other.
 * @param {string} text a module as esbuild bundles it: all exports in one statement at its end
 */
function withPlainExports(text) {
  return text.replace(
    /^export \{\n([^}]*)\n\};\n*$/m,
    (_, names) => `module.exports = {\n${names.replaceAll(/(\S+) as (\S+?)(,?)$/gm, '$2: $1$3')}\n};\n`,
  );
}

/**
 * Small chunks that commands share move into main.js, as functions that run when they are first asked for: opening and
 * compiling forty files took longer than everything else a command does. What only a cluster's process loads stays out.
 * @param {Map<string, string>} chunks code by path in dist
 */
function withPartsInMain(chunks, { outputs: about }) {
  const largest = 12_000;
  const shared = new Set();
  const visit = (path) => {
    for (const { path: next, kind, external } of about[path].imports) {
      if (external === true || shared.has(next)) continue;
      const entry = about[next].entryPoint ?? '';
      if (kind === 'dynamic-import' && entry.startsWith('src/cluster/')) continue;
      shared.add(next);
      visit(next);
    }
  };
  visit('dist/main.js');
  const always = new Set();
  const follow = (path) => {
    for (const { path: next, kind, external } of about[path].imports) {
      if (external === true || kind === 'dynamic-import' || always.has(next)) continue;
      always.add(next);
      follow(next);
    }
  };
  follow('dist/main.js');
  const parts = [...shared]
    .filter((path) => about[path].entryPoint === undefined)
    .filter((path) => always.has(path) || chunks.get(relative('dist', path)).length <= largest)
    .map((path) => relative('dist', path));
  const result = new Map([...chunks].filter(([path]) => path !== 'main.js' && !parts.includes(path)));
  const table = parts.map(
    (path) => `${JSON.stringify(basename(path))}(module,exports,require,__dirname){${chunks.get(path)}\n}`,
  );
  const main = chunks.get('main.js').replaceAll(/require\("\.\/chunks\/([\w.-]+\.js)"\)/g, 'find("./$1")');
  result.set('main.js', `"use strict";${loader}const parts={${table.join(',')}};\n${main}`);
  return result;
}

/**
 * Modules that libraries load at once and we never need, or hardly ever: commander's child_process for programs it
 * starts itself costs as much as commander, undici's HTTP/2 a third of what it takes to load; node:http it loads for a
 * limit that we set, and to know its messages when they are ended.
 */
function loadLate(builder) {
  const rewrite = (filter, changes) => {
    builder.onLoad({ filter }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const [from, to] of changes) {
        if (contents.search(from) < 0) throw new Error(`${path} is not what it was: see loadLate in scripts/build.js`);
        contents = contents.replace(from, to);
      }
      return { contents, loader: 'js' };
    });
  };
  rewrite(/commander\/lib\/command\.js$/, [
    [/^const childProcess = require\('node:child_process'\);$/m, ''],
    [/childProcess\./g, "require('node:child_process')."],
  ]);
  rewrite(/undici\/lib\/dispatcher\/client\.js$/, [
    [
      /^const connectH2 = require\('\.\/client-h2\.js'\)$/m,
      "const connectH2 = (...args) => require('./client-h2.js')(...args)",
    ],
    [/^const http = require\('node:http'\)$/m, ''],
    [
      /^const getDefaultNodeMaxHeaderSize = (?:.+\n)+/m,
      "const getDefaultNodeMaxHeaderSize = () => require('node:http').maxHeaderSize\n",
    ],
  ]);
  rewrite(/undici\/lib\/core\/util\.js$/, [
    [/^const \{ IncomingMessage \} = require\('node:http'\)$/m, ''],
    [/\.constructor === IncomingMessage/, ".constructor.name === 'IncomingMessage'"],
  ]);
}

/** The programs of examples/, each whole in a file of its own. */
async function buildExamples(outdir) {
  const folder = 'examples/initializers/bin';
  await build({
    absWorkingDir: root,
    entryPoints: (await readdir(join(root, folder))).map((name) => join(folder, name)),
    outdir,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target,
    minify: true,
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    external: ['keytar', 'classic-level', '@peculiar/x509', 'reflect-metadata'],
    logLevel: 'warning',
  });
}
