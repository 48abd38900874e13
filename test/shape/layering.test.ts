import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../support/golden.ts';

const sourceFolder = join(repositoryRoot, 'src');

/** Who may import whom; the longest matching folder counts. `+` before a folder: as types only. */
const layers: Readonly<Record<string, readonly string[]>> = {
  system: [],
  apimachinery: [],
  // Resources may hold expressions, which their validation compiles.
  api: ['apimachinery', 'cel'],
  patch: ['apimachinery'],
  cel: ['apimachinery'],
  pki: ['apimachinery', 'system'],
  client: ['apimachinery', 'system'],
  printers: ['apimachinery', 'system'],
  kubeconfig: ['apimachinery', 'system', 'client'],
  'schema-cache': ['apimachinery', 'system', 'client'],
  resource: ['apimachinery', 'system', 'client', 'schema-cache', 'patch'],
  generators: ['apimachinery', 'system', 'client', 'schema-cache', 'patch', 'resource'],
  kustomize: ['apimachinery', 'system', 'client', 'printers', 'schema-cache', 'patch', 'resource', 'generators'],
  describe: ['apimachinery', 'system', 'client', 'printers', '+api'],
  cli: [
    'apimachinery',
    'system',
    'client',
    'printers',
    'kubeconfig',
    'schema-cache',
    'resource',
    'generators',
    'kustomize',
    'describe',
    'patch',
    '+api',
  ],
  commands: [
    'apimachinery',
    'system',
    'client',
    'printers',
    'kubeconfig',
    'schema-cache',
    'resource',
    'generators',
    'kustomize',
    'describe',
    'patch',
    'cli',
    '+api',
  ],
  'commands/cluster': ['apimachinery', 'system', 'client', 'printers', 'kubeconfig', 'cli', 'cluster'],
  'control-plane/storage': ['apimachinery', 'system'],
  'control-plane/authentication': ['apimachinery', 'api', 'cel', 'client', 'system', 'pki'],
  'control-plane/authorization': [
    'apimachinery',
    'api',
    'cel',
    'client',
    'system',
    'pki',
    'control-plane/authentication',
  ],
  'control-plane/admission': [
    'apimachinery',
    'api',
    'cel',
    'patch',
    'client',
    'system',
    'pki',
    'control-plane/authentication',
    'control-plane/authorization',
  ],
  'control-plane/apiserver': [
    'apimachinery',
    'api',
    'cel',
    'client',
    'system',
    'pki',
    'patch',
    'control-plane/storage',
    'control-plane/authentication',
    'control-plane/authorization',
    'control-plane/admission',
  ],
  'control-plane/controller-manager': ['apimachinery', 'api', 'patch', 'client', 'system', 'pki'],
  'control-plane/scheduler': ['apimachinery', 'api', 'patch', 'client', 'system', 'pki'],
  // As in real runtimes: the sandbox's network is the runtime's business.
  'node/cri': ['apimachinery', 'system', 'pki', 'node/cni'],
  'node/cni': ['apimachinery', 'system'],
  'node/kubelet': ['apimachinery', 'api', 'patch', 'client', 'system', 'pki', 'node/cri', 'node/cni'],
  'node/proxy': ['apimachinery', 'api', 'patch', 'client', 'system', 'pki'],
  'node/storage': ['apimachinery', 'api', 'client', 'system'],
  cluster: [
    'apimachinery',
    'api',
    'patch',
    'client',
    'system',
    'pki',
    'printers',
    'kubeconfig',
    'control-plane/storage',
    'control-plane/authentication',
    'control-plane/authorization',
    'control-plane/admission',
    'control-plane/apiserver',
    'control-plane/controller-manager',
    'control-plane/scheduler',
    'node/kubelet',
    'node/cri',
    'node/cni',
    'node/proxy',
    'node/storage',
  ],
};

