import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseYaml } from '../apimachinery/yaml.ts';
import { KustomizeError, reasonOf, wrapped } from './build-error.ts';
import type { NameReference, TransformerConfig } from './default-field-specs.ts';
import type { FieldSpec } from './field-spec.ts';
import { decodeGo, type GoType } from './go-decode.ts';
import type { Loader } from './loader.ts';
import { configOf, emptyConfig, mergeConfigs } from './transformer-config.ts';

/**
 * What files of OpenAPI definitions (`crds`) say of the fields of custom resources: which hold annotations, labels,
 * names, or references to other objects (`x-kubernetes-object-ref-kind` and so on). @throws KustomizeError
 */
export async function loadCrdConfig(loader: Loader, paths: readonly string[]): Promise<TransformerConfig> {
  let config = emptyConfig;
  for (const path of paths) {
    const text = await loader.loadText(path);
    let value: JsonValue;
    try {
      value = parseYaml(text);
    } catch (error) {
      throw wrapped(`unable to parse open API definition from '${path}'`, error);
    }
    const definitions = definitionsOf(value, path);
    for (const [name, definition] of Object.entries(definitions)) {
      if (!looksLikeKind(propertiesOf(definition))) continue;
      config = mergeConfigs(config, configOfKind(definitions, name));
    }
  }
  return config;
}

const definitionsType: GoType = {
  go: 'map',
  value: {
    go: 'struct',
    name: 'accumulator.OpenAPIDefinition',
    fields: { Schema: { go: 'any' }, Dependencies: { go: 'list', item: { go: 'string' } } },
  },
};

function definitionsOf(value: JsonValue, path: string): JsonObject {
  try {
    return decodeGo(value ?? {}, definitionsType, { ignoreUnknown: true, isUnnamed: true }) as JsonObject;
  } catch (error) {
    const told = new KustomizeError(`error unmarshaling JSON: while decoding JSON: ${reasonOf(error)}`);
    throw wrapped(`unable to parse open API definition from '${path}'`, told);
  }
}

function propertiesOf(definition: JsonValue | undefined): JsonObject {
  const schema = isJsonObject(definition) ? definition['Schema'] : undefined;
  const properties = isJsonObject(schema) ? schema['properties'] : undefined;
  return isJsonObject(properties) ? properties : {};
}

function looksLikeKind(properties: JsonObject): boolean {
  return ['kind', 'apiVersion', 'metadata'].every((name) => Object.hasOwn(properties, name));
}

interface Lists {
  readonly commonAnnotations: FieldSpec[];
  readonly commonLabels: FieldSpec[];
  readonly namePrefix: FieldSpec[];
  readonly nameReference: NameReference[];
}

function configOfKind(definitions: JsonObject, name: string): TransformerConfig {
  const kind = name.split('.').at(-1) ?? '';
  const lists: Lists = { commonAnnotations: [], commonLabels: [], namePrefix: [], nameReference: [] };
  collect(definitions, name, { kind }, [], lists, new Set());
  return mergeConfigs(emptyConfig, configOf(lists));
}

function collect(
  definitions: JsonObject,
  typeName: string,
  kind: { readonly kind: string },
  path: readonly string[],
  lists: Lists,
  open: ReadonlySet<string>,
): void {
  // A type within itself has no end; kustomize does not come back from one.
  if (open.has(typeName)) return;
  for (const [name, property] of Object.entries(propertiesOf(definitions[typeName]))) {
    if (!isJsonObject(property)) continue;
    const steps = [...path, name];
    const spec: FieldSpec = { ...kind, path: steps.join('/') };
    if (typeof property['x-kubernetes-annotation'] === 'string') lists.commonAnnotations.push(spec);
    if (typeof property['x-kubernetes-label-selector'] === 'string') lists.commonLabels.push(spec);
    if (typeof property['x-kubernetes-identity'] === 'string') lists.namePrefix.push(spec);
    const version = property['x-kubernetes-object-ref-api-version'];
    const refKind = property['x-kubernetes-object-ref-kind'];
    if (typeof version === 'string' && typeof refKind === 'string') {
      const key = property['x-kubernetes-object-ref-name-key'];
      const field = { ...kind, path: [...steps, typeof key === 'string' ? key : 'name'].join('/') };
      lists.nameReference.push({ kind: refKind, version, fieldSpecs: [field] });
    }
    const reference = property['$ref'];
    if (typeof reference === 'string') {
      collect(definitions, reference, kind, steps, lists, new Set([...open, typeName]));
    }
  }
}
