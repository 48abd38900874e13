import { canonicalTime } from '../apimachinery/go-time.ts';
import { isJsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';

const texts = ['manager', 'operation', 'apiVersion', 'fieldsType', 'subresource'] as const;

/**
 * Whether a configuration that is applied says who owns its fields, which it must not. The real server reads that of an
 * object that is not typed yet: no list, or one with an entry that cannot be read, says nothing.
 */
export function namesManagers({ metadata }: Unstructured): boolean {
  const entries: unknown = metadata.managedFields;
  return Array.isArray(entries) && entries.every(isReadable);
}

function isReadable(entry: JsonValue): boolean {
  if (!isJsonObject(entry)) return false;
  return texts.every((key) => isTextOrNone(entry[key])) && isTimeOrNone(entry['time']);
}

function isTextOrNone(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function isTimeOrNone(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'string') return false;
  try {
    canonicalTime(value);
    return true;
  } catch {
    return false;
  }
}
