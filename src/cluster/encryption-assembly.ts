import { builtInResources } from '../api/registry.ts';
import type { GroupResource } from '../apimachinery/status.ts';
import { encryptedStorage } from '../control-plane/storage/encrypted-storage.ts';
import type { Storage } from '../control-plane/storage/storage.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { ComponentArguments } from './component-arguments.ts';
import { readEncryptionConfiguration } from './encryption-configuration.ts';
import { readArgumentFile } from './watched-file.ts';

/** The store as --encryption-provider-config wants it; the same one without the flag. @throws ComponentArgumentError */
export async function storageAtRest(flags: ComponentArguments, files: FileSystem, storage: Storage): Promise<Storage> {
  const path = flags.get('encryption-provider-config');
  if (path === undefined) return storage;
  const encryptionOf = readEncryptionConfiguration(await readArgumentFile(files, path), path);
  const groups = new Set(builtInResources.map(({ group }) => group));
  return encryptedStorage(storage, (key) => {
    const resource = resourceOfKey(key, groups);
    return resource === undefined ? undefined : encryptionOf(resource);
  });
}

/** The resource whose object a key holds: `/registry/RESOURCE/…` in the core group, else `/registry/GROUP/RESOURCE/…`. */
function resourceOfKey(key: string, groups: ReadonlySet<string>): GroupResource | undefined {
  const [root, first = '', second = ''] = key.split('/').slice(1);
  if (root !== 'registry' || first === '') return undefined;
  // The groups of custom resources are domains; plurals have no dots.
  if (first.includes('.') || groups.has(first)) return { group: first, resource: second };
  return { group: '', resource: first };
}
