import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../../src/api/types/core-v1.ts';
import type { EndpointSlice } from '../../../src/api/types/discovery-v1.ts';
import type { DnsType } from '../../../src/apimachinery/dns-record.ts';
import { createInformerFactory } from '../../../src/client/informer-factory.ts';
import { kubernetesPlugin } from '../../../src/cluster/coredns/name-plugins.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { ClusterDns } from '../../../src/node/proxy/cluster-dns.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

test('the plugin kubernetes knows services and pods of its zones, and lets go on what it is told to', async (context) => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const factory = createInformerFactory({ client: api.client, clock, random: seededRandom(1), log: silentLogger });
  const services = factory.informer<Service>({ group: '', version: 'v1', resource: 'services' });
  const gvr = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };
  const slices = factory.informer<EndpointSlice>(gvr);
  factory.start();
  context.after(() => factory.stop());
  const ports = [{ name: 'http', port: 80 }];
  const spec = { clusterIP: '10.96.0.11', ports };
  await api.create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec });
  await factory.waitForSync();
  await settle();
  const dns = new ClusterDns({ services, slices });
  const place = {
    context: {
      files: new MemoryFiles(() => 0),
      podIp: '10.0.0.1',
      random: () => 0.5,
      sendDatagram: () => Promise.resolve(undefined),
    },
    file: 'Corefile',
    zones: ['.'],
    port: 53,
    cluster: () => Promise.resolve(dns),
  };
  const lines = [
    ['pods', 'insecure'],
    ['fallthrough', 'in-addr.arpa'],
    ['ttl', '7'],
  ];
  const args = ['cluster.local', 'in-addr.arpa', 'ip6.arpa'];
  const handler = await kubernetesPlugin({ name: 'kubernetes', args, lines, line: 1 }, place);
  const asked: readonly (readonly [name: string, type: DnsType, answer: string])[] = [
    ['web.default.svc.cluster.local.', 'A', '10.96.0.11 7'],
    ['web.default.svc.cluster.local.', 'AAAA', 'NOERROR'],
    ['_http._tcp.web.default.svc.cluster.local.', 'SRV', '0 100 80 web.default.svc.cluster.local. 7'],
    ['none.default.svc.cluster.local.', 'A', 'NXDOMAIN'],
    ['10-0-0-9.default.pod.cluster.local.', 'A', '10.0.0.9 7'],
    ['11.0.96.10.in-addr.arpa.', 'PTR', 'web.default.svc.cluster.local. 7'],
    ['12.0.96.10.in-addr.arpa.', 'PTR', 'next'],
    ['example.org.', 'A', 'next'],
  ];
  for (const [name, type, expected] of asked) {
    const answer = await handler({ name, type });
    const records = answer?.records.map(({ data, seconds }) => `${data} ${seconds ?? ''}`).join(' ');
    assert.equal(records === '' ? answer?.code : (records ?? 'next'), expected, `${name} ${type}`);
  }
});
