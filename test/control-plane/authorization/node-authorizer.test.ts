import assert from 'node:assert/strict';
import test from 'node:test';
import type { PersistentVolume, Pod } from '../../../src/api/types/core-v1.ts';
import type { ResourceSlice } from '../../../src/api/types/resource-v1.ts';
import type { VolumeAttachment } from '../../../src/api/types/storage-v1.ts';
import { abacAuthorizer } from '../../../src/control-plane/authorization/abac-authorizer.ts';
import type { AuthorizationAttributes } from '../../../src/control-plane/authorization/authorizer.ts';
import { NodeAuthorizer } from '../../../src/control-plane/authorization/node-authorizer.ts';
import { NodeReferences } from '../../../src/control-plane/authorization/node-references.ts';
import { FixedInformer } from '../../support/fixed-informer.ts';

const core = (resource: string) => ({ group: '', version: 'v1', resource });

function pod(name: string, nodeName: string, spec: object, annotations: Record<string, string> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', annotations },
    spec: { nodeName, containers: [{ name: 'c' }], ...spec },
  };
}

function slice(name: string, nodeName: string): ResourceSlice {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name },
    spec: { driver: 'd.io', nodeName, pool },
  };
}

const pods = new FixedInformer<Pod>(core('pods'));
const volumes = new FixedInformer<PersistentVolume>(core('persistentvolumes'), [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv' },
    spec: {
      claimRef: { namespace: 'ns', name: 'claim' },
      csi: {
        driver: 'd',
        volumeHandle: 'h',
        nodeStageSecretRef: { name: 'stage', namespace: 'other' },
        controllerPublishSecretRef: { name: 'controllers', namespace: 'other' },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'files' },
    spec: {
      claimRef: { namespace: 'ns', name: 'claim' },
      azureFile: { shareName: 's', secretName: 'share' },
    },
  },
]);
const attachments = new FixedInformer<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattachments',
});
const slices = new FixedInformer<ResourceSlice>(
  { group: 'resource.k8s.io', version: 'v1', resource: 'resourceslices' },
  [slice('ours', 'n1'), slice('theirs', 'n2')],
);
const references = new NodeReferences({ pods, volumes, attachments, slices });
volumes.set(volumes.list());
pods.set([
  pod('one', 'n1', {
    serviceAccountName: 'robot',
    imagePullSecrets: [{ name: 'pull' }],
    containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'env' } }] }],
    volumes: [
      { name: 'a', secret: { secretName: 'mounted' } },
      { name: 'b', persistentVolumeClaim: { claimName: 'claim' } },
      { name: 'c', cephfs: { monitors: ['m'], secretRef: { name: 'ceph' } } },
      { name: 'd', azureFile: { shareName: 's', secretName: 'azure' } },
      { name: 'e', projected: { sources: [{ secret: { name: 'part' } }] } },
    ],
    resourceClaims: [{ name: 'x', resourceClaimName: 'named' }],
  }),
  pod(
    'mirror',
    'n1',
    { volumes: [{ name: 'a', secret: { secretName: 'stolen' } }] },
    { 'kubernetes.io/config.mirror': 'x' },
  ),
]);
const authorizer = new NodeAuthorizer(
  () => Promise.resolve(references),
  [{ apiGroups: [''], resources: ['services'], verbs: ['list'] }],
);

type Question = Partial<AuthorizationAttributes>;
function ask(node: string, verb: string, resource: string, more: Question = {}): AuthorizationAttributes {
  return {
    user: { username: node, uid: '', groups: ['system:nodes', 'system:authenticated'], extra: {} },
    verb,
    isResourceRequest: true,
    apiGroup: '',
    apiVersion: 'v1',
    resource,
    subresource: '',
    namespace: 'ns',
    name: '',
    path: '',
    fieldSelector: '',
    labelSelector: '',
    ...more,
  };
}

