import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSecurityContext, SecurityContext } from '../../../src/api/types/core-v1.ts';
import { createNodeCluster } from '../../support/node-cluster.ts';

interface Asked {
  readonly image?: string;
  readonly pod?: PodSecurityContext;
  readonly container?: SecurityContext;
}

const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.55';
const nonRoot = 'registry.k8s.io/e2e-test-images/nonroot:1.4';
const script = 'echo $(id -u) $(id -G); grep Seccomp: /proc/self/status';

const cases: readonly (readonly [asked: Asked, said: string])[] = [
  [{}, '0 0\nSeccomp:\t0\n'],
  [{ image: nonRoot }, '1234 0\nSeccomp:\t0\n'],
  [{ image: nonRoot, pod: { runAsNonRoot: true } }, '1234 0\nSeccomp:\t0\n'],
  [{ pod: { runAsNonRoot: true, runAsUser: 7 } }, '7 0\nSeccomp:\t0\n'],
  [{ pod: { runAsNonRoot: true }, container: { runAsNonRoot: false } }, '0 0\nSeccomp:\t0\n'],
  [{ image: agnhost, pod: { runAsUser: 1000, supplementalGroups: [60_000] } }, '1000 1000 50000 60000\nSeccomp:\t0\n'],
  [
    { image: agnhost, pod: { runAsUser: 1000, supplementalGroups: [60_000], supplementalGroupsPolicy: 'Strict' } },
    '1000 1000 60000\nSeccomp:\t0\n',
  ],
  [{ pod: { seccompProfile: { type: 'RuntimeDefault' } } }, '0 0\nSeccomp:\t2\n'],
  [
    { pod: { seccompProfile: { type: 'RuntimeDefault' } }, container: { seccompProfile: { type: 'Unconfined' } } },
    '0 0\nSeccomp:\t0\n',
  ],
  [{ pod: { seccompProfile: { type: 'RuntimeDefault' } }, container: { privileged: true } }, '0 0\nSeccomp:\t0\n'],
];

for (const [{ image = 'busybox', pod = {}, container = {} }, said] of cases) {
  test(`who runs, and what is kept from it: ${JSON.stringify({ image, pod, container })}`, async (context) => {
    const { api, createPod } = await createNodeCluster(context);
    const containers = [{ name: 'main', image, command: ['sh', '-c', script], securityContext: container }];
    await createPod('p', { securityContext: pod, containers });
    const { body } = await api.client.request({ method: 'GET', path: '/api/v1/namespaces/default/pods/p/log' });
    assert.equal(Buffer.from(body).toString('utf8'), said);
  });
}

const refusals: readonly (readonly [asked: Asked, said: RegExp])[] = [
  [
    { pod: { runAsNonRoot: true } },
    /^container has runAsNonRoot and image will run as root \(pod: "p_default\([^)]+\)", container: main\)$/,
  ],
  [
    { image: nonRoot, pod: { runAsNonRoot: true }, container: { runAsUser: 0 } },
    /^container's runAsUser breaks non-root policy \(pod: "p_default\([^)]+\)", container: main\)$/,
  ],
];

for (const [{ image = 'busybox', pod = {}, container = {} }, said] of refusals) {
  test(`what is not to run as root does not: ${JSON.stringify({ image, pod, container })}`, async (context) => {
    const { createPod } = await createNodeCluster(context);
    const containers = [{ name: 'main', image, securityContext: container }];
    const { status } = await createPod('p', { securityContext: pod, containers });
    const waiting = status?.containerStatuses?.[0]?.state?.waiting;
    assert.equal(waiting?.reason, 'CreateContainerConfigError');
    assert.match(waiting.message ?? '', said);
  });
}
