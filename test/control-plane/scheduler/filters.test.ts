import assert from 'node:assert/strict';
import test from 'node:test';
import type {
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeClaim,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../../src/api/types/core-v1.ts';
import type { StorageClass } from '../../../src/api/types/storage-v1.ts';
import { prepareFilters, schedulePod } from '../../../src/control-plane/scheduler/scheduling-algorithm.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { type TestClusterFacts, testCluster, testPod, type TestPodFacts } from '../../support/scheduling-cluster.ts';

interface Case {
  readonly name: string;
  readonly pod: TestPodFacts;
  readonly cluster: TestClusterFacts;
  /** What each node has against the pod, in order; `!` before what evicting others would not change. */
  readonly found: readonly string[];
}

function run(group: string, cases: readonly Case[]): void {
  for (const { name, pod, cluster, found } of cases) {
    test(`${group}: ${name}`, () => {
      const view = testCluster(cluster);
      const check = prepareFilters(testPod('new', pod), view);
      const said = view.nodes.map((node) => {
        if ('rejected' in check) return `rejected: ${check.rejected}`;
        const objection = check(node);
        return `${objection?.unresolvable === true ? '!' : ''}${objection?.reasons.join(', ') ?? 'fits'}`;
      });
      assert.deepEqual(said, found);
    });
  }
}

const untolerated = '!node(s) had untolerated taint(s)';
const dedicated = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };

run('taints', [
  {
    name: 'NoSchedule and NoExecute keep off, PreferNoSchedule does not',
    pod: {},
    cluster: {
      nodes: {
        a: { taints: [dedicated] },
        b: { taints: [{ ...dedicated, effect: 'NoExecute' }] },
        c: { taints: [{ ...dedicated, effect: 'PreferNoSchedule' }] },
      },
    },
    found: [untolerated, untolerated, 'fits'],
  },
  {
    name: 'what is tolerated',
    pod: { spec: { tolerations: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }] } },
    cluster: {
      nodes: {
        a: { taints: [dedicated] },
        b: { taints: [{ ...dedicated, value: 'cpu' }] },
        c: { taints: [{ ...dedicated, effect: 'NoExecute' }] },
      },
    },
    found: ['fits', untolerated, untolerated],
  },
  {
    name: 'everything is tolerated by Exists without a key',
    pod: { spec: { tolerations: [{ operator: 'Exists' }] } },
    cluster: { nodes: { a: { taints: [dedicated], unschedulable: true } } },
    found: ['fits'],
  },
  {
    name: 'a node that is cordoned',
    pod: {},
    cluster: { nodes: { a: { unschedulable: true } } },
    found: ['!node(s) were unschedulable'],
  },
  {
    name: 'a node that is cordoned, and a pod that does not mind',
    pod: {
      spec: { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }] },
    },
    cluster: { nodes: { a: { unschedulable: true } } },
    found: ['fits'],
  },
]);

const wrongAffinity = "!node(s) didn't match Pod's node affinity/selector";

function affinity(...matchExpressions: NodeSelectorRequirement[]): TestPodFacts {
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  return { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } } };
}

const disks = {
  nodes: { a: { labels: { disk: 'ssd', size: '5' } }, b: { labels: { disk: 'hdd', size: '50' } }, c: {} },
};

run('node affinity', [
  {
    name: 'selector',
    pod: { spec: { nodeSelector: { disk: 'ssd' } } },
    cluster: disks,
    found: ['fits', wrongAffinity, wrongAffinity],
  },
  {
    name: 'In',
    pod: affinity({ key: 'disk', operator: 'In', values: ['ssd', 'nvme'] }),
    cluster: disks,
    found: ['fits', wrongAffinity, wrongAffinity],
  },
  {
    name: 'NotIn, also where the label is not there',
    pod: affinity({ key: 'disk', operator: 'NotIn', values: ['ssd'] }),
    cluster: disks,
    found: [wrongAffinity, 'fits', 'fits'],
  },
  {
    name: 'Exists',
    pod: affinity({ key: 'disk', operator: 'Exists' }),
    cluster: disks,
    found: ['fits', 'fits', wrongAffinity],
  },
  {
    name: 'DoesNotExist',
    pod: affinity({ key: 'disk', operator: 'DoesNotExist' }),
    cluster: disks,
    found: [wrongAffinity, wrongAffinity, 'fits'],
  },
  {
    name: 'Gt',
    pod: affinity({ key: 'size', operator: 'Gt', values: ['5'] }),
    cluster: disks,
    found: [wrongAffinity, 'fits', wrongAffinity],
  },
  {
    name: 'Lt',
    pod: affinity({ key: 'size', operator: 'Lt', values: ['50'] }),
    cluster: disks,
    found: ['fits', wrongAffinity, wrongAffinity],
  },
  {
    name: 'the name of a node',
    pod: {
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }],
            },
          },
        },
      },
    },
    cluster: disks,
    found: [wrongAffinity, 'fits', wrongAffinity],
  },
]);

