import { formatGroupVersion } from '../../apimachinery/gvk.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import type { CheckedManifest } from '../../cli/checked-input.ts';
import { resourceOf } from '../../resource/resource-access.ts';

/** From this many objects of a kind in a namespace on, one list is asked for instead of each. */
const worthAList = 8;
/** At most this many times as many objects as are wanted are read for it. */
const patience = 4;

/**
 * What the server has of the objects of an input. Where many of a kind stand in one namespace they are read with one
 * list, unless the namespace holds far more of them or the user may not list.
 */
export class CurrentObjects {
  readonly #client: Client;
  readonly #wanted = new Map<string, number>();
  readonly #lists = new Map<string, Promise<CurrentList | undefined>>();

  constructor(client: Client, entries: readonly CheckedManifest[]) {
    this.#client = client;
    for (const { mapping, namespace } of entries) {
      if (mapping === undefined) continue;
      const key = placeKey(mapping, namespace);
      this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
    }
  }

  /** Undefined when there is no such object. @throws StatusError, TransportError */
  async get(mapping: RestMapping, namespace: string, name: string): Promise<Unstructured | undefined> {
    const key = placeKey(mapping, namespace);
    const wanted = this.#wanted.get(key) ?? 0;
    if (wanted >= worthAList) {
      let list = this.#lists.get(key);
      if (list === undefined) {
        list = this.#list(mapping, namespace, wanted);
        this.#lists.set(key, list);
      }
      const found = await list;
      const object = found?.objects.get(name);
      if (object !== undefined || found?.isWhole === true) return object;
    }
    try {
      return await resourceOf(this.#client, mapping, namespace).get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #list(mapping: RestMapping, namespace: string, wanted: number): Promise<CurrentList | undefined> {
    try {
      const page = await resourceOf(this.#client, mapping, namespace).list({ limit: wanted * patience });
      const about = { apiVersion: formatGroupVersion(mapping.gvk), kind: mapping.gvk.kind };
      return {
        objects: new Map(page.items.map((item) => [item.metadata.name ?? '', { ...about, ...item }])),
        isWhole: (page.metadata.continue ?? '') === '',
      };
    } catch (error) {
      // Not allowed, or not served: each object is asked for, and that says what is wrong.
      if (error instanceof StatusError) return undefined;
      throw error;
    }
  }
}

interface CurrentList {
  readonly objects: ReadonlyMap<string, Unstructured>;
  readonly isWhole: boolean;
}

function placeKey({ gvr, namespaced }: RestMapping, namespace: string): string {
  return JSON.stringify([gvr.group, gvr.version, gvr.resource, namespaced ? namespace : '']);
}
