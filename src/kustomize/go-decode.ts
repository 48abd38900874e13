import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts';

/** A type of a configuration as its Go program declares it: what may stand there, and what messages call it. */
export type GoType =
  | { readonly go: 'string' | 'bool' | 'int' | 'int64'; readonly name?: string }
  | { readonly go: 'any' }
  | { readonly go: 'list'; readonly item: GoType; readonly isPointer?: boolean; readonly name?: string }
  | { readonly go: 'map'; readonly value: GoType }
  | { readonly go: 'struct'; readonly name: string; readonly fields: Readonly<Record<string, GoType>> };

/** A value that does not fit its type; the message is that of Go's encoding/json. */
export class GoDecodeError extends Error {}

/** How strict a decoder is. */
export interface DecodeOptions {
  /** Drops fields that the type does not have. */
  readonly ignoreUnknown?: boolean;
  /** Leaves the name of the type out of places, as where YAML is taken straight into it. */
  readonly isUnnamed?: boolean;
}

/**
 * Takes a value for its type as Go's encoding/json does with unknown fields disallowed: names of fields in any case,
 * null for nothing. Fields come out by their proper names, in sorted order. @throws GoDecodeError for the first misfit
 */
export function decodeGo(value: JsonValue, type: GoType, options: DecodeOptions = {}): JsonValue {
  const root = type.go === 'struct' && options.isUnnamed !== true ? type.name.replace(/^.*\./, '') : '';
  return decodeAt(value, type, [root], options);
}

type Path = readonly (string | number)[];

function decodeAt(value: JsonValue, type: GoType, path: Path, options: DecodeOptions): JsonValue {
  if (type.go === 'any') return value;
  if (value === null) return zeroOf(type);
  switch (type.go) {
    case 'string':
    case 'bool':
      if (typeof value !== (type.go === 'string' ? 'string' : 'boolean')) return misfit(value, type, path);
      return value;
    case 'int':
    case 'int64':
      if (typeof value !== 'number' && typeof value !== 'bigint') return misfit(value, type, path);
      if (typeof value === 'number' && !Number.isSafeInteger(value)) return misfit(value, type, path);
      return value;
    case 'list':
      if (!Array.isArray(value)) return misfit(value, type, path);
      return value.map((item, index) => decodeAt(item, type.item, [...path, index], options));
    case 'map': {
      if (!isJsonObject(value)) return misfit(value, type, path);
      const map: JsonObject = {};
      for (const key of Object.keys(value).sort()) {
        setOwn(map, key, decodeAt(value[key] ?? null, type.value, [...path, key], options));
      }
      return map;
    }
    default:
      if (!isJsonObject(value)) return misfit(value, type, path);
      return decodeStruct(value, type.fields, path, options);
  }
}

function decodeStruct(
  value: JsonObject,
  fields: Readonly<Record<string, GoType>>,
  path: Path,
  options: DecodeOptions,
): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(value).sort()) {
    const name = fieldNamed(key, fields);
    const type = name === undefined ? undefined : fields[name];
    if (name === undefined || type === undefined) {
      if (options.ignoreUnknown === true) continue;
      throw new GoDecodeError(`json: unknown field ${JSON.stringify(key)}`);
    }
    const item = value[key] ?? null;
    if (item !== null) result[name] = decodeAt(item, type, [...path, name], options);
  }
  return result;
}

function fieldNamed(key: string, fields: Readonly<Record<string, GoType>>): string | undefined {
  if (Object.hasOwn(fields, key)) return key;
  const folded = key.toLowerCase();
  return Object.keys(fields).find((name) => name.toLowerCase() === folded);
}

function zeroOf(type: GoType): JsonValue {
  if (type.go === 'string') return '';
  if (type.go === 'bool') return false;
  if (type.go === 'int' || type.go === 'int64') return 0;
  return type.go === 'list' ? [] : {};
}

function misfit(value: JsonValue, type: GoType, path: Path): never {
  // Of a number that is none of the type, all is told.
  const isNumber = typeof value === 'number' && (type.go === 'int' || type.go === 'int64');
  const shown = isNumber ? ` ${plainDigits(value)}` : '';
  const last = path.at(-1);
  let place = `Go struct field ${path.join('.')}`;
  if (path.length === 1) place = 'Go value';
  else if (typeof last === 'number') place = path.join('.');
  throw new GoDecodeError(
    `json: cannot unmarshal ${describeJsonKind(value)}${shown} into ${place} of type ${nameOf(type)}`,
  );
}

function plainDigits(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : `${value}`;
}

function nameOf(type: GoType): string {
  switch (type.go) {
    case 'any':
      return 'interface {}';
    case 'list':
      if (type.name !== undefined) return type.name;
      return `[]${type.isPointer === true ? '*' : ''}${nameOf(type.item)}`;
    case 'map':
      return `map[string]${nameOf(type.value)}`;
    case 'struct':
      return type.name;
    default:
      return type.name ?? type.go;
  }
}
