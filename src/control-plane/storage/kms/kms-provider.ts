import { createHash, randomBytes } from 'node:crypto';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { aggregateMessages } from '../../../apimachinery/field-error.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import type { Clock, Timer } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import type { Random } from '../../../system/random.ts';
import { aesGcmCipher, type ValueCipher } from '../value-ciphers.ts';
import type { EncryptionProvider } from '../value-encryption.ts';
import { derivedKeyCipher, seedBytes } from './derived-key-cipher.ts';
import {
  type EncryptedObject,
  checkEncrypted,
  keyIdProblem,
  readEncryptedObject,
  writeEncryptedObject,
} from './encrypted-object.ts';
import type { KmsEncrypted, KmsService, KmsStatus } from './kms-service.ts';

/** What a provider is made of. */
export interface KmsProviderOptions {
  readonly name: string;
  readonly service: KmsService;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Values encrypted with seeds that a key management service has encrypted (KMS v2, KEP-3299). */
export interface KmsProvider {
  readonly provider: EncryptionProvider;
  /** Asks how the service is, seldom oftener than every few seconds. @throws Error when it is not well */
  check(): Promise<void>;
  close(): void;
}

/** The intervals of the real server. */
const wellIntervalMillis = 60_000;
const illIntervalMillis = 10_000;
const wellAnswerMillis = 20_000;
const illAnswerMillis = 3000;
/** For so long after the service was last well, values are written. */
const writeMillis = 180_000;
/** For so long a seed that is not used any more can be read with, without asking again. */
const seedMillis = 24 * 3_600_000;

/** The seed that values are written with. */
interface WriteState {
  readonly cipher: ValueCipher;
  readonly encrypted: KmsEncrypted;
  expiresAt: number;
}

/**
 * Makes a provider and asks its service for a first key. A service that is not there, or not well, is asked again and
 * again: until it is well nothing can be read or written.
 */
export async function openKmsProvider(options: KmsProviderOptions): Promise<KmsProvider> {
  const provider = new ServiceProvider(options);
  await provider.probe();
  return provider;
}

class ServiceProvider implements KmsProvider {
  readonly provider: EncryptionProvider;
  readonly #options: KmsProviderOptions;
  readonly #seeds = new Map<string, { readonly cipher: ValueCipher; readonly expiresAt: number }>();
  readonly #asked = new Map<string, Promise<void>>();
  #state: WriteState | undefined;
  #version = '';
  #answer: { readonly error: Error | undefined; readonly until: number } | undefined;
  #checking: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: KmsProviderOptions) {
    this.#options = options;
    const cipher: ValueCipher = {
      encrypt: (value, key) => this.#encrypt(value, key),
      decrypt: (value, key) => this.#decrypt(value, key),
      prepare: (value) => this.#prepare(value),
      isStale: (value) => this.#isStale(value),
    };
    this.provider = { prefix: `k8s:enc:kms:v2:${options.name}:`, cipher };
  }

  /** Checks, and goes on doing so: soon again while the service is not well. */
  async probe(): Promise<void> {
    const { clock, log, name } = this.#options;
    let millis = wellIntervalMillis;
    try {
      await this.check();
    } catch (error) {
      millis = illIntervalMillis;
      log.warn('kms plugin failed health check probe', { name, error: messageOf(error) });
    }
    if (this.#isClosed) return;
    this.#timer = clock.setTimer(() => void this.probe(), millis, { unref: true });
  }

  check(): Promise<void> {
    this.#checking ??= this.#checkNow().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#options.service.close();
  }

  async #checkNow(): Promise<void> {
    const { clock, name, service } = this.#options;
    if (this.#answer !== undefined && clock.now() < this.#answer.until) {
      if (this.#answer.error !== undefined) throw this.#answer.error;
      return;
    }
    const remember = (error: Error | undefined): void => {
      this.#answer = { error, until: clock.now() + (error === undefined ? wellAnswerMillis : illAnswerMillis) };
    };
    let status: KmsStatus;
    try {
      status = await service.status();
    } catch (error) {
      remember(asError(error));
      const what = `failed to perform status section of the healthz check for KMS Provider ${name}`;
      throw new Error(`${what}, error: ${messageOf(error)}`, { cause: error });
    }
    const problems = await this.#problemsOf(status);
    if (problems.length === 0) {
      remember(undefined);
      return;
    }
    const error = new Error(`kmsv2 Provider ${name} is not healthy, error: ${aggregateMessages(problems)}`);
    remember(error);
    throw error;
  }

  async #problemsOf({ healthz, version, keyId }: KmsStatus): Promise<string[]> {
    const problems: string[] = [];
    if (healthz !== 'ok') problems.push(`got unexpected healthz status: ${healthz}`);
    if (version !== 'v2' && version !== 'v2beta1') problems.push(`expected KMSv2 API version v2, got ${version}`);
    else {
      this.#version ||= version;
      if (this.#version !== version) {
        const first = `KMSv2 API version should not change after the initial status response version ${this.#version}`;
        problems.push(`${first}, got ${version}`);
      }
    }
    const wrongKey = keyIdProblem(keyId);
    if (wrongKey !== undefined) {
      problems.push(`got invalid KMSv2 KeyID hash ${JSON.stringify(hashOf(keyId))}: ${wrongKey}`);
      return problems;
    }
    const notRotated = await this.#rotate(keyId);
    return notRotated === undefined ? problems : [...problems, notRotated];
  }

