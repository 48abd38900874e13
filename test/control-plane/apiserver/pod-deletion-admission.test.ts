import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmissionAttributes } from '../../../src/control-plane/admission/admission-plugin.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

const pods = '/api/v1/namespaces/default/pods';
const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
});

/** A server that keeps what it asks admission. */
async function asking() {
  const asked: string[] = [];
  const note =
    (step: string) =>
    ({ operation, subresource, name }: AdmissionAttributes): Promise<void> => {
      asked.push([step, operation, name, subresource].filter((part) => part !== '').join(' '));
      return Promise.resolve();
    };
  const api = await createTestApiServer({ admission: { mutate: note('mutate'), validate: note('validate') } });
  return { api, asked };
}

test('of a pod that is ending already admission is only asked where the end comes closer', async () => {
  const { api, asked } = await asking();
  await api.request('POST', pods, pod('a'));
  asked.length = 0;
  const both = ['mutate DELETE a', 'validate DELETE a'];
  for (const [gracePeriodSeconds, expected] of [
    [30, both],
    [30, []],
    [undefined, []],
    [60, []],
    [10, both],
  ] as const) {
    const answer = await api.request('DELETE', `${pods}/a`, { gracePeriodSeconds });
    assert.equal(answer.status, 200);
    assert.deepEqual(asked.splice(0), expected, String(gracePeriodSeconds));
  }
  await api.close();
});

test('an eviction by another name is refused after plugins that change it were asked', async () => {
  const { api, asked } = await asking();
  await api.request('POST', pods, pod('a'));
  asked.length = 0;
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'b' } };
  const answer = await api.request('POST', `${pods}/a/eviction`, eviction);
  assert.equal(answer.body['message'], 'name in URL does not match name in Eviction object');
  assert.deepEqual(asked, ['mutate CREATE a eviction']);
  await api.close();
});
