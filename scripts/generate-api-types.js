// Writes src/api/types/*.ts: TypeScript interfaces of the built-in types, made from the type data in src/api.
// Usage: node scripts/generate-api-types.js [--check]
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'src/api/types');
const bundle = join(root, '.build-api-types.mjs');

const byText = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

/** `io.k8s.api.core.v1` → `core-v1`; the machinery's packages share one file. */
function fileOf(packageName) {
  if (packageName.startsWith('io.k8s.apimachinery')) return 'meta-v1';
  const parts = packageName.split('.');
  return `${parts.at(-2)}-${parts.at(-1)}`;
}

function splitName(fullName) {
  const dot = fullName.lastIndexOf('.');
  return { packageName: fullName.slice(0, dot), name: fullName.slice(dot + 1) };
}

const machinery = {
  ObjectMeta: 'ObjectMeta',
  ListMeta: 'ListMeta',
  OwnerReference: 'OwnerReference',
  ManagedFieldsEntry: 'ManagedFieldsEntry',
};

const scalarNames = { Quantity: 'string', Time: 'string', MicroTime: 'string', IntOrString: 'number | string' };

function typeText(schema, file, imports) {
  if (schema.ref !== undefined) {
    const { packageName, name } = splitName(schema.ref);
    if (machinery[name] !== undefined && packageName.includes('apimachinery')) {
      imports.machinery.add(name);
      return name;
    }
    const other = fileOf(packageName);
    if (other === file) return name;
    imports.others.set(other, (imports.others.get(other) ?? new Set()).add(name));
    return name;
  }
  if (schema.type === 'array') {
    const inner = typeText(schema.items, file, imports);
    return /[ |]/.test(inner) ? `(${inner})[]` : `${inner}[]`;
  }
  if (schema.type === 'object' && schema.additionalProperties !== undefined) {
    return `Record<string, ${typeText(schema.additionalProperties, file, imports)}>`;
  }
  if (schema.type === 'object') return 'Record<string, unknown>';
  if (schema.enum !== undefined) return 'string';
  return { string: 'string', integer: 'number', number: 'number', boolean: 'boolean' }[schema.type] ?? 'unknown';
}

function definitionText(definition, file, imports) {
  const { name } = splitName(definition.name);
  const { schema } = definition;
  if (machinery[name] !== undefined && file === 'meta-v1') return '';
  const doc = `/** ${definition.name} */\n`;
  if (schema.properties === undefined) {
    const text = scalarNames[name] ?? (schema.type === 'object' ? 'Record<string, unknown>' : 'unknown');
    return `${doc}export type ${name} = ${text};\n`;
  }
  const fields = Object.entries(schema.properties).map(([key, property]) => {
    const isMeta = ['apiVersion', 'kind'].includes(key) && definition.gvks.length > 0;
    const isMetadata = key === 'metadata' && definition.gvks.length > 0;
    const isRequired = isMeta || isMetadata || (schema.required ?? []).includes(key);
    const safe = /^[A-Za-z_]\w*$/.test(key) ? key : `'${key}'`;
    // What is written as null when it is not set is read as null.
    const orNull = property.shownAsNull === true ? ' | null' : '';
    return `  ${safe}${isRequired ? '' : '?'}: ${typeText(property, file, imports)}${orNull};\n`;
  });
  return `${doc}export interface ${name} {\n${fields.join('')}}\n`;
}

await build({
  entryPoints: [join(root, 'src/api/registry.ts')],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
});
let types;
try {
  types = (await import(bundle)).builtInTypes();
} finally {
  rmSync(bundle, { force: true });
}

const byFile = new Map();
for (const definition of types.values()) {
  const file = fileOf(splitName(definition.name).packageName);
  byFile.set(file, [...(byFile.get(file) ?? []), definition]);
}
const outputs = new Map();
for (const [file, definitions] of byFile) {
  const imports = { machinery: new Set(), others: new Map() };
  const sorted = definitions.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const body = sorted.map((definition) => definitionText(definition, file, imports)).filter((text) => text !== '');
  const lines = ['// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.'];
  if (imports.machinery.size > 0) {
    lines.push(
      `import type { ${[...imports.machinery].sort(byText).join(', ')} } from '../../apimachinery/object-meta.ts';`,
    );
  }
  for (const [other, names] of [...imports.others].sort(([left], [right]) => byText(left, right))) {
    lines.push(`import type { ${[...names].sort(byText).join(', ')} } from './${other}.ts';`);
  }
  outputs.set(`${file}.ts`, `${lines.join('\n')}\n\n${body.join('\n')}`);
}

const oxfmt = join(root, 'node_modules/.bin/oxfmt');
const format = (name, text) => {
  const run = spawnSync(oxfmt, [`--stdin-filepath=src/api/types/${name}`], {
    input: text,
    cwd: root,
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`oxfmt failed: ${run.stderr}`);
  return run.stdout;
};
let stale = 0;
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!outputs.has(name)) rmSync(join(folder, name));
for (const [name, text] of outputs) {
  const formatted = format(name, text);
  const path = join(folder, name);
  let current = '';
  try {
    current = readFileSync(path, 'utf8');
  } catch {
    // It is new.
  }
  if (current === formatted) continue;
  stale++;
  if (!process.argv.includes('--check')) writeFileSync(path, formatted);
}
if (process.argv.includes('--check') && stale > 0) {
  console.error(`${stale} files in src/api/types are out of date: run node scripts/generate-api-types.js`);
  process.exit(1);
}
console.log(`src/api/types: ${outputs.size} files, ${types.size} types`);
