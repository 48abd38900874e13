import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { build, type Metafile } from 'esbuild';
import { repositoryRoot } from '../support/golden.ts';

/** The source files that load with an output, through static imports of chunks. */
function loadedWith(metafile: Metafile, output: string): Set<string> {
  const chunks = new Set<string>();
  const waiting = [output];
  for (let chunk = waiting.pop(); chunk !== undefined; chunk = waiting.pop()) {
    if (chunks.has(chunk)) continue;
    chunks.add(chunk);
    for (const { path, kind, external } of metafile.outputs[chunk]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) waiting.push(path);
    }
  }
  return new Set([...chunks].flatMap((chunk) => Object.keys(metafile.outputs[chunk]?.inputs ?? {})));
}

function outputOf(metafile: Metafile, source: string): string {
  const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === source);
  assert.ok(found !== undefined, `${source} is no entry of the bundle`);
  return found[0];
}

void test('a kubectl command loads what it needs and no control plane', async () => {
  const { metafile } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: { main: join(repositoryRoot, 'src/main.ts') },
    outdir: join(repositoryRoot, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: ['keytar', 'classic-level', '@peculiar/x509', 'reflect-metadata'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const serverSide = /^src\/(control-plane|node|cluster|api|pki)\//;
  const main = loadedWith(metafile, outputOf(metafile, 'src/main.ts'));
  assert.ok(main.has('src/cli/program.ts'), 'the main chunk was not seen whole');
  const heavy = /^node_modules\/(undici|js-yaml|ajv|chalk|cli-table3)\/|^src\/(kubeconfig|client|printers)\//;
  assert.deepEqual(
    [...main].filter((file) => heavy.test(file) || serverSide.test(file)),
    [],
    'main loads at once what is only needed later',
  );

  const commands = Object.values(metafile.outputs)
    .map(({ entryPoint = '' }) => entryPoint)
    .filter((source) => source.startsWith('src/commands/') && !source.startsWith('src/commands/cluster/'));
  assert.ok(commands.length > 15, `only ${commands.length} commands were seen`);
  for (const source of commands) {
    const loaded = loadedWith(metafile, outputOf(metafile, source));
    assert.ok(loaded.has(source), source);
    const wrong = [...loaded].filter((file) => serverSide.test(file));
    assert.deepEqual(wrong, [], `${source} loads parts of the control plane`);
  }
});
