import { readManifests } from '../../src/apimachinery/manifest-stream.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { storageKey, toStorage, type ApiResource } from '../../src/control-plane/apiserver/registry/api-resource.ts';
import { encodeStored } from '../../src/control-plane/apiserver/registry/stored-object.ts';
import type { TestApiServer } from './test-api-server.ts';

/** Puts an object into the server's storage as it stands, status, uid and times included, past defaults and validation. */
export async function storeAsIs(api: TestApiServer, object: Unstructured): Promise<void> {
  const { resource, place, key } = placeOf(api, object);
  const metadata = { ...object.metadata, ...(place === '' ? {} : { namespace: place }) };
  const before = await api.storage.get(key);
  const stored = toStorage(resource, { ...object, metadata });
  await api.storage.put(key, encodeStored(stored), before?.modRevision ?? 0);
}

/** Takes an object out of the server's storage in one step, without the mark of a deletion that some kinds get first. */
export async function removeAsIs(api: TestApiServer, object: Unstructured): Promise<void> {
  const { key } = placeOf(api, object);
  const before = await api.storage.get(key);
  await api.storage.delete(key, before?.modRevision ?? 0);
}

function placeOf(
  api: TestApiServer,
  object: Unstructured,
): { readonly resource: ApiResource; readonly place: string; readonly key: string } {
  const [first = '', second] = object.apiVersion.split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const resource = api.server.registry.findKind(group, version, object.kind);
  if (resource === undefined) throw new Error(`no resource serves ${object.apiVersion} ${object.kind}`);
  const { name = '', namespace = '' } = object.metadata;
  const place = resource.definition.namespaced ? (namespace === '' ? 'default' : namespace) : '';
  return { resource, place, key: storageKey(resource, place, name) };
}

/** Stores all objects of a text of manifests as they stand. */
export async function storeManifests(api: TestApiServer, text: string): Promise<void> {
  for (const { value } of readManifests(text)) {
    if (value !== null) await storeAsIs(api, value as unknown as Unstructured);
  }
}
