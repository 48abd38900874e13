import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { goQuote } from '../apimachinery/field-error.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { kubeconfigMisfit } from './kubeconfig-misfit.ts';
import { parseYaml, stringifyYaml, YamlError } from '../apimachinery/yaml.ts';
import type { FileSystem } from '../system/file-system.ts';
import { canonicalKubeconfig, withInteractiveModes } from './canonical-kubeconfig.ts';

/** A named entry: where to find a server, who to be, or both together. */
export interface NamedEntry {
  readonly name: string;
  /** The entry's fields as the file has them. */
  readonly value: JsonObject;
  /** The file it came from. */
  readonly file: string;
}

/** Several kubeconfig files as one: the first that names something wins. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, NamedEntry>;
  readonly users: ReadonlyMap<string, NamedEntry>;
  readonly contexts: ReadonlyMap<string, NamedEntry>;
  readonly currentContext: string;
  /** Whether any file was there. */
  readonly found: boolean;
  /** The preferences of the first file that has any. */
  readonly preferences?: JsonObject;
}

/** A kubeconfig that cannot be read; the message is what follows `error: `. */
export class KubeconfigError extends Error {}

export type KubeconfigSection = 'clusters' | 'users' | 'contexts';

/** A flag names an entry that no file has. */
export class MissingEntryError extends KubeconfigError {
  readonly section: KubeconfigSection;
  readonly entry: string;

  constructor(section: KubeconfigSection, entry: string) {
    const kinds = { clusters: 'cluster', users: 'auth info', contexts: 'context' };
    super(`${kinds[section]} "${entry}" does not exist`);
    this.section = section;
    this.entry = entry;
  }
}

const memberOf: Readonly<Record<KubeconfigSection, string>> = {
  clusters: 'cluster',
  users: 'user',
  contexts: 'context',
};

export interface KubeconfigPlaces {
  /** `--kubeconfig`; empty when not given. */
  readonly explicit: string;
  /** `$KUBECONFIG`; empty when not set. */
  readonly environment: string;
  readonly home: string;
  readonly cwd: string;
}

/** The files to read, in order: --kubeconfig alone, else those of $KUBECONFIG, else ~/.kube/config. */
export function kubeconfigFiles(places: KubeconfigPlaces): string[] {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(places.cwd, path));
  if (places.explicit !== '') return [absolute(places.explicit)];
  const separator = delimiter;
  const listed = places.environment.split(separator).filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed.map(absolute))] : [join(places.home, '.kube', 'config')];
}

/** A file's name as it was given, for messages. */
export function shownFile(places: KubeconfigPlaces, file: string): string {
  const given = [places.explicit, ...places.environment.split(delimiter)].filter((path) => path !== '');
  return given.find((path) => resolve(places.cwd, path) === file) ?? file;
}

/** Reads and merges the files. A file of $KUBECONFIG may be absent, the one of --kubeconfig may not. */
export async function loadKubeconfig(files: FileSystem, places: KubeconfigPlaces): Promise<Kubeconfig> {
  const merged = {
    clusters: new Map<string, NamedEntry>(),
    users: new Map<string, NamedEntry>(),
    contexts: new Map<string, NamedEntry>(),
  };
  let currentContext = '';
  let found = false;
  let preferences: JsonObject | undefined;
  for (const file of kubeconfigFiles(places)) {
    const document = await readKubeconfigFile(files, file, shownFile(places, file));
    if (document === undefined) {
      if (places.explicit !== '') throw new KubeconfigError(`stat ${places.explicit}: no such file or directory`);
      continue;
    }
    found = true;
    for (const section of ['clusters', 'users', 'contexts'] as const) {
      for (const entry of entriesOf(document, section, file)) {
        if (!merged[section].has(entry.name)) merged[section].set(entry.name, entry);
      }
    }
    if (isJsonObject(document['preferences'])) preferences ??= document['preferences'];
    const current = document['current-context'];
    if (currentContext === '' && typeof current === 'string') currentContext = current;
  }
  return { ...merged, currentContext, found, ...(preferences === undefined ? {} : { preferences }) };
}

/**
 * One file as it stands; undefined when it is not there. A key that stands twice counts as the later one.
 * @param shownAs the file's name in messages
 * @throws KubeconfigError
 */
export async function readKubeconfigFile(
  files: FileSystem,
  file: string,
  shownAs: string = file,
): Promise<JsonObject | undefined> {
  let text: string;
  try {
    text = Buffer.from(await files.readFile(file)).toString('utf8');
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT') return undefined;
    const reason = code === 'EACCES' ? 'permission denied' : code === 'EISDIR' ? 'is a directory' : String(error);
    throw new KubeconfigError(
      `error loading config file "${shownAs}": ${code === 'EISDIR' ? 'read' : 'open'} ${shownAs}: ${reason}`,
    );
  }
  let document: JsonValue;
  try {
    document = parseYaml(text, { onDuplicateKey: () => {} });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new KubeconfigError(`error loading config file "${shownAs}": ${error.message}`);
  }
  if (document === null) return {};
  const headMisfit = misfitOfHead(document);
  if (headMisfit !== undefined) {
    const about = "couldn't get version/kind; json parse error: json: cannot unmarshal";
    throw new KubeconfigError(`error loading config file "${shownAs}": ${about} ${headMisfit}`);
  }
  if (!isJsonObject(document)) return {};
  requireConfigKind(document, shownAs);
  const misfit = kubeconfigMisfit(document);
  if (misfit !== undefined) throw new KubeconfigError(`error loading config file "${shownAs}": ${misfit}`);
  return withInteractiveModes(document);
}

