import {
  describeJsonKind,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  keptText,
  notAnObjectText,
} from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import { formatJsonPath } from '../apimachinery/json-path-text.ts';
import { notingLiterals } from '../apimachinery/number-literals.ts';
import { type ManifestDocument, ManifestError, readManifests } from '../apimachinery/manifest-stream.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { TextPosition } from '../apimachinery/yaml.ts';
import { metadataMisfit } from './metadata-misfit.ts';

/** One object of a manifest, with where it stands. */
export interface ManifestObject {
  readonly object: Unstructured;
  /** `web.yaml` as given, `STDIN`, or a URL: how messages name the source. */
  readonly source: string;
  positionOf(path: readonly (string | number)[]): TextPosition;
  /** The object as it is written, where it has no metadata. */
  readonly written?: JsonObject;
  /** The list of its document that it is an item of. */
  readonly list?: JsonObject;
  /** How messages show a part of it: JSON as it is written, YAML as it is converted. */
  readonly quote?: (path: readonly (string | number)[]) => string;
  /** Numbers of JSON that are not written as plain integers, by their path. */
  readonly numberLiterals?: () => ReadonlyMap<string, string>;
  /** Keys that stand twice in one map of its document, of which the later ones count. */
  readonly repeatedKeys?: readonly RepeatedKey[];
}

/** A key that stands a second time. */
export interface RepeatedKey {
  /** `line 9: key "replicas" already set in map`. */
  readonly message: string;
  readonly position: TextPosition;
}

/** Manifests that cannot be found or read; the message, with the place behind it, is what follows `error: `. */
export class ManifestFileError extends Error {
  /** What the real program says of it. */
  readonly reason: string;

  /** @param place of what is wrong, on lines of its own */
  constructor(reason: string, place = '') {
    super(`${reason}${place}`);
    this.reason = reason;
  }
}

/** A document that is no object of the API. */
export class NoObjectError extends ManifestFileError {
  /** As messages name the manifest. */
  readonly source: string;
  /** What a check of objects says of it; undefined where none is reached. */
  readonly problem: string | undefined;

  constructor(source: string, problem: string | undefined, message: string) {
    super(`unable to decode "${source}": ${message}`);
    this.source = source;
    this.problem = problem;
  }
}

/** What came of reading manifests: the objects in their order, and what could not be read of the rest. */
export interface ReadManifests {
  readonly objects: readonly ManifestObject[];
  readonly failures: readonly ManifestFileError[];
  /** Both, in the order of the input. */
  readonly parts: readonly (ManifestObject | ManifestFileError)[];
}

/** How documents are read. */
export interface Reading {
  /** Whether objects are checked as they are read: a document that is none then ends its file. */
  readonly isChecked?: boolean;
  /** Whether objects become ones of their types, which one that tells no version of the API has not. */
  readonly isTyped?: boolean;
  /** Whether lists stay as they are. */
  readonly keepsLists?: boolean;
  /** Told how many files there are, before any is read. */
  readonly onFound?: (files: number) => void;
}

/**
 * Reads the objects of a text, lists as their items. A document that is no object is left out, or ends the text where
 * objects are checked; one that cannot be parsed ends it always. Of a key that stands twice the last counts.
 * @param source how messages name the text
 */
export function objectsIn(text: string, source: string, reading: Reading = {}): ReadManifests {
  const parts: (ManifestObject | ManifestFileError)[] = [];
  let repeated: RepeatedKey[] = [];
  const onDuplicateKey = (message: string, position: TextPosition): void => void repeated.push({ message, position });
  try {
    for (const document of readManifests(text, { onDuplicateKey })) {
      const above = document.line - 1;
      const repeatedKeys = repeated.map(({ message, position: { line, column } }) => ({
        message,
        position: { line: line + above, column },
      }));
      repeated = [];
      if (document.value === null) continue;
      try {
        const [first, ...others] = objectsOf(document, source, reading);
        if (first !== undefined) parts.push(repeatedKeys.length === 0 ? first : { ...first, repeatedKeys });
        parts.push(...others);
      } catch (error) {
        if (!(error instanceof NoObjectError)) throw error;
        parts.push(error);
        if (reading.isChecked === true) break;
      }
    }
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    parts.push(new ManifestFileError(`error parsing ${source}: ${error.message}`, placeOf(error, source)));
  }
  return separated(parts);
}

