import { messageOf } from '../apimachinery/error-message.ts';
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

/** What Go says of the first time in such a list that is none; undefined where all are. */
export function badTimeOfManagers({ metadata }: Unstructured): string | undefined {
  const entries: unknown = metadata.managedFields;
  if (!Array.isArray(entries)) return undefined;
  for (const entry of entries as JsonValue[]) {
    const time = isJsonObject(entry) ? entry['time'] : undefined;
    const problem = typeof time === 'string' ? problemOfTime(time) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
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
  return typeof value === 'string' && problemOfTime(value) === undefined;
}

function problemOfTime(text: string): string | undefined {
  try {
    canonicalTime(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
