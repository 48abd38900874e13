import { messageOf } from '../apimachinery/error-message.ts';
import {
  aggregateMessages,
  type FieldError,
  FieldPath,
  formatFieldError,
  goQuote,
  invalid,
  required,
} from '../apimachinery/field-error.ts';
import { DurationError } from '../apimachinery/duration.ts';
import type { GroupResource } from '../apimachinery/status.ts';
import type { KmsProvider } from '../control-plane/storage/kms/kms-provider.ts';
import {
  aesCbcCipher,
  aesGcmCipher,
  secretboxCipher,
  type ValueCipher,
} from '../control-plane/storage/value-ciphers.ts';
import { type EncryptionProvider, ValueEncryption } from '../control-plane/storage/value-encryption.ts';
import { ComponentArgumentError } from './component-arguments.ts';
import {
  type ConfigurationFile,
  configurationField as field,
  kindInVersions,
  readConfiguration,
} from '../apimachinery/decoding/configuration-file.ts';
import { type KmsFields, type KmsSettings, readKms, requireKmsV2 } from './kms-configuration.ts';

const file: ConfigurationFile = {
  kinds: kindInVersions('apiserver.config.k8s.io', 'EncryptionConfiguration', ['v1']),
  scheme: 'k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go:142',
  root: 'v1.EncryptionConfiguration',
  types: {
    'v1.EncryptionConfiguration': { resources: field.listOf('v1.ResourceConfiguration') },
    'v1.ResourceConfiguration': { resources: field.texts, providers: field.listOf('v1.ProviderConfiguration') },
    'v1.ProviderConfiguration': {
      aesgcm: field.of('v1.KeysConfiguration'),
      aescbc: field.of('v1.KeysConfiguration'),
      secretbox: field.of('v1.KeysConfiguration'),
      identity: field.of('v1.IdentityConfiguration'),
      kms: field.of('v1.KMSConfiguration'),
    },
    'v1.KeysConfiguration': { keys: field.listOf('v1.Key') },
    'v1.Key': { name: field.text, secret: field.text },
    'v1.IdentityConfiguration': {},
    'v1.KMSConfiguration': {
      apiVersion: field.text,
      name: field.text,
      cachesize: field.int32,
      endpoint: field.text,
      timeout: field.text,
    },
  },
};

interface KeyFields {
  readonly name?: string;
  readonly secret?: string;
}

interface ProviderFields {
  readonly aesgcm?: { readonly keys?: readonly KeyFields[] };
  readonly aescbc?: { readonly keys?: readonly KeyFields[] };
  readonly secretbox?: { readonly keys?: readonly KeyFields[] };
  readonly identity?: object;
  readonly kms?: KmsFields;
}

interface ResourceFields {
  readonly resources?: readonly string[];
  readonly providers?: readonly ProviderFields[];
}

const ciphers: Readonly<
  Record<
    'aesgcm' | 'aescbc' | 'secretbox',
    { readonly sizes: readonly number[]; readonly make: (secret: Uint8Array) => ValueCipher }
  >
> = {
  aesgcm: { sizes: [16, 24, 32], make: aesGcmCipher },
  aescbc: { sizes: [16, 24, 32], make: aesCbcCipher },
  secretbox: { sizes: [32], make: secretboxCipher },
};

const providerNames = ['kms', 'aesgcm', 'aescbc', 'secretbox', 'identity'] as const;

/** How objects are kept, and the services that it takes. */
export interface Encryption {
  /** How the objects of a resource are kept; undefined for as they are. */
  readonly of: (resource: GroupResource) => ValueEncryption | undefined;
  readonly services: readonly KmsProvider[];
  /** As long as requests to the services may still be under way after another configuration counts. */
  readonly graceMillis: number;
}

/** What reading a configuration takes. */
export interface EncryptionReading {
  /** The file's path, for messages. */
  readonly path: string;
  /** Whether changes of the file count without a restart. */
  readonly isReloaded: boolean;
  openKms(settings: KmsSettings): Promise<KmsProvider>;
}

type Provider = EncryptionProvider | { readonly kms: KmsSettings };