const busy = testPod('busy', { requests: { cpu: '3', memory: '1Gi' }, hostPort: 8080 });
const noPort = "node(s) didn't have free ports for the requested pod ports";

run('resources', [
  {
    name: 'what is free, what is taken, and what there never was',
    pod: { requests: { cpu: '2' } },
    cluster: { nodes: { a: {}, b: { pods: [busy] }, c: { allocatable: { cpu: '1' } } } },
    found: ['fits', 'Insufficient cpu', '!Insufficient cpu'],
  },
  {
    name: 'several at once, and resources of other kinds',
    pod: { requests: { cpu: '2', memory: '7.5Gi', 'example.com/gpu': '1' } },
    cluster: { nodes: { a: { pods: [busy], allocatable: { 'example.com/gpu': '1' } }, b: {} } },
    found: ['Insufficient cpu, Insufficient memory', '!Insufficient example.com/gpu'],
  },
  {
    name: 'the number of pods',
    pod: {},
    cluster: { nodes: { a: { pods: [busy], allocatable: { pods: '1' } } } },
    found: ['Too many pods'],
  },
  {
    name: 'the largest init container counts, not the sum',
    pod: {
      requests: { cpu: '1' },
      spec: {
        initContainers: ['3', '4'].map((cpu) => ({ name: `i${cpu}`, image: 'i', resources: { requests: { cpu } } })),
      },
    },
    cluster: { nodes: { a: {}, b: { allocatable: { cpu: '3500m' } } } },
    found: ['fits', '!Insufficient cpu'],
  },
  {
    name: 'sidecars count with the containers, overhead as well',
    pod: {
      requests: { cpu: '2' },
      spec: {
        overhead: { cpu: '500m' },
        initContainers: [{ name: 'proxy', image: 'p', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } }],
      },
    },
    cluster: { nodes: { a: { allocatable: { cpu: '3500m' } }, b: { allocatable: { cpu: '3' } } } },
    found: ['fits', '!Insufficient cpu'],
  },
  {
    name: 'what a pod states as a whole',
    pod: { requests: { cpu: '1' }, spec: { resources: { requests: { cpu: '2' } } } },
    cluster: { nodes: { a: { allocatable: { cpu: '2' } }, b: { allocatable: { cpu: '1500m' } } } },
    found: ['fits', '!Insufficient cpu'],
  },
  {
    name: 'host ports',
    pod: { hostPort: 8080 },
    cluster: { nodes: { a: { pods: [busy] }, b: {} } },
    found: [noPort, 'fits'],
  },
  {
    name: 'a node by its name',
    pod: { spec: { nodeName: 'b' } },
    cluster: { nodes: { a: {}, b: {} } },
    found: ["!node(s) didn't match the requested node name", 'fits'],
  },
]);

const zoned = { a: { labels: { zone: 'x' } }, b: { labels: { zone: 'x' } }, c: { labels: { zone: 'y' } } };
const web: PodAffinityTerm = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'web' } } };
const running = testPod('web-1', { labels: { app: 'web' } });
const near = (term: PodAffinityTerm): TestPodFacts['spec'] => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
});
const apart = (term: PodAffinityTerm): NonNullable<TestPodFacts['spec']> => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
});
const notNear = "!node(s) didn't match pod affinity rules";
const notApart = "node(s) didn't match pod anti-affinity rules";
const disliked = "node(s) didn't satisfy existing pods anti-affinity rules";
const withRunning = { nodes: { ...zoned, a: { ...zoned.a, pods: [running] } } };

