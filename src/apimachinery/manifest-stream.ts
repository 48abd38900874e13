import { JsonSyntaxError, parseJsonPrefix } from './json-codec.ts';
import type { JsonValue } from './json.ts';
import { type ParseYamlOptions, parseYamlDocuments, type TextPosition, YamlError } from './yaml.ts';

/** One document of a file or stream of manifests. */
export interface ManifestDocument {
  /** null for a document without content. */
  readonly value: JsonValue;
  readonly format: 'json' | 'yaml';
  /** The document's own text. */
  readonly source: string;
  /** The line of the whole text it starts on, from 1. */
  readonly line: number;
  /** Where the value at a path stands in the whole text: its key, for a member of an object. */
  positionOf(path: readonly (string | number)[]): TextPosition;
}

/** A manifest that cannot be read. `message` is what follows `error parsing FILE: `, to the letter. */
export class ManifestError extends Error {
  /** Where it went wrong, in the whole text. */
  readonly position: TextPosition | undefined;
  readonly sourceLine: string;

  constructor(message: string, position: TextPosition | undefined, sourceLine: string) {
    super(message);
    this.name = 'ManifestError';
    this.position = position;
    this.sourceLine = sourceLine;
  }
}

/**
 * Reads a stream of manifests as kubectl does (apimachinery's YAMLOrJSONDecoder): JSON values one after the other when
 * it begins with a brace, else YAML documents between lines that begin with `---`; a stream that stops being JSON after
 * at most one value goes on as YAML. Documents come one by one, so that those before an error can be used.
 * @throws ManifestError while iterating
 */
export function* readManifests(text: string, options: ParseYamlOptions = {}): Generator<ManifestDocument> {
  let offset = text.startsWith('\ufeff') ? 1 : 0;
  let jsonError: ManifestError | undefined;
  if (/^[\s]*\{/.test(text.slice(offset, offset + 4096))) {
    let count = 0;
    for (;;) {
      const next = readJson(text, offset, count);
      if (next === undefined) return;
      if (next instanceof ManifestError) {
        jsonError = next;
        break;
      }
      yield next.document;
      count++;
      offset = next.end;
    }
    // White space up to the end of the line belonged to the value before.
    offset += /^[^\S\n]*\n?/.exec(text.slice(offset))?.[0].length ?? 0;
  }
  for (const chunk of yamlChunks(text, offset, jsonError)) {
    yield readYaml(text, chunk, options, jsonError);
  }
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function positionAt(text: string, offset: number): TextPosition {
  return { line: lineAt(text, offset), column: offset - text.lastIndexOf('\n', offset - 1) };
}

function readJson(
  text: string,
  from: number,
  count: number,
): { document: ManifestDocument; end: number } | ManifestError | undefined {
  const start = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
  try {
    const read = parseJsonPrefix(text, from);
    if (read === undefined) return undefined;
    const source = text.slice(start, read.end);
    const positionOf = (path: readonly (string | number)[]): TextPosition =>
      positionAt(text, start + offsetInJson(source, path));
    const document = { value: read.value, format: 'json' as const, source, line: lineAt(text, start), positionOf };
    return { document, end: read.end };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const position = positionAt(text, error.offset);
    const bytes = Buffer.byteLength(text.slice(0, error.offset)) + 1;
    const atEnd = error.message === 'unexpected end of JSON input';
    let message = atEnd ? 'unexpected EOF' : error.message;
    if (!atEnd && count <= 1) message = `json: offset ${bytes}: ${message}`;
    const failure = new ManifestError(message, position, text.split('\n')[position.line - 1] ?? '');
    if (count > 1) throw failure;
    return failure;
  }
}

function offsetInJson(source: string, path: readonly (string | number)[]): number {
  let best = 0;
  let depth = 0;
  parseJsonPrefix(source, 0, {
    onMember: (at, offset) => {
      if (at.length <= depth || at.length > path.length || !at.every((step, index) => step === path[index])) return;
      depth = at.length;
      best = offset;
    },
  });
  return best;
}

interface Chunk {
  readonly start: number;
  readonly end: number;
}

/** Splits at lines that begin with three dashes; only a comment may follow those. */
function* yamlChunks(text: string, from: number, jsonError: ManifestError | undefined): Generator<Chunk> {
  let start = from;
  let lineStart = from;
  while (lineStart < text.length) {
    const lineEnd = text.indexOf('\n', lineStart);
    const next = lineEnd < 0 ? text.length : lineEnd + 1;
    if (text.startsWith('---', lineStart)) {
      const rest = text.slice(lineStart + 3, next).trim();
      if (rest !== '' && !rest.startsWith('#')) {
        if (jsonError !== undefined) throw jsonError;
        const position = positionAt(text, lineStart);
        const line = text.slice(lineStart, next).trimEnd();
        throw new ManifestError(`invalid Yaml document separator: ${rest}`, position, line);
      }
      if (start < lineStart) {
        yield { start, end: lineStart };
        start = next;
      }
    }
    lineStart = next;
  }
  if (start < text.length) yield { start, end: text.length };
}

function readYaml(
  text: string,
  { start, end }: Chunk,
  options: ParseYamlOptions,
  jsonError: ManifestError | undefined,
): ManifestDocument {
  const source = text.slice(start, end);
  // kubectl reads documents by lines, and ends each of them.
  const ended = source.endsWith('\n') ? source : `${source}\n`;
  const above = lineAt(text, start) - 1;
  try {
    const document = parseYamlDocuments(ended, options)[0];
    const shift = ({ line, column }: TextPosition): TextPosition => ({ line: line + above, column });
    const positionOf = (path: readonly (string | number)[]): TextPosition =>
      shift(document?.positionOf(path) ?? { line: 1, column: 1 });
    return { value: document?.value ?? null, format: 'yaml', source, line: above + 1, positionOf };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    if (jsonError !== undefined) throw jsonError;
    const { position } = error;
    throw new ManifestError(
      `error converting YAML to JSON: ${error.message}`,
      position === undefined ? undefined : { line: position.line + above, column: position.column },
      error.sourceLine,
    );
  }
}
