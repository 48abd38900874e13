import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  documentationWithInitializers,
  initializerConfigurationResource,
  typesWithInitializers,
} from '../api/admissionregistration/v1alpha1/initializer-configuration.ts';
import type { Documentation } from '../api/documentation.ts';
import { builtInResources, builtInTypes } from '../api/registry.ts';
import { createOpenApiRoute, type PublishedOpenApi } from '../control-plane/apiserver/openapi/openapi-route.ts';
import { renderedOpenApi } from '../control-plane/apiserver/openapi/rendered-openapi.ts';
import type { RouteHandler } from '../control-plane/apiserver/server.ts';
import type { FeatureGates } from './feature-gates.ts';

/** What the build wrote beside the program (scripts/generate-openapi.js). */
const openApiFolder = join(import.meta.dirname, '..', 'openapi');

/**
 * Paths beside the API's own that a cluster's server answers. What feature gates add to the API is in no file of the
 * build: then the documents are made here.
 */
export async function publishedRoutes({ Initializers }: FeatureGates): Promise<readonly RouteHandler[]> {
  if (!Initializers) return [createOpenApiRoute(publishedOpenApi(openApiFolder))];
  const input = {
    resources: [...builtInResources, initializerConfigurationResource],
    types: typesWithInitializers(),
    documentation: documentationWithInitializers(await publishedDocumentation()),
    version: '1.36',
  };
  const hashOf = (_: string, bytes: () => Uint8Array): string =>
    createHash('sha512').update(bytes()).digest('hex').toUpperCase();
  return [createOpenApiRoute(renderedOpenApi(input, hashOf))];
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
