import type { JsonObject } from '../../../apimachinery/json.ts';
import { type OpenApiInput, openApiV2Document, openApiV3Documents, openApiV3Text } from './openapi-documents.ts';
import { documentHash } from './document-hash.ts';
import type { PublishedOpenApi } from './openapi-route.ts';

/**
 * Documents that are made when they are first asked for, for an API that the build did not know.
 * @param hashOf what the URL of a document has for a hash, that of its bytes when absent; they cost their making
 */
export function renderedOpenApi(
  input: OpenApiInput,
  hashOf: (name: string, bytes: () => Uint8Array) => string = (_, bytes) => documentHash(bytes()),
): PublishedOpenApi {
  const documents = openApiV3Documents(input);
  const rendered = new Map<string, Uint8Array>();
  const render = (name: string, make: () => JsonObject): Uint8Array => {
    const bytes = rendered.get(name) ?? Buffer.from(openApiV3Text(make()));
    rendered.set(name, bytes);
    return bytes;
  };
  return {
    index() {
      const entries = [...documents].map(([name, make]) => {
        const hash = hashOf(name, () => render(name, make));
        return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }] as const;
      });
      return Promise.resolve(Object.fromEntries(entries));
    },
    document(name) {
      const make = documents.get(name);
      return Promise.resolve(make === undefined ? undefined : render(name, make));
    },
    v2: () => Promise.resolve(render('v2', () => openApiV2Document(input))),
    types: () => input.types,
    documentation: () => Promise.resolve(input.documentation),
  };
}
