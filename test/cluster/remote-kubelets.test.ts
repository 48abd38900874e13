import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { assembled, type AssembledCluster } from '../support/assembled-server.ts';

interface Kubelet {
  readonly port: number;
  /** What it was asked, and by whom. */
  readonly asked: string[];
  readonly flags: Readonly<Record<string, string>>;
}

/** A kubelet's server that answers logs, stats and, after an upgrade, what it is sent. */
async function kubelet(context: TestContext): Promise<Kubelet> {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-kubelet-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const now = systemClock.now();
  const authority = await createCertificateAuthority('kubelets', now);
  const issue = (commonName: string, usage: 'server' | 'client'): Promise<CertificatePair> =>
    issueCertificate(authority, { subject: { commonName }, usage, ipAddresses: ['127.0.0.1'], now });
  const [serving, client] = [await issue('node', 'server'), await issue('kube-apiserver-kubelet-client', 'client')];
  const asked: string[] = [];
  const note = ({ method, url, socket }: IncomingMessage): void => {
    asked.push(`${method ?? ''} ${url ?? ''} ${String((socket as TLSSocket).getPeerCertificate().subject.CN)}`);
  };
  const tls = { cert: serving.certificate, key: serving.privateKey, ca: authority.certificate };
  const server: Server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    note(request);
    response.end(request.url?.startsWith('/containerLogs/') === true ? 'one line\n' : '{"node":{}}');
  });
  server.on('upgrade', (request, socket) => {
    note(request);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    socket.pipe(socket);
    context.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    flags: {
      'kubelet-certificate-authority': file('ca.crt', authority.certificate),
      'kubelet-client-certificate': file('client.crt', client.certificate),
      'kubelet-client-key': file('client.key', client.privateKey),
      'kubelet-preferred-address-types': 'ExternalIP,InternalIP',
    },
  };
}

const pods = '/api/v1/namespaces/default/pods';

/** A node elsewhere, with a pod on it. */
async function addNode(as: AssembledCluster['as'], port: number): Promise<void> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'far' } };
  await as('admin-token', 'POST', '/api/v1/nodes', node);
  const status = {
    addresses: [
      { type: 'Hostname', address: 'nowhere.invalid' },
      { type: 'InternalIP', address: '127.0.0.1' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  const written = await as(
    'admin-token',
    'PATCH',
    '/api/v1/nodes/far/status',
    { status },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  assert.equal(written.status, 200, written.text);
  await as('admin-token', 'POST', '/api/v1/namespaces/default/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
  const pod = await as('admin-token', 'POST', pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { nodeName: 'far', containers: [{ name: 'c', image: 'i' }] },
  });
  assert.equal(pod.status, 201, pod.text);
}

test('logs and streams of a pod elsewhere come from the kubelet that its node tells of', async (context) => {
  const { port, asked, flags } = await kubelet(context);
  const { as, api } = await assembled(context, flags);
  await addNode(as, port);
  const logs = await as('admin-token', 'GET', `${pods}/p/log?tailLines=3`);
  assert.deepEqual([logs.status, logs.text], [200, 'one line\n']);
  const execute = await api.server.handle({
    method: 'POST',
    path: `${pods}/p/exec?command=date&stdout=true`,
    headers: { authorization: 'Bearer admin-token', connection: 'Upgrade', upgrade: 'SPDY/3.1' },
  });
  assert.equal(execute.status, 101);
  const [near, far] = duplexPair();
  context.after(() => {
    near.destroy();
    far.destroy();
  });
  execute.takeOver?.(far);
  near.write('ping');
  const heard = String(await new Promise((resolve) => near.once('data', resolve)));
  assert.equal(heard, 'ping');
  const by = 'kube-apiserver-kubelet-client';
  assert.deepEqual(asked, [
    `GET /containerLogs/default/p/c?tailLines=3 ${by}`,
    `POST /exec/default/p/c?output=1&command=date ${by}`,
  ]);
});

test('a node that is not there is told as a pod of its name', async (context) => {
  const { port, flags } = await kubelet(context);
  const { as } = await assembled(context, flags);
  await addNode(as, port);
  await as('admin-token', 'DELETE', '/api/v1/nodes/far');
  for (const path of [`${pods}/p/log`, `${pods}/p/exec?command=date`, `${pods}/p/attach`, `${pods}/p/portforward`]) {
    const { status, body } = await as('admin-token', 'GET', path);
    const details = { name: 'far', kind: 'pods' };
    assert.deepEqual([status, body['message'], body['details']], [404, 'pods "far" not found', details], path);
  }
});

test('a kubelet that cannot be reached or believed is told', async (context) => {
  const { port, flags } = await kubelet(context);
  const { 'kubelet-certificate-authority': _known, ...identity } = flags;
  const { as } = await assembled(context, {
    ...identity,
    'kubelet-certificate-authority': identity['kubelet-client-certificate'] ?? '',
  });
  await addNode(as, port);
  const url = `https://127.0.0.1:${port}/containerLogs/default/p/c`;
  const logs = await as('admin-token', 'GET', `${pods}/p/log`);
  const why = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  assert.deepEqual([logs.status, logs.body['message']], [500, `Get "${url}": ${why}`]);
  // Whoever asks for it may do without.
  const insecure = await as('admin-token', 'GET', `${pods}/p/log?insecureSkipTLSVerifyBackend=true`);
  assert.deepEqual([insecure.status, insecure.text], [200, 'one line\n']);
  const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
  const execute = await as('admin-token', 'POST', `${pods}/p/exec?command=date&stdout=true`, undefined, upgrade);
  assert.deepEqual([execute.status, execute.body['message']], [500, `error dialing backend: ${why}`]);
  const half = assembled(context, { 'kubelet-client-key': flags['kubelet-client-key'] ?? '' });
  await assert.rejects(half, { message: '--kubelet-client-certificate and --kubelet-client-key go together' });
});
