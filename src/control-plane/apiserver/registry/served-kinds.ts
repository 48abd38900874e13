import { formatGroupVersion, type GroupVersionKind } from '../../../apimachinery/gvk.ts';
import { cloneJson, isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import { stringifySorted } from '../../../apimachinery/json-codec.ts';
import { resolveSchema } from '../../../apimachinery/schema.ts';
import type { ServedKind, ServedKinds } from '../../admission/admission-plugin.ts';
import { FieldPath, goQuote, invalid, invalidObject } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalError } from '../../../apimachinery/status.ts';
import { applyDefaults, asWritten } from '../decoding/object-body.ts';
import { decodeTyped } from '../../../apimachinery/decoding/typed-decoder.ts';
import { TypedDecodeError } from '../../../apimachinery/decoding/typed-decode-error.ts';
import { EmbeddedMetadataError } from '../custom-resources/custom-decoding.ts';
import { type ApiResource, fromStorage, type ResourceRegistry, toStorage } from './api-resource.ts';
import { subresourceType } from './subresource-kinds.ts';

/** What admission gets to know of the kinds in a registry. */
export function servedKinds(registry: () => ResourceRegistry): ServedKinds {
  const resourceOf = ({ group, version, kind }: GroupVersionKind): ApiResource | undefined =>
    registry().findKind(group, version, kind);
  return {
    find(kind) {
      const resource = resourceOf(kind);
      if (resource === undefined) return servedInside(kind);
      const { types, definition, custom } = resource;
      return {
        schema: resolveSchema({ ref: definition.type }, types),
        types,
        isCustom: custom,
        decode: (value, unknownFields = 'refuse') => readBack(value, resource, unknownFields === 'refuse'),
        fillIn: (object) => {
          applyDefaults(object, resource);
        },
      };
    },
    equivalents({ group, version, resource }, subresource) {
      const asked = registry().find(group, version, resource);
      if (asked === undefined) return [];
      return registry()
        .all()
        .filter((other) => other !== asked && other.prefix === asked.prefix)
        .flatMap(({ gvk, definition }) => {
          const inside = definition.subresources.find(({ name }) => name === subresource);
          if (subresource !== '' && inside === undefined) return [];
          const served = { group: gvk.group, version: gvk.version, resource: definition.resource };
          return [{ resource: served, kind: inside?.kind ?? gvk }];
        });
    },
    async convert(object, from, to) {
      const isSame = from.group === to.group && from.version === to.version && from.kind === to.kind;
      const [source, target] = [resourceOf(from), resourceOf(to)];
      if (source === undefined || target === undefined) return object;
      const written = asWritten(object, source);
      if (isSame) return written;
      const copy = cloneJson(written as unknown as JsonObject);
      if (source.versions === undefined)
        return fromStorage(target, toStorage(source, copy as unknown as typeof object));
      const [converted = copy] = await source.versions.convert([copy], target.apiVersion);
      return converted as unknown as typeof object;
    },
  };
}

/** A kind that only subresources speak. */
function servedInside(kind: GroupVersionKind): ServedKind | undefined {
  const located = subresourceType(kind);
  if (located === undefined) return undefined;
  const { type, types } = located;
  const resource = { gvk: kind, apiVersion: formatGroupVersion(kind), definition: { type }, types, custom: false };
  return {
    schema: resolveSchema({ ref: type }, types),
    types,
    isCustom: false,
    decode: (value, unknownFields = 'refuse') => readBack(value, resource, unknownFields === 'refuse'),
    fillIn: () => undefined,
  };
}

/** Of a kind, what its objects are read by. */
type ReadableKind = Pick<ApiResource, 'gvk' | 'types' | 'apiVersion' | 'custom' | 'decode'> & {
  readonly definition: Pick<ApiResource['definition'], 'type'>;
};

/** Custom objects lose what they do not have; in others it is an error. @throws StatusError 500 */
function readBack(value: JsonObject, resource: ReadableKind, isStrict: boolean): Unstructured {
  const { gvk, definition, types, apiVersion } = resource;
  try {
    // What admission puts into custom objects is not read as a request is: null stays what it is.
    const { object, unknownFields } = resource.decode?.(value, true) ?? decodeTyped(value, definition.type, types);
    if (isStrict && !resource.custom && unknownFields.length > 0) {
      const complaints = unknownFields.map((path) => `unknown field ${goQuote(path)}`);
      throw internalError(`strict decoding error: ${complaints.join(', ')}`);
    }
    const { kind } = object;
    // Another kind of custom objects is for validation to tell.
    const said = resource.custom && typeof kind === 'string' && kind !== '' ? kind : gvk.kind;
    return { metadata: {}, ...object, kind: said, apiVersion };
  } catch (error) {
    if (error instanceof EmbeddedMetadataError) {
      // The real server finds it when it validates.
      const { name } = isJsonObject(value['metadata']) ? value['metadata'] : {};
      const problem = invalid(new FieldPath(error.path), JSON.parse(stringifySorted(error.metadata)), error.reason);
      throw invalidObject(gvk, typeof name === 'string' ? name : '', [problem]);
    }
    if (error instanceof TypedDecodeError) throw internalError(error.message);
    throw error;
  }
}
