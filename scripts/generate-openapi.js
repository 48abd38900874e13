// Writes dist/openapi: the OpenAPI documents of the built-in API, with their hashes, so that a server only reads bytes,
// dist/openapi/documentation.json with the texts of types and fields, and dist/openapi/discovery.json, so that a client without
// a server knows the kinds too.
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { readParameterDocumentation, readTypeDocumentation } from './type-documentation.js';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'dist', 'openapi');
const bundle = join(root, `.build-openapi-${process.pid}.mjs`);

await build({
  stdin: {
    contents: `
      export { builtInResources, builtInTypes } from './src/api/registry.ts';
      export { discoveryDocuments } from './src/control-plane/apiserver/discovery/discovery-documents.ts';
      export { documentedOperations } from './src/control-plane/apiserver/openapi/parameters.ts';
      export { openApiV2Document, openApiV3Documents, openApiV3Text } from './src/control-plane/apiserver/openapi/openapi-documents.ts';
    `,
    resolveDir: root,
    loader: 'ts',
  },
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
});
let api;
try {
  api = await import(pathToFileURL(bundle).href);
} finally {
  await rm(bundle, { force: true });
}

const types = api.builtInTypes();
const texts = readTypeDocumentation(root, types.keys());
const parameters = readParameterDocumentation(root, api.documentedOperations);
const input = {
  resources: api.builtInResources,
  types,
  documentation: (name) => texts.get(name) ?? parameters.get(name),
  version: '1.36',
};
await rm(folder, { recursive: true, force: true });
const paths = {};
for (const [name, make] of api.openApiV3Documents(input)) {
  const text = api.openApiV3Text(make());
  const hash = createHash('sha512').update(text).digest('hex').toUpperCase();
  paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
  const file = join(folder, 'v3', `${name}.json`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
await writeFile(join(folder, 'v3-index.json'), JSON.stringify({ paths }));
await writeFile(join(folder, 'v2.json'), JSON.stringify(api.openApiV2Document(input)));
await writeFile(join(folder, 'documentation.json'), JSON.stringify(Object.fromEntries([...texts, ...parameters])));
const { aggregatedLegacy, aggregatedGroups } = api.discoveryDocuments(
  api.builtInResources.map((definition) => ({ definition, custom: false })),
  { serverAddress: '' },
);
const discovery = { items: [...aggregatedLegacy.items, ...aggregatedGroups.items] };
await writeFile(join(folder, 'discovery.json'), JSON.stringify(discovery));
console.log(`dist/openapi: ${Object.keys(paths).length} documents`);
