import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { HttpHeaders } from '../../src/apimachinery/http.ts';
import type { PolicyRule } from '../../src/api/types/rbac-v1.ts';
import { type AssembledCluster, assembled } from '../support/assembled-server.ts';

/** One thing that somebody tries; refusals are those that the real server answered with. */
interface Attempt {
  readonly title: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  readonly headers?: HttpHeaders;
  readonly status: number;
  readonly says?: RegExp;
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const group = 'rbac.authorization.k8s.io';
const all: PolicyRule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const secrets: PolicyRule = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
const patch = { 'content-type': 'application/merge-patch+json' };
const notHeld = /is attempting to grant RBAC permissions not currently held:/;

function role(name: string, rules: readonly PolicyRule[], more: object = {}): object {
  return { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules, ...more };
}

function binding(name: string, roleName: string, user = 'ann', kind = 'ClusterRoleBinding'): object {
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: roleName };
  const subjects = [{ apiGroup: group, kind: 'User', name: user }];
  return { apiVersion: `${group}/v1`, kind, metadata: { name }, roleRef, subjects };
}

/** A cluster in which ann may do these things, and no others. */
async function withRights(context: TestContext, rules: readonly PolicyRule[]): Promise<AssembledCluster> {
  const cluster = await assembled(context);
  const made = async (path: string, body: object): Promise<void> => {
    const { status, text } = await cluster.as('admin-token', 'POST', path, body);
    assert.equal(status, 201, text);
  };
  await made(`${rbac}/clusterroles`, role('rights', rules));
  await made(`${rbac}/clusterrolebindings`, binding('rights', 'rights'));
  return cluster;
}

async function tryAll(cluster: AssembledCluster, token: string, attempts: readonly Attempt[]): Promise<void> {
  for (const { title, method = 'POST', path, body, headers, status, says } of attempts) {
    const answer = await cluster.as(token, method, path, body, headers);
    assert.equal(answer.status, status, `${title}: ${answer.text}`);
    if (says !== undefined) assert.match(answer.text, says, title);
  }
}

test('who may write roles and bindings grants nothing that is not held', async (context) => {
  const write = ['get', 'create', 'update', 'patch'];
  const cluster = await withRights(context, [{ apiGroups: [group], resources: ['*'], verbs: write }]);
  const selectors = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } };
  await tryAll(cluster, 'ann-token', [
    { title: 'everything', path: `${rbac}/clusterroles`, body: role('x', [all]), status: 403, says: notHeld },
    { title: 'secrets', path: `${rbac}/clusterroles`, body: role('x', [secrets]), status: 403, says: notHeld },
    {
      title: 'the right to escalate',
      path: `${rbac}/clusterroles`,
      body: role('x', [{ apiGroups: [group], resources: ['clusterroles'], verbs: ['escalate', 'bind'] }]),
      status: 403,
      says: notHeld,
    },
    {
      title: 'a role that gathers others',
      path: `${rbac}/clusterroles`,
      body: role('x', [], selectors),
      status: 403,
      says: /must have cluster-admin privileges to use the aggregationRule/,
    },
    {
      title: 'a role that is made to gather others',
      method: 'PATCH',
      path: `${rbac}/clusterroles/rights`,
      body: selectors,
      headers: patch,
      status: 403,
      says: /must have cluster-admin privileges to use the aggregationRule/,
    },
    {
      title: 'more for the own role',
      method: 'PATCH',
      path: `${rbac}/clusterroles/rights`,
      body: { rules: [all] },
      headers: patch,
      status: 403,
      says: notHeld,
    },
    {
      title: 'more for the own role, by an apply',
      method: 'PATCH',
      path: `${rbac}/clusterroles/rights?fieldManager=x&force=true`,
      body: role('rights', [all]),
      headers: { 'content-type': 'application/apply-patch+yaml' },
      status: 403,
      says: notHeld,
    },
    {
      title: 'a role in a namespace',
      path: `${rbac}/namespaces/default/roles`,
      body: { ...role('x', [secrets]), kind: 'Role' },
      status: 403,
      says: notHeld,
    },
    {
      title: 'cluster-admin',
      path: `${rbac}/clusterrolebindings`,
      body: binding('x', 'cluster-admin'),
      status: 403,
      says: notHeld,
    },
    {
      title: 'cluster-admin in a namespace',
      path: `${rbac}/namespaces/default/rolebindings`,
      body: binding('x', 'cluster-admin', 'ann', 'RoleBinding'),
      status: 403,
      says: notHeld,
    },
    {
      title: 'a binding to a role that is not there yet',
      path: `${rbac}/clusterrolebindings`,
      body: binding('x', 'later'),
      status: 404,
    },
    {
      title: 'a place in the binding of others',
      method: 'PATCH',
      path: `${rbac}/clusterrolebindings/cluster-admin`,
      body: { subjects: [{ apiGroup: group, kind: 'User', name: 'ann' }] },
      headers: patch,
      status: 403,
      says: notHeld,
    },
    {
      title: 'more in a role of the system, by a label that an aggregated role gathers',
      path: `${rbac}/clusterroles`,
      body: role('x', [secrets], { metadata: { name: 'x', labels: { [`${group}/aggregate-to-admin`]: 'true' } } }),
      status: 403,
      says: notHeld,
    },
    { title: 'what is held', path: `${rbac}/clusterrolebindings`, body: binding('y', 'rights', 'bob'), status: 201 },
  ]);
  await tryAll(cluster, 'ann-token', [
    { title: 'nothing came of it', method: 'GET', path: '/api/v1/namespaces/default/secrets', status: 403 },
  ]);
});

