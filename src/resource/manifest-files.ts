import { isAbsolute, join, resolve, sep } from 'node:path';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { type ManifestDocument, ManifestError, readManifests } from '../apimachinery/manifest-stream.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { TextPosition } from '../apimachinery/yaml.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { InputStream } from '../system/io-streams.ts';
import { systemReason } from '../system/file-errors.ts';
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
  /** Told how many files there are, before any is read. */
  readonly onFound?: (files: number) => void;
}

export interface ManifestOptions extends Reading {
  readonly files: FileSystem;
  readonly input: InputStream;
  readonly cwd: string;
  /** `-f`, in order. */
  readonly filenames: readonly string[];
  readonly recursive: boolean;
  /** Fetches a URL's text; absent where URLs are not reached. */
  readonly fetchText?: (url: string) => Promise<string>;
}

const extensions = ['.json', '.yaml', '.yml'];

/** What one name of `-f` leads to. */
type Source =
  | { readonly kind: 'input' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'files'; readonly paths: readonly string[] };

/** Where the manifests of `-f` are, before any is read. */
export interface ManifestSources {
  readonly sources: readonly Source[];
  /** What is wrong with names, one after the other. */
  readonly problems: readonly ManifestFileError[];
}

/**
 * Finds what the names of `-f` stand for: files, patterns of them, folders (their .json, .yaml and .yml files by name),
 * URLs and `-`. Nothing is read yet.
 */
export async function findManifestSources(options: ManifestOptions): Promise<ManifestSources> {
  const sources: Source[] = [];
  const problems: ManifestFileError[] = [];
  for (const name of options.filenames) {
    try {
      if (name === '-') {
        if (sources.some(({ kind }) => kind === 'input')) {
          throw new ManifestFileError('standard input cannot be used for multiple arguments');
        }
        sources.push({ kind: 'input' });
      } else if (/^https?:\/\//.test(name)) {
        checkUrl(name);
        sources.push({ kind: 'url', url: name });
      } else {
        const matching = await namesMatching(name, options);
        for (const path of matching) {
          try {
            const paths = await expand(path, options);
            if (paths.length > 0) sources.push({ kind: 'files', paths });
          } catch (error) {
            problems.push(asProblem(error));
          }
        }
        // As in the real program what came before makes up for folders without manifests.
        if (sources.length === 0 && problems.length === 0) {
          const known = `recognized file extensions are [${extensions.join(' ')}]`;
          problems.push(new ManifestFileError(`error reading [${matching.join(' ')}]: ${known}`));
        }
      }
    } catch (error) {
      problems.push(asProblem(error));
    }
  }
  return { sources, problems };
}

function asProblem(error: unknown): ManifestFileError {
  if (error instanceof ManifestFileError) return error;
  throw error;
}

