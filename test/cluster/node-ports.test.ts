import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBody } from '../../src/apimachinery/http.ts';
import { secureConnection } from '../../src/apimachinery/streaming/secure-connection.ts';
import { createDialedTransport } from '../../src/client/dialed-transport.ts';
import { NodePorts } from '../../src/cluster/node-ports.ts';
import { createAuthorizedServer } from '../../src/node/kubelet/authorized-server.ts';
import { createCertificateAuthority } from '../../src/pki/certificates.ts';
import { assembled } from '../support/assembled-server.ts';

test('the kubelet’s port is for those who may, the others are refused', async (context) => {
  const cluster = await assembled(context);
  const rule = (subresource: string) => ({ apiGroups: [''], resources: [`nodes/${subresource}`], verbs: ['get'] });
  for (const [user, subresource] of [
    ['ann', 'metrics'],
    ['bob', 'proxy'],
    ['cat', 'healthz'],
  ] as const) {
    await cluster.as('admin-token', 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: user },
      rules: [rule(subresource)],
    });
    await cluster.as('admin-token', 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: user },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
    });
  }
  const ports = new NodePorts({
    kubelet: createAuthorizedServer({
      handle: async ({ path }) => ({ status: 200, headers: {}, body: Buffer.from(`answered ${path}`) }),
      client: cluster.api.clientFor('kubelet'),
      nodeName: 'node',
    }),
    proxy: {
      handlerOf: (port) =>
        port === 10256 ? async () => ({ status: 200, headers: {}, body: Buffer.from('proxy') }) : undefined,
    },
    identity: () => createCertificateAuthority('node', cluster.clock.now()),
    onFailure: (error) => assert.fail(String(error)),
  });
  const ask = async (port: number, path: string, token?: string, from = '10.244.0.5'): Promise<unknown> => {
    const connection = await ports.dial(port, from);
    if (connection === undefined) return 'refused';
    const transport = createDialedTransport(async () => (port === 10250 ? secureConnection(connection) : connection));
    const headers = { host: 'node', connection: 'close', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await transport.send({ method: 'GET', path, headers });
    return [answer.status, Buffer.from(await readBody(answer.body)).toString()];
  };
  assert.deepEqual(await ask(10250, '/healthz'), [401, 'Unauthorized']);
  assert.deepEqual(await ask(10250, '/healthz', 'wrong'), [401, 'Unauthorized']);
  assert.deepEqual(await ask(10250, '/metrics', 'ann-token'), [200, 'answered /metrics']);
  const forbidden = (user: string, subresources: string): string =>
    `Forbidden (user=${user}, verb=get, resource=nodes, subresource(s)=[${subresources}])\n`;
  assert.deepEqual(await ask(10250, '/pods', 'ann-token'), [403, forbidden('ann', 'pods proxy')]);
  assert.deepEqual(await ask(10250, '/pods?x=y', 'bob-token'), [200, 'answered /pods?x=y']);
  assert.deepEqual(await ask(10250, '/metrics', 'bob-token'), [403, forbidden('bob', 'metrics')]);
  assert.deepEqual(await ask(10250, '/healthz', 'cat-token'), [200, 'answered /healthz']);
  assert.deepEqual(await ask(10250, '/configz', 'cat-token'), [403, forbidden('cat', 'configz proxy')]);
  assert.deepEqual(await ask(10256, '/'), [200, 'proxy']);
  assert.deepEqual(await ask(10248, '/healthz', undefined, '127.0.0.1'), [200, 'ok']);
  assert.equal(await ask(10248, '/healthz'), 'refused');
  assert.equal(await ask(80, '/'), 'refused');
});
