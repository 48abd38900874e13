import type { JsonValue } from '../apimachinery/json.ts';
import { type ManifestDocument, ManifestError, readManifests } from '../apimachinery/manifest-stream.ts';

/** A document of a manifest as it can be copied from one thread to another. */
export type PlainDocument = Pick<ManifestDocument, 'line'> & { readonly value: JsonValue };

/** Parses texts in another thread; of a text in which something is wrong it knows nothing. */
export type ParseBeside = (texts: readonly string[]) => Promise<readonly (readonly PlainDocument[] | undefined)[]>;

/** The documents of a text; undefined where one cannot be parsed, or has a key twice: that is told with its place. */
export function plainDocuments(text: string): readonly PlainDocument[] | undefined {
  let isDoubtful = false;
  const onDuplicateKey = (): void => void (isDoubtful = true);
  try {
    const documents = Array.from(readManifests(text, { onDuplicateKey }), ({ line, value }) => ({ line, value }));
    return isDoubtful ? undefined : documents;
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

/** Documents as readManifests gives them; where something stands is looked for when it is asked. */
export function documentsFromPlain(text: string, plain: readonly PlainDocument[]): readonly DocumentWithPlaces[] {
  return plain.map(({ line, value }, index) => ({
    line,
    value,
    positionOf: (path) => nth(readManifests(text), index)?.positionOf(path) ?? { line, column: 1 },
  }));
}

/** What objects are made from. */
export type DocumentWithPlaces = Pick<ManifestDocument, 'line' | 'value' | 'positionOf'>;

function nth<T>(items: Iterable<T>, index: number): T | undefined {
  let at = 0;
  for (const item of items) if (at++ === index) return item;
  return undefined;
}
