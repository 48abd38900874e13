import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPath, formatFieldError } from '../../../../src/apimachinery/field-error.ts';
import { setPodSpecDefaults } from '../../../../src/api/core/v1/pod-spec-defaults.ts';
import { validateNewPod, validatePodSpec } from '../../../../src/api/core/v1/pod-spec-validation.ts';
import type { PodSpec } from '../../../../src/api/types/core-v1.ts';

type Fields = Record<string, unknown>;

/** What is wrong with a pod that has these fields besides one good container, or instead of it. */
function problems(fields: Fields, context = { isTemplate: false, podName: 'web' }): string[] {
  const spec = { containers: [container({})], ...fields } as unknown as PodSpec;
  setPodSpecDefaults(spec);
  const path = new FieldPath('spec');
  return [...validatePodSpec(spec, path, context), ...validateNewPod(spec, path)].map(formatFieldError);
}

function container(fields: Fields): Fields {
  return { name: 'app', image: 'nginx', ...fields };
}

function withContainer(fields: Fields): Fields {
  return { containers: [container(fields)] };
}

const cases: readonly [title: string, fields: Fields, expected: readonly string[]][] = [
  ['a good pod', {}, []],
  ['no container', { containers: [] }, ['spec.containers: Required value']],
  [
    'two containers of a name',
    { containers: [container({}), container({})] },
    ['spec.containers[1].name: Duplicate value: "app"'],
  ],
  [
    'a port of the node that is not the one of the container',
    { hostNetwork: true, ...withContainer({ ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }] }) },
    [
      'spec.containers[0].ports[0].hostPort: Invalid value: 8080: must match `containerPort` when `hostNetwork` is true',
    ],
  ],
  [
    'a privileged container that must not gain privileges',
    withContainer({
      securityContext: {
        allowPrivilegeEscalation: false,
        privileged: true,
        seLinuxOptions: { type: 'spc_t' },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    }),
    [
      'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":{"User":"","Role":"","Type":"spc_t","Level":""},"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":{"Type":"RuntimeDefault","LocalhostProfile":null},"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  ],
  [
    'a field that the downward API does not know',
    withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.zork' } } }] }),
    [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.zork": error converting fieldPath: field label not supported: spec.zork',
    ],
  ],
  [
    'a label that the downward API knows',
    withContainer({
      env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['app']" } } }],
    }),
    [],
  ],
  [
    'an extended resource in parts',
    withContainer({ resources: { limits: { 'example.com/gpu': '500m' }, requests: { 'example.com/gpu': '500m' } } }),
    [
      'spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer',
      'spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer',
    ],
  ],
  [
    'an extended resource that is asked for without a limit',
    withContainer({ resources: { requests: { 'example.com/gpu': '1' } } }),
    ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
  ],
  [
    'huge pages alone',
    withContainer({ resources: { limits: { 'hugepages-2Mi': '4Mi' }, requests: { 'hugepages-2Mi': '4Mi' } } }),
    ['spec.containers[0].resources: Forbidden: HugePages require cpu or memory'],
  ],
  [
    'more asked for than there may be',
    withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
  ],
  [
    'less for the pod than for its containers',
    { resources: { requests: { cpu: '1' } }, ...withContainer({ resources: { requests: { cpu: '1500m' } } }) },
    [
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 1500m',
    ],
  ],
  [
    'a probe that does nothing',
    withContainer({ livenessProbe: {} }),
    ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  ],
  [
    'two ways to stop',
    withContainer({ lifecycle: { preStop: { exec: { command: ['true'] }, sleep: { seconds: 1 } } } }),
    ['spec.containers[0].lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type'],
  ],
  [
    'a pause longer than the pod has',
    withContainer({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    [
      'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ],
  ],
  [
    'a volume with two sources',
    { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/a' } }] },
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'a mount of a volume that has a mistake',
    {
      volumes: [{ name: 'v', hostPath: { path: '/a/../b' } }],
      ...withContainer({ volumeMounts: [{ name: 'v', mountPath: '/m' }] }),
    },
    [
      'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
  ],
  [
    'two projected files at one place',
    {
      serviceAccountName: 'web',
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [
              { configMap: { name: 'a', items: [{ key: 'k', path: 'f' }] } },
              { secret: { name: 'b', items: [{ key: 'k', path: 'f' }] } },
            ],
          },
        },
      ],
    },
    ['spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths'],
  ],
  [
    'a device that is no claim',
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      ...withContainer({ volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }),
    },
    [
      'spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    ],
  ],
  [
    'a toleration of everything that is none',
    { tolerations: [{ operator: 'Equal' }] },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    'no term of a node selector',
    { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } },
    [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
  ],
  [
    'constraints that are the same',
    {
      topologySpreadConstraints: [1, 2].map((maxSkew) => ({
        maxSkew,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
      })),
    },
    ['spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"'],
  ],
  [
    'no name server where there must be one',
    { dnsPolicy: 'None' },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    'a user below zero',
    { securityContext: { runAsUser: -1 } },
    ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
  ],
  [
    'a pod for Windows with fields of Linux',
    {
      os: { name: 'windows' },
      securityContext: { fsGroup: 1 },
      ...withContainer({ securityContext: { privileged: true } }),
    },
    [
      'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod',
      'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod',
    ],
  ],
  [
    'a sidecar that may have probes, and an init container that may not',
    {
      initContainers: [
        { name: 'a', image: 'i', restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 80 } } },
        { name: 'b', image: 'i', startupProbe: { tcpSocket: { port: 80 } } },
      ],
    },
    ['spec.initContainers[1].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always'],
  ],
  [
    'bound before its gates are gone',
    { nodeName: 'n', schedulingGates: [{ name: 'example.com/g' }] },
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
];

void describe('validation of pods', () => {
  for (const [title, fields, expected] of cases) {
    void it(title, () => {
      assert.deepEqual(problems(structuredClone(fields)), expected);
    });
  }

  void it('lets a template leave to its pods what they will get', () => {
    const fields = { hostNetwork: true, ...withContainer({ image: ' nginx', ports: [{ containerPort: 80 }] }) };
    const spec = { ...fields, volumes: [{ name: 'v', image: { pullPolicy: 'Always' } }] } as unknown as PodSpec;
    setPodSpecDefaults(spec);
    for (const port of spec.containers[0]?.ports ?? []) delete port.hostPort;
    assert.deepEqual(validatePodSpec(spec, new FieldPath('spec'), { isTemplate: true }), []);
    const asPod = validatePodSpec(spec, new FieldPath('spec'), { isTemplate: false }).map(formatFieldError);
    assert.deepEqual(asPod, [
      'spec.volumes[0].image.reference: Required value',
      'spec.containers[0].ports[0].hostPort: Invalid value: 0: must match `containerPort` when `hostNetwork` is true',
      'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace',
    ]);
  });
});
