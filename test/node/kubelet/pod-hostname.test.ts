import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '../../../src/api/types/core-v1.ts';
import { kernelHostname, podHostname } from '../../../src/node/kubelet/pod-hostname.ts';
import { createKubeletHarness } from '../../support/kubelet-harness.ts';

function podOf(name: string, spec: Partial<PodSpec>): Pod {
  const metadata = { name, namespace: 'ns' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], nodeName: 'node-1', ...spec } };
}

const cases: readonly {
  readonly of: string;
  readonly name?: string;
  readonly spec: Partial<PodSpec>;
  readonly kernel: string;
  /** Name and domain; the kernel's name without a domain when absent. */
  readonly known?: readonly [name: string, domain: string];
}[] = [
  { of: 'nothing but its name', spec: {}, kernel: 'web' },
  { of: 'a hostname', spec: { hostname: 'www' }, kernel: 'www' },
  { of: 'an empty hostname', spec: { hostname: '' }, kernel: 'web' },
  { of: 'a name that is too long', name: `${'a'.repeat(62)}-b`, spec: {}, kernel: 'a'.repeat(62) },
  {
    of: 'a subdomain',
    spec: { hostname: 'www', subdomain: 'sub' },
    kernel: 'www',
    known: ['www', 'sub.ns.svc.cluster.local'],
  },
  {
    of: 'its whole name',
    spec: { subdomain: 'sub', setHostnameAsFQDN: true },
    kernel: 'web.sub.ns.svc.cluster.local',
    known: ['web', 'sub.ns.svc.cluster.local'],
  },
  { of: 'its whole name without a domain', spec: { setHostnameAsFQDN: true }, kernel: 'web' },
  {
    of: 'a hostname of its own choice',
    spec: { hostname: 'www', subdomain: 'sub', hostnameOverride: 'some.where' },
    kernel: 'some.where',
  },
  {
    of: "the host's network",
    spec: { hostname: 'www', hostNetwork: true },
    kernel: 'node-1',
    known: ['www', ''],
  },
];

for (const { of, name = 'web', spec, kernel, known = [kernel, ''] } of cases) {
  void test(`what a pod of ${of} is called`, () => {
    const pod = podOf(name, spec);
    assert.equal(kernelHostname(pod, 'cluster.local'), kernel);
    assert.deepEqual(podHostname(pod, 'cluster.local'), { name: known[0], domain: known[1] });
  });
}

test('a pod whose whole name is too long does not start, and an event says why', async (context) => {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  const subdomain = 's'.repeat(40);
  await harness.create('web', { spec: { subdomain, setHostnameAsFQDN: true } });
  const whole = `web.${subdomain}.default.svc.cluster.local`;
  assert.deepEqual(
    (await harness.events('web')).filter((event) => event.startsWith('FailedCreatePodSandBox')),
    [
      `FailedCreatePodSandBox: Failed to create pod sandbox: failed to construct FQDN from pod hostname and cluster domain, FQDN ${whole} is too long (64 characters is the max, ${whole.length} characters requested)`,
    ],
  );
  assert.equal((await harness.pod('web')).status?.phase, 'Pending');
  await harness.advance(10);
  assert.deepEqual(await harness.runtime.listPodSandbox(), []);
});
