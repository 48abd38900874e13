import { goQuote } from '../../../apimachinery/field-error.ts';
import { isConfigMapKey } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { contentHash, KeySourceError } from '../../../generators/key-sources.ts';
import { sortedMap, stringifyTyped, typedObject } from '../../../generators/typed-json.ts';

/** Where secrets are kept. */
export const secrets = { group: '', version: 'v1', resource: 'secrets' } as const;

/** A secret being made; values are base64. */
export class SecretContent {
  readonly #values = new Map<string, string>();

  /** @throws KeySourceError for a key that cannot be or is there already */
  add(key: string, value: Uint8Array): void {
    const problems = isConfigMapKey(key);
    if (problems.length > 0) {
      throw new KeySourceError(`${goQuote(key)} is not valid key name for a Secret ${problems.join(';')}`);
    }
    if (this.#values.has(key)) {
      throw new KeySourceError(`cannot add key ${key}, another key by that name already exists`);
    }
    this.#values.set(key, Buffer.from(value).toString('base64'));
  }

  /** @param type empty for the server's default */
  toObject(name: string, type: string, appendHash: boolean): Unstructured {
    const data = sortedMap(this.#values);
    const text = stringifyTyped({ data: data ?? {}, kind: 'Secret', name, type });
    const fullName = appendHash ? `${name}-${contentHash(text)}` : name;
    return typedObject('v1', 'Secret', { name: fullName }, { data, type: type === '' ? undefined : type });
  }
}
