import { createHash } from 'node:crypto';
import { basename, isAbsolute, join } from 'node:path';
import { goQuote } from '../apimachinery/field-error.ts';
import { isClassicEnvVarName } from '../apimachinery/names.ts';
import type { FileSystem } from '../system/file-system.ts';
import { systemReasonOrMessage } from '../system/file-errors.ts';

/** A key or a value of a config map or secret that cannot be; the message is what follows `error: `. */
export class KeySourceError extends Error {}

/** Where keys and values come from. */
export interface KeySources {
  readonly files: FileSystem;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fromFile: readonly string[];
  readonly fromLiteral: readonly string[];
  readonly fromEnvFile: readonly string[];
  /** What an env file that is a folder is called: `env config file`. */
  readonly envFileNoun: string;
}

type Add = (key: string, value: Uint8Array) => void;

/** `--from-literal`. @throws KeySourceError */
export function addLiterals(sources: KeySources, add: Add): void {
  for (const source of sources.fromLiteral) {
    const sign = source.indexOf('=');
    if (sign < 1) throw new KeySourceError(`invalid literal source ${source}, expected key=value`);
    add(source.slice(0, sign), Buffer.from(source.slice(sign + 1)));
  }
}

/** `--from-file`: a file, `key=file`, or all files of a folder. @throws KeySourceError */
export async function addFiles(sources: KeySources, add: Add): Promise<void> {
  for (const source of sources.fromFile) {
    const { key, path } = parseFileSource(source);
    const { isFolder } = await statOf(sources, path);
    if (!isFolder) {
      add(key, await readSource(sources, path));
      continue;
    }
    if (source.includes('=')) throw new KeySourceError('cannot give a key name for a directory path');
    for (const name of await sources.files.readFolder(absolute(sources, path))) {
      const inside = join(path, name);
      const info = await sources.files.stat(absolute(sources, inside));
      if (!info.isFolder) add(name, await readSource(sources, inside));
    }
  }
}

/** `--from-env-file`: lines of `key=value`; a key alone takes its value from the environment. @throws KeySourceError */
export async function addEnvFiles(sources: KeySources, add: Add): Promise<void> {
  for (const path of sources.fromEnvFile) {
    const { isFolder } = await statOf(sources, path);
    if (isFolder) throw new KeySourceError(`${sources.envFileNoun} cannot be a directory`);
    const bytes = await readSource(sources, path);
    let at = 0;
    for (let number = 1; at < bytes.length; number++) {
      const feed = bytes.indexOf(10, at);
      const end = feed < 0 ? bytes.length : feed;
      addEnvLine(bytes.subarray(at, end), { path, number, env: sources.env }, add);
      at = end + 1;
    }
  }
}

interface LinePlace {
  readonly path: string;
  readonly number: number;
  readonly env: KeySources['env'];
}

function addEnvLine(bytes: Uint8Array, { path, number, env }: LinePlace, add: Add): void {
  const line = bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
  const decoded = textOf(line);
  if (decoded === undefined) {
    throw new KeySourceError(
      `env file ${path} contains invalid utf8 bytes at line ${number}: [${[...line].join(' ')}]`,
    );
  }
  const text = (number === 1 ? decoded.replace(/^\uFEFF/, '') : decoded).trimStart();
  if (text === '' || text.startsWith('#')) return;
  const sign = text.indexOf('=');
  const key = sign < 0 ? text : text.slice(0, sign);
  const problems = isClassicEnvVarName(key);
  if (problems.length > 0) throw new KeySourceError(`${goQuote(key)} is not a valid key name: ${problems.join(';')}`);
  add(key, Buffer.from(sign < 0 ? (env[key] ?? '') : text.slice(sign + 1)));
}

/** The text that bytes are in UTF-8; undefined when they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseFileSource(source: string): { readonly key: string; readonly path: string } {
  const parts = source.split('=');
  const [first = '', second = ''] = parts;
  if (parts.length === 1) return { key: basename(source), path: source };
  if (parts.length > 2) throw new KeySourceError("key names or file paths cannot contain '='");
  if (first === '') throw new KeySourceError(`key name for file path ${second} missing`);
  if (second === '') throw new KeySourceError(`file path for key name ${first} missing`);
  return { key: first, path: second };
}

function absolute({ cwd }: Pick<KeySources, 'cwd'>, path: string): string {
  return isAbsolute(path) ? path : join(cwd, path);
}

async function statOf(sources: KeySources, path: string): Promise<{ readonly isFolder: boolean }> {
  try {
    return await sources.files.stat(absolute(sources, path));
  } catch (error) {
    throw new KeySourceError(`error reading ${path}: ${systemReasonOrMessage(error)}`);
  }
}

async function readSource(sources: KeySources, path: string): Promise<Uint8Array> {
  try {
    return await sources.files.readFile(absolute(sources, path));
  } catch (error) {
    throw new KeySourceError(`open ${path}: ${systemReasonOrMessage(error)}`);
  }
}

const consonants: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };

/** The tail of --append-hash: ten characters of the hash of the text, without vowels so that it spells no words. */
export function contentHash(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return hex.replaceAll(/[013ae]/g, (digit) => consonants[digit] ?? digit);
}
