import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../../../src/api/types/core-v1.ts';
import type { DnsConfig } from '../../../src/node/cri/runtime.ts';
import { podDns } from '../../../src/node/kubelet/pod-dns.ts';
import { createKubeletHarness, testNode } from '../../support/kubelet-harness.ts';

const cluster = ['n.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
const own = ['127.0.0.1'];

test('the policy and the settings of a pod make what its resolver reads', () => {
  const dnsConfig = {
    nameservers: ['1.1.1.1', '10.96.0.10'],
    searches: ['resolv.conf.local', 'cluster.local'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  };
  const cases: [Partial<PodSpec>, DnsConfig][] = [
    [{}, { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] }],
    [{ hostNetwork: true }, { servers: own, searches: ['.'], options: [] }],
    [
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] },
    ],
    [{ dnsPolicy: 'Default' }, { servers: own, searches: ['.'], options: [] }],
    [
      { dnsPolicy: 'None', dnsConfig },
      {
        servers: dnsConfig.nameservers,
        searches: ['resolv.conf.local', 'cluster.local'],
        options: ['ndots:2', 'edns0'],
      },
    ],
    [
      { dnsConfig },
      {
        servers: ['10.96.0.10', '1.1.1.1'],
        searches: [...cluster, 'resolv.conf.local'],
        options: ['ndots:2', 'edns0'],
      },
    ],
  ];
  for (const [spec, expected] of cases) {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'n' }, spec: { containers: [], ...spec } };
    const dns = { clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
    assert.deepEqual(podDns(pod, dns), expected, JSON.stringify(spec));
  }
});

test('programs read the settings, and run as who they may', async (context) => {
  const harness = await createKubeletHarness({ ...testNode, clusterDns: '10.96.0.10' });
  context.after(() => harness.close());
  const log = async (name: string, spec: PodSpec): Promise<string> => {
    await harness.create(name, { spec: { restartPolicy: 'Never', ...spec } });
    for (let turn = 0; turn < 20; turn++) await harness.clock.advance(0);
    const uid = (await harness.pod(name)).metadata.uid ?? '';
    const [sandbox] = await harness.runtime.listPodSandbox({ podUid: uid });
    const [container] = await harness.runtime.listContainers({ podSandboxId: sandbox?.id ?? '' });
    const written = await harness.runtime.containerLog(container?.id ?? '');
    return Buffer.concat(written.read(0).map(({ content }) => content)).toString('utf8');
  };
  const agnhost = { name: 'main', image: 'registry.k8s.io/e2e-test-images/agnhost:2' };
  const suffix = await log('suffix', { containers: [{ ...agnhost, args: ['dns-suffix'] }] });
  assert.equal(suffix, 'default.svc.cluster.local,svc.cluster.local,cluster.local\n');
  assert.equal(await log('servers', { containers: [{ ...agnhost, args: ['dns-server-list'] }] }), '10.96.0.10\n');
  const hostAliases = [{ ip: '1.2.3.4', hostnames: ['a.test'] }];
  assert.match(
    await log('hosts', { hostAliases, containers: [{ ...agnhost, args: ['etc-hosts'] }] }),
    /1\.2\.3\.4\ta\.test/,
  );
  const nnp = { name: 'main', image: 'registry.k8s.io/e2e-test-images/nonewprivs:1.3' };
  for (const [allowPrivilegeEscalation, uid] of [
    [true, 0],
    [false, 1000],
  ] as const) {
    const containers = [{ ...nnp, securityContext: { runAsUser: 1000, allowPrivilegeEscalation } }];
    assert.equal(await log(`nnp-${uid}`, { containers }), `Effective uid: ${uid}\n`);
  }
  const link = { name: 'main', image: 'busybox', command: ['sh', '-c', 'ip link add dummy0 type dummy && echo added'] };
  const refused = 'ip: RTNETLINK answers: Operation not permitted\n';
  assert.equal(await log('link', { containers: [link] }), refused);
  const privileged = { ...link, securityContext: { privileged: true } };
  assert.equal(await log('privileged', { containers: [privileged] }), 'added\n');
  const allowed = { ...link, securityContext: { capabilities: { add: ['NET_ADMIN'] } } };
  assert.equal(await log('allowed', { containers: [allowed] }), 'added\n');
});
