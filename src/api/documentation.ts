import type { Column, ResourceDefinition } from './resource-definition.ts';

/**
 * The documentation of types and fields by full name: `io.k8s.api.core.v1.PodStatus` or
 * `io.k8s.api.core.v1.PodStatus.podIP`. It is no part of the sources: `scripts/generate-openapi.js` takes it from the
 * typings of kubernetes-models and @kubernetes/client-node.
 */
export type Documentation = (name: string) => string | undefined;

/** The full name that a column's short reference stands for: `@core.v1.Pod.spec` → `io.k8s.api.core.v1.Pod.spec`. */
export function documentedName(reference: string): string {
  const name = reference.slice(1);
  return name.startsWith('meta.') ? `io.k8s.apimachinery.pkg.apis.${name}` : `io.k8s.api.${name}`;
}

/** Resources whose columns carry the documentation they refer to, looked up when a description is first read. */
export function documentedResources(
  resources: readonly ResourceDefinition[],
  documentation: Documentation,
): ResourceDefinition[] {
  return resources.map((resource) =>
    resource.columns === undefined
      ? resource
      : { ...resource, columns: resource.columns.map((column) => documentedColumn(column, documentation)) },
  );
}

/** The column with its description's text; nothing where the documentation does not know the name. */
export function documentedColumn(column: Column, documentation: Documentation): Column {
  if (!column.description.startsWith('@')) return column;
  const name = documentedName(column.description);
  return {
    ...column,
    get description(): string {
      // What the values of a field mean is said where its type is published, not over a column.
      return documentation(name)?.split('\n\nPossible enum values:')[0] ?? '';
    },
  };
}
