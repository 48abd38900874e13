import { builtInResources } from '../api/registry.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { aggregateMessages } from '../apimachinery/field-error.ts';
import type { GroupResource } from '../apimachinery/status.ts';
import { everyHealthEndpoint, type HealthCheck } from '../control-plane/apiserver/health.ts';
import { encryptedStorage } from '../control-plane/storage/encrypted-storage.ts';
import { type KmsProvider, openKmsProvider } from '../control-plane/storage/kms/kms-provider.ts';
import { grpcKmsService } from '../control-plane/storage/kms/kms-service.ts';
import type { Storage } from '../control-plane/storage/storage.ts';
import { type Clock, sleep } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import { createGrpcClient } from '../system/grpc-client.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';
import { type Encryption, readEncryptionConfiguration } from './encryption-configuration.ts';
import type { EncryptionObserver } from './encryption-metrics.ts';
import type { KmsSettings } from './kms-configuration.ts';
import { readArgumentFile, watchFile } from './watched-file.ts';

/** What encryption at rest is set up from. */
export interface EncryptionSetup {
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly storage: Storage;
  readonly observer?: EncryptionObserver;
}

/** The store, and what belongs to it. */
export interface StorageAtRest {
  readonly storage: Storage;
  /** Of the key management services that are used. */
  readonly healthChecks: readonly HealthCheck[];
  /** What is part of starting up. */
  readonly startChecks: readonly HealthCheck[];
  readonly stop: () => void;
}

/** So long another configuration has to be well, at least. */
const minTrialMillis = 10_000;
const trialIntervalMillis = 100;

/**
 * The store as --encryption-provider-config wants it; the same one without the flag. With
 * --encryption-provider-config-automatic-reload changes of the file count from the next second on; what cannot be read,
 * or has services that are not well, is logged, and the last good configuration goes on (KEP-3299).
 * @throws ComponentArgumentError
 */
export async function storageAtRest(setup: EncryptionSetup): Promise<StorageAtRest> {
  const { arguments: flags, files, clock, log, storage, observer } = setup;
  const path = flags.get('encryption-provider-config');
  const isReloaded = flags.get('encryption-provider-config-automatic-reload') === 'true';
  if (path === undefined) {
    if (!isReloaded) return { storage, healthChecks: [], startChecks: [], stop: () => undefined };
    throw new ComponentArgumentError(
      '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
    );
  }
  const content = await readArgumentFile(files, path);
  const read = (text: string): Promise<Encryption> =>
    readEncryptionConfiguration(text, { path, isReloaded, openKms: (kms) => openService(kms, setup) });
  let encryption = await read(content);
  observer?.loaded(content, false);
  const replace = async (text: string): Promise<void> => {
    const next = await read(text);
    try {
      await untilWell(next, clock);
    } catch (error) {
      closeServices(next);
      throw error;
    }
    const before = encryption;
    encryption = next;
    clock.setTimer(() => closeServices(before), before.graceMillis, { unref: true });
    observer?.loaded(text, true);
    log.info('loaded new encryption config content', { path });
  };
  const onError = (reason: string): void => {
    observer?.loaded(undefined, true);
    log.error('failed to process new encryption config', { path, reason });
  };
  const stop = isReloaded ? watchFile({ files, clock, path, onChange: replace, onError }, content) : () => undefined;
  const groups = new Set(builtInResources.map(({ group }) => group));
  const encryptionOf = (key: string): ReturnType<Encryption['of']> => {
    const resource = resourceOfKey(key, groups);
    return resource === undefined ? undefined : encryption.of(resource);
  };
  const encrypted = encryptedStorage(storage, encryptionOf, (key) => {
    const resource = resourceOfKey(key, groups);
    if (resource === undefined || observer === undefined) return undefined;
    const begun = clock.now();
    return (done) => observer.transformed(resource, done, (clock.now() - begun) / 1000);
  });
  const check: HealthCheck = {
    name: 'kms-providers',
    endpoints: ['healthz', 'readyz'],
    check: () => checkServices(encryption),
  };
  return {
    storage: encrypted,
    healthChecks: isReloaded || encryption.services.length > 0 ? [check] : [],
    startChecks: isReloaded ? [reloadCheck] : [],
    stop() {
      stop();
      closeServices(encryption);
    },
  };
}

/** That changes of the file are looked for, which they are from the first. */
const reloadCheck: HealthCheck = {
  name: 'poststarthook/start-encryption-provider-config-automatic-reload',
  endpoints: everyHealthEndpoint,
  check: () => undefined,
};

function openService(
  { name, socketPath, timeoutMillis }: KmsSettings,
  { clock, random, log }: EncryptionSetup,
): Promise<KmsProvider> {
  const service = grpcKmsService(createGrpcClient({ socketPath, clock }), timeoutMillis);
  return openKmsProvider({ name, service, clock, random, log });
}

function closeServices({ services }: Encryption): void {
  for (const service of services) service.close();
}

/** @throws Error saying which services are not well, and why */
async function checkServices({ services }: Encryption): Promise<void> {
  const problems: string[] = [];
  for (const [index, service] of services.entries()) {
    await service.check().catch((error: unknown) => {
      problems.push(`kms-provider-${index}: ${messageOf(error)}`);
    });
  }
  if (problems.length > 0) throw new Error(aggregateMessages(problems));
}

/** Waits for the services of a configuration. @throws Error when they are not well in time */
async function untilWell(encryption: Encryption, clock: Clock): Promise<void> {
  const end = clock.now() + Math.max(encryption.graceMillis, minTrialMillis);
  for (;;) {
    try {
      await checkServices(encryption);
      return;
    } catch (error) {
      if (clock.now() < end) {
        await sleep(clock, trialIntervalMillis);
        continue;
      }
      const why = `polling error timed out waiting for the condition: ${error instanceof Error ? error.message : ''}`;
      throw new Error(`health check for new transformers failed, ${why}`, { cause: error });
    }
  }
}

/** The resource whose object a key holds: `/registry/RESOURCE/…` in the core group, else `/registry/GROUP/RESOURCE/…`. */
function resourceOfKey(key: string, groups: ReadonlySet<string>): GroupResource | undefined {
  const [root, first = '', second = ''] = key.split('/').slice(1);
  if (root !== 'registry' || first === '') return undefined;
  // The groups of custom resources are domains; plurals have no dots.
  if (first.includes('.') || groups.has(first)) return { group: first, resource: second };
  return { group: '', resource: first };
}
