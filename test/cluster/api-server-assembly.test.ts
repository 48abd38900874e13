import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assembled } from '../support/assembled-server.ts';

const rbacPath = '/apis/rbac.authorization.k8s.io/v1';
const apiVersion = 'rbac.authorization.k8s.io/v1';

function role(name: string, verbs: readonly string[], resource: string, apiGroup = ''): object {
  return {
    apiVersion,
    kind: 'Role',
    metadata: { name, namespace: 'default' },
    rules: [{ apiGroups: [apiGroup], resources: [resource], verbs }],
  };
}

function binding(name: string, roleRef: object, user: string): object {
  return {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...roleRef },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
  };
}

test('who writes roles and bindings grants no more than is held', async (context) => {
  const { as } = await assembled(context);
  const roles = `${rbacPath}/namespaces/default/roles`;
  const bindings = `${rbacPath}/namespaces/default/rolebindings`;
  const writer = role('writer', ['create', 'get'], '*', 'rbac.authorization.k8s.io');
  assert.equal((await as('admin-token', 'POST', roles, writer)).status, 201);
  assert.equal(
    (await as('admin-token', 'POST', bindings, binding('writer', { kind: 'Role', name: 'writer' }, 'ann'))).status,
    201,
  );
  const secrets = await as('ann-token', 'POST', roles, role('secrets', ['get'], 'secrets'));
  assert.equal(secrets.status, 403);
  assert.match(
    String(secrets.body['message']),
    /^roles\.rbac\.authorization\.k8s\.io "secrets" is forbidden: user "ann" \(groups=\["system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:/,
  );
  const admin = binding('admin', { kind: 'ClusterRole', name: 'cluster-admin' }, 'ann');
  assert.equal((await as('ann-token', 'POST', bindings, admin)).status, 403);
  const held = role('held', ['get'], 'roles', 'rbac.authorization.k8s.io');
  assert.equal((await as('ann-token', 'POST', roles, held)).status, 201);
});

test('another user is taken on only by who may impersonate', async (context) => {
  const { as } = await assembled(context);
  const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const asBob = { 'impersonate-user': 'bob' };
  const refused = await as('ann-token', 'POST', whoami, review, asBob);
  assert.equal(refused.status, 403);
  assert.match(String(refused.body['message']), /User "ann" cannot impersonate/);
  const allowed = await as('admin-token', 'POST', whoami, review, asBob);
  assert.equal(allowed.status, 201);
  assert.deepEqual(allowed.body['status'], {
    userInfo: { username: 'bob', groups: ['system:authenticated'] },
  });
});

test('tokens that nobody knows are 401, requests without one are anonymous', async (context) => {
  const { as } = await assembled(context);
  assert.equal((await as('wrong', 'GET', '/api/v1/namespaces')).status, 401);
  const anonymous = await as('', 'GET', '/api/v1/namespaces');
  assert.equal(anonymous.status, 403);
  assert.equal(
    anonymous.body['message'],
    'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" at the cluster scope',
  );
});

test('a service account gets a token and may do what its role says', async (context) => {
  const { as } = await assembled(context);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } };
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  assert.equal((await as('admin-token', 'POST', accounts, account)).status, 201);
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const issued = await as('admin-token', 'POST', `${accounts}/robot/token`, request);
  assert.equal(issued.status, 201);
  const { token } = issued.body['status'] as { token: string };
  const configMaps = '/api/v1/namespaces/default/configmaps';
  assert.equal((await as(token, 'GET', configMaps)).status, 403);
  const granted = {
    ...binding('robot', { kind: 'ClusterRole', name: 'view' }, 'unused'),
    subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
  };
  // The rules of view are aggregated by a controller, so the role that holds them is bound.
  const aggregated = { ...granted, roleRef: { kind: 'ClusterRole', name: 'system:aggregate-to-view' } };
  assert.equal(
    (await as('admin-token', 'POST', `${rbacPath}/namespaces/default/rolebindings`, aggregated)).status,
    201,
  );
  assert.equal((await as(token, 'GET', configMaps)).status, 200);
  assert.equal((await as(token, 'GET', '/api/v1/namespaces/default/secrets')).status, 403);
});