run('pod affinity', [
  { name: 'near, by topology', pod: { spec: near(web) ?? {} }, cluster: withRunning, found: ['fits', 'fits', notNear] },
  {
    name: 'near nobody',
    pod: { spec: near(web) ?? {} },
    cluster: { nodes: zoned },
    found: [notNear, notNear, notNear],
  },
  {
    name: 'the first of its own kind',
    pod: { labels: { app: 'web' }, spec: near(web) ?? {} },
    cluster: { nodes: { ...zoned, d: {} } },
    found: ['fits', 'fits', 'fits', notNear],
  },
  { name: 'apart', pod: { spec: apart(web) }, cluster: withRunning, found: [notApart, notApart, 'fits'] },
  {
    name: 'who runs already wants nobody near',
    pod: { labels: { app: 'web' } },
    cluster: { nodes: { ...zoned, a: { ...zoned.a, pods: [testPod('shy', { spec: apart(web) })] } } },
    found: [disliked, disliked, 'fits'],
  },
  {
    name: 'other namespaces do not count',
    pod: { namespace: 'other', spec: apart(web) },
    cluster: withRunning,
    found: ['fits', 'fits', 'fits'],
  },
  {
    name: 'namespaces that are named',
    pod: { namespace: 'other', spec: apart({ ...web, namespaces: ['default'] }) },
    cluster: withRunning,
    found: [notApart, notApart, 'fits'],
  },
  {
    name: 'namespaces that are selected',
    pod: { namespace: 'other', spec: apart({ ...web, namespaceSelector: { matchLabels: { team: 'a' } } }) },
    cluster: { ...withRunning, namespaces: { default: { team: 'a' } } },
    found: [notApart, notApart, 'fits'],
  },
  {
    name: 'namespaces that are not selected',
    pod: { spec: apart({ ...web, namespaceSelector: { matchLabels: { team: 'b' } } }) },
    cluster: { ...withRunning, namespaces: { default: { team: 'a' } } },
    found: ['fits', 'fits', 'fits'],
  },
]);

const spread: TopologySpreadConstraint = {
  maxSkew: 1,
  topologyKey: 'zone',
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
};
const spreading = (more: Partial<TopologySpreadConstraint> = {}): TestPodFacts => ({
  labels: { app: 'web', version: '2' },
  spec: { topologySpreadConstraints: [{ ...spread, ...more }] },
});
const tooMany = "node(s) didn't match pod topology spread constraints";

run('topology spread', [
  { name: 'evenly', pod: spreading(), cluster: withRunning, found: [tooMany, tooMany, 'fits'] },
  { name: 'within the skew', pod: spreading({ maxSkew: 2 }), cluster: withRunning, found: ['fits', 'fits', 'fits'] },
  {
    name: 'soft ones keep off nobody',
    pod: spreading({ whenUnsatisfiable: 'ScheduleAnyway' }),
    cluster: withRunning,
    found: ['fits', 'fits', 'fits'],
  },
  {
    name: 'nodes without the label',
    pod: spreading(),
    cluster: { nodes: { ...zoned, d: {} } },
    found: ['fits', 'fits', 'fits', `!${tooMany} (missing required label)`],
  },
  {
    name: 'too few domains count as if there were an empty one',
    pod: spreading({ minDomains: 3 }),
    cluster: {
      nodes: {
        a: { ...zoned.a, pods: [running] },
        c: { ...zoned.c, pods: [testPod('web-2', { labels: { app: 'web' } })] },
      },
    },
    found: [tooMany, tooMany],
  },
  {
    name: 'pods that end do not count',
    pod: spreading(),
    cluster: {
      nodes: { ...zoned, a: { ...zoned.a, pods: [testPod('web-1', { labels: { app: 'web' }, deleted: true })] } },
    },
    found: ['fits', 'fits', 'fits'],
  },
  {
    name: 'only pods of the same version count with matchLabelKeys',
    pod: spreading({ matchLabelKeys: ['version'] }),
    cluster: withRunning,
    found: ['fits', 'fits', 'fits'],
  },
  {
    name: 'nodes that are tainted count, unless taints are honoured',
    pod: spreading({ nodeTaintsPolicy: 'Honor' }),
    cluster: { nodes: { ...withRunning.nodes, c: { ...zoned.c, taints: [dedicated] } } },
    found: ['fits', 'fits', untolerated],
  },
  {
    name: 'nodes that are tainted count',
    pod: spreading(),
    cluster: { nodes: { ...withRunning.nodes, c: { ...zoned.c, taints: [dedicated] } } },
    found: [tooMany, tooMany, untolerated],
  },
]);

function claim(name: string, spec: PersistentVolumeClaim['spec'], bound = false): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    status: { phase: bound ? 'Bound' : 'Pending' },
  };
}

function volume(name: string, spec: PersistentVolume['spec'], labels: Record<string, string> = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels },
    spec: { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
    status: { phase: spec?.claimRef === undefined ? 'Available' : 'Bound' },
  };
}

function storageClass(name: string, provisioner: string, volumeBindingMode: string): StorageClass {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner, volumeBindingMode };
}