  /** Takes a new seed when the service has another key. @returns why that failed */
  async #rotate(keyId: string): Promise<string | undefined> {
    const { clock, random, service } = this.#options;
    const expiresAt = clock.now() + writeMillis;
    const before = this.#state;
    if (before?.encrypted.keyId === keyId) {
      before.expiresAt = expiresAt;
      return undefined;
    }
    const uid = random.uuid();
    let why = '<nil>';
    let encryptedWith = '';
    try {
      const seed = randomBytes(seedBytes);
      const encrypted = await service.encrypt(seed, uid).catch((error: unknown) => {
        throw new Error(`failed to encrypt DEK, error: ${messageOf(error)}`, { cause: error });
      });
      checkEncrypted(encrypted);
      encryptedWith = encrypted.keyId;
      if (encrypted.keyId === keyId) {
        this.#state = { cipher: derivedKeyCipher(seed), encrypted, expiresAt };
        return undefined;
      }
    } catch (error) {
      why = messageOf(error);
    }
    const state = before === undefined ? 'got unexpected nil transformer' : '<nil>';
    const until = before === undefined ? '0001-01-01T00:00:00Z' : formatTime(before.expiresAt);
    const hashes = [
      ['statusKeyIDHash', keyId],
      ['encryptKeyIDHash', encryptedWith],
      ['stateKeyIDHash', before?.encrypted.keyId ?? ''],
    ].map(([what = '', id = '']) => `${what}=${JSON.stringify(hashOf(id))}`);
    const shown = [`useSeed=true`, `errState=${state}`, `errGen=${why}`, ...hashes, `expirationTimestamp=${until}`];
    return `failed to rotate DEK uid=${JSON.stringify(uid)}, ${shown.join(', ')}`;
  }

  /** @throws Error before the service was well for the first time */
  #current(): WriteState {
    if (this.#state === undefined) throw new Error('got unexpected nil transformer');
    return this.#state;
  }

  #encrypt(value: Uint8Array, key: string): Uint8Array {
    const { cipher, encrypted, expiresAt } = this.#current();
    const now = this.#options.clock.now();
    if (now > expiresAt) {
      const which = `encryptedDEKSource with keyID hash ${JSON.stringify(hashOf(encrypted.keyId))}`;
      throw new Error(`${which} expired at ${formatTime(expiresAt)} (current time is ${formatTime(now)})`);
    }
    this.#remember(sourceKey({ ...encrypted, sourceType: 1 }), cipher);
    return writeEncryptedObject({ ...encrypted, data: cipher.encrypt(value, key), sourceType: 1 });
  }

  #decrypt(value: Uint8Array, key: string): Uint8Array {
    const object = readEncryptedObject(value);
    this.#current();
    const seed = this.#seeds.get(sourceKey(object));
    if (seed === undefined) throw new Error('the key of the value was not asked for');
    return seed.cipher.decrypt(object.data, key);
  }

  #isStale(value: Uint8Array): boolean {
    const { keyId, sourceType } = readEncryptedObject(value);
    return sourceType !== 1 || keyId !== this.#current().encrypted.keyId;
  }

  #prepare(value: Uint8Array): Promise<void> | undefined {
    let object: EncryptedObject;
    try {
      object = readEncryptedObject(value);
      this.#current();
    } catch {
      // Decrypting says so.
      return undefined;
    }
    const source = sourceKey(object);
    const { clock } = this.#options;
    if ((this.#seeds.get(source)?.expiresAt ?? 0) > clock.now()) return undefined;
    const asked = this.#asked.get(source) ?? this.#ask(object, source).finally(() => this.#asked.delete(source));
    this.#asked.set(source, asked);
    return asked;
  }

  async #ask(object: EncryptedObject, source: string): Promise<void> {
    const { random, service } = this.#options;
    const secret = await service.decrypt(object, random.uuid()).catch((error: unknown) => {
      throw new Error(`failed to decrypt DEK, error: ${messageOf(error)}`, { cause: error });
    });
    if (object.sourceType === 0 && ![16, 24, 32].includes(secret.byteLength)) {
      throw new Error(`crypto/aes: invalid key size ${secret.byteLength}`);
    }
    this.#remember(source, object.sourceType === 1 ? derivedKeyCipher(secret) : aesGcmCipher(secret));
  }

  #remember(source: string, cipher: ValueCipher): void {
    const now = this.#options.clock.now();
    this.#seeds.set(source, { cipher, expiresAt: now + seedMillis });
    for (const [key, { expiresAt }] of this.#seeds) if (expiresAt <= now) this.#seeds.delete(key);
  }
}

/** What tells seeds apart. */
function sourceKey({ sourceType, ciphertext, keyId, annotations }: Omit<EncryptedObject, 'data'>): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const notes = [...annotations].map(([key, value]) => [key, base64(value)] as const);
  return JSON.stringify([sourceType, base64(ciphertext), keyId, notes.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Names of keys are told as hashes. */
function hashOf(keyId: string): string {
  return keyId === '' ? '' : `sha256:${createHash('sha256').update(keyId).digest('hex')}`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