test('access reviews answer for the rules in force', async (context) => {
  const { as } = await assembled(context);
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'delete', resource: 'nodes' } },
  };
  const isAllowed = async (token: string): Promise<unknown> =>
    ((await as(token, 'POST', path, review)).body['status'] as { allowed: boolean }).allowed;
  assert.equal(await isAllowed('admin-token'), true);
  assert.equal(await isAllowed('ann-token'), false);
  // What is answered and not stored has metadata, and is in no table.
  const formOf = (kind: string): Record<string, string> => ({
    accept: `application/json;as=${kind};v=v1;g=meta.k8s.io`,
  });
  const partial = await as('ann-token', 'POST', path, review, formOf('PartialObjectMetadata'));
  assert.deepEqual([partial.status, partial.body['kind']], [201, 'PartialObjectMetadata']);
  assert.equal((await as('ann-token', 'POST', path, review, formOf('Table'))).status, 406);
  const local = (namespace: string): ReturnType<typeof as> =>
    as('admin-token', 'POST', `/apis/authorization.k8s.io/v1/namespaces/${namespace}/localsubjectaccessreviews`, {
      spec: { user: 'ann', resourceAttributes: { verb: 'get', resource: 'pods' } },
    });
  const nowhere = await local('');
  assert.deepEqual([nowhere.status, nowhere.body['message']], [400, 'namespace is required on this type: ']);
});

test('a service without a name gets no address, and the name of something else asks for none', async (context) => {
  const { as } = await assembled(context);
  const path = '/api/v1/namespaces/default/services';
  const service = { apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { ports: [{ port: 80 }] } };
  const nameless = await as('admin-token', 'POST', path, service);
  assert.equal(nameless.status, 422);
  assert.match(
    String(nameless.body['message']),
    /^Service "" is invalid: spec\.clusterIPs: Invalid value: \[""\]: failed to allocate IP: IPAddress\.networking\.k8s\.io "10\.\S+" is invalid: spec\.parentRef\.name: Required value$/,
  );
  const spec = { ...service.spec, type: 'ExternalName', externalName: 'a.example.com', clusterIP: 'Service' };
  const named = await as('admin-token', 'POST', path, { ...service, metadata: { name: 's' }, spec });
  assert.match(String(named.body['message']), /spec\.clusterIPs: Forbidden: may not be set for ExternalName services/);
});

test('admission plugins are switched by their names', async (context) => {
  await assert.rejects(
    assembled(context, { 'enable-admission-plugins': 'NoSuch' }),
    /enable-admission-plugins plugin "NoSuch" is unknown/,
  );
  const { as } = await assembled(context, { 'enable-admission-plugins': 'AlwaysPullImages' });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await as('admin-token', 'POST', '/api/v1/namespaces/default/serviceaccounts', account);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Never' }] },
  };
  const created = await as('admin-token', 'POST', '/api/v1/namespaces/default/pods', pod);
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const { containers } = created.body['spec'] as { containers: { imagePullPolicy: string }[] };
  assert.equal(containers[0]?.imagePullPolicy, 'Always');
});

test('admission plugins are configured by a file', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-admission-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'admission.yaml');
  const flags = { 'admission-control-config-file': file };
  await assert.rejects(assembled(context, flags), {
    message: `failed to apply admission: failed to read plugin config: unable to read admission control configuration from "${file}" [open ${file}: no such file or directory]`,
  });
  const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n';
  writeFileSync(file, `${head}plugins:\n- name: PodSecurity\n  path: security.yaml\n`);
  const security = 'apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n';
  writeFileSync(join(folder, 'security.yaml'), `${security}defaults: {enforce: tight}\n`);
  await assert.rejects(assembled(context, flags), {
    message:
      'failed to apply admission: failed to initialize admission plugin "PodSecurity": PodSecurity configuration error: enforce: must be one of privileged, baseline, restricted',
  });
  writeFileSync(join(folder, 'security.yaml'), `${security}defaults: {enforce: baseline}\n`);
  const { as } = await assembled(context, flags);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await as('admin-token', 'POST', '/api/v1/namespaces/default/serviceaccounts', account);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { hostPID: true, containers: [{ name: 'c', image: 'i' }] },
  };
  const { status, body } = await as('admin-token', 'POST', '/api/v1/namespaces/default/pods', pod);
  assert.equal(status, 403);
  assert.equal(
    body['message'],
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
  );
});

test('initializers are served and asked behind their feature gate only', async (context) => {
  const path = '/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations';
  const closed = await assembled(context);
  assert.equal((await closed.as('admin-token', 'GET', path)).status, 404);
  const { as } = await assembled(context, { 'feature-gates': 'Initializers=true' });
  const rules = [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['configmaps'] }];
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1alpha1',
    kind: 'InitializerConfiguration',
    metadata: { name: 'c' },
    initializers: [{ name: 'a.example.com', rules }],
  };
  assert.equal((await as('admin-token', 'POST', path, configuration)).status, 201);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
  const maps = '/api/v1/namespaces/default/configmaps';
  const created = await as('admin-token', 'POST', `${maps}?includeUninitialized=true`, map);
  assert.deepEqual(created.body.metadata.initializers, { pending: [{ name: 'a.example.com' }] });
  assert.equal((await as('admin-token', 'GET', `${maps}/m`)).status, 404);
});

