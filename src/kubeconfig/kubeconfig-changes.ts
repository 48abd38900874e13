import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import type { FileSystem } from '../system/file-system.ts';
import {
  changeKubeconfigFile,
  type Kubeconfig,
  kubeconfigFiles,
  type KubeconfigPlaces,
  type KubeconfigSection,
  loadKubeconfig,
  readKubeconfigFile,
  removeEntry,
  setEntry,
} from './kubeconfig.ts';

/** Reads and merges the files; the one of --kubeconfig may be absent, as for `kubectl config`. */
export async function loadForChange(files: FileSystem, places: KubeconfigPlaces): Promise<Kubeconfig> {
  const [explicit = ''] = kubeconfigFiles(places);
  if (places.explicit !== '' && !(await files.exists(explicit))) {
    return { clusters: new Map(), users: new Map(), contexts: new Map(), currentContext: '', found: false };
  }
  return loadKubeconfig(files, places);
}

/** Where a new entry goes: the first file that exists, else the last of the list. */
export async function defaultFile(files: FileSystem, places: KubeconfigPlaces): Promise<string> {
  const candidates = kubeconfigFiles(places);
  for (const file of candidates) {
    if (await files.exists(file)) return file;
  }
  return candidates.at(-1) ?? '';
}

/** Writes one entry into the file that has it, or a new one into the default file. */
export async function writeEntry(
  files: FileSystem,
  places: KubeconfigPlaces,
  section: KubeconfigSection,
  name: string,
  value: JsonObject,
): Promise<void> {
  const kubeconfig = await loadForChange(files, places);
  const file = kubeconfig[section].get(name)?.file ?? (await defaultFile(files, places));
  await changeKubeconfigFile(files, file, (document) => setEntry(document, section, name, value));
}

/** Takes one entry out of the file that has it. */
export async function deleteEntry(
  files: FileSystem,
  file: string,
  section: KubeconfigSection,
  name: string,
): Promise<void> {
  await changeKubeconfigFile(files, file, (document) => void removeEntry(document, section, name));
}

/** Sets the current context: in the first file that names one, else in the default file. */
export async function writeCurrentContext(files: FileSystem, places: KubeconfigPlaces, name: string): Promise<void> {
  let target: string | undefined;
  for (const file of kubeconfigFiles(places)) {
    const current = (await readKubeconfigFile(files, file))?.['current-context'];
    if (typeof current === 'string' && current !== '') {
      target = file;
      break;
    }
  }
  // Nothing to take out: nothing is written.
  if (target === undefined && name === '') return;
  await changeKubeconfigFile(files, target ?? (await defaultFile(files, places)), (document) => {
    document['current-context'] = name;
  });
}

/** Sets the preferences: in the first file that has some, else in the default file. */
export async function writePreferences(
  files: FileSystem,
  places: KubeconfigPlaces,
  preferences: JsonObject,
): Promise<void> {
  let target: string | undefined;
  for (const file of kubeconfigFiles(places)) {
    const present = (await readKubeconfigFile(files, file))?.['preferences'];
    if (isJsonObject(present) && Object.keys(present).length > 0) {
      target = file;
      break;
    }
  }
  if (target === undefined && Object.keys(preferences).length === 0) return;
  await changeKubeconfigFile(files, target ?? (await defaultFile(files, places)), (document) => {
    document['preferences'] = preferences;
  });
}

/** The merged kubeconfig as one document. */
export function mergedDocument(kubeconfig: Kubeconfig): JsonObject {
  const list = (section: KubeconfigSection, member: string) =>
    [...kubeconfig[section].values()].map(({ name, value }) => ({ name, [member]: { ...value } }));
  return {
    clusters: list('clusters', 'cluster'),
    users: list('users', 'user'),
    contexts: list('contexts', 'context'),
    'current-context': kubeconfig.currentContext,
    ...(kubeconfig.preferences === undefined ? {} : { preferences: kubeconfig.preferences }),
  };
}

/** The value of an entry to change: a copy. */
export function entryValue(kubeconfig: Kubeconfig, section: KubeconfigSection, name: string): JsonObject {
  const value = kubeconfig[section].get(name)?.value;
  return isJsonObject(value) ? { ...value } : {};
}
