import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { assembled } from '../../support/assembled-server.ts';

const path = '/apis/certificates.k8s.io/v1beta1/namespaces/default/podcertificaterequests';
const node = { 'impersonate-user': 'system:node:n1', 'impersonate-group': 'system:nodes' };

test('a node asks for certificates of the pods that it runs, and for nobody else', async (context) => {
  const { as } = await assembled(context, {
    'runtime-config': 'api/all=true',
    'feature-gates': 'PodCertificateRequest=true',
    'enable-admission-plugins': 'NodeRestriction',
    'authorization-mode': 'Node,RBAC',
  });
  const create = async (where: string, object: object): Promise<Unstructured> => {
    const { status, text, body } = await as('admin-token', 'POST', where, object);
    assert.equal(status, 201, text);
    return body;
  };
  const own = await create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  const account = await create('/api/v1/namespaces/default/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot' },
  });
  const spec = {
    nodeName: 'n1',
    serviceAccountName: 'robot',
    automountServiceAccountToken: false,
    containers: [{ name: 'c', image: 'i' }],
  };
  const pod = await create('/api/v1/namespaces/default/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec,
  });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const podUID = pod.metadata.uid ?? '';
  const right = {
    signerName: 'a.b/c',
    podName: 'web',
    podUID,
    serviceAccountName: 'robot',
    serviceAccountUID: account.metadata.uid,
    nodeName: 'n1',
    nodeUID: own.metadata.uid,
    pkixPublicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64'),
    proofOfPossession: sign('sha256', Buffer.from(podUID), privateKey).toString('base64'),
  };
  const ask = (more: object): ReturnType<typeof as> =>
    as(
      'admin-token',
      'POST',
      path,
      {
        apiVersion: 'certificates.k8s.io/v1beta1',
        kind: 'PodCertificateRequest',
        metadata: { name: 'a' },
        spec: { ...right, ...more },
      },
      { 'content-type': 'application/json', ...node },
    );
  const about = 'PodCertificateRequest for pod "default/web"';
  const cases: readonly (readonly [more: object, code: number, message: string])[] = [
    [{ nodeName: 'n2' }, 403, 'PodCertificateRequest.Spec.NodeName="n2", which is not the requesting node "n1"'],
    [
      { nodeUID: 'x' },
      500,
      `${about} names node UID "x", inconsistent with the running node ("${own.metadata.uid ?? ''}")`,
    ],
    [{ podUID: 'x' }, 500, `${about} contains pod UID ("x") which differs from running pod "${podUID}"`],
    [
      { podName: 'none' },
      500,
      'while retrieving pod "default/none" named in the PodCertificateRequest: pod "none" not found',
    ],
    [
      { serviceAccountName: 'default' },
      403,
      `${about} contains serviceAccountName ("default") that differs from running pod ("robot")`,
    ],
    [
      { serviceAccountUID: 'x' },
      500,
      `${about} names service account UID "x", which differs from the running service account ("${account.metadata.uid ?? ''}")`,
    ],
  ];
  for (const [more, code, message] of cases) {
    const { status, body } = await ask(more);
    assert.equal(status, code, String(body['message']));
    assert.ok(String(body['message']).endsWith(message), String(body['message']));
  }
  assert.equal((await ask({})).status, 201);
  const read = async (where: string, method = 'GET'): Promise<readonly [number, string]> => {
    const { status, body } = await as('admin-token', method, where, undefined, node);
    const message = body['message'];
    return [status, typeof message === 'string' ? message.replace(/^.*: /, '') : ''];
  };
  assert.deepEqual(await read(`${path}/a`), [200, '']);
  assert.deepEqual(await read(`${path}/b`), [403, "no relationship found between node 'n1' and this object"]);
  assert.deepEqual(await read(`${path}?fieldSelector=spec.nodeName%3Dn1`), [200, '']);
  const selector = 'can only list/watch podcertificaterequests with nodeName field selector';
  assert.deepEqual(await read(path), [403, selector]);
  assert.deepEqual(await read(`${path}/a`, 'DELETE'), [403, 'nodes may not delete podcertificaterequests']);
  const status = 'nodes may not access the status subresource of PodCertificateRequests';
  assert.deepEqual(await read(`${path}/a/status`), [403, status]);
});