/** Why kind and version cannot be read: what stands there, and what should. */
function misfitOfHead(document: JsonValue): string | undefined {
  if (!isJsonObject(document)) {
    const fields = 'APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\""';
    return `${describeJsonKind(document)} into Go value of type struct { ${fields} }`;
  }
  const wrong = ['apiVersion', 'kind'].find((name) => typeof (document[name] ?? '') !== 'string');
  if (wrong === undefined) return undefined;
  return `${describeJsonKind(document[wrong] ?? null)} into Go struct field .${wrong} of type string`;
}

/** Kind and version may be absent, but not be others. */
function requireConfigKind(document: JsonObject, shownAs: string): void {
  const { kind = 'Config', apiVersion = 'v1' } = document;
  if ((kind === 'Config' || kind === '') && (apiVersion === 'v1' || apiVersion === '')) return;
  const what = `no kind ${goQuote(textOf(kind))} is registered for version ${goQuote(textOf(apiVersion))}`;
  const scheme = 'in scheme "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"';
  throw new KubeconfigError(`error loading config file "${shownAs}": ${what} ${scheme}`);
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : '';
}

function entriesOf(document: JsonObject, section: KubeconfigSection, file: string): NamedEntry[] {
  const list = document[section];
  if (!Array.isArray(list)) return [];
  return list.filter(isJsonObject).map((item) => {
    const value = item[memberOf[section]];
    return {
      name: typeof item['name'] === 'string' ? item['name'] : '',
      value: isJsonObject(value) ? value : {},
      file,
    };
  });
}

/** A path inside an entry is relative to the file the entry is in. */
export function resolveEntryPath(entry: NamedEntry, path: string): string {
  return isAbsolute(path) ? path : join(dirname(entry.file), path);
}

/** A change of one file: what it does to the document. */
export type KubeconfigChange = (document: JsonObject) => void;

/**
 * Changes a file under its lock (`FILE.lock`, as client-go's), whole or not at all; a new one is made when it is not
 * there. @throws KubeconfigError when another process holds the lock.
 */
export async function changeKubeconfigFile(files: FileSystem, file: string, change: KubeconfigChange): Promise<void> {
  await files.makeFolder(dirname(file), 0o755);
  const lock = `${file}.lock`;
  try {
    await files.createExclusive(lock);
  } catch (error) {
    const { code } = error as { code?: string };
    const reason = code === 'EEXIST' ? 'file exists' : code === 'EACCES' ? 'permission denied' : String(error);
    throw new KubeconfigError(`open ${lock}: ${reason}`);
  }
  try {
    const document = (await readKubeconfigFile(files, file)) ?? {};
    change(document);
    await files.writeFileAtomic(file, formatKubeconfig(document));
  } finally {
    await files.remove(lock);
  }
}

/** A kubeconfig as kubectl writes it: every part there, lists sorted by name, unknown fields gone. */
export function formatKubeconfig(document: JsonObject): string {
  return stringifyYaml(canonicalKubeconfig(document));
}

/** Puts an entry into a section, or changes the one that is there. */
export function setEntry(document: JsonObject, section: KubeconfigSection, name: string, value: JsonObject): void {
  const list = Array.isArray(document[section]) ? document[section].filter(isJsonObject) : [];
  const others = list.filter((item) => item['name'] !== name);
  document[section] = [...others, { [memberOf[section]]: value, name }];
}

/** Takes an entry out. @returns whether it was there. */
export function removeEntry(document: JsonObject, section: KubeconfigSection, name: string): boolean {
  const list = Array.isArray(document[section]) ? document[section].filter(isJsonObject) : [];
  document[section] = list.filter((item) => item['name'] !== name);
  return list.some((item) => item['name'] === name);
}

/** A cluster with its administrator, as `cluster start` puts it into a kubeconfig. */
export interface ClusterContext {
  readonly name: string;
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Writes cluster, user and context of one name and makes the context the current one. */
export async function writeClusterContext(files: FileSystem, file: string, context: ClusterContext): Promise<void> {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  await changeKubeconfigFile(files, file, (document) => {
    const { name } = context;
    setEntry(document, 'clusters', name, {
      'certificate-authority-data': encode(context.authority),
      server: context.server,
    });
    setEntry(document, 'users', name, {
      'client-certificate-data': encode(context.certificate),
      'client-key-data': encode(context.key),
    });
    setEntry(document, 'contexts', name, { cluster: name, user: name });
    document['current-context'] = name;
  });
}

/** Takes out what writeClusterContext put in. */
export async function removeClusterContext(files: FileSystem, file: string, name: string): Promise<void> {
  if (!(await files.exists(file))) return;
  await changeKubeconfigFile(files, file, (document) => {
    for (const section of ['clusters', 'users', 'contexts'] as const) removeEntry(document, section, name);
    if (document['current-context'] === name) document['current-context'] = '';
  });
}
