import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../../../src/api/types/coordination-v1.ts';
import {
  createIdentityLease,
  serverIdentity,
} from '../../../../src/control-plane/apiserver/bootstrap/identity-lease.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

test('a server has one name per machine', () => {
  // As a real server on a machine of that name was called.
  assert.equal(serverIdentity('vm'), 'apiserver-wlv32tlttr4jl3gtroqexyxapa');
  assert.equal(serverIdentity('a'), serverIdentity('a'));
  assert.notEqual(serverIdentity('a'), serverIdentity('b'));
});

test('a server keeps a lease while it runs, and clears away those that nobody keeps', async () => {
  const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const api = await createTestApiServer({ clock });
  const find = async (name: string): Promise<Lease | undefined> => {
    const { status, body } = await api.request('GET', `${leases}/${name}`);
    return status === 200 ? body : undefined;
  };
  const leave = async (name: string, renewTime: string, labels: Record<string, string>): Promise<void> => {
    const spec = { holderIdentity: 'x', leaseDurationSeconds: 3600, renewTime };
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, labels }, spec };
    assert.equal((await api.request('POST', leases, object)).status, 201);
  };
  const identity = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' };
  const name = serverIdentity('host');
  await leave(name, '2025-12-31T23:59:59.000000Z', identity);
  await leave('expired', '2025-12-31T22:59:59.000000Z', identity);
  await leave('running', '2025-12-31T23:30:00.000000Z', identity);
  await leave('other', '2025-12-31T22:00:00.000000Z', {});
  const before = await find(name);

  const lease = createIdentityLease({
    client: api.client,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    hostname: 'host',
    address: () => '192.0.2.1:6443',
  });
  lease.start();
  await settle(50);
  const first = await find(name);
  assert.notEqual(first?.metadata.uid, before?.metadata.uid, 'what an earlier server left is not taken over');
  assert.deepEqual(first?.metadata.labels, { ...identity, 'kubernetes.io/hostname': 'host' });
  assert.deepEqual(first?.metadata.annotations, { 'kubernetes.io/peer-advertise-address': '192.0.2.1:6443' });
  assert.match(first?.spec?.holderIdentity ?? '', new RegExp(`^${name}_[0-9a-f-]{36}$`));
  assert.equal(first?.spec?.renewTime, '2026-01-01T00:00:00.000000Z');
  assert.equal(await find('expired'), undefined);
  assert.ok(await find('running'));
  assert.ok(await find('other'));

  await clock.advance(10_000);
  await settle(50);
  const renewed = await find(name);
  assert.equal(renewed?.metadata.uid, first?.metadata.uid);
  assert.equal(renewed?.spec?.renewTime, '2026-01-01T00:00:10.000000Z');
  await api.request('DELETE', `${leases}/${name}`);
  await clock.advance(3_600_000);
  await settle(50);
  assert.ok(await find(name), 'a lease that somebody deleted comes back');
  assert.equal(await find('running'), undefined, 'it has expired meanwhile');

  await lease.stop();
  assert.equal(await find(name), undefined);
  await clock.advance(20_000);
  await settle(50);
  assert.equal(await find(name), undefined);
  await api.close();
});
