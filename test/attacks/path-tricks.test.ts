import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { settle } from '../../src/system/fake-clock.ts';
import { type AssembledCluster, assembled } from '../support/assembled-server.ts';

/**
 * Ann may read one ConfigMap, and the paths below /healthz. Every path was sent to the real server too, whose answer
 * stands beside it: what was asked of authorization must be what is answered.
 */
async function annsCluster(context: TestContext): Promise<AssembledCluster> {
  const cluster = await assembled(context);
  const post = async (path: string, body: object): Promise<void> => {
    const { status, text } = await cluster.as('admin-token', 'POST', path, body);
    assert.equal(status, 201, text);
  };
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const group = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }];
  for (const name of ['open', 'shut']) {
    await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const map of ['c', 'd']) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: map } };
      await post(`/api/v1/namespaces/${name}/configmaps`, body);
    }
    await post(`/api/v1/namespaces/${name}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } });
  }
  const reads = ['get', 'list', 'watch'];
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['c'], verbs: [...reads, 'proxy'] },
    { apiGroups: [''], resources: ['pods'], verbs: reads },
  ];
  await post(`${rbac}/namespaces/open/roles`, { ...group, kind: 'Role', metadata: { name: 'r' }, rules });
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
  const binding = { ...group, kind: 'RoleBinding', metadata: { name: 'r' }, roleRef: role, subjects };
  await post(`${rbac}/namespaces/open/rolebindings`, binding);
  const paths = [{ nonResourceURLs: ['/healthz/*'], verbs: ['get'] }];
  await post(`${rbac}/clusterroles`, { ...group, kind: 'ClusterRole', metadata: { name: 'h' }, rules: paths });
  const whole = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'h' };
  const clusterBinding = { ...group, kind: 'ClusterRoleBinding', metadata: { name: 'h' }, roleRef: whole, subjects };
  await post(`${rbac}/clusterrolebindings`, clusterBinding);
  return cluster;
}

const refusal = (what: string): string => `${what} is forbidden: User "ann" cannot`;
const open = '/api/v1/namespaces/open';

/** Path, status, and how the message begins. */
const cases: readonly (readonly [path: string, status: number, message?: string])[] = [
  [`${open}/configmaps/c`, 200],
  [`${open}/configmaps/c/`, 200],
  [`${open}/configmaps%2fc`, 200],
  [`/%61pi/v1/namespaces/%6fpen/%63onfigmaps/%63`, 200],
  ['/api/v1/namespaces/shut/configmaps/c', 403, `${refusal('configmaps "c"')} get resource "configmaps"`],
  ['//api/v1/namespaces/shut/configmaps/c', 403, `${refusal('configmaps "c"')} get resource "configmaps"`],
  ['/%2fapi/v1/namespaces/shut/configmaps/c', 403, `${refusal('configmaps "c"')} get resource "configmaps"`],
  ['/api//v1/namespaces/shut/configmaps/c', 403, `${refusal('v1 "namespaces"')} get resource "v1/shut"`],
  ['/api/v1//namespaces/shut/configmaps/c', 403, 'forbidden: User "ann" cannot get resource "/shut"'],
  ['/api/v1/namespaces//shut/configmaps/c', 403, `${refusal('shut "configmaps"')} get resource "shut/c"`],
  [`${open}/configmaps//c`, 403, `${refusal('configmaps')} list resource "configmaps/c"`],
  [`${open}/configmaps/c/../d`, 403, `${refusal('configmaps "c"')} get resource "configmaps/.."`],
  [`${open}/configmaps/c%2f..%2fd`, 403, `${refusal('configmaps "c"')} get resource "configmaps/.."`],
  [`${open}/configmaps/../secrets/s`, 403, `${refusal('configmaps ".."')} get resource "configmaps/secrets"`],
  [`${open}/configmaps/%2e%2e/secrets/s`, 403, `${refusal('configmaps ".."')} get resource "configmaps/secrets"`],
  [`${open}/configmaps/%2e%2e%2fsecrets%2fs`, 403, `${refusal('configmaps ".."')} get resource "configmaps/secrets"`],
  [`${open}/configmaps/..`, 403, `${refusal('configmaps ".."')} get resource "configmaps"`],
  [`${open}/configmaps/c;x`, 403, `${refusal('configmaps "c;x"')} get`],
  [`${open}/configmaps;x/c`, 403, `${refusal('configmaps;x "c"')} get`],
  [`${open}/configmaps/C`, 403, `${refusal('configmaps "C"')} get`],
  [`${open}/ConfigMaps/c`, 403, `${refusal('ConfigMaps "c"')} get`],
  ['/API/v1/namespaces/open/configmaps/c', 403, 'forbidden: User "ann" cannot get path "/API/v1/'],
  [`${open}/configmaps/c%20`, 403, `${refusal('configmaps "c "')} get`],
  [`${open}/configmaps/%zz`, 400],
  [`${open}/configmaps/%`, 400],
  [`${open}/configmaps`, 403, `${refusal('configmaps')} list`],
  [`${open}/configmaps?fieldSelector=metadata.name=c`, 200],
  [`${open}/configmaps?fieldSelector=metadata.name==c`, 200],
  [`${open}/configmaps?fieldSelector=metadata.name=d`, 403, `${refusal('configmaps "d"')} list`],
  [`${open}/configmaps?fieldSelector=metadata.name!=c`, 403, `${refusal('configmaps')} list`],
  [`${open}/configmaps?fieldSelector=metadata.name=c%20`, 403, `${refusal('configmaps "c "')} list`],
  [`${open}/configmaps?fieldSelector=%20metadata.name=c`, 403, `${refusal('configmaps')} list`],
  [`${open}/configmaps?fieldSelector=metadata.name=c%5C,d`, 403, `${refusal('configmaps "c,d"')} list`],
  [`${open}/configmaps?fieldSelector=metadata.name=c;`, 403, `${refusal('configmaps')} list`],
  [`${open}/configmaps?fieldSelector=metadata.name=c%2f..`, 403, `${refusal('configmaps')} list`],
  ['/api/v1/watch', 500],
  [`/api/v1/watch/namespaces/open/configmaps/d`, 403, `${refusal('configmaps "d"')} watch`],
  ['/api/v1/proxy/namespaces/open/configmaps/c', 404, 'the server could not find the requested resource'],
  ['/healthz/ping', 200],
  ['/healthz/../api/v1/namespaces/shut/configmaps/c', 404],
  ['/healthz/..%2fmetrics', 404],
  ['/healthz/%2e%2e/metrics', 404],
  ['//healthz/ping', 403, 'forbidden: User "ann" cannot get path "//healthz/ping"'],
  ['/HEALTHZ/ping', 403, 'forbidden: User "ann" cannot get path "/HEALTHZ/ping"'],
  ['/version/../metrics', 403, 'forbidden: User "ann" cannot get path "/version/../metrics"'],
  ['/metrics/', 403, 'forbidden: User "ann" cannot get path "/metrics/"'],
  ['/metrics;', 403, 'forbidden: User "ann" cannot get path "/metrics;"'],
  ['/metrics%00', 403, String.raw`forbidden: User "ann" cannot get path "/metrics\x00"`],
];