const n1 = 'system:node:n1';
const devices = { apiGroup: 'resource.k8s.io', namespace: '' };
const unrelated = "no relationship found between node 'n1' and this object";
const cases: readonly (readonly [AuthorizationAttributes, string | true])[] = [
  [ask(n1, 'get', 'secrets', { name: 'mounted' }), true],
  [ask(n1, 'get', 'secrets', { name: 'pull' }), true],
  [ask(n1, 'get', 'secrets', { name: 'stage', namespace: 'other' }), true],
  [ask(n1, 'get', 'secrets', { name: 'share' }), true],
  [ask(n1, 'get', 'secrets', { name: 'ceph' }), true],
  [ask(n1, 'get', 'secrets', { name: 'azure' }), true],
  [ask(n1, 'get', 'secrets', { name: 'part' }), true],
  [ask(n1, 'get', 'resourceclaims', { ...devices, namespace: 'ns', name: 'named' }), true],
  [ask(n1, 'get', 'resourceclaims', { ...devices, namespace: 'ns', name: 'other' }), unrelated],
  [ask(n1, 'get', 'persistentvolumes', { namespace: '', name: 'files' }), true],
  [ask(n1, 'get', 'secrets', { name: 'controllers', namespace: 'other' }), unrelated],
  [ask(n1, 'get', 'secrets', { name: 'stolen' }), unrelated],
  [ask(n1, 'get', 'secrets', { name: 'any' }), unrelated],
  [ask(n1, 'list', 'secrets'), 'No Object name found'],
  [ask(n1, 'update', 'secrets', { name: 'mounted' }), 'can only read resources of this type'],
  [ask('system:node:n2', 'get', 'secrets', { name: 'mounted' }), unrelated.replace('n1', 'n2')],
  [ask(n1, 'watch', 'configmaps', { name: 'env' }), true],
  [ask(n1, 'get', 'persistentvolumeclaims', { name: 'claim' }), true],
  [ask(n1, 'get', 'persistentvolumes', { name: 'pv', namespace: '' }), true],
  [ask(n1, 'list', 'persistentvolumes', { namespace: '' }), 'can only get individual resources of this type'],
  [ask(n1, 'create', 'serviceaccounts', { name: 'robot', subresource: 'token' }), true],
  [ask(n1, 'create', 'serviceaccounts', { name: 'root', subresource: 'token' }), unrelated],
  [ask(n1, 'get', 'nodes', { name: 'n1', namespace: '' }), true],
  [ask(n1, 'get', 'nodes', { name: 'n2', namespace: '' }), "node 'n1' cannot read 'n2', only its own Node object"],
  [ask(n1, 'list', 'nodes', { namespace: '' }), "node 'n1' cannot read all nodes, only its own Node object"],
  [ask(n1, 'list', 'pods', { fieldSelector: 'spec.nodeName=n1', namespace: '' }), true],
  [ask(n1, 'list', 'pods', { namespace: '' }), 'can only list/watch pods with spec.nodeName field selector'],
  [ask(n1, 'get', 'pods', { name: 'one' }), true],
  [ask(n1, 'update', 'leases', { apiGroup: 'coordination.k8s.io', namespace: 'kube-node-lease', name: 'n1' }), true],
  [
    ask(n1, 'update', 'leases', { apiGroup: 'coordination.k8s.io', namespace: 'kube-node-lease', name: 'n2' }),
    'can only access node lease with the same name as the requesting node',
  ],
  [ask(n1, 'create', 'resourceslices', { ...devices }), true],
  [ask(n1, 'update', 'resourceslices', { ...devices, name: 'ours' }), true],
  [ask(n1, 'delete', 'resourceslices', { ...devices, name: 'theirs' }), unrelated],
  [ask(n1, 'list', 'resourceslices', { ...devices, fieldSelector: 'spec.nodeName=n1' }), true],
  [
    ask(n1, 'deletecollection', 'resourceslices', { ...devices, fieldSelector: 'spec.nodeName=n2' }),
    'can only list/watch/deletecollection resourceslices with nodeName field selector',
  ],
  [ask(n1, 'list', 'services', { namespace: '' }), true],
  [ask(n1, 'delete', 'services', { name: 's' }), ''],
  [ask('system:node:', 'list', 'services'), 'unknown node for user "system:node:"'],
  [ask('ann', 'get', 'secrets', { name: 'mounted' }), ''],
];

