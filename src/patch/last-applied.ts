import type { JsonObject, JsonValue } from '../apimachinery/json.ts';
import { cloneJson, isJsonObject } from '../apimachinery/json.ts';
import { stringifyJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';

/** Where kubectl keeps what it last applied from the client's side. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

const maxAnnotationBytes = 256 * 1024;

/** The annotation's text; undefined when it is not there or empty. */
export function lastAppliedOf(object: Unstructured | undefined): string | undefined {
  const text = object?.metadata.annotations?.[lastAppliedAnnotation];
  return text === '' ? undefined : text;
}

/**
 * A configuration as the annotation holds it: without the annotation itself, keys sorted, `<`, `>` and `&` escaped, a
 * line feed at the end.
 */
export function encodeLastApplied(configuration: Unstructured): string {
  const copy = cloneJson(configuration);
  if (copy.metadata.annotations !== undefined) delete copy.metadata.annotations[lastAppliedAnnotation];
  return `${escapeHtml(stringifyJson(sortKeys(copy as unknown as JsonObject)))}\n`;
}

/** A copy that keeps what it says itself in the annotation, as kubectl's clients write it. */
export function withLastApplied(configuration: Unstructured): Unstructured {
  const copy = cloneJson(configuration);
  copy.metadata.annotations ??= {};
  const text = encodeLastApplied(copy);
  copy.metadata.annotations = { ...copy.metadata.annotations, [lastAppliedAnnotation]: text };
  return copy;
}

/** Sets the annotation of an object; drops it when the annotations would grow too large. */
export function setLastApplied(object: Unstructured, text: string): void {
  const annotations: Record<string, string> = { ...object.metadata.annotations, [lastAppliedAnnotation]: text };
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (bytes > maxAnnotationBytes) delete annotations[lastAppliedAnnotation];
  object.metadata = { ...object.metadata, annotations };
}

function sortKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}

const escapedCharacters: Readonly<Record<string, string>> = {
  '<': String.raw`\u003c`,
  '>': String.raw`\u003e`,
  '&': String.raw`\u0026`,
  '\u2028': String.raw`\u2028`,
  '\u2029': String.raw`\u2029`,
};

/** As Go's encoder writes what could be read as HTML. */
function escapeHtml(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (character) => escapedCharacters[character] ?? character);
}
