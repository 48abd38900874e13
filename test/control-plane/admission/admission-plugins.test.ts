import assert from 'node:assert/strict';
import test from 'node:test';
import type { Client } from '../../../src/client/client.ts';
import { createInProcessTransport } from '../../../src/client/in-process-transport.ts';
import { createClient } from '../../../src/client/rest-client.ts';
import { admissionPluginNames, defaultAdmissionPlugins } from '../../../src/control-plane/admission/admission-chain.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import type { AdmissionContext } from '../../../src/control-plane/admission/admission-plugin.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { admitted, clusterOf, podWith } from './admission-harness.ts';

/** Only the named plugins, of those that can be chosen. */
function only(context: AdmissionContext, ...names: string[]) {
  return defaultAdmissionPlugins(context, seededRandom(1), {
    enable: names,
    disable: admissionPluginNames.filter((name) => !names.includes(name)),
  });
}

const account = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'ns' },
  ...more,
});
const namespaceWith = (annotations: object) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'ns', annotations },
});
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'a', other: 'x' } },
};

const resized = (requests: object, more: object = {}) =>
  podWith({ nodeName: 'n1', ...more }, { resources: { requests } }, { generation: 2 });
const small = podWith({ nodeName: 'n1' }, {}, { generation: 1 });
const sized = (labels: object = {}, declaredFeatures: readonly string[] = []) => ({
  metadata: { name: 'n1', labels },
  status: { allocatable: { cpu: '2', memory: '1Gi' }, declaredFeatures },
});
const withInit = (cpu: string, generation: number, container: object = {}) =>
  podWith(
    { nodeName: 'n1', initContainers: [{ name: 'i', image: 'i', resources: { requests: { cpu } }, ...container }] },
    {},
    { generation },
  );