for (const [question, expected] of cases) {
  const { user, verb, resource, subresource, name } = question;
  test(`node access: ${user.username} ${verb} ${resource}/${subresource} ${name}`, async () => {
    const { decision, reason } = await authorizer.authorize(question);
    assert.equal(decision, expected === true ? 'allow' : 'noOpinion');
    if (expected !== true) assert.equal(reason, expected);
  });
}

test('what tells of nodes is followed from the first node on, once', async () => {
  let openings = 0;
  const lazy = new NodeAuthorizer(() => {
    openings++;
    return Promise.resolve(references);
  }, []);
  await lazy.authorize(ask('ann', 'get', 'pods', { name: 'one' }));
  assert.equal(openings, 0);
  assert.equal((await lazy.authorize(ask(n1, 'get', 'pods', { name: 'one' }))).decision, 'allow');
  await lazy.authorize(ask(n1, 'get', 'pods', { name: 'two' }));
  assert.equal(openings, 1);
});

const line = (spec: object): string =>
  JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec });
const abac = abacAuthorizer(
  [
    '# who may what',
    line({ user: 'ann', namespace: 'ns', resource: 'pods', apiGroup: '*', readonly: true }),
    line({ group: 'ops', namespace: '*', resource: '*', apiGroup: '*' }),
    line({ user: '*', nonResourcePath: '/healthz' }),
  ].join('\n'),
  'policy',
);

const abacCases: readonly (readonly [AuthorizationAttributes, boolean])[] = [
  [ask('ann', 'list', 'pods'), true],
  [ask('ann', 'create', 'pods'), false],
  [ask('ann', 'list', 'secrets'), false],
  [ask('bob', 'list', 'pods'), false],
  [{ ...ask('bob', 'create', 'pods'), user: { username: 'bob', uid: '', groups: ['ops'], extra: {} } }, true],
  [ask('bob', 'get', '', { isResourceRequest: false, path: '/healthz' }), true],
  [ask('bob', 'get', '', { isResourceRequest: false, path: '/metrics' }), false],
];

for (const [question, allowed] of abacCases) {
  test(`policy file: ${question.user.username} ${question.verb} ${question.resource}${question.path}`, async () => {
    const { decision, reason } = await abac.authorize(question);
    assert.equal(decision === 'allow', allowed);
    assert.equal(reason, allowed ? '' : 'No policy matched.');
  });
}

const version = '"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy"';
const parseProblem = "couldn't get version/kind; json parse error:";
const structText =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const wrongLines: readonly (readonly [string, string])[] = [
  ['{', `${parseProblem} unexpected end of JSON input`],
  ['[]', `${parseProblem} json: cannot unmarshal array into ${structText}`],
  ['x', `${parseProblem} json: cannot unmarshal string into ${structText}`],
  ['{"user":"a"} x', `${parseProblem} invalid character 'x' after top-level value`],
  [
    `{${version},"spec":{"user":5}}`,
    'json: cannot unmarshal number into Go struct field PolicySpec.spec.user of type string',
  ],
  [
    `{${version},"spec":[]}`,
    'json: cannot unmarshal array into Go struct field Policy.spec of type v1beta1.PolicySpec',
  ],
  ['{"user":"a","readonly":"x"}', 'json: cannot unmarshal string into Go struct field Policy.readonly of type bool'],
  [
    '{"apiVersion":"v1","kind":"Pod"}',
    'no kind "Pod" is registered for version "v1" in scheme "pkg/apis/abac/register.go:33"',
  ],
];

for (const [text, problem] of wrongLines) {
  test(`a line of a policy file that cannot be read is named: ${text}`, () => {
    const message = `error reading policy file policy, line 2: ${text}: ${problem}`;
    assert.throws(() => abacAuthorizer(`# first\n${text}`, 'policy'), { message });
  });
}

test('lines with fields that are not known, or with none, are read all the same', () => {
  for (const text of [
    '{}',
    `{${version}}`,
    `{${version},"spec":{"user":"a","foo":1}}`,
    '{"kind":"Policy","user":"a"}',
  ]) {
    assert.doesNotThrow(() => abacAuthorizer(text, 'policy'), text);
  }
});
