import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../../api/types/apiextensions-v1.ts';
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import { parseJson } from '../../../apimachinery/json-codec.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';
import type { StoredValue } from '../../storage/storage.ts';
import { encodeStored } from '../registry/stored-object.ts';
import type { ObjectVersions } from '../registry/versioned-storage.ts';
import { type ConversionWorld, type ConvertObjects, failure, webhookConversion } from './conversion-webhook.ts';
import { applyCustomDefaults, decodeCustomObject, pruneCustomNulls } from './custom-decoding.ts';

/** The versions of a definition, each with the type of its objects. */
export interface DefinedVersions {
  readonly builtIn: SchemaSource;
  typeIn(version: string): { readonly schema: Schema; readonly types: SchemaSource } | undefined;
}

/**
 * How each version of a custom resource reads what is stored: without what the stored version's schema does not know,
 * with that schema's defaults, converted, and without what the own schema does not know.
 * @returns a function of the version's name
 */
export function customVersions(
  crd: CustomResourceDefinition,
  defined: DefinedVersions,
  world: ConversionWorld,
): (version: string) => ObjectVersions {
  const { group, versions, conversion } = crd.spec;
  const schemas = new Map(versions.map((version) => [`${group}/${version.name}`, declaredSchema(version)]));
  const asksElsewhere = conversion?.strategy === 'Webhook';
  const ask: ConvertObjects = asksElsewhere ? webhookConversion(crd, world) : renameVersions;
  const stored = `${group}/${versions.find(({ storage }) => storage)?.name ?? ''}`;
  const prune = (object: JsonObject, apiVersion: string): JsonObject => {
    const schema = schemas.get(apiVersion);
    return schema === undefined ? object : decodeCustomObject(object, schema, defined.builtIn).object;
  };

  /** Conversions answer without what their version does not know; defaults are those of the stored version alone. */
  const pruneConverted = (object: JsonObject, apiVersion: string): JsonObject => {
    const pruned = prune(object, apiVersion);
    const schema = schemas.get(apiVersion);
    if (schema !== undefined) pruneCustomNulls(pruned, schema);
    return pruned;
  };

  const convert: ConvertObjects = async (objects, apiVersion) => {
    if (!schemas.has(apiVersion)) throw failure(`request to convert CR to an invalid group/version: ${apiVersion}`);
    for (const { apiVersion: from } of objects) {
      if (typeof from === 'string' && schemas.has(from)) continue;
      throw failure(`request to convert CR from an invalid group/version: ${typeof from === 'string' ? from : ''}`);
    }
    const others = objects.filter((object) => object['apiVersion'] !== apiVersion);
    const converted = others.length === 0 ? [] : await ask(others, apiVersion);
    let next = 0;
    return objects.map((object) => (object['apiVersion'] === apiVersion ? object : (converted[next++] ?? object)));
  };

  const read = async (values: readonly StoredValue[], own: string): Promise<StoredValue[]> => {
    const kept = values.map(({ value }) => {
      const object = parseJson(value);
      const apiVersion = isJsonObject(object) && typeof object['apiVersion'] === 'string' ? object['apiVersion'] : '';
      const pruned = prune(isJsonObject(object) ? object : {}, apiVersion);
      const schema = schemas.get(apiVersion);
      if (schema !== undefined) {
        pruneCustomNulls(pruned, schema);
        applyCustomDefaults(pruned, schema);
      }
      const bytes = encode(pruned);
      return { object: pruned, apiVersion, bytes, isChanged: !isSame(bytes, value) };
    });
    const shown = await convert(
      kept.map(({ object }) => object),
      own,
    );
    return values.map((value, index) => {
      const { apiVersion = '', bytes = value.value, isChanged = false } = kept[index] ?? {};
      const object = shown[index];
      const read = apiVersion === own || object === undefined ? bytes : encode(pruneConverted(object, own));
      const isStale = apiVersion !== stored || isChanged;
      if (isSame(read, value.value) && !isStale) return value;
      return { ...value, value: read, ...(isStale ? { isStale } : {}) };
    });
  };

  const write = async (value: Uint8Array, own: string): Promise<Uint8Array> => {
    const object = own === stored ? undefined : parseJson(value);
    if (!isJsonObject(object)) return value;
    const [converted = object] = await convert([object], stored);
    return encode(pruneConverted(converted, stored));
  };

  return (version) => {
    const own = `${group}/${version}`;
    return {
      read: (values) => read(values, own),
      write: (value) => write(value, own),
      asksElsewhere,
      convert,
      typeIn: (apiVersion) =>
        apiVersion.startsWith(`${group}/`) ? defined.typeIn(apiVersion.slice(group.length + 1)) : undefined,
    };
  };
}

/** The schema of a version as its definition has it. */
export function declaredSchema(version: CustomResourceDefinitionVersion): JsonObject {
  return (version.schema?.openAPIV3Schema ?? {}) as unknown as JsonObject;
}

/** With the strategy None nothing but the version is changed. */
function renameVersions(objects: readonly JsonObject[], apiVersion: string): Promise<JsonObject[]> {
  return Promise.resolve(objects.map((object) => ({ ...object, apiVersion })));
}

function encode(object: JsonObject): Uint8Array {
  return encodeStored(object as unknown as Unstructured);
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
