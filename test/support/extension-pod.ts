import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type HttpHeaders, readBody } from '../../src/apimachinery/http.ts';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { serveRequest } from '../../src/apimachinery/serve-http.ts';
import { createHttpTransport } from '../../src/client/http-transport.ts';
import { connectionPair } from '../../src/node/cri/connection-pair.ts';
import { ContainerProcess } from '../../src/node/cri/simulation/container-process.ts';
import { MemoryFiles } from '../../src/node/cri/simulation/memory-files.ts';
import { PortServer } from '../../src/node/cri/simulation/port-server.ts';
import type { Program } from '../../src/node/cri/simulation/process-context.ts';
import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { settle } from '../../src/system/fake-clock.ts';
import type { AssembledCluster } from './assembled-server.ts';
import { containerConfig } from './container-config.ts';

const serverAddress = '10.96.0.1';

/** Gives the service account of the pod what an API server of an extension needs. */
export async function bindExtensionRoles({ as }: AssembledCluster): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }];
  const bindings: [string, string, string, string][] = [
    [`${rbac}/clusterrolebindings`, 'ClusterRoleBinding', 'ClusterRole', 'system:auth-delegator'],
    [`${rbac}/clusterrolebindings`, 'ClusterRoleBinding', 'ClusterRole', 'view'],
    [`${rbac}/namespaces/kube-system/rolebindings`, 'RoleBinding', 'Role', 'extension-apiserver-authentication-reader'],
  ];
  for (const [path, kind, roleKind, role] of bindings) {
    const created = await as('admin-token', 'POST', path, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind,
      metadata: { name: `sample-${role.replaceAll(':', '-')}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: role },
      subjects,
    });
    assert.equal(created.status, 201, created.text);
  }
}

/** An extension's API server in a pod, and how it is asked. */
export interface ExtensionPod {
  readonly log: () => string;
  readonly exitCode: () => number | undefined;
  /** Asks as the cluster's front proxy does, for a user. */
  readonly as: (
    user: string,
    method: string,
    path: string,
    body?: object,
    headers?: HttpHeaders,
  ) => Promise<[status: number, body: JsonObject]>;
}

/** What runs in the pod. */
export interface ExtensionImage {
  readonly image: string;
  readonly args?: readonly string[];
  readonly programs: Readonly<Record<string, Program>>;
  /** Another host that it may reach: its address, and what serves there. */
  readonly besides?: { readonly address: string; readonly ports: PortServer };
}

/** Runs the image's program in a pod of a cluster. */
export async function startExtension(
  context: TestContext,
  cluster: AssembledCluster,
  { image, args = [], programs, besides }: ExtensionImage,
): Promise<ExtensionPod> {
  const { clock, credentials, as } = cluster;
  const account = '/api/v1/namespaces/default/serviceaccounts';
  await as('admin-token', 'POST', account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const issued = await as('admin-token', 'POST', `${account}/default/token`, review);
  assert.equal(issued.status, 201, issued.text);
  const { token } = issued.body['status'] as { token: string };
  const now = clock.now();
  const api = new PortServer('default/kubernetes', []);
  const serving = await issueCertificate(credentials.authority, {
    subject: { commonName: 'kube-apiserver' },
    usage: 'server',
    ipAddresses: [serverAddress],
    now,
  });
  const handle = cluster.api.server.handle;
  const onFailure = (error: unknown): void => assert.fail(String(error));
  api.listen(443, (request, response) => void serveRequest({ handle, onFailure }, request, response), serving);
  const authority = await createCertificateAuthority('sample', now);
  const shown = await issueCertificate(authority, {
    subject: { commonName: 'sample-api' },
    usage: 'server',
    dnsNames: ['sample-api.default.svc'],
    now,
  });
  const nodeFiles = new MemoryFiles(() => clock.now());
  for (const folder of ['/secret', '/token']) nodeFiles.makeFolder(folder);
  nodeFiles.writeFile('/token/token', Buffer.from(token));
  nodeFiles.writeFile('/token/ca.crt', Buffer.from(credentials.authority.certificate));
  nodeFiles.writeFile('/secret/tls.crt', Buffer.from(shown.certificate));
  nodeFiles.writeFile('/secret/tls.key', Buffer.from(shown.privateKey));
  const ports = new PortServer('default/sample', []);
  const process = new ContainerProcess(
    containerConfig({
      image,
      args: ['--tls-cert-file=/certs/tls.crt', '--tls-private-key-file=/certs/tls.key', ...args],
      envs: [
        { key: 'KUBERNETES_SERVICE_HOST', value: serverAddress },
        { key: 'KUBERNETES_SERVICE_PORT', value: '443' },
      ],
      mounts: [
        { containerPath: '/certs', hostPath: '/secret', readonly: true },
        { containerPath: '/var/run/secrets/kubernetes.io/serviceaccount', hostPath: '/token', readonly: true },
      ],
    }),
    {
      clock,
      hostname: 'sample',
      sysctls: {},
      dnsConfig: { servers: [], searches: [], options: [] },
      podIp: '10.0.0.1',
      random: () => 0.5,
      nodeFiles,
      ports,
      programs,
      async dial(address, port) {
        const [near, far] = connectionPair('10.0.0.1');
        if (address === besides?.address) {
          void besides.ports.serve(port, far);
          return near;
        }
        assert.equal(address, serverAddress);
        void api.serve(port, far);
        return near;
      },
      sendDatagram: () => Promise.resolve(undefined),
    },
  );
  const ended: { code?: number } = {};
  let log = '';
  const keep = { write: (chunk: Uint8Array) => Promise.resolve(void (log += Buffer.from(chunk).toString())) };
  void process.attach({ stdout: keep, stderr: keep }, new AbortController().signal);
  assert.equal(
    process.start((code) => (ended.code = code)),
    true,
  );
  for (let turn = 0; turn < 10_000 && !ports.isOpen(443) && ended.code === undefined; turn++) await settle();
  const { client } = credentials.frontProxy;
  const transport = createHttpTransport({
    server: 'https://10.0.0.1:443',
    tlsServerName: 'sample-api.default.svc',
    ca: authority.certificate,
    clientCertificate: client.certificate,
    clientKey: client.privateKey,
    async dial(_, port) {
      const [near, far] = connectionPair('10.0.0.2');
      void ports.serve(port, far);
      return near;
    },
  });
  context.after(async () => {
    await transport.close();
    process.end();
    await settle(50);
  });
  return {
    log: () => log,
    exitCode: () => ended.code,
    async as(user, method, path, body, headers = {}) {
      const response = await transport.send({
        method,
        path,
        headers: { 'content-type': 'application/json', 'x-remote-user': user, ...headers },
        ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      });
      const text = Buffer.from(await readBody(response.body)).toString();
      await settle(30);
      return [response.status, text.startsWith('{') ? (JSON.parse(text) as JsonObject) : { text }];
    },
  };
}
