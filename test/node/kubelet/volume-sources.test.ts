import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, PodSpec } from '../../../src/api/types/core-v1.ts';
import { createInProcessTransport } from '../../../src/client/in-process-transport.ts';
import { createClient } from '../../../src/client/rest-client.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { writeAtomically } from '../../../src/node/kubelet/atomic-folder.ts';
import { sourceFiles } from '../../../src/node/kubelet/volume-sources.ts';

/** A server that gives everyone the same token. */
const client = createClient({
  transport: createInProcessTransport(() =>
    Promise.resolve({
      status: 201,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(
        '{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","metadata":{},"status":{"token":"t"}}',
      ),
    }),
  ),
});

/** `mode uid gid` of the token of a pod, and its content. */
async function tokenOf(spec: PodSpec): Promise<string> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec };
  const facts = { podIPs: [], hostIP: '192.168.64.2', allocatable: {} };
  const volume = { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
  const made = await sourceFiles({ client, pod, facts }, volume);
  const files = new MemoryFiles(() => 0);
  files.makeFolder('/volume');
  writeAtomically(files, '/volume', made?.files ?? new Map(), '1', spec.securityContext?.fsGroup);
  const { mode = 0, uid = 0, gid = 0 } = files.find(files.resolve('/volume/token') ?? '') ?? {};
  return `${mode.toString(8)} ${uid} ${gid} ${Buffer.from(files.readFile('/volume/token')).toString('utf8')}`;
}

const container = (name: string, runAsUser?: number): Container => ({
  name,
  ...(runAsUser === undefined ? {} : { securityContext: { runAsUser } }),
});

const cases: readonly { readonly of: string; readonly spec: PodSpec; readonly token: string }[] = [
  { of: 'nobody in particular', spec: { containers: [container('a')] }, token: '644 0 0 t' },
  {
    of: "the pod's user",
    spec: { containers: [container('a')], securityContext: { runAsUser: 1000 } },
    token: '600 1000 0 t',
  },
  {
    of: 'a group for volumes',
    spec: { containers: [container('a')], securityContext: { fsGroup: 10000 } },
    token: '640 0 10000 t',
  },
  {
    of: 'a user and a group',
    spec: { containers: [container('a')], securityContext: { runAsUser: 1000, fsGroup: 10000 } },
    token: '640 1000 10000 t',
  },
  {
    of: 'one user, said by each container',
    spec: { containers: [container('a', 7)], initContainers: [container('b', 7)] },
    token: '600 7 0 t',
  },
  { of: 'two users', spec: { containers: [container('a', 7), container('b', 8)] }, token: '644 0 0 t' },
  { of: 'a user of one container only', spec: { containers: [container('a', 7), container('b')] }, token: '644 0 0 t' },
];

for (const { of, spec, token } of cases) {
  void test(`whose a service account's token is in a pod of ${of}`, async () => {
    assert.equal(await tokenOf(spec), token);
  });
}
