import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInTypeIndex } from '../../../../src/control-plane/apiserver/codecs/type-index.ts';
import { readMessage } from '../../../../src/control-plane/apiserver/codecs/protobuf-message.ts';
import { createDiscoveryRoute } from '../../../../src/control-plane/apiserver/discovery/discovery-route.ts';
import { createTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts';

// What a real 1.36 server answered to the same requests.

async function inServer(run: (api: TestApiServer) => Promise<void>, servesBeta = false): Promise<void> {
  const route = createDiscoveryRoute({ serverAddress: () => '192.0.2.2:6443', servesBeta });
  const api = await createTestApiServer({ routes: [route] });
  await run(api);
  await api.close();
}

const aggregated = (type: string, version: string): string =>
  `application/${type};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

test('slashes at the end of discovery paths, and where there are too many', () =>
  inServer(async (api) => {
    const cases: readonly (readonly [path: string, status: number, kind: string])[] = [
      ['/api//', 200, 'APIVersions'],
      ['/api///', 200, 'APIVersions'],
      ['/api/v1//', 200, 'APIResourceList'],
      ['/apis/', 200, 'APIGroupList'],
      ['/apis/apps//', 200, 'APIGroup'],
      ['/apis/apps/v1///', 200, 'APIResourceList'],
      ['/apis//', 404, ''],
      ['/apis//apps', 404, ''],
      ['/version//', 200, ''],
      ['/version/zork', 404, 'Status'],
    ];
    for (const [path, status, kind] of cases) {
      const answer = await api.request('GET', path);
      assert.deepEqual([answer.status, answer.body['kind'] ?? ''], [status, kind], path);
      if (status === 404 && kind === '') assert.equal(answer.text, '404 page not found\n', path);
    }
  }));

test('aggregated discovery comes in protobuf, too', () =>
  inServer(async (api) => {
    const plain = await api.request('GET', '/apis', undefined, { accept: aggregated('json', 'v2') });
    const opened = await api.open('/apis', { accept: aggregated('vnd.kubernetes.protobuf', 'v2') });
    assert.equal(opened.headers['content-type'], aggregated('vnd.kubernetes.protobuf', 'v2'));
    assert.ok(opened.body instanceof Uint8Array);
    const bytes = Buffer.from(opened.body);
    const envelope = 'k8s\0\n/\n\x16apidiscovery.k8s.io/v2\x12\x15APIGroupDiscoveryList\x12';
    assert.equal(bytes.subarray(0, envelope.length).toString('latin1'), envelope);
    // The message: after its length, before the two empty texts of the envelope.
    let start = envelope.length;
    while ((bytes[start] ?? 0) > 127) start++;
    const list = readMessage(
      bytes.subarray(start + 1, -4),
      'io.k8s.api.apidiscovery.v2.APIGroupDiscoveryList',
      builtInTypeIndex.schemas,
    );
    const items = JSON.parse(plain.text) as { items: unknown };
    assert.deepEqual(JSON.parse(JSON.stringify(list['items'])), items.items);
  }));

test('the beta version of aggregated discovery is gone, unless it is asked to stay', async () => {
  const accept = aggregated('json', 'v2beta1');
  await inServer(async (api) => {
    assert.equal((await api.request('GET', '/apis', undefined, { accept })).status, 406);
    const next = await api.request('GET', '/apis', undefined, { accept: `${accept},application/json` });
    assert.equal(next.body['kind'], 'APIGroupList');
    const indented = await api.request('GET', '/apis?pretty=1', undefined, { accept: aggregated('json', 'v2') });
    assert.match(indented.text, /^\{\n {2}"kind": "APIGroupDiscoveryList",\n/);
  });
  await inServer(async (api) => {
    const beta = await api.request('GET', '/apis', undefined, { accept });
    assert.equal(beta.body['apiVersion'], 'apidiscovery.k8s.io/v2beta1');
  }, true);
});
