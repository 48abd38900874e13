import { escapeHtml, stringifySorted } from '../apimachinery/json-codec.ts';
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
  const { annotations } = configuration.metadata;
  if (annotations === undefined) return encode(configuration);
  const { [lastAppliedAnnotation]: _itself, ...others } = annotations;
  return encode({ ...configuration, metadata: { ...configuration.metadata, annotations: others } });
}

function encode(configuration: Unstructured): string {
  return `${escapeHtml(stringifySorted(configuration))}\n`;
}

/** The configuration, keeping what it says itself in the annotation, as kubectl's clients write it. */
export function withLastApplied(configuration: Unstructured): Unstructured {
  const { metadata } = configuration;
  const annotations = metadata.annotations ?? {};
  const text = encodeLastApplied({ ...configuration, metadata: { ...metadata, annotations } });
  return {
    ...configuration,
    metadata: { ...metadata, annotations: { ...annotations, [lastAppliedAnnotation]: text } },
  };
}

/** Sets the annotation of an object; drops it when the annotations would grow too large. */
export function setLastApplied(object: Unstructured, text: string): void {
  const annotations: Record<string, string> = { ...object.metadata.annotations, [lastAppliedAnnotation]: text };
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (bytes > maxAnnotationBytes) delete annotations[lastAppliedAnnotation];
  object.metadata = { ...object.metadata, annotations };
}
