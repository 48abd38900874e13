import type { SecretLogin } from './registry-logins.ts';

/** With what an image may be used. */
interface AccessRecord {
  /** It was had without a secret. */
  isOpen: boolean;
  readonly logins: SecretLogin[];
}

/**
 * Remembers with which secrets images were pulled: a pod that has none of them has to pull an image again, and show
 * that it may, though it is on the node (KEP-2535).
 */
export class ImageAccess {
  /** By the image's id and its name without tag and digest. */
  readonly #records = new Map<string, Map<string, AccessRecord>>();

  /** An image was pulled. @param login what it was had with; undefined when nothing was asked for */
  recordPull(imageId: string, repository: string, login: SecretLogin | undefined): void {
    const records = this.#records.get(imageId) ?? new Map<string, AccessRecord>();
    this.#records.set(imageId, records);
    const record = records.get(repository) ?? { isOpen: false, logins: [] };
    records.set(repository, record);
    if (login === undefined) record.isOpen = true;
    else this.#add(record, login);
  }

  /** Whether a pod with these logins may use an image that is on the node. */
  allows(imageId: string, repository: string, logins: readonly SecretLogin[]): boolean {
    const records = this.#records.get(imageId);
    // What was there before is for all.
    if (records === undefined) return true;
    const record = records.get(repository);
    if (record === undefined) return false;
    if (record.isOpen) return true;
    const known = logins.find((login) =>
      record.logins.some(({ hash, secret }) => hash === login.hash || isSame(secret, login.secret)),
    );
    if (known === undefined) return false;
    this.#add(record, known);
    return true;
  }

  #add({ logins }: AccessRecord, login: SecretLogin): void {
    const at = logins.findIndex(({ secret }) => isSame(secret, login.secret));
    if (at < 0) logins.push(login);
    else logins[at] = login;
  }
}

function isSame(left: SecretLogin['secret'], right: SecretLogin['secret']): boolean {
  return left.uid === right.uid && left.namespace === right.namespace && left.name === right.name;
}
