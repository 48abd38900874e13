import { isNamedList, isNamedMap, isNamedString } from './go-types.ts';

/** How the converter calls the kinds of values that json names otherwise. */
const kinds: Readonly<Record<string, string>> = {
  object: 'map',
  array: 'slice',
  string: 'string',
  bool: 'bool',
  number: 'int64',
};

const basicTypes = new Set(['string', 'bool', 'int32', 'int64', 'float64']);

/**
 * What apimachinery's converter from maps to structs, which strategic merge patches go through, says of a value that
 * does not fit, where the JSON decoder says `message`. Others are left as they are.
 */
export function converterMessage(message: string): string {
  const match = /^json: cannot unmarshal (\S+)( [\d.e+-]+)? into Go struct field \S+ of type (.+)$/.exec(message);
  const [, found = '', literal = '', type = ''] = match ?? [];
  const kind = /[.e]/.test(literal) ? 'float64' : kinds[found];
  if (match === null || kind === undefined) return message;
  if (type.startsWith('map[') || isNamedMap(type)) return `cannot restore map from ${kind}`;
  if (type.startsWith('[]') || isNamedList(type)) return `cannot restore slice from ${kind}`;
  const isText = type === 'string' || isNamedString(type);
  if (!isText && !basicTypes.has(type)) return `cannot restore struct from: ${kind}`;
  // Go turns integers into strings, and floats into integers, but for what would be lost.
  if (kind === 'int64' && isText) return `cannot convert int64 to ${type}`;
  if (kind === 'float64' && type.startsWith('int')) return `cannot convert float64 to ${type}`;
  return `unrecognized type: ${isText ? 'string' : type}`;
}
