import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import { podSecurity } from '../../../src/control-plane/admission/pod-security.ts';
import {
  describeViolations,
  podSecurityViolations,
  type PodSecurityLevel,
} from '../../../src/control-plane/admission/pod-security-checks.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';
import { admitted, clusterOf, podWith } from './admission-harness.ts';

const strict = {
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};
const withContext = (context: object) => ({ securityContext: { ...strict.securityContext, ...context } });

const cases: readonly (readonly [string, PodSecurityLevel, object, string])[] = [
  ['nothing special', 'baseline', podWith(), ''],
  ['everything restricted asks for', 'restricted', podWith({}, strict), ''],
  ['anything', 'privileged', podWith({ hostPID: true }, { securityContext: { privileged: true } }), ''],
  [
    'host namespaces',
    'baseline',
    podWith({ hostNetwork: true, hostPID: true }),
    'host namespaces (hostNetwork=true, hostPID=true)',
  ],
  [
    'privileged',
    'baseline',
    podWith({}, { securityContext: { privileged: true } }),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  [
    'capabilities and host ports',
    'baseline',
    podWith(
      {},
      {
        ports: [{ containerPort: 1, hostPort: 5 }],
        securityContext: { capabilities: { add: ['SYS_ADMIN', 'NET_RAW'] } },
      },
    ),
    'non-default capabilities (container "c" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add), hostPort (container "c" uses hostPort 5)',
  ],
  [
    'host paths',
    'baseline',
    podWith({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
    'hostPath volumes (volume "v")',
  ],
  [
    'AppArmor',
    'baseline',
    podWith({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
    'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
  ],
  [
    'SELinux',
    'baseline',
    podWith(
      { securityContext: { seLinuxOptions: { type: 'foo', user: 'bar' } } },
      { securityContext: { seLinuxOptions: { type: 'bar', role: 'baz' } } },
    ),
    'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: types "bar", "foo"; user may not be set; role may not be set)',
  ],
  [
    'seccomp and sysctls',
    'baseline',
    podWith({
      securityContext: { seccompProfile: { type: 'Unconfined' }, sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
    }),
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined"), forbidden sysctls (kernel.msgmax)',
  ],
  [
    'a safe sysctl',
    'baseline',
    podWith({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } }),
    '',
  ],
  [
    'hosts of probes',
    'baseline',
    podWith(
      {},
      {
        livenessProbe: { httpGet: { host: '127.0.0.1', port: 1 } },
        lifecycle: { preStop: { tcpSocket: { host: '::1', port: 1 } } },
      },
    ),
    'probe or lifecycle host (container "c" uses probe or lifecycle hosts "127.0.0.1", "::1")',
  ],
  [
    'Windows',
    'baseline',
    podWith({ securityContext: { windowsOptions: { hostProcess: true } } }),
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    'procMount',
    'baseline',
    podWith({}, { securityContext: { procMount: 'Unmasked' } }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'procMount with users of its own',
    'baseline',
    podWith({ hostUsers: false }, { securityContext: { procMount: 'Unmasked' } }),
    '',
  ],
  [
    'nothing that restricted asks for',
    'restricted',
    podWith(),
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'volumes',
    'restricted',
    podWith(
      {
        volumes: [
          { name: 'a', hostPath: { path: '/' } },
          { name: 'b', nfs: { path: '/', server: 's' } },
          { name: 'd', emptyDir: {} },
        ],
      },
      strict,
    ),
    'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
  ],
  [
    'an allowed capability',
    'restricted',
    podWith({}, withContext({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } })),
    '',
  ],
  [
    'another capability',
    'restricted',
    podWith({}, withContext({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } })),
    'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    'root by number',
    'restricted',
    podWith({ securityContext: { runAsUser: 0 } }, withContext({ runAsUser: 0 })),
    'runAsUser=0 (pod and container "c" must not set runAsUser=0)',
  ],
  [
    'root allowed',
    'restricted',
    podWith({}, withContext({ runAsNonRoot: false })),
    'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
  ],
  [
    'root of its own users',
    'restricted',
    podWith({ hostUsers: false }, withContext({ runAsNonRoot: false, runAsUser: 0 })),
    '',
  ],
];

for (const [title, level, pod, expected] of cases) {
  test(`Pod Security Standards, ${level}: ${title}`, () => {
    assert.equal(describeViolations(podSecurityViolations(pod as Pod, level, 36)), expected);
  });
}

test('older versions of the standards know less', () => {
  const pod = podWith({}, { livenessProbe: { httpGet: { host: 'x', port: 1 } } }) as Pod;
  assert.equal(podSecurityViolations(pod, 'baseline', 33).length, 0);
  assert.equal(podSecurityViolations(pod, 'baseline', 34).length, 1);
});

const namespace = (labels: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'ns', labels },
});
const label = (mode: string) => `pod-security.kubernetes.io/${mode}`;

test('a pod that violates the enforced level is refused, one that violates the other is warned of', async () => {
  const labels = { [label('enforce')]: 'baseline', [label('warn')]: 'restricted' };
  const plugins = [podSecurity(clusterOf({ namespaces: [namespace(labels)] }))];
  const refused = await admitted(plugins, 'pods', podWith({ hostPID: true }));
  assert.equal(
    refused.refusal,
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
  );
  assert.deepEqual(refused.warnings, []);
  const warned = await admitted(plugins, 'pods', podWith());
  assert.equal(warned.refusal, '');
  assert.match(
    warned.warnings[0] ?? '',
    /^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false/,
  );
  const template = { metadata: {}, spec: { containers: [{ name: 'c' }] } };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { template } };
  assert.equal((await admitted(plugins, 'deployments', deployment, { group: 'apps' })).warnings.length, 1);
});

test('labels that mean nothing are refused, and stricter ones tell of pods that are there', async (context) => {
  const server = await createTestApiServer();
  context.after(() => server.close());
  await server.create(namespace({}));
  for (const name of ['a', 'b']) await server.create(podWith({ hostPID: true }, {}, { name }) as Unstructured);
  const plugins = [podSecurity(clusterOf({}, { client: server.client }))];
  const wrong = namespace({ [label('enforce')]: 'zork', [label('warn-version')]: 'v9' });
  const refused = await admitted(plugins, 'namespaces', wrong, { old: namespace({}) });
  assert.equal(
    refused.refusal,
    'Namespace "ns" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "zork": must be one of ' +
      'privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v9": must ' +
      'be "latest" or "v1.x"]',
  );
  const { warnings } = await admitted(plugins, 'namespaces', namespace({ [label('enforce')]: 'baseline' }), {
    old: namespace({}),
  });
  assert.deepEqual(warnings, [
    'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 1 other pod): host namespaces',
  ]);
});

test('where everything is let through every write of a pod is noted, and only those', async () => {
  const old = podWith() as unknown as Unstructured;
  const notesOf = async (labels: object, subresource: string, object: object): Promise<Record<string, string>> => {
    const notes: Record<string, string> = {};
    const cluster = clusterOf({ namespaces: [{ metadata: { name: 'ns', labels } }] });
    const what = { operation: 'UPDATE', subresource, oldObject: old, annotate: noted(notes) } as const;
    const { refusal } = await admitted([podSecurity(cluster)], 'pods', object, what);
    assert.equal(refusal, '');
    return notes;
  };
  const noted = (notes: Record<string, string>) => (key: string, text: string) => {
    notes[key.replace(/^pod-security.kubernetes.io\//, '')] = text;
  };
  const open = { 'enforce-policy': 'privileged:latest' };
  assert.deepEqual(await notesOf({}, '', podWith()), open);
  assert.deepEqual(await notesOf({}, 'resize', podWith()), open);
  assert.deepEqual(await notesOf({}, 'status', podWith()), {});
  const labels = { 'pod-security.kubernetes.io/warn': 'baseline' };
  assert.deepEqual(await notesOf(labels, '', podWith()), {});
  assert.deepEqual(await notesOf(labels, '', podWith({}, { image: 'new' })), open);
});
