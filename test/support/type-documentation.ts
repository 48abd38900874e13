import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Documentation } from '../../src/api/documentation.ts';
import { builtInTypes } from '../../src/api/registry.ts';
import { documentedOperations } from '../../src/control-plane/apiserver/openapi/parameters.ts';
import { repositoryRoot } from './golden.ts';

interface DocumentationModule {
  readonly readTypeDocumentation: (root: string, typeNames: Iterable<string>) => Map<string, string>;
  readonly readParameterDocumentation: (root: string, operations: Iterable<string>) => Map<string, string>;
}

/** The documentation that the build puts into the OpenAPI documents. */
export async function typeDocumentation(): Promise<Documentation> {
  const url = pathToFileURL(join(repositoryRoot, 'scripts/type-documentation.js')).href;
  const { readTypeDocumentation, readParameterDocumentation } = (await import(url)) as DocumentationModule;
  const texts = readTypeDocumentation(repositoryRoot, builtInTypes().keys());
  const parameters = readParameterDocumentation(repositoryRoot, documentedOperations);
  return (name) => texts.get(name) ?? parameters.get(name);
}
