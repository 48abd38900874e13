import assert from 'node:assert/strict';
import test from 'node:test';
import {
  ensureFlowControl,
  keepFlowControl,
} from '../../../../src/control-plane/apiserver/bootstrap/flow-control-objects.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

const schemas = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';

test('what flow control must have is kept up, what somebody took over is left alone', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  await ensureFlowControl(api.client);
  const first = (await api.request('GET', `${schemas}/exempt`)).body;
  assert.equal(first.metadata.managedFields?.[0]?.manager, 'api-priority-and-fairness-config-producer-v1');
  const revision = api.storage.currentRevision();
  await ensureFlowControl(api.client);
  assert.equal(api.storage.currentRevision(), revision, 'what is right is not written again');

  const stop = keepFlowControl(api.client, clock, silentLogger);
  const priorityOf = async (name: string): Promise<unknown> =>
    ((await api.request('GET', `${schemas}/${name}`)).body['spec'] as { matchingPrecedence: number })
      .matchingPrecedence;
  const patch = async (name: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/merge-patch+json' };
    assert.equal((await api.request('PATCH', `${schemas}/${name}`, body, headers)).status, 200);
  };
  const own = { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } } };
  await patch('probes', { ...own, spec: { matchingPrecedence: 77 } });
  await patch('global-default', { spec: { matchingPrecedence: 78 } });
  await api.request('DELETE', `${schemas}/catch-all`);
  await clock.advance(60_000);
  await settle(50);
  assert.equal(await priorityOf('probes'), 77);
  assert.equal(await priorityOf('global-default'), 9900);
  assert.equal((await api.request('GET', `${schemas}/catch-all`)).status, 200);
  stop();
  await api.request('DELETE', `${schemas}/catch-all`);
  await clock.advance(180_000);
  await settle(50);
  assert.equal((await api.request('GET', `${schemas}/catch-all`)).status, 404);
  await api.close();
});
