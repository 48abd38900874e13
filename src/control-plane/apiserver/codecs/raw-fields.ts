import { isJsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { parseJson } from '../../../apimachinery/json-codec.ts';
import type { Schema } from '../../../apimachinery/schema.ts';
import { builtInTypeIndex } from './type-index.ts';

const rawType = 'io.k8s.apimachinery.pkg.runtime.RawExtension';

/** Where raw JSON stands within a value: it itself, in its fields by name, or in its items or the values of its keys. */
type RawPlaces = 'here' | { readonly fields?: ReadonlyMap<string, RawPlaces>; readonly items?: RawPlaces };

const known = new Map<string, RawPlaces | undefined>();

/**
 * Reads the JSON of an object whose value is known, keeping the texts of raw JSON in it (runtime.RawExtension), which
 * the real server stores and compares byte by byte. Most kinds have none; their value is the answer.
 */
export function withRawTexts(value: JsonValue, json: string | Uint8Array): JsonValue {
  if (!isJsonObject(value)) return value;
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return value;
  const type = builtInTypeIndex.typeOfKind(apiVersion, kind);
  const places = type === undefined ? undefined : placesOfType(type);
  if (places === undefined) return value;
  return parseJson(json, { keepsInfinity: true, keepsText: (path) => isRaw(places, path) });
}

function isRaw(places: RawPlaces, path: readonly (string | number)[]): boolean {
  let current: RawPlaces | undefined = places;
  for (const step of path) {
    if (current === undefined || current === 'here') return false;
    current = (typeof step === 'string' ? current.fields?.get(step) : undefined) ?? current.items;
  }
  return current === 'here';
}

function placesOfType(type: string): RawPlaces | undefined {
  if (type === rawType) return 'here';
  if (known.has(type)) return known.get(type);
  // Types that contain themselves have no raw JSON.
  known.set(type, undefined);
  const places = placesOf(builtInTypeIndex.schemas.lookup(type) ?? {});
  known.set(type, places);
  return places;
}

function placesOf(schema: Schema): RawPlaces | undefined {
  if (schema.ref !== undefined) return placesOfType(schema.ref);
  const fields = new Map<string, RawPlaces>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const places = placesOf(property);
    if (places !== undefined) fields.set(name, places);
  }
  if (fields.size > 0) return { fields };
  const inside = schema.items ?? schema.additionalProperties;
  const items = inside === undefined ? undefined : placesOf(inside);
  return items === undefined ? undefined : { items };
}
