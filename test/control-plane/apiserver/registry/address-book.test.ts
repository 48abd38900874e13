import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import type { Service } from '../../../../src/api/types/core-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../../../src/api/types/networking-v1.ts';
import { createInformerFactory } from '../../../../src/client/informer-factory.ts';
import { createAddressBook, rangesResource } from '../../../../src/control-plane/apiserver/registry/address-book.ts';
import {
  type AddressBook,
  serviceAddressHooks,
} from '../../../../src/control-plane/apiserver/registry/service-addresses.ts';
import type { WriteContext } from '../../../../src/control-plane/apiserver/registry/store.ts';
import { settle } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { createTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts';

const context = { subresource: '', dryRun: false } as unknown as WriteContext;
const path = '/apis/networking.k8s.io/v1/ipaddresses';

function service(name: string, clusterIP?: string): Service & Unstructured {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'ClusterIP', ports: [{ port: 80 }], ...(clusterIP && { clusterIP, clusterIPs: [clusterIP] }) },
  };
}

describe('addresses of services as objects', () => {
  let server: TestApiServer;
  let book: AddressBook;
  let stop: () => Promise<void>;

  before(async () => {
    server = await createTestApiServer();
    await server.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'kubernetes', finalizers: ['example.com/stay'] },
      spec: { cidrs: ['10.0.0.0/24'] },
    });
    const { client, clock } = server;
    const informers = createInformerFactory({ client, clock, random: seededRandom(1), log: silentLogger });
    book = createAddressBook(client, informers.informer<ServiceCIDR>(rangesResource));
    informers.start();
    await informers.waitForSync();
    stop = () => informers.stop();
  });
  after(async () => {
    await stop();
    await server.close();
  });

  const hooks = (existing: readonly Service[] = []): ReturnType<typeof serviceAddressHooks> =>
    serviceAddressHooks({
      serviceRanges: ['10.0.0.0/24'],
      random: seededRandom(1),
      clock: server.clock,
      existing: () => Promise.resolve(existing),
      book,
    });

  it('says whose an address is, until its service is gone', async () => {
    const at = hooks();
    const web = service('web', '10.0.0.9');
    await (await at.beginCreate?.(web, context))?.keep();
    const { body } = await server.request('GET', `${path}/10.0.0.9`);
    const { metadata, spec } = body as unknown as IPAddress;
    assert.deepEqual(metadata.labels, {
      'ipaddress.kubernetes.io/ip-family': 'IPv4',
      'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
    });
    assert.deepEqual(spec.parentRef, { resource: 'services', namespace: 'default', name: 'web' });
    await at.afterDelete?.(web, context);
    assert.equal((await server.request('GET', `${path}/10.0.0.9`)).status, 404);
  });

  it('gives back the address of a service that is changed to have none, before the change is answered', async () => {
    const at = hooks();
    const web = service('web', '10.0.0.12');
    await (await at.beginCreate?.(web, context))?.keep();
    const named = { ...service('web'), spec: { type: 'ExternalName', externalName: 'example.com' } };
    await (await at.beginUpdate?.(named, web, context))?.keep();
    assert.equal((await server.request('GET', `${path}/10.0.0.12`)).status, 404);
  });

  it('says it of the services that were there before', async () => {
    const at = hooks([service('old', '10.0.0.40')]);
    await at.claimStored();
    assert.equal((await server.request('GET', `${path}/10.0.0.40`)).status, 200);
  });

  it('gives back the address of a service that is refused', async () => {
    const at = hooks();
    const reservation = await at.beginCreate?.(service('bad', '10.0.0.10'), context);
    assert.equal((await server.request('GET', `${path}/10.0.0.10`)).status, 200);
    await reservation?.undo();
    assert.equal((await server.request('GET', `${path}/10.0.0.10`)).status, 404);
  });

  it('leaves alone what somebody else has', async () => {
    assert.equal(await book.claim('10.0.0.11', service('other')), true);
    const at = hooks();
    await assert.rejects(async () => at.beginCreate?.(service('mine', '10.0.0.11'), context), /already allocated/);
  });

  it('takes addresses from further ranges, as long as they stay', async () => {
    const at = hooks();
    await assert.rejects(async () => at.beginCreate?.(service('far', '10.9.0.5'), context), /does not match/);
    await server.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'more' },
      spec: { cidrs: ['10.9.0.0/24'] },
    });
    await settle(50);
    await (await at.beginCreate?.(service('far', '10.9.0.5'), context))?.keep();
    assert.equal((await server.request('GET', `${path}/10.9.0.5`)).status, 200);
  });

  it('takes no more from the own range when it is deleted, while another one is ready', async () => {
    const at = hooks();
    const range = (name: string, cidr: string): Unstructured => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name, finalizers: ['example.com/stay'] },
      spec: { cidrs: [cidr] },
    });
    await server.create(range('next', '10.8.0.0/24'));
    await server.request('DELETE', '/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
    await settle(50);
    await assert.rejects(async () => at.beginCreate?.(service('late', '10.0.0.77'), context), /does not match/);
    const moved = service('moved');
    await (await at.beginCreate?.(moved, context))?.keep();
    assert.match(moved.spec?.clusterIP ?? '', /^10\.[89]\./);
    // Another one that has the same range keeps it open.
    await server.create(range('again', '10.0.0.0/24'));
    await settle(50);
    await (await at.beginCreate?.(service('late', '10.0.0.77'), context))?.keep();
  });
});