const onNodeA = {
  required: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a'] }] }],
  },
};
const using = (claimName: string): TestPodFacts => ({
  spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] },
});
const classes = [
  storageClass('local', 'kubernetes.io/no-provisioner', 'WaitForFirstConsumer'),
  storageClass('cloud', 'example.com/disk', 'WaitForFirstConsumer'),
  storageClass('now', 'example.com/disk', 'Immediate'),
];
const two = { a: {}, b: {} };

run('volumes', [
  {
    name: 'a claim that is not there',
    pod: using('data'),
    cluster: { nodes: two },
    found: Array.from({ length: 2 }, () => 'rejected: persistentvolumeclaim "data" not found'),
  },
  {
    name: 'a claim that should be bound',
    pod: using('data'),
    cluster: { nodes: two, classes, claims: [claim('data', { storageClassName: 'now' })] },
    found: Array.from({ length: 2 }, () => 'rejected: pod has unbound immediate PersistentVolumeClaims'),
  },
  {
    name: 'an ephemeral claim that is yet to be made',
    pod: { spec: { volumes: [{ name: 'data', ephemeral: {} }] } },
    cluster: { nodes: { a: {} } },
    found: ['rejected: waiting for ephemeral volume controller to create the persistentvolumeclaim "new-data"'],
  },
  {
    name: 'a bound claim whose volume is on one node',
    pod: using('data'),
    cluster: {
      nodes: two,
      claims: [claim('data', { volumeName: 'v1' }, true)],
      volumes: [volume('v1', { claimRef: { name: 'data', namespace: 'default' }, nodeAffinity: onNodeA })],
    },
    found: ['fits', "!node(s) didn't match PersistentVolume's node affinity"],
  },
  {
    name: 'a bound claim whose volume is gone',
    pod: using('data'),
    cluster: { nodes: { a: {} }, claims: [claim('data', { volumeName: 'v1' }, true)] },
    found: ['!node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'],
  },
  {
    name: 'a claim that waits for its pod, and a volume on one node',
    pod: using('data'),
    cluster: {
      nodes: two,
      classes,
      claims: [claim('data', { storageClassName: 'local' })],
      volumes: [volume('v1', { storageClassName: 'local', nodeAffinity: onNodeA })],
    },
    found: ['fits', "!node(s) didn't find available persistent volumes to bind"],
  },
  {
    name: 'a claim that waits for its pod, and a provisioner that will make a volume anywhere',
    pod: using('data'),
    cluster: { nodes: two, classes, claims: [claim('data', { storageClassName: 'cloud' })] },
    found: ['fits', 'fits'],
  },
  {
    name: 'the zone of a volume',
    pod: using('data'),
    cluster: {
      nodes: {
        a: { labels: { 'topology.kubernetes.io/zone': 'x' } },
        b: { labels: { 'topology.kubernetes.io/zone': 'y' } },
        c: {},
      },
      claims: [claim('data', { volumeName: 'v1' }, true)],
      volumes: [
        volume(
          'v1',
          { claimRef: { name: 'data', namespace: 'default' } },
          { 'failure-domain.beta.kubernetes.io/zone': 'x__z' },
        ),
      ],
    },
    found: ['fits', '!node(s) had no available volume zone', 'fits'],
  },
  {
    name: 'a claim for one pod alone that another pod uses',
    pod: using('data'),
    cluster: {
      nodes: { a: { pods: [testPod('first', using('data'))] }, b: {} },
      claims: [claim('data', { volumeName: 'v1', accessModes: ['ReadWriteOncePod'] }, true)],
      volumes: [volume('v1', { claimRef: { name: 'data', namespace: 'default' } })],
    },
    found: Array.from(
      { length: 2 },
      () =>
        'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
    ),
  },
]);

const messages: readonly {
  readonly name: string;
  readonly pod: TestPodFacts;
  readonly cluster: TestClusterFacts;
  readonly message: string;
}[] = [
  { name: 'no nodes', pod: {}, cluster: { nodes: {} }, message: 'no nodes available to schedule pods' },
  {
    name: 'reasons are counted and sorted',
    pod: { requests: { cpu: '5' } },
    cluster: { nodes: { a: { taints: [dedicated] }, b: {}, c: {} } },
    message: '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.',
  },
  {
    name: 'what no node can help',
    pod: using('data'),
    cluster: { nodes: two },
    message: '0/2 nodes are available: persistentvolumeclaim "data" not found. not found',
  },
];

for (const { name, pod, cluster, message } of messages) {
  test(`message: ${name}`, () => {
    const result = schedulePod(testPod('new', pod), testCluster(cluster), seededRandom(1));
    assert.ok(!result.fits);
    assert.equal(result.message, message);
  });
}