interface ImportStatement {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Every TypeScript file below src, relative to it. */
function sourceFiles(): string[] {
  return readdirSync(sourceFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(sourceFolder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Relative imports of one file, static and dynamic; `import type` and imports of types alone are marked. */
function importsOf(file: string): ImportStatement[] {
  const text = readFileSync(join(sourceFolder, file), 'utf8');
  const statements: ImportStatement[] = [];
  const pattern =
    /^\s*(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'(\.[^']+)'|import\(\s*'(\.[^']+)'\s*\)/gm;
  for (const match of text.matchAll(pattern)) {
    const specifier = match[3] ?? match[4] ?? '';
    const names = match[2]?.match(/^\{([\s\S]*)\}$/)?.[1];
    const onlyTypes =
      names !== undefined &&
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .every((name) => name.startsWith('type '));
    statements.push({
      from: file,
      to: relative(sourceFolder, resolve(sourceFolder, dirname(file), specifier)),
      typeOnly: match[1] !== undefined || onlyTypes,
    });
  }
  return statements;
}

/** The layer a file belongs to; undefined for files at the top (main.ts). */
function layerOf(file: string): string | undefined {
  return Object.keys(layers)
    .filter((folder) => file.startsWith(`${folder}/`))
    .sort((left, right) => right.length - left.length)[0];
}

test('every source file belongs to a layer', () => {
  const files = sourceFiles();
  assert.ok(files.length > 20, `only ${files.length} source files were seen`);
  const outside = files.filter((file) => layerOf(file) === undefined && file !== 'main.ts');
  assert.deepEqual(outside, []);
});

test('imports follow the layers', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const file of sourceFiles()) {
    const layer = layerOf(file);
    if (layer === undefined) continue;
    const allowed = layers[layer] ?? [];
    for (const statement of importsOf(file)) {
      seen++;
      const target = layerOf(statement.to);
      if (target === layer || target === undefined || allowed.includes(target)) continue;
      // A folder inside a layer that has its own row belongs to that layer for its own files.
      if (target.startsWith(`${layer}/`) || layer.startsWith(`${target}/`)) continue;
      if (statement.typeOnly && allowed.includes(`+${target}`)) continue;
      wrong.push(`${file} imports ${statement.to} (${layer} may not import ${target})`);
    }
  }
  assert.ok(seen > 20, `only ${seen} imports were seen`);
  assert.deepEqual(wrong, []);
});

test('no file names that say nothing', () => {
  const vague = sourceFiles().filter((file) => /(^|\/)(utils?|helpers?|common|misc|shared)(\.ts|\/)/.test(file));
  assert.deepEqual(vague, []);
});

/** Calls that only the outer layers may make, so that time, chance and the world are handed in. */
const bannedCalls: readonly { readonly pattern: RegExp; readonly allowed: RegExp }[] = [
  { pattern: /\bDate\.now\(\)|\bnew Date\(\)/, allowed: /^system\// },
  { pattern: /\bMath\.random\(/, allowed: /^system\// },
  { pattern: /(^|[^.\w])(setTimeout|setInterval)\(/, allowed: /^system\// },
  { pattern: /\bprocess\.(exit|env|argv|stdout|stderr|stdin|cwd)\b/, allowed: /^(system|cluster|main\.ts)/ },
  { pattern: /\bconsole\.(log|error|warn|info)\(/, allowed: /^$/ },
];

test('time, chance and the process are reached only through system', () => {
  const wrong: string[] = [];
  for (const file of sourceFiles()) {
    const lines = readFileSync(join(sourceFolder, file), 'utf8').split('\n');
    lines.forEach((line, index) => {
      if (/^\s*(\/\/|\*|\/\*)/.test(line)) return;
      for (const { pattern, allowed } of bannedCalls) {
        if (pattern.test(line) && !allowed.test(file)) wrong.push(`${file}:${index + 1}: ${line.trim()}`);
      }
    });
  }
  assert.deepEqual(wrong, []);
});
