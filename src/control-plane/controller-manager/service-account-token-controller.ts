import {
  accountNameAnnotation,
  accountUidAnnotation,
  legacyClaims,
  tokenSecretType,
} from '../../api/core/v1/legacy-token.ts';
import type { Secret, ServiceAccount } from '../../api/types/core-v1.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { TokenKey } from '../../pki/token-key.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';

const secretsResource = { group: '', version: 'v1', resource: 'secrets' } as const;
const accountsResource = { group: '', version: 'v1', resource: 'serviceaccounts' } as const;

/**
 * Fills secrets of type service-account-token with the token of their account, and deletes them with it. It keeps no
 * copy of any secret: it looks at each one that changes, and remembers which are tokens of whom.
 */
export function createServiceAccountTokenController(context: ControllerContext): Controller {
  const tokens = new TokenSecrets(context);
  return createKeyedController({
    name: 'serviceaccount-token-controller',
    context,
    register(queue) {
      const look = (secret: KubeObject): void => queue.add(keyOf(secret));
      context.informers.metadata(secretsResource).addHandler({ added: look, updated: look, deleted: look });
      tokens.accounts.addHandler({
        added: (account) => tokens.of(account).forEach((key) => queue.add(key)),
        deleted: (account) => tokens.of(account).forEach((key) => queue.add(key)),
      });
    },
    sync: (key) => tokens.sync(key),
  });
}

class TokenSecrets {
  readonly accounts;
  readonly #context: ControllerContext;
  /** Names of accounts, by the keys of their secrets. */
  readonly #known = new Map<string, string>();
  #key: TokenKey | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.accounts = context.informers.informer<ServiceAccount>(accountsResource);
  }

  /** Keys of the secrets of an account. */
  of({ metadata }: ServiceAccount): string[] {
    const isOfIt = ([key, account]: readonly [string, string]): boolean =>
      account === metadata.name && splitKey(key).namespace === metadata.namespace;
    return [...this.#known].filter(isOfIt).map(([key]) => key);
  }

  async sync(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    const secret = await found(this.#secrets(namespace).get(name));
    const accountName = secret?.metadata.annotations?.[accountNameAnnotation] ?? '';
    if (secret === undefined) {
      const forgotten = this.#known.get(key);
      if (forgotten !== undefined) await this.#removeReference(namespace, forgotten, name);
      this.#known.delete(key);
    } else if (secret.type !== tokenSecretType || accountName === '') {
      this.#known.delete(key);
    } else {
      this.#known.set(key, accountName);
      const account = await this.#account(namespace, accountName, secret.metadata.annotations?.[accountUidAnnotation]);
      await (account === undefined ? this.#delete(secret) : this.#populate(secret, account));
    }
  }

  /** The account, where it is still the one with this uid. */
  async #account(namespace: string, name: string, uid = ''): Promise<ServiceAccount | undefined> {
    const isIt = (account: ServiceAccount | undefined): boolean => uid === '' || account?.metadata.uid === uid;
    const cached = this.accounts.get(namespace, name);
    if (cached !== undefined && isIt(cached)) return cached;
    const account = await found(this.#context.client.resource<ServiceAccount>(accountsResource, namespace).get(name));
    return isIt(account) ? account : undefined;
  }

  async #delete({ metadata: { namespace = '', name = '', uid } }: Secret): Promise<void> {
    await ignoringChange(this.#secrets(namespace).delete(name, { preconditions: uid === undefined ? {} : { uid } }));
  }

  async #populate(secret: Secret, account: ServiceAccount): Promise<void> {
    const { namespace = '', name = '' } = secret.metadata;
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const { certificate } = this.#context.authority;
    const present = secret.data ?? {};
    const needsAuthority = certificate !== '' && present['ca.crt'] !== base64(certificate);
    const needsNamespace = (present['namespace'] ?? '') === '';
    const needsToken = (present['token'] ?? '') === '';
    if (!needsAuthority && !needsNamespace && !needsToken) return;
    const owner = { name: account.metadata.name ?? '', uid: account.metadata.uid ?? '' };
    const annotations = {
      ...secret.metadata.annotations,
      [accountNameAnnotation]: owner.name,
      [accountUidAnnotation]: owner.uid,
    };
    const data = { ...present };
    if (needsAuthority) data['ca.crt'] = base64(certificate);
    if (needsNamespace) data['namespace'] = base64(namespace);
    if (needsToken) data['token'] = base64(this.#sign(legacyClaims(namespace, owner, name)));
    const filled = { ...secret, metadata: { ...secret.metadata, annotations }, data };
    await ignoringChange(this.#secrets(namespace).update(filled));
  }

  #sign(claims: ReturnType<typeof legacyClaims>): string {
    this.#key ??= new TokenKey(this.#context.serviceAccountKey);
    return this.#key.sign({ ...claims });
  }

  /** An account names its secrets no longer than they are there. */
  async #removeReference(namespace: string, accountName: string, secretName: string): Promise<void> {
    const account = this.accounts.get(namespace, accountName);
    if (account?.secrets?.some(({ name }) => name === secretName) !== true) return;
    const secrets = account.secrets.filter(({ name }) => name !== secretName);
    await found(this.#context.client.resource(accountsResource, namespace).update({ ...account, secrets }));
  }

  #secrets(namespace: string) {
    return this.#context.client.resource<Secret>(secretsResource, namespace);
  }
}

/** undefined for what is not there. */
async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Somebody was faster: the change will be told, and looked at. */
async function ignoringChange(written: Promise<unknown>): Promise<void> {
  try {
    await written;
  } catch (error) {
    if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
  }
}