test('a path means to authorization what it means to who answers', async (context) => {
  const cluster = await annsCluster(context);
  for (const [path, status, message = ''] of cases) {
    const answer = await cluster.as('ann-token', 'GET', path);
    assert.equal(answer.status, status, `${path}: ${answer.text}`);
    const said = answer.body['message'] ?? '';
    assert.ok(typeof said === 'string' && said.startsWith(message), `${path}: ${answer.text}`);
    if (status === 200) assert.doesNotMatch(answer.text, /"name":"[ds]"/, path);
  }
});

/** The names in a watch's first events. */
async function watchedNames({ api }: AssembledCluster, path: string): Promise<readonly string[]> {
  const abort = new AbortController();
  const headers = { authorization: 'Bearer ann-token' };
  const response = await api.server.handle({ method: 'GET', path, headers, signal: abort.signal });
  assert.equal(response.status, 200, path);
  assert.ok(!(response.body instanceof Uint8Array), path);
  const names: string[] = [];
  const chunks = response.body[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([chunks.next(), settle(50).then(() => undefined)]);
    if (next === undefined || next.done === true) break;
    for (const line of Buffer.from(next.value).toString('utf8').trim().split('\n')) {
      names.push((JSON.parse(line) as { object: { metadata: { name: string } } }).object.metadata.name);
    }
  }
  abort.abort();
  return names;
}

test('who may watch one object sees that one alone, however the watch is asked for', async (context) => {
  const cluster = await annsCluster(context);
  const watches: readonly (readonly [string, readonly string[]])[] = [
    ['/api/v1/watch/namespaces/open/configmaps/c', ['c']],
    ['/api/v1/watch/namespaces/open/configmaps/c?fieldSelector=metadata.name=c', ['c']],
    [`${open}/configmaps?watch=1&fieldSelector=metadata.name=c`, ['c']],
    [`${open}/configmaps?watch=1&fieldSelector=metadata.name=d,metadata.name=c`, []],
  ];
  for (const [path, names] of watches) assert.deepEqual(await watchedNames(cluster, path), names, path);
  // What a query says of a path to one object does not count: it is read, as was allowed.
  const read = await cluster.as('ann-token', 'GET', `${open}/configmaps/c?watch=true`);
  assert.deepEqual([read.status, read.body.metadata.name], [200, 'c']);
  const other = '/api/v1/watch/namespaces/open/configmaps/c?fieldSelector=metadata.name!=c';
  const refused = await cluster.as('ann-token', 'GET', other);
  assert.deepEqual(
    [refused.status, refused.body['message']],
    [400, "fieldSelector metadata.name doesn't match requested name"],
  );
});
