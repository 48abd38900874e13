// Writes dist/openapi: the OpenAPI documents of the built-in API, with their hashes, so that a server only reads bytes,
// dist/openapi/documentation.json with the texts of types and fields (optional-documentation.json has those of resources
// that are off by default), and dist/openapi/discovery.json, so that a client without
// a server knows the kinds too.
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { readParameterDocumentation, readTypeDocumentation, withLineBreaks } from './type-documentation.js';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'dist', 'openapi');
const bundle = join(root, `.build-openapi-${process.pid}.mjs`);

await build({
  stdin: {
    contents: `
      export { optionalResources } from './src/api/optional-resources.ts';
      export { typesWith } from './src/api/optional-resource.ts';
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

/** Where the typings say nothing of another version, or the same without line breaks, the text of v1 is taken. */
function optionalTexts() {
  const all = api.typesWith(api.optionalResources, types);
  const names = [...all.keys()].filter((name) => !types.has(name));
  const own = withLineBreaks(root, readTypeDocumentation(root, names));
  const fields = names.flatMap((name) => [
    name,
    ...Object.keys(all.get(name).schema.properties ?? {}).map((field) => `${name}.${field}`),
  ]);
  return fields.flatMap((name) => {
    const stable = texts.get(name.replace(/\.v\d+(alpha|beta)\d+\./, '.v1.'));
    const text = own.get(name);
    const isSame = text === undefined || plain(text) === plain(stable ?? '');
    const best = isSame ? stable : text;
    return best === undefined ? [] : [[name, best]];
  });
}

function plain(text) {
  return text.replace(/\s+/g, ' ').trim();
}

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
await writeFile(join(folder, 'optional-documentation.json'), JSON.stringify(Object.fromEntries(optionalTexts())));
const { aggregatedLegacy, aggregatedGroups } = api.discoveryDocuments(
  api.builtInResources.map((definition) => ({ definition, custom: false })),
  { serverAddress: '' },
);
const discovery = { items: [...aggregatedLegacy.items, ...aggregatedGroups.items] };
await writeFile(join(folder, 'discovery.json'), JSON.stringify(discovery));
console.log(`dist/openapi: ${Object.keys(paths).length} documents`);
