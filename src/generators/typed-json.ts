import type { Unstructured } from '../apimachinery/object-meta.ts';

const escapes: Readonly<Record<string, string>> = {
  '<': String.raw`\u003c`,
  '>': String.raw`\u003e`,
  '&': String.raw`\u0026`,
  '\u2028': String.raw`\u2028`,
  '\u2029': String.raw`\u2029`,
};

/**
 * JSON with the keys in the order they were set, which for what commands make from flags is the order of the API's
 * types; HTML characters are escaped as Go's encoding/json does.
 */
export function stringifyTyped(object: unknown, indent = ''): string {
  return JSON.stringify(object, undefined, indent).replaceAll(/[<>&\u2028\u2029]/g, (found) => escapes[found] ?? found);
}

/** A record with its keys sorted, as Go writes maps; undefined when it is empty. */
export function sortedMap<T>(entries: Iterable<readonly [string, T]>): Record<string, T> | undefined {
  const sorted = [...entries].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return sorted.length === 0 ? undefined : Object.fromEntries(sorted);
}

/** A copy without the fields that are undefined; what is empty is for the caller to leave undefined. */
export function defined<T extends Record<string, unknown>>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** An object of a command's own making, its fields in the order of the API's types. */
export function typedObject(
  apiVersion: string,
  kind: string,
  metadata: Readonly<Record<string, unknown>>,
  rest: Readonly<Record<string, unknown>> = {},
): Unstructured {
  return { kind, apiVersion, metadata: defined({ ...metadata }), ...defined({ ...rest }) };
}
