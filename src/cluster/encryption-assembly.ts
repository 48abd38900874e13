import { builtInResources } from '../api/registry.ts';
import type { GroupResource } from '../apimachinery/status.ts';
import { encryptedStorage } from '../control-plane/storage/encrypted-storage.ts';
import type { Storage } from '../control-plane/storage/storage.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';
import { readEncryptionConfiguration } from './encryption-configuration.ts';
import { readArgumentFile, watchFile } from './watched-file.ts';

/** What encryption at rest is set up from. */
export interface EncryptionSetup {
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
}

/**
 * The store as --encryption-provider-config wants it; the same one without the flag. With
 * --encryption-provider-config-automatic-reload changes of the file count from the next second on; what cannot be read
 * is logged, and the last good configuration goes on (KEP-3299).
 * @throws ComponentArgumentError
 */
export async function storageAtRest({
  arguments: flags,
  files,
  clock,
  log,
  storage,
}: EncryptionSetup): Promise<{ readonly storage: Storage; readonly stop: () => void }> {
  const path = flags.get('encryption-provider-config');
  const isReloaded = flags.get('encryption-provider-config-automatic-reload') === 'true';
  if (path === undefined) {
    if (!isReloaded) return { storage, stop: () => undefined };
    throw new ComponentArgumentError(
      '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
    );
  }
  const content = await readArgumentFile(files, path);
  let encryptionOf = readEncryptionConfiguration(content, path);
  const stop = isReloaded
    ? watchFile(
        {
          files,
          clock,
          path,
          onChange(changed) {
            encryptionOf = readEncryptionConfiguration(changed, path);
            log.info('loaded new encryption config content', { path });
          },
          onError: (reason) => log.error('failed to process new encryption config', { path, reason }),
        },
        content,
      )
    : () => undefined;
  const groups = new Set(builtInResources.map(({ group }) => group));
  const encrypted = encryptedStorage(storage, (key) => {
    const resource = resourceOfKey(key, groups);
    return resource === undefined ? undefined : encryptionOf(resource);
  });
  return { storage: encrypted, stop };
}

/** The resource whose object a key holds: `/registry/RESOURCE/…` in the core group, else `/registry/GROUP/RESOURCE/…`. */
function resourceOfKey(key: string, groups: ReadonlySet<string>): GroupResource | undefined {
  const [root, first = '', second = ''] = key.split('/').slice(1);
  if (root !== 'registry' || first === '') return undefined;
  // The groups of custom resources are domains; plurals have no dots.
  if (first.includes('.') || groups.has(first)) return { group: first, resource: second };
  return { group: '', resource: first };
}