/** One entry of the file, checked. */
interface CheckedEntry {
  readonly names: readonly string[];
  readonly providers: readonly Provider[];
}

/**
 * Reads an EncryptionConfiguration (--encryption-provider-config), and opens the services that it names.
 * @throws ComponentArgumentError with everything that is wrong; never with a key in it
 */
export async function readEncryptionConfiguration(content: string, reading: EncryptionReading): Promise<Encryption> {
  const entries = checkEntries(decode(content, reading.path).resources ?? [], reading);
  const made = new Map<string, EncryptionProvider[]>();
  const services: KmsProvider[] = [];
  let graceMillis = 0;
  try {
    for (const { names, providers } of entries) {
      const own: EncryptionProvider[] = [];
      for (const provider of providers) {
        if (!('kms' in provider)) {
          own.push(provider);
          continue;
        }
        requireKmsV2(provider.kms);
        const service = await reading.openKms(provider.kms);
        services.push(service);
        own.push(service.provider);
        graceMillis += 2 * provider.kms.timeoutMillis;
      }
      for (const name of names) {
        const key = canonical(name);
        const mask = maskOf(key, made);
        if (mask !== undefined) {
          const why = `resource ${goQuote(shown(key))} is masked by earlier rule ${goQuote(mask)}`;
          throw new ComponentArgumentError(`error while building transformers: ${why}`);
        }
        made.set(key, [...(made.get(key) ?? []), ...own]);
      }
    }
  } catch (error) {
    for (const service of services) service.close();
    throw error;
  }
  const encryptions = new Map(Array.from(made, ([key, list]) => [key, new ValueEncryption(list)]));
  return {
    of: ({ group, resource }) =>
      encryptions.get(`${resource}.${group}`) ?? encryptions.get(`*.${group}`) ?? encryptions.get('*.*'),
    services,
    graceMillis,
  };
}

/** @throws ComponentArgumentError */
function checkEntries(resources: readonly ResourceFields[], reading: EncryptionReading): CheckedEntry[] {
  const root = new FieldPath('resources');
  const errors: FieldError[] = [];
  if (resources.length === 0) errors.push(required(root, 'at least one resources is required'));
  const kmsNames = new Set<string>();
  const entries = resources.map((entry, index): CheckedEntry => {
    const place = root.index(index);
    const names = entry.resources ?? [];
    if (names.length === 0) {
      const list = place.child('resources');
      errors.push(required(list, `at least one ${list.toString()} is required`));
    }
    errors.push(...overlapErrors(names, place.child('resources')));
    names.forEach((name, at) => errors.push(...nameErrors(name, place.child('resources').index(at))));
    const readOne = (fields: KmsFields, at: FieldPath): KmsSettings =>
      readKms(fields, at, kmsNames, reading.isReloaded, errors);
    try {
      return { names, providers: readProviders(entry.providers ?? [], place.child('providers'), readOne, errors) };
    } catch (error) {
      if (error instanceof DurationError) throw undecodable(reading.path, error);
      throw error;
    }
  });
  if (errors.length === 0) return entries;
  const text = aggregateMessages(errors.map(formatFieldError));
  throw new ComponentArgumentError(`error while parsing file: ${text}`);
}

function decode(content: string, path: string): { readonly resources?: readonly ResourceFields[] } {
  if (content === '') {
    throw new ComponentArgumentError(
      `error while parsing file: error while loading file: encryption provider configuration file ${goQuote(path)} is empty`,
    );
  }
  try {
    return readConfiguration(content, file);
  } catch (error) {
    throw undecodable(path, error);
  }
}

function undecodable(path: string, error: unknown): ComponentArgumentError {
  const why = messageOf(error);
  return new ComponentArgumentError(
    `error while parsing file: error decoding encryption provider configuration file ${goQuote(path)}: ${why}`,
  );
}

/** `secrets` is `secrets.` in the core group. */
function canonical(name: string): string {
  return name.includes('.') ? name : `${name}.`;
}

/** The wildcard of an earlier entry that covers a resource, so that a later one would never be asked. */
function maskOf(key: string, earlier: ReadonlyMap<string, unknown>): string | undefined {
  const all = `*.${key.slice(key.indexOf('.') + 1)}`;
  return [all, '*.*'].find((mask) => earlier.has(mask));
}

