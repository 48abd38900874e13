import { isJsonObject } from '../../apimachinery/json.ts';
import { type OpenApiTypes, schemasFromOpenApiV2 } from '../../apimachinery/openapi-schema.ts';
import type { Schema } from '../../apimachinery/schema.ts';
import { parseYaml } from '../../apimachinery/yaml.ts';
import { KustomizeError, reasonOf } from '../build-error.ts';
import { splitApiVersion } from '../resource-id.ts';

/** What a merge needs to know of a value's type. */
export interface MergeSchema {
  /** Of the member of a map. */
  field(name: string): MergeSchema | undefined;
  /** Of the items of a list. */
  items(): MergeSchema | undefined;
  /** The fields that tell the items of a list that merges apart, none for plain values; undefined where lists replace. */
  readonly mergeKeys: readonly string[] | undefined;
}

/** Finds the type of an object. */
export type MergeSchemas = (apiVersion: string, kind: string) => MergeSchema | undefined;

/**
 * The types of a file that a kustomization names (`openapi.path`): the definitions of an OpenAPI v2 document, JSON or
 * YAML. They take the place of the built-in ones. @throws KustomizeError
 */
export function readMergeSchemas(text: string): MergeSchemas {
  let types: OpenApiTypes;
  try {
    const document = parseYaml(text);
    if (!isJsonObject(document)) throw new KustomizeError('not an OpenAPI document');
    types = schemasFromOpenApiV2(document);
  } catch (error) {
    throw new KustomizeError(`invalid schema file: ${reasonOf(error)}`);
  }
  return (apiVersion, kind) => {
    const { group, version } = splitApiVersion(apiVersion);
    const name = types.nameOf(group, version, kind);
    const schema = name === undefined ? undefined : types.lookup(name);
    return schema === undefined ? undefined : new DeclaredSchema(schema, types);
  };
}

class DeclaredSchema implements MergeSchema {
  readonly #schema: Schema;
  readonly #types: OpenApiTypes;

  constructor(schema: Schema, types: OpenApiTypes) {
    this.#schema = schema;
    this.#types = types;
  }

  get mergeKeys(): readonly string[] | undefined {
    const { patchStrategy = '', patchMergeKey, listMapKeys } = this.#schema;
    if (!patchStrategy.split(',').includes('merge')) return undefined;
    return listMapKeys ?? (patchMergeKey === undefined ? [] : [patchMergeKey]);
  }

  field(name: string): MergeSchema | undefined {
    const { properties = {}, additionalProperties } = this.#schema;
    return this.#resolved(Object.hasOwn(properties, name) ? properties[name] : additionalProperties);
  }

  items(): MergeSchema | undefined {
    return this.#schema.type === 'array' ? this.#resolved(this.#schema.items) : undefined;
  }

  /** As in kustomize, what stands beside a reference does not count. */
  #resolved(schema: Schema | undefined): MergeSchema | undefined {
    let current = schema;
    while (current?.ref !== undefined) current = this.#types.lookup(current.ref);
    return current === undefined ? undefined : new DeclaredSchema(current, this.#types);
  }
}
