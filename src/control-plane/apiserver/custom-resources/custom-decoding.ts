import { namedSchema, namedSchemas, subSchema } from '../../../api/apiextensions/schema/schema-keywords.ts';
import { cloneJson, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../../apimachinery/json.ts';
import { stringifySorted } from '../../../apimachinery/json-codec.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';
import { decodeTyped, type TypedDecodeResult } from '../../../apimachinery/decoding/typed-decoder.ts';
import { TypedDecodeError } from '../../../apimachinery/decoding/typed-decode-error.ts';

const objectMetaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * Reads an object of a custom resource: metadata as everywhere, the rest without the fields that the schema does not
 * know; values of the wrong type stay, for validation to tell.
 * @throws TypedDecodeError for metadata of the wrong type
 */
export function decodeCustomObject(value: JsonValue, schema: JsonObject, types: SchemaSource): TypedDecodeResult {
  const reader = new CustomReader(types);
  const object = isJsonObject(value) ? reader.readResource(value, schema, '') : {};
  return { object, unknownFields: reader.unknownInOrder() };
}

/** Metadata of an object within another that is of the wrong type. */
export class EmbeddedMetadataError extends TypedDecodeError {
  readonly path: string;
  readonly metadata: JsonValue;
  readonly reason: string;

  constructor(path: string, metadata: JsonValue, reason: string) {
    super(`${path}: Invalid value: ${stringifySorted(metadata)}: ${reason}`);
    this.path = path;
    this.metadata = metadata;
    this.reason = reason;
  }
}

class CustomReader {
  readonly #unknownInMetadata: string[] = [];
  readonly #unknownFields: string[] = [];
  readonly #unknownInMetadataWithin: string[] = [];
  readonly #types: SchemaSource;

  constructor(types: SchemaSource) {
    this.#types = types;
  }

  /** As the real server looks: at the object's own metadata, at what the schema knows, at the metadata of resources within. */
  unknownInOrder(): string[] {
    return [this.#unknownInMetadata, this.#unknownFields, this.#unknownInMetadataWithin].flatMap((fields) =>
      fields.toSorted(),
    );
  }

  readResource(value: JsonObject, schema: JsonObject, path: string): JsonObject {
    const { metadata, ...rest } = value;
    const read = this.#readFields(rest, schema, path, true);
    if (metadata === undefined || metadata === null) return read;
    const at = path === '' ? 'metadata' : `${path}.metadata`;
    const typed = this.#readMetadata(metadata, path === '' ? undefined : at);
    const unknown = path === '' ? this.#unknownInMetadata : this.#unknownInMetadataWithin;
    for (const field of typed.unknownFields) unknown.push(`${at}.${field}`);
    return insertMetadata(read, typed.object);
  }

  /** @param inside where the metadata stands, of a resource within another */
  #readMetadata(metadata: JsonValue, inside: string | undefined): TypedDecodeResult {
    try {
      return decodeTyped(metadata, objectMetaType, this.#types);
    } catch (error) {
      if (inside === undefined || !(error instanceof TypedDecodeError)) throw error;
      throw new EmbeddedMetadataError(inside, metadata, error.message);
    }
  }

  #read(value: JsonValue, schema: JsonObject, path: string): JsonValue {
    if (Array.isArray(value)) {
      const items = subSchema(schema, 'items');
      return items === undefined ? value : value.map((item, index) => this.#read(item, items, `${path}[${index}]`));
    }
    if (!isJsonObject(value)) return value;
    return schema['x-kubernetes-embedded-resource'] === true
      ? this.readResource(value, schema, path)
      : this.#readFields(value, schema, path, false);
  }

  #readFields(value: JsonObject, schema: JsonObject, path: string, isResource: boolean): JsonObject {
    const additional = schema['additionalProperties'];
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || additional === true;
    // What has neither fields nor a type is any value.
    const isNumberOrText = schema['x-kubernetes-int-or-string'] === true;
    const isAny = schema['type'] === undefined && !isNumberOrText && namedSchemas(schema, 'properties').length === 0;
    const kept: JsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      const at = path === '' ? name : `${path}.${name}`;
      const own = namedSchema(schema, 'properties', name);
      if (own !== undefined) setOwn(kept, name, this.#read(item, own, at));
      else if (isResource && (name === 'apiVersion' || name === 'kind')) setOwn(kept, name, item);
      else if (isJsonObject(additional)) setOwn(kept, name, this.#read(item, additional, at));
      else if (isOpen || isAny) setOwn(kept, name, item);
      else this.#unknownFields.push(at);
    }
    return kept;
  }
}

/** Behind apiVersion and kind, where it stands everywhere. */
function insertMetadata(object: JsonObject, metadata: JsonValue): JsonObject {
  const { apiVersion, kind, ...rest } = object;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata,
    ...rest,
  };
}

/** Takes out what is null and may not be, where no default would take its place. */
export function pruneCustomNulls(value: JsonValue, schema: JsonObject): void {
  if (Array.isArray(value)) {
    const items = subSchema(schema, 'items');
    if (items !== undefined) for (const item of value) pruneCustomNulls(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  const additional = subSchema(schema, 'additionalProperties');
  for (const [name, item] of Object.entries(value)) {
    const own = namedSchema(schema, 'properties', name);
    const inside = own ?? additional;
    if (inside === undefined) continue;
    const isNullable = inside['nullable'] === true;
    const hasDefault = inside['default'] !== undefined && inside['default'] !== null;
    if (item === null && !isNullable && !hasDefault) delete value[name];
    else pruneCustomNulls(item, inside);
  }
}

/** Fills in the defaults of a schema, also in the place of null where it may not be null. */
export function applyCustomDefaults(value: JsonValue, schema: JsonObject): void {
  if (Array.isArray(value)) {
    const items = subSchema(schema, 'items');
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      value[index] = orDefault(item, items);
      applyCustomDefaults(value[index], items);
    }
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, property] of namedSchemas(schema, 'properties')) {
    const { default: fallback } = property;
    if (fallback === undefined || fallback === null) continue;
    setOwn(value, name, orDefault(Object.hasOwn(value, name) ? (value[name] ?? null) : undefined, property));
  }
  const additional = subSchema(schema, 'additionalProperties');
  for (const [name, item] of Object.entries(value)) {
    const own = namedSchema(schema, 'properties', name);
    if (own !== undefined) {
      applyCustomDefaults(item, own);
    } else if (additional !== undefined) {
      const filled = orDefault(item, additional);
      setOwn(value, name, filled);
      applyCustomDefaults(filled, additional);
    }
  }
}

/** A value, or the default of its schema where it is missing or null that may not be. */
function orDefault(value: JsonValue | undefined, schema: JsonObject): JsonValue {
  const isMissing = value === undefined || (value === null && schema['nullable'] !== true);
  return isMissing ? cloneJson(schema['default'] ?? null) : value;
}
