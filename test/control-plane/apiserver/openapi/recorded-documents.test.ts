import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import { builtInResources, builtInTypes } from '../../../../src/api/registry.ts';
import { isJsonObject, type JsonValue } from '../../../../src/apimachinery/json.ts';
import {
  openApiV2Document,
  openApiV3Documents,
  openApiV3Text,
} from '../../../../src/control-plane/apiserver/openapi/openapi-documents.ts';
import { goldenJson, goldenPath } from '../../../support/golden.ts';
import { typeDocumentation } from '../../../support/type-documentation.ts';

/** Documents without the texts of fields, which the build adds. */
const input = { resources: builtInResources, types: builtInTypes(), documentation: () => undefined, version: '1.36' };

/** Where two documents differ, each place in a line: texts do not count. */
function differences(actual: JsonValue | undefined, recorded: JsonValue | undefined, path = ''): string[] {
  if (isJsonObject(actual) && isJsonObject(recorded)) {
    const [left, right] = [withoutTexts(actual, path), withoutTexts(recorded, path)];
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
      differences(left[key], right[key], `${path}/${key}`),
    );
  }
  if (Array.isArray(actual) && Array.isArray(recorded)) {
    const inOrder = path.endsWith('/consumes') || path.endsWith('/produces');
    const [left, right] = inOrder ? [sorted(actual), sorted(recorded)] : [actual, recorded];
    return Array.from({ length: Math.max(left.length, right.length) }).flatMap((_, index) =>
      differences(left[index], right[index], `${path}[${index}]`),
    );
  }
  if (actual === recorded) return [];
  return [`${path}: ${JSON.stringify(actual)?.slice(0, 200)}, recorded ${JSON.stringify(recorded)?.slice(0, 200)}`];
}

function sorted(values: readonly JsonValue[]): JsonValue[] {
  return values.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

/** Without the description of anything; a reference wrapped only because a text stands beside it is unwrapped. */
function withoutTexts(value: { readonly [key: string]: JsonValue }, path: string): { [key: string]: JsonValue } {
  const isNameOfField = path.endsWith('/properties') || path.endsWith('/schemas') || path.endsWith('/definitions');
  const { description: _, ...rest } = value;
  const plain: { [key: string]: JsonValue } = isNameOfField ? { ...value } : rest;
  const { allOf, ...others } = plain;
  const [only] = Array.isArray(allOf) ? allOf : [];
  return Array.isArray(allOf) && allOf.length === 1 && isJsonObject(only) ? { ...others, ...only } : plain;
}

function check(context: TestContext, name: string, actual: JsonValue, recorded: JsonValue): void {
  const found = differences(actual, recorded);
  for (const line of found.slice(0, 50)) context.diagnostic(`${name}${line}`);
  assert.equal(found.length, 0, `${name} differs in ${found.length} places:\n${found.slice(0, 20).join('\n')}`);
}

void test('the OpenAPI v3 documents are those of the real server, but for their texts', async (context) => {
  const folder = goldenPath(context, 'openapi/v3');
  if (folder === undefined) return;
  const documents = openApiV3Documents(input);
  const names = readdirSync(folder).map((file) => file.replace(/\.json$/, '').replaceAll('__', '/'));
  assert.ok(names.length > 40, `only ${names.length} documents were recorded`);
  assert.deepEqual([...documents.keys()].toSorted(), names.toSorted());
  for (const name of names) {
    const recorded = goldenJson(context, `openapi/v3/${name.replaceAll('/', '__')}.json`) as JsonValue;
    await context.test(name, (each) => check(each, name, documents.get(name)?.() ?? null, recorded));
  }
});

/** The one text that no package of the build has. */
const untold = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

void test('the OpenAPI v3 documents with their texts are those of the real server to the byte, but for one text', async (context) => {
  const folder = goldenPath(context, 'openapi/v3');
  if (folder === undefined) return;
  const index = goldenJson(context, 'openapi/v3-index.json') as
    | { paths: { [name: string]: { serverRelativeURL: string } } }
    | undefined;
  for (const [name, make] of openApiV3Documents({ ...input, documentation: await typeDocumentation() })) {
    const recorded = goldenJson(context, `openapi/v3/${name.replaceAll('/', '__')}.json`) as JsonValue;
    const known = JSON.stringify(recorded, function (this: JsonValue, key, value: JsonValue) {
      if (key !== untold || !isJsonObject(value)) return value;
      const { description: _, ...rest } = value;
      return rest;
    });
    assert.ok(JSON.stringify(make()) === known, `${name} is not the recorded document`);
    if (known.includes(untold)) continue;
    const hash = createHash('sha512').update(openApiV3Text(make())).digest('hex').toUpperCase();
    assert.ok(index?.paths[name]?.serverRelativeURL.endsWith(`?hash=${hash}`), `${name} has not the recorded hash`);
  }
});

void test('the definitions of the Swagger 2.0 document are those of the real server, but for their texts', (context) => {
  const recorded = goldenJson(context, 'openapi/v2.json') as JsonValue | undefined;
  if (recorded === undefined) return;
  const actual = openApiV2Document(input);
  // Paths are those of version 3; here their parameters have names with hashes over texts.
  const there = isJsonObject(recorded) ? recorded['definitions'] : undefined;
  check(context, 'definitions', actual['definitions'] ?? null, there ?? null);
});

void test('paths of the Swagger 2.0 document name the media types of bodies and answers that the real ones do', (context) => {
  const recorded = goldenJson(context, 'openapi/v2.json') as JsonValue | undefined;
  if (recorded === undefined) return;
  const mediaTypes = (document: JsonValue): Map<string, unknown> => {
    const found = new Map<string, unknown>();
    const paths = isJsonObject(document) && isJsonObject(document['paths']) ? document['paths'] : {};
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(isJsonObject(operations) ? operations : {})) {
        if (!isJsonObject(operation)) continue;
        found.set(`${method} ${path}`, { consumes: operation['consumes'], produces: operation['produces'] });
      }
    }
    return found;
  };
  assert.deepEqual(mediaTypes(openApiV2Document(input)), mediaTypes(recorded));
});
