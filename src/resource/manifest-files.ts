import { isAbsolute, join, resolve, sep } from 'node:path';
import type { FileSystem } from '../system/file-system.ts';
import type { InputStream } from '../system/io-streams.ts';
import { systemReason } from '../system/file-errors.ts';
import {
  ManifestFileError,
  type ManifestObject,
  objectsIn,
  type Reading,
  type ReadManifests,
  separated,
} from './manifest-objects.ts';
import { nextTurn } from '../system/next-turn.ts';

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
      } else if (name === '') {
        throw new ManifestFileError('the path "" does not exist');
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

/** Whether the port is none that a server can have, which is for who fetches it to tell. */
function hasPortBeyond(url: string): boolean {
  return Number(/^https?:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(url)?.[1] ?? 0) > 65535;
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
  else if (!URL.canParse(name) && !hasPortBeyond(name)) reason = 'invalid character in host name';
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
        if (index % filesInTurn === filesInTurn - 1) await nextTurn();
        if (content instanceof ManifestFileError) parts.push(content);
        else take(textOf(content), paths[index] ?? '');
      }
    }
  }
  return separated(parts);
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
