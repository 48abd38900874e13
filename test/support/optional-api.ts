import { typesWith } from '../../src/api/optional-resource.ts';
import { optionalResources } from '../../src/api/optional-resources.ts';
import { builtInResources, builtInTypes } from '../../src/api/registry.ts';
import type { TestApiServerOptions } from './test-api-server.ts';

/** A server that serves further resources in all their versions, whatever their gates. */
export function withOptionalResources(...names: readonly string[]): Pick<TestApiServerOptions, 'types' | 'resources'> {
  const more = optionalResources.filter(({ definition }) => names.includes(definition.resource));
  const types = typesWith(more, builtInTypes());
  return {
    types: { lookup: (name) => types.get(name)?.schema },
    resources: [...builtInResources, ...more.map(({ definition }) => definition)],
  };
}