/** Objects and failures, each for themselves too. */
export function separated(parts: readonly (ManifestObject | ManifestFileError)[]): ReadManifests {
  const objects: ManifestObject[] = [];
  const failures: ManifestFileError[] = [];
  for (const part of parts) {
    if (part instanceof ManifestFileError) failures.push(part);
    else objects.push(part);
  }
  return { objects, failures, parts };
}

/** The objects of a text of which nothing may be wrong. @throws ManifestFileError for the first thing that is */
export function allObjectsIn(text: string, source: string): readonly ManifestObject[] {
  const { objects, failures } = objectsIn(text, source, { isTyped: true });
  if (failures[0] !== undefined) throw failures[0];
  return objects;
}

/** @throws NoObjectError */
function objectsOf(document: ManifestDocument, source: string, reading: Reading): ManifestObject[] {
  if (!isJsonObject(document.value)) {
    if (reading.isTyped === true) {
      const why = `couldn't get version/kind; json parse error: ${notAnObjectText(document.value)}`;
      throw new NoObjectError(source, undefined, why);
    }
    const type = describeJsonKind(document.value);
    throw new NoObjectError(
      source,
      'invalid object to validate',
      `json: cannot unmarshal ${type} into Go value of type unstructured.detector`,
    );
  }
  // Messages quote JSON as it was written, and YAML as it is converted.
  const isJson = document.format === 'json';
  const quoted = (value: JsonObject, path: readonly (string | number)[]): string => {
    if (!isJson) return sortedJson(value);
    return path.length === 0 ? document.source : textAt(document.source, path);
  };
  const positionOf = (path: readonly (string | number)[]): TextPosition => document.positionOf(path);
  const literals = (): ReadonlyMap<string, string> => (isJson ? literalsOf(document.source) : new Map());
  return flatten(document.value, { ...reading, source, quoted, positionOf, literals }, []);
}

/** The place a person looks for: file, line and column, and the line itself. */
function placeOf(error: ManifestError, source: string): string {
  if (error.position === undefined) return '';
  const { line, column } = error.position;
  return `\n  at ${source}:${line}:${column}: ${error.sourceLine.trim()}`;
}

