import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../../src/apimachinery/json.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { listPrefix } from '../../../../src/control-plane/apiserver/registry/api-resource.ts';
import { writeObjectJson } from '../../../../src/control-plane/apiserver/codecs/object-json.ts';
import { toTable } from '../../../../src/control-plane/apiserver/registry/table.ts';
import { showsStoredMetadata, storedTablePieces } from '../../../../src/control-plane/apiserver/registry/table-text.ts';
import { inServer } from '../../../support/test-api-server.ts';

const tricky: JsonObject = {
  labels: { app: 'x', uid: 'no' },
  annotations: {
    text: '},"managedFields":[{"a":1}],"uid":"x" \\" \\\\ {{[ <b>&amp;</b> \u2028 ünï ',
    'example.com/deep': '{"metadata":{"uid":"1","managedFields":[]}}',
  },
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o"}', uid: 'u' }],
  finalizers: ['example.com/keep'],
};

test('tables made of stored bytes say what tables of objects say, byte for byte', () =>
  inServer(async (api) => {
    const objects: readonly [path: string, object: JsonObject][] = [
      ['pods', { kind: 'Pod', apiVersion: 'v1', spec: { containers: [{ name: 'c', image: 'i' }] } }],
      ['configmaps', { kind: 'ConfigMap', apiVersion: 'v1', data: { managedFields: '},"spec":{' } }],
      ['secrets', { kind: 'Secret', apiVersion: 'v1' }],
      ['serviceaccounts', { kind: 'ServiceAccount', apiVersion: 'v1' }],
      ['endpoints', { kind: 'Endpoints', apiVersion: 'v1' }],
    ];
    for (const [resourceName, object] of objects) {
      const path = `/api/v1/namespaces/default/${resourceName}`;
      for (const metadata of [{ name: 'plain' }, { name: 'tricky', ...tricky }]) {
        const created = await api.request('POST', path, { ...object, metadata });
        assert.equal(created.status, 201, created.text);
      }
      const { resource, decode, values } = await stored(resourceName);
      assert.ok(showsStoredMetadata(resource));
      const now = api.clock.now() + 5000;
      const options = { version: 'v1', now, includeObject: 'Metadata' as const };
      const metadata = { resourceVersion: '7', continue: 'x', remainingItemCount: 3 };
      assert.equal(
        Buffer.concat([...storedTablePieces(resource, values, metadata, options)]).toString(),
        `${writeObjectJson(toTable(resource, decode, metadata, options))}\n`,
      );
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      const asked = await api.request('GET', path, undefined, { accept });
      const whole = await api.request('GET', `${path}?includeObject=Object`, undefined, { accept });
      const rows = (answer: Unstructured): { cells: unknown }[] => answer['rows'] as { cells: unknown }[];
      assert.deepEqual(
        rows(asked.body).map(({ cells }) => cells),
        rows(whole.body).map(({ cells }) => cells),
      );
    }

    async function stored(name: string): Promise<{
      resource: Parameters<typeof storedTablePieces>[0];
      values: Parameters<typeof storedTablePieces>[1];
      decode: Unstructured[];
    }> {
      const resource = api.server.registry.find('', 'v1', name) ?? assert.fail(name);
      const store = api.server.parts.storeOf(resource);
      const { values } = await api.storage.range(listPrefix(resource, 'default'));
      assert.equal(values.length, 2, name);
      return { resource, values, decode: values.map((value) => store.decode(value)) };
    }
  }));

test('objects whose rows need more than the stored metadata are read whole', () =>
  inServer((api) => {
    const shows = (group: string, version: string, name: string): boolean =>
      showsStoredMetadata(api.server.registry.find(group, version, name) ?? assert.fail(name));
    // Annotations of other versions, another version in the storage, an order of rows.
    assert.ok(!shows('apps', 'v1', 'daemonsets'));
    assert.ok(!shows('autoscaling', 'v1', 'horizontalpodautoscalers'));
    assert.ok(!shows('flowcontrol.apiserver.k8s.io', 'v1', 'flowschemas'));
    assert.ok(shows('apps', 'v1', 'deployments'));
    return Promise.resolve();
  }));