test('requests are audited as the flags say', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-audit-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const policy = join(folder, 'policy.yaml');
  const log = join(folder, 'logs', 'audit.log');
  writeFileSync(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, users: [admin]}]\n');
  const flags = { 'audit-policy-file': policy, 'audit-log-path': log, 'audit-log-maxsize': '1' };
  const cluster = await assembled(context, flags);
  await cluster.as('admin-token', 'GET', '/api/v1/nodes');
  await cluster.as('ann-token', 'GET', '/api/v1/nodes');
  const events = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { verb: string; requestURI: string });
  assert.deepEqual(
    events.filter(({ requestURI }) => requestURI === '/api/v1/nodes').map(({ verb }) => verb),
    ['list', 'list'],
  );
  const unusable: readonly (readonly [flags: Readonly<Record<string, string>>, message: RegExp])[] = [
    [{ ...flags, 'audit-log-format': 'xml' }, /^invalid audit log format xml, allowed formats are "legacy,json"$/],
    [{ ...flags, 'audit-log-maxage': '-1' }, /^--audit-log-maxage -1 can't be a negative number$/],
    [{ ...flags, 'audit-policy-file': `${policy}x` }, /^loading audit policy file: failed to read file path/],
  ];
  for (const [wrong, message] of unusable) await assert.rejects(assembled(context, wrong), { message });
});

test('flags that say how much, how long, and from where to where', async (context) => {
  const { as, api, clock } = await assembled(context, {
    'default-not-ready-toleration-seconds': '7',
    'default-unreachable-toleration-seconds': '8',
    'disabled-metrics': 'apiserver_request_total,none',
    'livez-grace-period': '10s',
    'min-request-timeout': '3',
    'service-account-max-token-expiration': '2h',
    'service-cluster-ip-range': '10.96.0.0/12',
    'service-node-port-range': '40000-40003',
  });
  const ask = (method: string, path: string, body?: object) => as('admin-token', method, path, body);
  const ns = '/api/v1/namespaces/default';
  await ask('POST', `${ns}/serviceaccounts`, { metadata: { name: 'default' } });
  const pod = await ask('POST', `${ns}/pods`, {
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  const { tolerations } = pod.body['spec'] as { tolerations: { key: string; tolerationSeconds: number }[] };
  assert.deepEqual(
    tolerations.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 7],
      ['node.kubernetes.io/unreachable', 8],
    ],
  );
  await as('ann-token', 'GET', '/api');
  const { text } = await ask('GET', '/metrics');
  assert.match(text, /apiserver_request_duration_seconds_count/);
  assert.doesNotMatch(text, /apiserver_request_total/);
  assert.match(text, /\ndisabled_metrics_total 1\n/);
  assert.match(text, /\naggregator_discovery_aggregation_count_total \d\n/);
  assert.match(text, /\napiserver_flowcontrol_request_queue_length_after_enqueue_bucket\{[^}]*le="0"\} 0\n/);
  assert.match(text, /\npod_security_exemptions_total\{[^}]*\} 0\n/);
  const token = await ask('POST', `${ns}/serviceaccounts/default/token`, { spec: { expirationSeconds: 100_000 } });
  assert.equal((token.body['spec'] as { expirationSeconds: number }).expirationSeconds, 7200);
  const service = (name: string, nodePort?: number): object => ({
    metadata: { name },
    spec: { type: 'NodePort', ports: [{ port: 80, ...(nodePort === undefined ? {} : { nodePort }) }] },
  });
  const refused = await ask('POST', `${ns}/services`, service('s', 30_000));
  assert.match(String(refused.body['message']), /The range of valid ports is 40000-40003/);
  const given = await ask('POST', `${ns}/services`, service('s'));
  const [port] = (given.body['spec'] as { ports: { nodePort: number }[] }).ports;
  assert.ok(port !== undefined && port.nodePort >= 40_000 && port.nodePort <= 40_003, JSON.stringify(port));
  const watch = as('admin-token', 'GET', `${ns}/configmaps?watch=true`);
  const before = clock.now();
  const over: true[] = [];
  void watch.then(() => over.push(true));
  while (over.length === 0 && clock.now() - before < 10_000) await clock.advance(100);
  assert.ok(clock.now() - before >= 3000 && clock.now() - before <= 6200, String(clock.now() - before));
  const flags = await ask('GET', '/flagz');
  assert.match(flags.text, /\nservice-node-port-range: 40000-40003\n/);
  assert.match(flags.text, /\nmax-requests-inflight: 400\n/);
  assert.ok(api.progress.checks.some(({ endpoints }) => endpoints.join() === 'livez'));
});