interface PluginCase {
  readonly title: string;
  readonly plugin: string;
  readonly objects?: Readonly<Record<string, readonly object[]>>;
  readonly resource: string;
  readonly object: object;
  readonly what?: Parameters<typeof admitted>[3];
  /** What the refusal ends with; let through when absent. */
  readonly refusal?: string;
  /** Fields of the object's spec afterwards. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

const runtimes = [
  {
    metadata: { name: 'gvisor' },
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { runtime: 'gvisor' }, tolerations: [{ key: 'r', operator: 'Exists' }] },
  },
];
const claim = (storage: string, phase = 'Bound') => ({
  metadata: { name: 'c' },
  spec: { storageClassName: 'gold', resources: { requests: { storage } } },
  status: { phase },
});

const cases: readonly PluginCase[] = [
  ...['{"a":1}', '[1]', '[{"key":1}]'].map((text, index) => ({
    title: `tolerations of a namespace that are none: ${text}`,
    plugin: 'PodTolerationRestriction',
    objects: { namespaces: [namespaceWith({ 'scheduler.alpha.kubernetes.io/defaultTolerations': text })] },
    resource: 'pods',
    object: podWith(),
    refusal:
      [
        'json: cannot unmarshal object into Go value of type []v1.Toleration',
        'json: cannot unmarshal number into Go value of type v1.Toleration',
      ][index] ?? 'json: cannot unmarshal number into Go struct field Toleration.key of type string',
  })),
  {
    title: 'an update that brings no image',
    plugin: 'AlwaysPullImages',
    resource: 'pods',
    object: podWith({ containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Never' }] }),
    what: { old: podWith({ containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Always' }] }) },
    spec: { containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Never' }] },
  },
  {
    title: 'an update that brings an image',
    plugin: 'AlwaysPullImages',
    resource: 'pods',
    object: podWith({ containers: [{ name: 'c', image: 'j', imagePullPolicy: 'Never' }] }),
    what: { old: podWith({ containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Always' }] }) },
    spec: { containers: [{ name: 'c', image: 'j', imagePullPolicy: 'Always' }] },
  },
  {
    title: 'an account that is not there',
    plugin: 'ServiceAccount',
    resource: 'pods',
    object: podWith({ serviceAccountName: 'x' }),
    refusal: 'error looking up service account ns/x: serviceaccount "x" not found',
  },
  {
    title: 'an account without tokens and with pull secrets',
    plugin: 'ServiceAccount',
    objects: {
      serviceaccounts: [
        account('default', { automountServiceAccountToken: false, imagePullSecrets: [{ name: 'ps' }] }),
      ],
    },
    resource: 'pods',
    object: podWith(),
    spec: {
      serviceAccountName: 'default',
      serviceAccount: 'default',
      imagePullSecrets: [{ name: 'ps' }],
      volumes: undefined,
    },
  },
  {
    title: 'a mirror pod with an account',
    plugin: 'ServiceAccount',
    resource: 'pods',
    object: podWith({ serviceAccountName: 'x' }, {}, { annotations: { 'kubernetes.io/config.mirror': 'm' } }),
    refusal: 'a mirror pod may not reference service accounts',
  },
  {
    title: 'a runtime class that is not there',
    plugin: 'RuntimeClass',
    resource: 'pods',
    object: podWith({ runtimeClassName: 'x' }),
    refusal: 'pod rejected: RuntimeClass "x" not found',
  },
  {
    title: 'what a runtime class gives',
    plugin: 'RuntimeClass',
    objects: { runtimeclasses: runtimes },
    resource: 'pods',
    object: podWith({ runtimeClassName: 'gvisor' }),
    spec: {
      overhead: { cpu: '250m' },
      nodeSelector: { runtime: 'gvisor' },
      tolerations: [{ key: 'r', operator: 'Exists' }],
    },
  },
  {
    title: 'a conflict with a runtime class',
    plugin: 'RuntimeClass',
    objects: { runtimeclasses: runtimes },
    resource: 'pods',
    object: podWith({ runtimeClassName: 'gvisor', nodeSelector: { runtime: 'kata' } }),
    refusal: 'conflict: runtimeClass.scheduling.nodeSelector[runtime] = gvisor; pod.spec.nodeSelector[runtime] = kata',
  },
  {
    title: 'overhead without a class',
    plugin: 'RuntimeClass',
    resource: 'pods',
    object: podWith({ overhead: { cpu: '1' } }),
    refusal: 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  },
  {
    title: 'growth that the class allows',
    plugin: 'PersistentVolumeClaimResize',
    objects: { storageclasses: [{ metadata: { name: 'gold' }, allowVolumeExpansion: true }] },
    resource: 'persistentvolumeclaims',
    object: claim('2Gi'),
    what: { old: claim('1Gi') },
  },
  {
    title: 'growth that the class does not allow',
    plugin: 'PersistentVolumeClaimResize',
    objects: { storageclasses: [{ metadata: { name: 'gold' } }] },
    resource: 'persistentvolumeclaims',
    object: claim('2Gi'),
    what: { old: claim('1Gi') },
    refusal:
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  },
  {
    title: 'growth of what is not bound',
    plugin: 'PersistentVolumeClaimResize',
    resource: 'persistentvolumeclaims',
    object: claim('2Gi'),
    what: { old: claim('1Gi', 'Pending') },
    refusal: 'Only bound persistent volume claims can be expanded',
  },
  {
    title: 'a node selector of the namespace',
    plugin: 'PodNodeSelector',
    objects: { namespaces: [namespaceWith({ 'scheduler.alpha.kubernetes.io/node-selector': 'a=b' })] },
    resource: 'pods',
    object: podWith({ nodeSelector: { c: 'd' } }),
    spec: { nodeSelector: { a: 'b', c: 'd' } },
  },
  {
    title: 'another node selector than the namespace has',
    plugin: 'PodNodeSelector',
    objects: { namespaces: [namespaceWith({ 'scheduler.alpha.kubernetes.io/node-selector': 'a=b' })] },
    resource: 'pods',
    object: podWith({ nodeSelector: { a: 'c' } }),
    refusal: 'pod node label selector conflicts with its namespace node label selector',
  },
  {
    title: 'tolerations beyond those of the namespace',
    plugin: 'PodTolerationRestriction',
    objects: {
      namespaces: [
        namespaceWith({ 'scheduler.alpha.kubernetes.io/tolerationsWhitelist': '[{"key":"a","operator":"Exists"}]' }),
      ],
    },
    resource: 'pods',
    object: podWith({ tolerations: [{ key: 'b', operator: 'Exists' }] }),
    refusal: 'conflict with its namespace whitelist',
  },
  {
    title: 'images pulled anew',
    plugin: 'AlwaysPullImages',
    resource: 'pods',
    object: podWith({}, { imagePullPolicy: 'Never' }),
    spec: { containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Always' }] },
  },
  {
    title: 'external addresses',
    plugin: 'DenyServiceExternalIPs',
    resource: 'services',
    object: { metadata: { name: 's' }, spec: { externalIPs: ['1.2.3.4'] } },
    refusal: 'Use of external IPs is denied by admission control',
  },
  {
    title: 'external addresses that were there before',
    plugin: 'DenyServiceExternalIPs',
    resource: 'services',
    object: { metadata: { name: 's' }, spec: { externalIPs: ['1.2.3.4'] } },
    what: { old: { metadata: { name: 's' }, spec: { externalIPs: ['1.2.3.4', '5.6.7.8'] } } },
  },
  {
    title: 'tolerations for special resources',
    plugin: 'ExtendedResourceToleration',
    resource: 'pods',
    object: podWith({}, { resources: { requests: { 'example.com/gpu': '1', cpu: '1' } } }),
    spec: { tolerations: [{ key: 'example.com/gpu', operator: 'Exists', effect: 'NoSchedule' }] },
  },
  {
    title: 'anti-affinity over zones',
    plugin: 'LimitPodHardAntiAffinityTopology',
    resource: 'pods',
    object: podWith({
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } },
    }),
    refusal:
      'affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
  },
  {
    title: 'a namespace that is not there',
    plugin: 'NamespaceExists',
    resource: 'pods',
    object: podWith(),
    refusal: 'namespaces "ns" not found',
  },
  {
    title: 'a second default',
    plugin: 'Priority',
    objects: { priorityclasses: [{ metadata: { name: 'first' }, globalDefault: true, value: 7 }] },
    resource: 'priorityclasses',
    object: { metadata: { name: 'second' }, globalDefault: true, value: 8 },
    what: { group: 'scheduling.k8s.io', namespace: '' },
    refusal: 'PriorityClass first is already marked as default. Only one default can exist',
  },
  {
    title: 'an update that leaves out what was filled in',
    plugin: 'Priority',
    resource: 'pods',
    object: podWith(),
    what: { old: podWith({ priority: 7, preemptionPolicy: 'Never' }) },
    spec: { priority: 7, preemptionPolicy: 'Never' },
  },
  {
    title: 'the default class',
    plugin: 'Priority',
    objects: { priorityclasses: [{ metadata: { name: 'first' }, globalDefault: true, value: 7 }] },
    resource: 'pods',
    object: podWith(),
    spec: { priority: 7, priorityClassName: 'first', preemptionPolicy: 'PreemptLowerPriority' },
  },
  {
    title: 'another preemption than that of the class',
    plugin: 'Priority',
    resource: 'pods',
    object: podWith({ preemptionPolicy: 'Never' }),
    refusal:
      'the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
  },
  {
    title: 'new nodes',
    plugin: 'TaintNodesByCondition',
    resource: 'nodes',
    object: { metadata: { name: 'n' } },
    what: { namespace: '' },
    spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
  },
  {
    title: 'anything',
    plugin: 'AlwaysAdmit',
    resource: 'pods',
    object: podWith(),
  },
  {
    title: 'anything',
    plugin: 'AlwaysDeny',
    resource: 'pods',
    object: podWith(),
    refusal: 'pods "p" is forbidden: admission control is denying all modifications',
  },
  {
    title: 'what the node has',
    plugin: 'PodResizeValidator',
    objects: { nodes: [sized()] },
    resource: 'pods',
    object: resized({ cpu: '2', memory: '1Gi' }),
    what: { old: small, subresource: 'resize' },
  },
  {
    title: 'more than the node has',
    plugin: 'PodResizeValidator',
    objects: { nodes: [sized()] },
    resource: 'pods',
    object: resized({ cpu: '2100m', memory: '2Gi' }),
    what: { old: small, subresource: 'resize' },
    refusal:
      "node didn't have enough allocatable resources: cpu, requested: 2100, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824",
  },
  {
    title: 'a node of another system',
    plugin: 'PodResizeValidator',
    objects: { nodes: [sized({ 'kubernetes.io/os': 'windows' })] },
    resource: 'pods',
    object: resized({ cpu: '1' }),
    what: { old: small, subresource: 'resize' },
    refusal: 'pod resize is only supported on linux nodes, node "n1" is "windows"',
  },
  {
    title: 'a node that is gone',
    plugin: 'PodResizeValidator',
    resource: 'pods',
    object: resized({ cpu: '1' }),
    what: { old: small, subresource: 'resize' },
    refusal: 'node "n1" not found',
  },
  {
    title: 'another subresource',
    plugin: 'PodResizeValidator',
    resource: 'pods',
    object: resized({ cpu: '100' }),
    what: { old: small, subresource: 'status' },
  },
  {
    title: 'a pod without a node',
    plugin: 'PodResizeValidator',
    resource: 'pods',
    object: resized({ cpu: '100' }, { nodeName: '' }),
    what: { old: small, subresource: 'resize' },
  },
  {
    title: 'resources of a pod as a whole, which the node does not declare',
    plugin: 'NodeDeclaredFeatureValidator',
    objects: { nodes: [sized()] },
    resource: 'pods',
    object: resized({}, { resources: { requests: { cpu: '1' } } }),
    what: { old: small, subresource: 'resize' },
    refusal:
      'pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n1"',
  },
  {
    title: 'resources of a pod as a whole, which the node declares',
    plugin: 'NodeDeclaredFeatureValidator',
    objects: { nodes: [sized({}, ['InPlacePodLevelResourcesVerticalScaling'])] },
    resource: 'pods',
    object: resized({}, { resources: { requests: { cpu: '1' } } }),
    what: { old: small, subresource: 'resize' },
  },
  {
    title: 'an init container',
    plugin: 'NodeDeclaredFeatureValidator',
    objects: { nodes: [sized()] },
    resource: 'pods',
    object: withInit('2', 2),
    what: { old: withInit('1', 1), subresource: 'resize' },
    refusal:
      'pod update requires features InPlacePodVerticalScalingInitContainers which are not available on node "n1"',
  },
  {
    title: 'a sidecar',
    plugin: 'NodeDeclaredFeatureValidator',
    objects: { nodes: [sized()] },
    resource: 'pods',
    object: withInit('2', 2, { restartPolicy: 'Always' }),
    what: { old: withInit('1', 1, { restartPolicy: 'Always' }), subresource: 'resize' },
  },
  {
    title: 'a node that is gone',
    plugin: 'NodeDeclaredFeatureValidator',
    resource: 'pods',
    object: withInit('2', 2),
    what: { old: withInit('1', 1), subresource: 'resize' },
    refusal: 'node "n1" not found',
  },
];

for (const { title, plugin, objects, resource, object, what, refusal, spec } of cases) {
  test(`${plugin}: ${title}`, async () => {
    const clock = new FakeClock();
    const pending = admitted(only(clusterOf(objects ?? {}, { clock }), plugin), resource, object, what);
    // Some wait a while for what may still come.
    for (let round = 0; round < 20; round++) await clock.advance(100);
    const outcome = await pending;
    if (refusal === undefined) assert.equal(outcome.refusal, '');
    else assert.ok(outcome.refusal.endsWith(refusal), outcome.refusal);
    for (const [field, value] of Object.entries(spec ?? {})) {
      assert.deepEqual((outcome.object['spec'] as Record<string, unknown>)[field], value, field);
    }
  });
}

test('a pod gets the token of its account', async () => {
  const context = clusterOf({ serviceaccounts: [account('default')] });
  const { object } = await admitted(only(context, 'ServiceAccount'), 'pods', podWith());
  const spec = object['spec'] as { volumes: { name: string }[]; containers: { volumeMounts: unknown[] }[] };
  const name = spec.volumes[0]?.name ?? '';
  assert.match(name, /^kube-api-access-[a-z0-9]{5}$/);
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
  assert.deepEqual(spec.containers[0]?.volumeMounts, [{ name, readOnly: true, mountPath }]);
});

test('pods and bindings get the labels of their place', async () => {
  const plugins = only(clusterOf({ nodes: [node] }), 'PodTopologyLabels');
  const labels = { 'topology.kubernetes.io/zone': 'a' };
  assert.deepEqual((await admitted(plugins, 'pods', podWith({ nodeName: 'n1' }))).object.metadata.labels, labels);
  const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } };
  const bound = await admitted(plugins, 'pods', binding, { subresource: 'binding' });
  assert.deepEqual(bound.object.metadata.labels, labels);
  assert.equal((await admitted(plugins, 'pods', podWith())).object.metadata.labels, undefined);
});

const access = (...allowed: string[]) => ({
  authorize: ({ verb, name, subresource }: { verb: string; name: string; subresource: string }) =>
    Promise.resolve({ allowed: allowed.includes(`${verb} ${subresource}${name}`), reason: '' }),
});

test('only who may sign for a signer changes its requests', async () => {
  const request = { metadata: { name: 'r' }, spec: { signerName: 'example.com/a', request: '' }, status: {} };
  const approved = { ...request, status: { conditions: [{ type: 'Approved', status: 'True' }] } };
  const approve = async (...rights: string[]) => {
    const plugins = only(clusterOf({}, { access: access(...rights) }), 'CertificateApproval', 'CertificateSigning');
    const what = { group: 'certificates.k8s.io', namespace: '', subresource: 'approval', old: request };
    return (await admitted(plugins, 'certificatesigningrequests', approved, what)).refusal;
  };
  assert.equal(await approve('approve example.com/a'), '');
  assert.equal(await approve('approve example.com/*'), '');
  assert.ok(
    (await approve('sign example.com/a')).endsWith(
      'user not permitted to approve requests with signerName "example.com/a"',
    ),
  );
});

test('only who may attest for a signer publishes its bundles', async () => {
  const bundle = { metadata: { name: 'b' }, spec: { signerName: 'example.com/a', trustBundle: 'x' } };
  const write = async (object: object, old: object | undefined, ...rights: string[]) => {
    const plugins = only(clusterOf({}, { access: access(...rights) }), 'ClusterTrustBundleAttest');
    const what = { group: 'certificates.k8s.io', namespace: '', ...(old === undefined ? {} : { old }) };
    return (await admitted(plugins, 'clustertrustbundles', object, what)).refusal;
  };
  const refusal =
    'clustertrustbundles.certificates.k8s.io "b" is forbidden: user not permitted to attest for signerName "example.com/a"';
  assert.equal(await write(bundle, undefined, 'attest example.com/a'), '');
  assert.equal(await write(bundle, undefined, 'attest example.com/*'), '');
  assert.equal(await write({ ...bundle, spec: { trustBundle: 'x' } }, undefined), '');
  assert.equal(await write({ ...bundle, metadata: { name: 'b', finalizers: ['example.com/f'] } }, bundle), '');
  assert.equal(await write(bundle, undefined, 'sign example.com/a'), refusal);
  const changed = { ...bundle, spec: { ...bundle.spec, trustBundle: 'y' } };
  assert.equal(await write(changed, bundle, 'attest example.org/*'), refusal);
});

test('a resize that the node cannot take says why in one word', async () => {
  const plugins = only(clusterOf({ nodes: [sized()] }), 'PodResizeValidator');
  const what = { old: small, subresource: 'resize' };
  const { error } = await admitted(plugins, 'pods', resized({ cpu: '3' }), what);
  assert.deepEqual(error?.status.details, { name: 'p', kind: 'pods', causes: [{ reason: 'NodeCapacity' }] });
});

test('blocking an owner takes the right to its finalizers', async () => {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'u', blockOwnerDeletion: true };
  const pod = podWith({}, {}, { ownerReferences: [owner] });
  const resource = { group: 'apps', version: 'v1', resource: 'deployments' };
  const create = async (...rights: string[]) => {
    const context = clusterOf({}, { access: access(...rights), resourceOf: () => ({ resource, namespaced: true }) });
    return (await admitted(only(context, 'OwnerReferencesPermissionEnforcement'), 'pods', pod)).refusal;
  };
  assert.equal(await create('update finalizersd'), '');
  assert.equal(await create('update finalizers*'), '');
  assert.match(await create(), /cannot set blockOwnerDeletion if an ownerReference refers to a resource/);
});

const kubelet = { username: 'system:node:n1', uid: '', groups: ['system:nodes'], extra: {} };

const nodeCases: readonly (readonly [string, string, object, Parameters<typeof admitted>[3], string])[] = [
  [
    'its own status',
    'pods',
    podWith({ nodeName: 'n1' }),
    { subresource: 'status', old: podWith({ nodeName: 'n1' }) },
    '',
  ],
  [
    "another's pod",
    'pods',
    podWith({ nodeName: 'n2' }),
    { subresource: 'status', old: podWith({ nodeName: 'n2' }) },
    'node "n1" can only update pod status for pods with spec.nodeName set to itself',
  ],
  [
    'a pod of its own making',
    'pods',
    podWith({ nodeName: 'n1' }),
    {},
    'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
  ],
  [
    'another node',
    'nodes',
    { metadata: { name: 'n2' } },
    { namespace: '' },
    'node "n1" is not allowed to modify node "n2"',
  ],
  [
    'a label that is not its to set',
    'nodes',
    { metadata: { name: 'n1', labels: { 'node-restriction.kubernetes.io/x': '1', 'kubernetes.io/os': 'linux' } } },
    { namespace: '' },
    'node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/x',
  ],
  [
    'taints',
    'nodes',
    { metadata: { name: 'n1' }, spec: { taints: [{ key: 'a' }] } },
    { namespace: '', old: { metadata: { name: 'n1' } } },
    'node "n1" is not allowed to modify taints',
  ],
  [
    'a token for nothing',
    'serviceaccounts',
    { metadata: { name: 'x' }, spec: {} },
    { subresource: 'token' },
    'node requested token not bound to a pod',
  ],
  [
    "another's lease",
    'leases',
    { metadata: { name: 'n2' } },
    { group: 'coordination.k8s.io', namespace: 'kube-node-lease' },
    'can only access node lease with the same name as the requesting node',
  ],
];

for (const [title, resource, object, what, refusal] of nodeCases) {
  test(`NodeRestriction: ${title}`, async () => {
    const outcome = await admitted(only(clusterOf({}), 'NodeRestriction'), resource, object, {
      ...what,
      user: kubelet,
    });
    if (refusal === '') assert.equal(outcome.refusal, '');
    else assert.ok(outcome.refusal.endsWith(refusal), outcome.refusal);
  });
}

test('what holds for nodes holds for no one else', async () => {
  assert.equal((await admitted(only(clusterOf({}), 'NodeRestriction'), 'pods', podWith())).refusal, '');
});

test('an unknown plugin is an error', () => {
  assert.throws(() => only(clusterOf({}), 'Zork'), /unknown admission plugin: Zork/);
});

test('a namespace is made for what is created in it; who may not make it is told why', async () => {
  const posted: string[] = [];
  const clientOf = (code: number, reason: string, message: string): Client => {
    const transport = createInProcessTransport(({ method, body }) => {
      if (body instanceof Uint8Array) posted.push(Buffer.from(body).toString('utf8'));
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code };
      const missing = { ...status, reason: 'NotFound', code: 404 };
      const answer = method === 'POST' ? (code === 201 ? namespaceWith({}) : status) : missing;
      return Promise.resolve({
        status: method === 'POST' ? code : 404,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(answer)),
      });
    });
    return createClient({ transport, userAgent: 'test/1.0' });
  };
  const cases: readonly (readonly [code: number, reason: string, refusal: string])[] = [
    [201, '', ''],
    [409, 'AlreadyExists', ''],
    [422, 'Invalid', 'pods "p" is forbidden: no such thing'],
  ];
  for (const [code, reason, refusal] of cases) {
    const context = clusterOf({ namespaces: [] }, { client: clientOf(code, reason, 'no such thing') });
    const outcome = await admitted(only(context, 'NamespaceAutoProvision'), 'pods', podWith());
    assert.equal(outcome.refusal, refusal);
    assert.equal(outcome.error?.code, refusal === '' ? undefined : 403);
  }
  assert.equal(posted.length, cases.length);
  assert.match(posted[0] ?? '', /"name":"ns"/);
});
