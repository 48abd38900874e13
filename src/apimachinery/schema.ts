import type { JsonValue } from './json.ts';

/**
 * What is known of a value's shape: the part of OpenAPI that Kubernetes uses, the same for built-in types, custom
 * resources and what a client reads from a server's OpenAPI. Validation keywords of custom resources (`pattern`,
 * `minimum`, `oneOf` …) live in the custom resource code; this is structure.
 */
export interface Schema {
  /** Absent means any value. */
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';
  /** int32, int64, double, byte, date-time, int-or-string, … */
  readonly format?: string;
  /** Full name of another type (`io.k8s.api.core.v1.PodSpec`); the other keywords then add to it (default, mapType). */
  readonly ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly default?: JsonValue;
  /** Written as null when it is not set, as Go writes pointers, lists and maps that it does not leave out. */
  readonly shownAsNull?: boolean;
  readonly enum?: readonly string[];
  readonly description?: string;
  /** x-kubernetes-list-type; atomic when absent. */
  readonly listType?: 'atomic' | 'set' | 'map';
  /** x-kubernetes-list-map-keys. */
  readonly listMapKeys?: readonly string[];
  /** x-kubernetes-map-type of an object or map; granular when absent. */
  readonly mapType?: 'atomic' | 'granular';
  /** x-kubernetes-patch-merge-key: strategic merge. */
  readonly patchMergeKey?: string;
  /** x-kubernetes-patch-strategy: `merge`, `retainKeys`, `merge,retainKeys`, `replace`. */
  readonly patchStrategy?: string;
  /** x-kubernetes-unions, as published. */
  readonly unions?: JsonValue;
  /** x-kubernetes-int-or-string (also format int-or-string). */
  readonly intOrString?: boolean;
  /** x-kubernetes-preserve-unknown-fields. */
  readonly preserveUnknownFields?: boolean;
  /** x-kubernetes-embedded-resource. */
  readonly embeddedResource?: boolean;
}

/** Looks types up by their full name. */
export interface SchemaSource {
  lookup(name: string): Schema | undefined;
}

/** Follows `ref`; the keywords beside the reference win. @throws Error for a name the source does not know. */
export function resolveSchema(schema: Schema, source: SchemaSource): Schema {
  let current = schema;
  while (current.ref !== undefined) {
    const target = source.lookup(current.ref);
    if (target === undefined) throw new Error(`unknown type ${current.ref}`);
    const { ref: _followed, ...beside } = current;
    current = { ...target, ...beside };
  }
  return current;
}