test('who may not impersonate is nobody else, and who may impersonate some is no other', async (context) => {
  const cluster = await withRights(context, [
    { apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['bob'] },
    { apiGroups: [''], resources: ['groups'], verbs: ['impersonate'], resourceNames: ['dev'] },
  ]);
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const as = (title: string, status: number, headers: HttpHeaders): Attempt => ({
    title,
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: review,
    headers,
    status,
  });
  const bob = { 'impersonate-user': 'bob' };
  const attempts = [
    as('another', 403, { 'impersonate-user': 'admin' }),
    as('masters', 403, { ...bob, 'impersonate-group': 'system:masters' }),
    as('masters among others', 403, { ...bob, 'impersonate-group': ['dev', 'system:masters'] }),
    as('a uid', 403, { ...bob, 'impersonate-uid': '1' }),
    as('something extra', 403, { ...bob, 'impersonate-extra-scopes': 'all' }),
    as('a service account', 403, { 'impersonate-user': 'system:serviceaccount:kube-system:default' }),
    as('a node', 403, { 'impersonate-user': 'system:node:n1' }),
    as('a group without a user', 400, { 'impersonate-group': 'dev' }),
  ];
  await tryAll(cluster, 'ann-token', [...attempts, as('the one', 201, { ...bob, 'impersonate-group': 'dev' })]);
  await tryAll(cluster, 'cat-token', [as('the one, by another', 403, bob)]);
  await tryAll(cluster, '', [as('the one, by nobody', 403, bob)]);
  await tryAll(cluster, 'no-token', [as('the one, by a forger', 401, bob)]);
});

test('a node sees what its own pods use, and writes what is its own', async (context) => {
  const cluster = await assembled(context, { 'enable-admission-plugins': 'NodeRestriction' });
  const core = '/api/v1/namespaces/default';
  const made = async (path: string, body: object): Promise<void> => {
    const { status, text } = await cluster.as('admin-token', 'POST', path, { apiVersion: 'v1', ...body });
    assert.equal(status, 201, text);
  };
  const pod = (name: string, nodeName: string, secretName: string, annotations: object = {}): object => ({
    kind: 'Pod',
    metadata: { name, annotations },
    spec: {
      nodeName,
      serviceAccountName: 'robot',
      automountServiceAccountToken: false,
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', secret: { secretName } }],
    },
  });
  for (const name of ['n1', 'n2']) await made('/api/v1/nodes', { kind: 'Node', metadata: { name } });
  for (const name of ['own', 'other']) await made(`${core}/secrets`, { kind: 'Secret', metadata: { name } });
  await made(`${core}/serviceaccounts`, { kind: 'ServiceAccount', metadata: { name: 'robot' } });
  await made(`${core}/pods`, pod('one', 'n1', 'own'));
  await made(`${core}/pods`, pod('two', 'n2', 'other'));
  const headers = { 'impersonate-user': 'system:node:n1', 'impersonate-group': 'system:nodes' };
  const request = (name: string) => ({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name } },
  });
  const unrelated = /no relationship found between node 'n1' and this object/;
  const mirror = { 'kubernetes.io/config.mirror': 'x' };
  const merge = { ...headers, ...patch };
  await tryAll(cluster, 'admin-token', [
    { title: 'its own secret', method: 'GET', path: `${core}/secrets/own`, headers, status: 200 },
    { title: "another's", method: 'GET', path: `${core}/secrets/other`, headers, status: 403, says: unrelated },
    { title: 'all secrets', method: 'GET', path: `${core}/secrets`, headers, status: 403 },
    { title: 'all pods', method: 'GET', path: '/api/v1/pods', headers, status: 403 },
    { title: 'another node', method: 'GET', path: '/api/v1/nodes/n2', headers, status: 403 },
    {
      title: 'a mirror pod that names a secret',
      path: `${core}/pods`,
      body: { apiVersion: 'v1', ...pod('thief', 'n1', 'other', mirror) },
      headers,
      status: 403,
    },
    {
      title: 'a pod that is no mirror',
      path: `${core}/pods`,
      body: { apiVersion: 'v1', ...pod('thief', 'n1', 'other') },
      headers,
      status: 403,
    },
    { title: 'no secret after that', method: 'GET', path: `${core}/secrets/other`, headers, status: 403 },
    {
      title: 'a token for nothing',
      path: `${core}/serviceaccounts/robot/token`,
      body: { ...request('one'), spec: {} },
      headers,
      status: 403,
    },
    {
      title: "a token of another's pod",
      path: `${core}/serviceaccounts/robot/token`,
      body: request('two'),
      headers,
      status: 403,
    },
    {
      title: "the status of another's pod",
      method: 'PATCH',
      path: `${core}/pods/two/status`,
      body: { status: { phase: 'Failed' } },
      headers: merge,
      status: 403,
    },
    {
      title: 'a label that keeps nodes apart',
      method: 'PATCH',
      path: '/api/v1/nodes/n1',
      body: { metadata: { labels: { 'node-restriction.kubernetes.io/secure': 'yes' } } },
      headers: merge,
      status: 403,
    },
    {
      title: "another node's labels",
      method: 'PATCH',
      path: '/api/v1/nodes/n2',
      body: { metadata: { labels: { a: 'b' } } },
      headers: merge,
      status: 403,
    },
    {
      title: 'a role',
      path: `${rbac}/clusterrolebindings`,
      body: binding('x', 'cluster-admin', 'system:node:n1'),
      headers,
      status: 403,
    },
  ]);
});
