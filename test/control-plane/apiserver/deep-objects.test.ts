import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../support/test-api-server.ts';

const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions';
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const revision = (levels: number): Uint8Array =>
  Buffer.from(
    `{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"r"},"revision":1,"data":{"a":${nested(levels)}}}`,
  );

test('objects that nest deeper than anybody could read again are not kept', async () => {
  const api = await createTestApiServer();
  const refused = await api.request('POST', revisions, revision(1000));
  assert.equal(refused.status, 400);
  assert.match(String(refused.body['message']), /invalid character .\[. exceeded max depth/);
  assert.equal((await api.request('POST', revisions, revision(600))).status, 201);
  const patch = (value: string, type: string): Promise<{ status: number; body: Record<string, unknown> }> =>
    api.request('PATCH', `${revisions}/r`, Buffer.from(value), { 'content-type': type });
  const merge = await patch(`{"data":{"b":${nested(1000)}}}`, 'application/merge-patch+json');
  assert.equal(merge.status, 400);
  // Step by step, each of them small.
  const path = `/data/a${'/0'.repeat(598)}/-`;
  const grown = await patch(`[{"op":"add","path":"${path}","value":${nested(600)}}]`, 'application/json-patch+json');
  assert.deepEqual(
    [grown.status, grown.body['message']],
    [400, 'the patched object nests too deep: exceeded max depth'],
  );
  assert.equal((await api.request('GET', revisions)).status, 200);
  assert.equal((await api.request('DELETE', `${revisions}/r`)).status, 200);
  await api.close();
});