/** As files name it: core resources without a group, but all of them as `*.`. */
function shown(key: string): string {
  return key === '*.' ? key : key.replace(/\.$/, '');
}

function overlapErrors(names: readonly string[], path: FieldPath): FieldError[] {
  const keys = names.map(canonical);
  const errors: FieldError[] = [];
  if (new Set(keys).size < keys.length) {
    errors.push(invalid(path, names, 'the same resource cannot be specified multiple times'));
  }
  const groupOf = (key: string): string => key.slice(key.indexOf('.') + 1);
  const overlaps = keys.some((key, index) =>
    keys.some(
      (other, at) =>
        at !== index && key !== other && (key === '*.*' || (key.startsWith('*.') && groupOf(key) === groupOf(other))),
    ),
  );
  if (overlaps) {
    const detail =
      "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked";
    errors.push(invalid(path, names, detail));
  }
  return errors;
}

function nameErrors(name: string, path: FieldPath): FieldError[] {
  const [resource = '', ...rest] = name.split('.');
  const group = rest.join('.');
  const wrong = (detail: string): FieldError[] => [invalid(path, name, detail)];
  if (name !== name.toLowerCase()) return wrong('resource name should not contain capital letters');
  if (name === '*') {
    return wrong("use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources");
  }
  if (['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'].includes(name)) {
    return wrong('resources which do not have REST API/s cannot be encrypted');
  }
  if (group === 'events.k8s.io') {
    return wrong(
      "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
    );
  }
  if (group === 'extensions') return wrong("'extensions' group has been removed and cannot be used for encryption");
  if (group === '*' && resource !== '*') return wrong('encrypting the same resource across groups is not supported');
  return [];
}

function readProviders(
  providers: readonly ProviderFields[],
  path: FieldPath,
  readOne: (fields: KmsFields, path: FieldPath) => KmsSettings,
  errors: FieldError[],
): readonly Provider[] {
  if (providers.length === 0) errors.push(required(path, `at least one ${path.toString()} is required`));
  return providers.flatMap((provider, index): readonly Provider[] => {
    const place = path.index(index);
    const given = providerNames.filter((name) => provider[name] !== undefined);
    const [name] = given;
    if (given.length > 1) {
      const detail = 'more than one provider specified in a single element, should split into different list elements';
      errors.push(invalid(place, given, detail));
    } else if (name === undefined) {
      const detail =
        'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity';
      errors.push(invalid(place, {}, detail));
    } else if (name === 'kms') {
      return [{ kms: readOne(provider.kms ?? {}, place.child('kms')) }];
    } else if (name === 'identity') return [{ prefix: '' }];
    else return readKeys(name, provider[name]?.keys ?? [], place.child(name).child('keys'), errors);
    return [];
  });
}

function readKeys(
  type: 'aesgcm' | 'aescbc' | 'secretbox',
  keys: readonly KeyFields[],
  path: FieldPath,
  errors: FieldError[],
): EncryptionProvider[] {
  const { sizes, make } = ciphers[type];
  if (keys.length === 0) errors.push(required(path, 'at least one keys is required'));
  return keys.flatMap(({ name = '', secret = '' }, index): EncryptionProvider[] => {
    const place = path.index(index);
    const secretPath = place.child('secret');
    if (name === '') errors.push(required(place.child('name'), 'name is a mandatory field for a key'));
    if (secret === '') {
      errors.push(required(secretPath, 'secret is a mandatory field for a key'));
      return [];
    }
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret.replaceAll(/[\r\n]/g, ''))) {
      errors.push(invalid(secretPath, 'REDACTED', 'secrets must be base64 encoded'));
      return [];
    }
    const bytes = Buffer.from(secret, 'base64');
    if (!sizes.includes(bytes.byteLength)) {
      const detail = `secret is not of the expected length, got ${bytes.byteLength}, expected one of [${sizes.join(' ')}]`;
      errors.push(invalid(secretPath, 'REDACTED', detail));
      return [];
    }
    return [{ prefix: `k8s:enc:${type}:v1:${name}:`, cipher: make(bytes) }];
  });
}