/** As the converter from YAML writes it: members in the order of their names. */
function sortedJson(value: JsonObject): string {
  return JSON.stringify(value, (_key, member: JsonValue) =>
    isJsonObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}

/** What objects are read from. */
interface ReadDocument extends Reading {
  readonly source: string;
  /** An object of the document as messages show it. */
  readonly quoted: (value: JsonObject, path: readonly (string | number)[]) => string;
  readonly literals: () => ReadonlyMap<string, string>;
  readonly positionOf: (path: readonly (string | number)[]) => TextPosition;
}

function flatten(value: JsonObject, document: ReadDocument, prefix: readonly (string | number)[]): ManifestObject[] {
  const { source, isChecked, positionOf } = document;
  const { kind, apiVersion } = headOf(value, document, prefix);
  if (document.keepsLists === true) return [wholeDocument(value, document)];
  if (kind.endsWith('List') && value['items'] !== undefined) {
    return itemsOf(value['items'], document).flatMap((item, index) => {
      // Items of a typed list need not say what they are.
      if (kind !== 'List' && (item['kind'] ?? '') === '') {
        item['kind'] = kind.slice(0, -'List'.length);
        item['apiVersion'] = apiVersion;
      }
      return flatten(item, document, [...prefix, 'items', index]).map((entry) => ({ ...entry, list: value }));
    });
  }
  const metadata = value['metadata'] ?? null;
  // What is checked later is told with its place then.
  const isTold = isChecked === true && (metadata === null || isJsonObject(metadata));
  const problem = isTold ? undefined : metadataMisfit(metadata, document.isTyped === true ? kind : undefined);
  if (problem !== undefined) throw new NoObjectError(source, undefined, problem);
  const hasMetadata = isJsonObject(metadata);
  return [
    {
      object: (hasMetadata ? value : { ...value, metadata: {} }) as unknown as Unstructured,
      source,
      ...(hasMetadata ? {} : { written: value }),
      positionOf: (path) => positionOf([...prefix, ...path]),
    },
  ];
}

/** A document as it stands, with what is told of it when it does not fit its type. */
function wholeDocument(value: JsonObject, { source, positionOf, quoted, literals }: ReadDocument): ManifestObject {
  const metadata = value['metadata'] ?? null;
  const hasMetadata = isJsonObject(metadata);
  return {
    object: (hasMetadata ? value : { ...value, metadata: {} }) as unknown as Unstructured,
    source,
    ...(hasMetadata ? {} : { written: value }),
    positionOf,
    quote: (path) => quoted(valueAt(value, path), path),
    numberLiterals: literals,
  };
}

function valueAt(value: JsonObject, path: readonly (string | number)[]): JsonObject {
  let found: JsonValue = value;
  for (const step of path) found = (found as Record<string | number, JsonValue>)[step] ?? null;
  return isJsonObject(found) ? found : {};
}

/** How an object within JSON is written. */
function textAt(text: string, path: readonly (string | number)[]): string {
  const wanted = formatJsonPath(path);
  let found: JsonValue = parseJson(text, { keepsText: (at) => formatJsonPath(at) === wanted });
  for (const step of path) found = (found as Record<string | number, JsonValue>)[step] ?? null;
  return isJsonObject(found) ? (keptText(found) ?? JSON.stringify(found)) : '';
}

function literalsOf(text: string): ReadonlyMap<string, string> {
  const literals = new Map<string, string>();
  parseJson(text, { onNumber: notingLiterals(literals) });
  return literals;
}

/** What an object says it is. @throws NoObjectError */
function headOf(
  value: JsonObject,
  document: ReadDocument,
  path: readonly (string | number)[],
): { kind: string; apiVersion: string } {
  const { source, quoted, isChecked, isTyped } = document;
  const { kind, apiVersion } = value;
  for (const [field, given] of Object.entries({ kind, apiVersion })) {
    if (typeof given === 'string' || given === undefined) continue;
    throw new NoObjectError(source, `${field} isn't string type`, `Object '${field}' is not a string`);
  }
  if (typeof kind !== 'string' || kind === '') {
    const alone = kind === undefined ? '[apiVersion not set, kind not set]' : 'apiVersion not set';
    const missing = apiVersion === undefined ? alone : 'kind not set';
    throw new NoObjectError(source, missing, `Object 'Kind' is missing in '${quoted(value, path)}'`);
  }
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    if (isChecked !== true && isTyped !== true) return { kind, apiVersion: '' };
    throw new NoObjectError(source, 'apiVersion not set', `Object 'apiVersion' is missing in '${quoted(value, path)}'`);
  }
  if (apiVersion.split('/').length > 2) {
    const problem = `unexpected GroupVersion string: ${apiVersion}`;
    const message = isTyped === true ? problem : `Object 'Kind' is missing in '${quoted(value, path)}'`;
    throw new NoObjectError(source, problem, message);
  }
  return { kind, apiVersion };
}

/** The items of a list; `items: null` are none. @throws NoObjectError */
function itemsOf(items: JsonValue, { source, isChecked, isTyped }: ReadDocument): readonly JsonObject[] {
  const invalid = 'invalid object to validate';
  const cannot = (value: JsonValue, where: string): NoObjectError =>
    new NoObjectError(source, invalid, `json: cannot unmarshal ${describeJsonKind(value)} into ${where}`);
  if (items === null && isChecked !== true) return [];
  const field =
    isTyped === true ? 'List.items of type []runtime.RawExtension' : 'decodeList.items of type []jsontext.Value';
  if (!Array.isArray(items)) throw cannot(items, `Go struct field ${field}`);
  return items.map((item) => {
    if (!isJsonObject(item)) throw cannot(item, 'Go value of type map[string]interface {}');
    return item;
  });
}
