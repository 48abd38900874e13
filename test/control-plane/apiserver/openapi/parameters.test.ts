import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInResources, builtInTypes } from '../../../../src/api/registry.ts';
import type { JsonObject } from '../../../../src/apimachinery/json.ts';
import { openApiV3Documents } from '../../../../src/control-plane/apiserver/openapi/openapi-documents.ts';
import { goldenJson } from '../../../support/golden.ts';
import { typeDocumentation } from '../../../support/type-documentation.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
}

/** `path method name` of every query parameter, with its text. */
function descriptions(document: unknown): Map<string, string> {
  const { paths } = document as { paths: Record<string, Record<string, { parameters?: Parameter[] } | Parameter[]>> };
  const texts = new Map<string, string>();
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const parameters = Array.isArray(operation) ? operation : (operation.parameters ?? []);
      for (const { name, in: place, description = '' } of parameters) {
        if (place === 'query') texts.set(`${path} ${method} ${name}`, description);
      }
    }
  }
  return texts;
}

test('what query parameters mean is told in the words of the real server', async (context) => {
  const golden = goldenJson(context, 'openapi/v3/api__v1.json');
  if (golden === undefined) return;
  const documents = openApiV3Documents({
    resources: builtInResources,
    types: builtInTypes(),
    documentation: await typeDocumentation(),
    version: '1.36',
  });
  const document: JsonObject | undefined = documents.get('api/v1')?.();
  assert.deepEqual(descriptions(document), descriptions(golden));
});
