import type { JsonObject, JsonValue } from '../../../apimachinery/json.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import type { ApiResource } from '../registry/api-resource.ts';

/** A patch that was read. */
export interface ParsedPatch {
  readonly value: JsonValue;
  /** Duplicate keys, as strict decoding words them. */
  readonly strictErrors: readonly string[];
  /** @throws StatusError when the patch does not fit the document. */
  applyTo(document: JsonObject): JsonValue;
}

const patchTypes: ReadonlySet<string> = new Set([
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]);

/** Whether a media type is one of the forms of PATCH. */
export function isPatchType(mediaType: string): boolean {
  return patchTypes.has(mediaType);
}

/** Reads a patch. @throws StatusError 400 for what does not parse */
export function parsePatch(mediaType: string, _body: Uint8Array, _resource: ApiResource): ParsedPatch {
  throw new StatusError({ message: `${mediaType} is not served yet`, reason: 'NotImplemented', code: 501 });
}
