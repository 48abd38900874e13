import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Documentation } from '../api/documentation.ts';
import { builtInTypes } from '../api/registry.ts';
import { createOpenApiRoute, type PublishedOpenApi } from '../control-plane/apiserver/openapi/openapi-route.ts';
import type { RouteHandler } from '../control-plane/apiserver/server.ts';

/** What the build wrote beside the program (scripts/generate-openapi.js). */
const openApiFolder = join(import.meta.dirname, '..', 'openapi');

/** Paths beside the API's own that a cluster's server answers. */
export function publishedRoutes(): readonly RouteHandler[] {
  return [createOpenApiRoute(publishedOpenApi(openApiFolder))];
}

function publishedOpenApi(folder: string): PublishedOpenApi {
  let index: Promise<Readonly<Record<string, { readonly serverRelativeURL: string }>>> | undefined;
  let documentation: Promise<Documentation> | undefined;
  return {
    index: () =>
      (index ??= readFile(join(folder, 'v3-index.json'), 'utf8').then(
        (text) => (JSON.parse(text) as { paths: Record<string, { serverRelativeURL: string }> }).paths,
      )),
    async document(name) {
      const known = await this.index();
      return Object.hasOwn(known, name) ? readFile(join(folder, 'v3', `${name}.json`)) : undefined;
    },
    v2: () => readFile(join(folder, 'v2.json')),
    types: builtInTypes,
    documentation: () => (documentation ??= publishedDocumentation()),
  };
}

/** Texts of types and fields, for the columns of tables; nothing where the build left none. */
export async function publishedDocumentation(): Promise<Documentation> {
  try {
    const texts = JSON.parse(await readFile(join(openApiFolder, 'documentation.json'), 'utf8')) as Record<
      string,
      string
    >;
    return (name) => (Object.hasOwn(texts, name) ? texts[name] : undefined);
  } catch {
    return () => undefined;
  }
}
