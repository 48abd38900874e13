import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  Taint,
} from '../../src/api/types/core-v1.ts';
import type { DeviceClass, ResourceClaim, ResourceSlice } from '../../src/api/types/resource-v1.ts';
import type { StorageClass } from '../../src/api/types/storage-v1.ts';
import { type LabelSelector, parseLabelSelector } from '../../src/apimachinery/labels.ts';
import type { ClusterView, DeviceView } from '../../src/control-plane/scheduler/framework.ts';
import { SchedulerCache } from '../../src/control-plane/scheduler/scheduler-cache.ts';

/** What a node of a test is like; four cores and 8 GiB when it does not say. */
export interface TestNode {
  readonly labels?: Record<string, string>;
  readonly taints?: Taint[];
  readonly unschedulable?: boolean;
  readonly allocatable?: Record<string, string>;
  readonly images?: Record<string, number>;
  readonly pods?: readonly Pod[];
}

/** What a pod of a test is like. */
export interface TestPodFacts {
  readonly labels?: Record<string, string>;
  readonly namespace?: string;
  readonly requests?: Record<string, string>;
  readonly hostPort?: number;
  readonly image?: string;
  readonly spec?: Partial<PodSpec>;
  readonly status?: Pod['status'];
  readonly deleted?: boolean;
}

/** A pod with one container. */
export function testPod(name: string, facts: TestPodFacts = {}): Pod {
  const { labels, namespace = 'default', requests, hostPort, spec = {}, status, deleted } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      ...(labels === undefined ? {} : { labels }),
      ...(deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      containers: [
        {
          name: 'main',
          image: facts.image ?? 'main:1',
          ...(requests === undefined ? {} : { resources: { requests } }),
          ...(hostPort === undefined ? {} : { ports: [{ containerPort: 80, hostPort }] }),
        },
      ],
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

/** A node. */
export function testNode(name: string, facts: TestNode = {}): Node {
  const { labels = {}, taints, unschedulable, allocatable, images = {} } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: {
      ...(taints === undefined ? {} : { taints }),
      ...(unschedulable === undefined ? {} : { unschedulable }),
    },
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable },
      images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    },
  };
}

export interface TestClusterFacts {
  readonly nodes: Readonly<Record<string, TestNode>>;
  readonly namespaces?: Readonly<Record<string, Record<string, string>>>;
  readonly claims?: readonly PersistentVolumeClaim[];
  readonly volumes?: readonly PersistentVolume[];
  readonly classes?: readonly StorageClass[];
  readonly resourceClaims?: readonly ResourceClaim[];
  readonly deviceClasses?: readonly DeviceClass[];
  readonly slices?: readonly ResourceSlice[];
  /** Ids of devices that somebody has. */
  readonly taken?: readonly string[];
  /** Names of claims that devices are on their way to. */
  readonly pending?: readonly string[];
  /** What selects the like of every pod. */
  readonly like?: string;
}

/** A cluster as the scheduler's plugins see it. */
export function testCluster(facts: TestClusterFacts): ClusterView {
  const cache = new SchedulerCache();
  for (const [name, node] of Object.entries(facts.nodes)) {
    cache.setNode(testNode(name, node));
    for (const pod of node.pods ?? []) cache.setPod(pod, name);
  }
  const { namespaces = {}, claims = [], volumes = [], classes = [], like } = facts;
  const selector: LabelSelector | undefined = like === undefined ? undefined : parseLabelSelector(like);
  return {
    nodes: cache.nodes(),
    namespace: (name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: namespaces[name] ?? {} } }),
    claim: (namespace, name) =>
      claims.find(({ metadata }) => (metadata.namespace ?? 'default') === namespace && metadata.name === name),
    volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
    volumes: () => volumes,
    storageClass: (name) => classes.find(({ metadata }) => metadata.name === name),
    devices: testDevices(facts),
    selectorOfLike: () => selector,
  };
}

function testDevices({
  resourceClaims = [],
  deviceClasses = [],
  slices = [],
  taken = [],
  pending = [],
}: TestClusterFacts): DeviceView {
  return {
    claim: (namespace, name) =>
      resourceClaims.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    isPending: ({ metadata }) => pending.includes(metadata.name ?? ''),
    deviceClass: (name) => deviceClasses.find(({ metadata }) => metadata.name === name),
    slices: () => slices,
    taken: () => new Set(taken),
  };
}