/** Refuses what is no URL in the words of Go's net/url. @throws ManifestFileError */
function checkUrl(name: string): void {
  const rest = name.replace(/^https?:\/\//, '');
  const host = rest.replace(/[/?#].*$/, '');
  // That is for who fetches it to tell.
  if (host === '') return;
  const wrongEscape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(rest)?.[0];
  let reason;
  if (host.startsWith('[') && !host.includes(']')) reason = "missing ']' in host";
  else if (wrongEscape !== undefined) reason = `invalid URL escape ${JSON.stringify(wrongEscape)}`;
  else if (!URL.canParse(name)) reason = 'invalid character in host name';
  if (reason === undefined) return;
  const quoted = JSON.stringify(name);
  throw new ManifestFileError(`the URL passed to filename ${quoted} is not valid: parse ${quoted}: ${reason}`);
}

/** The names that a pattern stands for; a name that is there, or that is no pattern, stands for itself. */
async function namesMatching(name: string, options: ManifestOptions): Promise<readonly string[]> {
  if (!/[*?[]/.test(name) || (await options.files.exists(absolute(name, options.cwd)))) return [name];
  const { matchFilePattern } = await import('./file-pattern.ts');
  const matching = await matchFilePattern(name, options);
  if (matching === undefined)
    throw new ManifestFileError(`pattern ${JSON.stringify(name)} is not valid: syntax error in pattern`);
  return matching.length === 0 ? [name] : matching;
}

/** After so many files it is the turn of what else goes on: connections that are made meanwhile. */
const filesInTurn = 16;

/**
 * Reads all objects of sources; lists come as their items. What cannot be read in one file does not keep the others from
 * being read.
 */
export async function readManifestSources(
  { sources }: ManifestSources,
  options: ManifestOptions,
): Promise<ReadManifests> {
  const parts: (ManifestObject | ManifestFileError)[] = [];
  const take = (text: string, source: string): void => {
    parts.push(...objectsIn(text, source, options).parts);
  };
  options.onFound?.(sources.reduce((sum, source) => sum + (source.kind === 'files' ? source.paths.length : 1), 0));
  for (const source of sources) {
    if (source.kind === 'input') {
      take(textOf(await options.input.readAll()), 'STDIN');
    } else if (source.kind === 'url') {
      if (options.fetchText === undefined)
        throw new ManifestFileError(`unable to read URL "${source.url}": URLs are not read here`);
      take(await options.fetchText(source.url), source.url);
    } else {
      const { paths } = source;
      const contents = await Promise.all(paths.map((path) => contentOf(path, options)));
      for (const [index, content] of contents.entries()) {
        if (index % filesInTurn === filesInTurn - 1) await new Promise((resolve) => setImmediate(resolve));
        if (content instanceof ManifestFileError) parts.push(content);
        else take(textOf(content), paths[index] ?? '');
      }
    }
  }
  return separated(parts);
}

function separated(parts: readonly (ManifestObject | ManifestFileError)[]): ReadManifests {
  const objects: ManifestObject[] = [];
  const failures: ManifestFileError[] = [];
  for (const part of parts) {
    if (part instanceof ManifestFileError) failures.push(part);
    else objects.push(part);
  }
  return { objects, failures, parts };
}

/** What a file holds, or why it cannot be read. */
async function contentOf(path: string, { files, cwd }: ManifestOptions): Promise<Uint8Array | ManifestFileError> {
  try {
    return await files.readFile(absolute(path, cwd));
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    return new ManifestFileError(`${reason === 'is a directory' ? 'read' : 'open'} ${path}: ${reason}`);
  }
}

/** Texts are in UTF-8, or say at their beginning that they are in UTF-16 (YAML 1.1, 5.2). */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  const content = Buffer.from(bytes);
  if (!isLittle && !isBig) return content.toString('utf8');
  const whole = content.subarray(2, content.length - (content.length % 2));
  return (isBig ? whole.swap16() : whole).toString('utf16le');
}

function absolute(path: string, cwd: string): string {
  const whole = isAbsolute(path) ? path : resolve(cwd, path);
  // A name that ends so can be a folder's only; resolve() forgets it.
  return /[/\\]$/.test(path) ? join(whole, sep) : whole;
}

async function expand(name: string, options: ManifestOptions): Promise<string[]> {
  let found;
  try {
    found = await options.files.stat(absolute(name, options.cwd));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') throw new ManifestFileError(`the path "${name}" does not exist`);
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new ManifestFileError(`the path "${name}" cannot be accessed: stat ${name}: ${reason}`);
  }
  if (!found.isFolder) return [name];
  return filesIn(name, options);
}

async function filesIn(folder: string, options: ManifestOptions): Promise<string[]> {
  const entries = await options.files.readFolder(absolute(folder, options.cwd));
  const paths = entries.map((entry) => join(folder, entry));
  const inside = await Promise.all(
    paths.map(async (path) => {
      if (await isFolder(absolute(path, options.cwd), options.files))
        return options.recursive ? filesIn(path, options) : [];
      return extensions.some((extension) => path.endsWith(extension)) ? [path] : [];
    }),
  );
  return inside.flat();
}

/** A link that leads nowhere is no folder: reading it tells what is wrong. */
async function isFolder(path: string, files: FileSystem): Promise<boolean> {
  try {
    return (await files.stat(path)).isFolder;
  } catch (error) {
    if (systemReason(error) === undefined) throw error;
    return false;
  }
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

/** The objects of a text of which nothing may be wrong. @throws ManifestFileError for the first thing that is */
export function allObjectsIn(text: string, source: string): readonly ManifestObject[] {
  const { objects, failures } = objectsIn(text, source, { isTyped: true });
  if (failures[0] !== undefined) throw failures[0];
  return objects;
}

/** @throws NoObjectError */
function objectsOf(document: ManifestDocument, source: string, reading: Reading): ManifestObject[] {
  if (!isJsonObject(document.value)) {
    const type = describeJsonKind(document.value);
    if (reading.isTyped === true) throw new NoObjectError(source, undefined, unreadHead(type));
    throw new NoObjectError(
      source,
      'invalid object to validate',
      `json: cannot unmarshal ${type} into Go value of type unstructured.detector`,
    );
  }
  // Messages quote JSON as it was written, and YAML as it is converted.
  const quoted = (value: JsonObject): string =>
    document.format === 'json' && value === document.value ? document.source : sortedJson(value);
  const positionOf = (path: readonly (string | number)[]): TextPosition => document.positionOf(path);
  return flatten(document.value, { ...reading, source, quoted, positionOf }, []);
}

/** What is said of what is to become an object of its type, and is no object. */
function unreadHead(type: string): string {
  const head = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;
  return `couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go value of type ${head}`;
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
  readonly quoted: (value: JsonObject) => string;
  readonly positionOf: (path: readonly (string | number)[]) => TextPosition;
}

function flatten(value: JsonObject, document: ReadDocument, prefix: readonly (string | number)[]): ManifestObject[] {
  const { source, isChecked, positionOf } = document;
  const { kind, apiVersion } = headOf(value, document);
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

/** What an object says it is. @throws NoObjectError */
function headOf(value: JsonObject, document: ReadDocument): { kind: string; apiVersion: string } {
  const { source, quoted, isChecked, isTyped } = document;
  const { kind, apiVersion } = value;
  for (const [field, given] of Object.entries({ kind, apiVersion })) {
    if (typeof given === 'string' || given === undefined) continue;
    throw new NoObjectError(source, `${field} isn't string type`, `Object '${field}' is not a string`);
  }
  if (typeof kind !== 'string' || kind === '') {
    const alone = kind === undefined ? '[apiVersion not set, kind not set]' : 'apiVersion not set';
    const missing = apiVersion === undefined ? alone : 'kind not set';
    throw new NoObjectError(source, missing, `Object 'Kind' is missing in '${quoted(value)}'`);
  }
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    if (isChecked !== true && isTyped !== true) return { kind, apiVersion: '' };
    throw new NoObjectError(source, 'apiVersion not set', `Object 'apiVersion' is missing in '${quoted(value)}'`);
  }
  if (apiVersion.split('/').length > 2) {
    const problem = `unexpected GroupVersion string: ${apiVersion}`;
    const message = isTyped === true ? problem : `Object 'Kind' is missing in '${quoted(value)}'`;
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
