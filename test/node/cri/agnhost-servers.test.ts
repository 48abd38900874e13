import assert from 'node:assert/strict';
import { streamPair } from '../../../src/apimachinery/streaming/stream-pair.ts';
import { test, type TestContext } from 'node:test';
import type { DnsAnswer, DnsQuestion } from '../../../src/apimachinery/dns-message.ts';
import { readBody } from '../../../src/apimachinery/http.ts';
import { secureConnection } from '../../../src/apimachinery/streaming/secure-connection.ts';
import { createDialedTransport } from '../../../src/client/dialed-transport.ts';
import { createHttpTransport } from '../../../src/client/http-transport.ts';
import { ContainerProcess } from '../../../src/node/cri/simulation/container-process.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { PortServer } from '../../../src/node/cri/simulation/port-server.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../../src/pki/certificates.ts';
import { generateRsaKeyPair } from '../../../src/pki/key-pair.ts';
import { TokenKey } from '../../../src/pki/token-key.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { answerDatagram } from '../../support/dns-client.ts';
import { containerConfig } from '../../support/container-config.ts';

interface Started {
  readonly clock: FakeClock;
  readonly log: () => string;
  readonly ports: PortServer;
  readonly get: (scheme: 'http' | 'https', port: number, path: string, body?: object) => Promise<[number, string]>;
  /** The PEM of who signed the mounted certificate. */
  readonly authority: string;
  /** The mounted certificate. */
  readonly identity: CertificatePair;
}

interface StartOptions {
  readonly env?: Record<string, string>;
  readonly network?: Map<string, PortServer>;
  /** The token that the service account has. */
  readonly token?: string;
  /** The authority that the service account names; the container's own when absent. */
  readonly trusted?: string;
}

/** The names of started pods have addresses that count from 10.9.0.0. */
function answerOf({ name, type }: DnsQuestion, network: ReadonlyMap<string, PortServer>): DnsAnswer {
  const index = [...network.keys()].indexOf(name.replace(/\.$/, ''));
  if (type !== 'A' || index < 0) return { code: 'NXDOMAIN', records: [] };
  return { code: 'NOERROR', records: [{ name, type, data: `10.9.0.${index}` }] };
}

function podAt(address: string, network: ReadonlyMap<string, PortServer>): PortServer | undefined {
  const [, index] = /^10\.9\.0\.(\d+)$/.exec(address) ?? [];
  return network.get(address) ?? (index === undefined ? undefined : [...network.values()][Number(index)]);
}

/** Runs a subcommand of agnhost with a certificate mounted under /certs; pods by address are other started ones. */
async function start(
  context: TestContext,
  args: readonly string[],
  { env = {}, network = new Map(), token = 't1', trusted }: StartOptions = {},
): Promise<Started> {
  const clock = new FakeClock();
  const authority = await createCertificateAuthority('test', clock.now());
  const { certificate, privateKey } = await issueCertificate(authority, {
    subject: { commonName: 'hook' },
    usage: 'server',
    dnsNames: ['hook.ns.svc'],
    now: clock.now(),
  });
  const nodeFiles = new MemoryFiles(() => clock.now());
  nodeFiles.makeFolder('/secret');
  nodeFiles.makeFolder('/token');
  nodeFiles.writeFile('/token/token', Buffer.from(token));
  nodeFiles.writeFile('/token/ca.crt', Buffer.from(trusted ?? authority.certificate));
  nodeFiles.writeFile('/secret/tls.crt', Buffer.from(certificate));
  nodeFiles.writeFile('/secret/tls.key', Buffer.from(privateKey));
  const ports = new PortServer('ns/hook', []);
  const process = new ContainerProcess(
    containerConfig({
      image: 'registry.k8s.io/e2e-test-images/agnhost:2.57',
      args,
      envs: Object.entries(env).map(([key, value]) => ({ key, value })),
      mounts: [
        { containerPath: '/certs', hostPath: '/secret', readonly: true },
        { containerPath: '/var/run/secrets/kubernetes.io/serviceaccount', hostPath: '/token', readonly: true },
      ],
    }),
    {
      clock,
      hostname: 'hook',
      sysctls: {},
      dnsConfig: { servers: ['10.96.0.10'], searches: ['ns.svc.cluster.local', 'cluster.local'], options: ['ndots:5'] },
      podIp: '10.0.0.1',
      random: () => 0.5,
      nodeFiles,
      ports,
      dial: (address, port) => connect(podAt(address, network), port),
      sendDatagram: async (address, port, payload, protocol) =>
        address === '10.96.0.10' && port === 53
          ? answerDatagram(payload, (question) => answerOf(question, network))
          : podAt(address, network)?.datagram(port, payload, '10.0.0.1', protocol),
    },
  );
  let log = '';
  const keep = { write: (chunk: Uint8Array) => Promise.resolve(void (log += Buffer.from(chunk).toString())) };
  void process.attach({ stdout: keep, stderr: keep }, new AbortController().signal);
  assert.equal(
    process.start(() => undefined),
    true,
  );
  context.after(() => process.end());
  await settle();
  return {
    clock,
    ports,
    log: () => log,
    authority: authority.certificate,
    identity: { certificate, privateKey },
    async get(scheme, port, path, body) {
      // Certificates are read, and keys made, before anything listens.
      for (let turn = 0; turn < 10_000 && !ports.isOpen(port); turn++) await settle();
      const transport = createDialedTransport(async () => {
        const connection = await connect(ports, port);
        return scheme === 'https' ? secureConnection(connection) : connection;
      });
      const response = await transport.send({
        method: body === undefined ? 'GET' : 'POST',
        path,
        headers: {
          host: 'hook',
          connection: 'close',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      });
      return [response.status, Buffer.from(await readBody(response.body)).toString()];
    },
  };
}

async function connect(ports: PortServer | undefined, port: number): Promise<ReturnType<typeof streamPair>[0]> {
  if (ports?.isOpen(port) !== true) throw new Error(`dial tcp: connect: connection refused`);
  const [near, far] = streamPair();
  void ports.serve(port, far);
  return near;
}

const certificates = ['--tls-cert-file=/certs/tls.crt', '--tls-private-key-file=/certs/tls.key'];

test('webhook answers reviews of admission by its paths', async (context) => {
  const { get } = await start(context, ['webhook', ...certificates, '--port=8444', '--sidecar-image=side']);
  assert.deepEqual(await get('https', 8444, '/readyz'), [200, 'ok']);
  const configmaps = { group: '', version: 'v1', resource: 'configmaps' };
  const pods = { ...configmaps, resource: 'pods' };
  const deny = { metadata: {} };
  const cases: [string, object, object][] = [
    ['/always-deny', {}, { allowed: false, status: { ...deny, message: 'this webhook denies all requests' } }],
    [
      '/configmaps',
      { operation: 'CREATE', resource: configmaps, object: { data: { 'webhook-e2e-test': 'webhook-disallow' } } },
      { allowed: false, status: { ...deny, reason: 'the configmap contains unwanted key and value' } },
    ],
    [
      '/custom-resource',
      { operation: 'DELETE', oldObject: { data: { 'webhook-e2e-test': 'webhook-nondeletable' } } },
      {
        allowed: false,
        status: {
          ...deny,
          reason: 'the custom resource cannot be deleted because it contains unwanted key and value',
        },
      },
    ],
    [
      '/pods',
      { resource: pods, object: { spec: { containers: [{ name: 'webhook-disallow' }] } } },
      { allowed: false, status: { ...deny, message: 'the pod contains unwanted container name;' } },
    ],
    [
      '/pods',
      { resource: configmaps },
      { allowed: false, status: { ...deny, message: 'expect resource to be /v1, Resource=pods' } },
    ],
    [
      '/pods/attach',
      {
        name: 'to-be-attached-pod',
        resource: pods,
        subResource: 'attach',
        object: { stdin: true, container: 'container1' },
      },
      { allowed: false, status: { ...deny, message: "attaching to pod 'to-be-attached-pod' is not allowed" } },
    ],
    [
      '/crd',
      {
        resource: { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' },
        object: { metadata: { labels: { 'webhook-e2e-test': 'webhook-disallow' } } },
      },
      { allowed: false, status: { ...deny, message: 'the crd contains unwanted label' } },
    ],
  ];
  for (const [path, request, expected] of cases) {
    const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: { uid: 'u', ...request } };
    const [status, text] = await get('https', 8444, path, review);
    assert.equal(status, 200);
    const response = { uid: 'u', ...expected };
    assert.deepEqual(JSON.parse(text), { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response });
  }
  const patches: [string, object, unknown[]][] = [
    ['/add-label', {}, [{ op: 'add', path: '/metadata/labels', value: { 'added-label': 'yes' } }]],
    [
      '/mutating-configmaps',
      { resource: configmaps, object: { data: { 'mutation-start': 'yes' } } },
      [{ op: 'add', path: '/data/mutation-stage-1', value: 'yes' }],
    ],
    [
      '/mutating-custom-resource',
      { object: { data: { 'mutation-start': 'yes', 'mutation-stage-1': 'yes' } } },
      [{ op: 'add', path: '/data/mutation-stage-2', value: 'yes' }],
    ],
    [
      '/mutating-pods-sidecar',
      { resource: pods, object: { spec: { containers: [{ name: 'one' }] } } },
      [
        {
          op: 'add',
          path: '/spec/containers/-',
          value: { image: 'side', name: 'webhook-added-sidecar', resources: {} },
        },
      ],
    ],
  ];
  for (const [path, request, expected] of patches) {
    const review = {
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1beta1',
      request: { uid: 'u', ...request },
    };
    const [, text] = await get('https', 8444, path, review);
    const { response } = JSON.parse(text) as { response: { patch: string; patchType: string } };
    assert.equal(response.patchType, 'JSONPatch', path);
    assert.deepEqual(JSON.parse(Buffer.from(response.patch, 'base64').toString()), expected, path);
  }
  assert.equal((await get('https', 8444, '/pods', { kind: 'Pod', apiVersion: 'v1' }))[0], 400);
});

test('a kept connection of the API server reaches it past the network, and checks its certificate', async (context) => {
  const { ports, authority, get } = await start(context, ['webhook', ...certificates, '--port=8444']);
  assert.equal((await get('https', 8444, '/none'))[0], 404);
  const dialed: string[] = [];
  const options = {
    server: 'https://10.244.0.7:8444',
    dial: (host: string, port: number) => {
      dialed.push(`${host} ${port}`);
      return connect(ports, port);
    },
  };
  const transport = createHttpTransport({ ...options, ca: authority, tlsServerName: 'hook.ns.svc' });
  context.after(() => transport.close());
  for (let time = 0; time < 2; time++) {
    const { status, body } = await transport.send({ method: 'GET', path: '/readyz', headers: {} });
    assert.deepEqual([status, Buffer.from(await readBody(body)).toString()], [200, 'ok']);
  }
  assert.deepEqual(dialed, ['10.244.0.7 8444']);
  for (const wrong of [{ ca: authority, tlsServerName: 'other.ns.svc' }, { tlsServerName: 'hook.ns.svc' }]) {
    const refusing = createHttpTransport({ ...options, ...wrong });
    context.after(() => refusing.close());
    await assert.rejects(refusing.send({ method: 'GET', path: '/readyz', headers: {} }), { kind: 'tls' });
  }
  const closed = createHttpTransport({ ...options, server: 'https://10.244.0.7:1' });
  context.after(() => closed.close());
  await assert.rejects(closed.send({ method: 'GET', path: '/', headers: {} }), /connection refused/);
});

test('crd-conversion-webhook splits and joins host and port', async (context) => {
  const { get } = await start(context, ['crd-conversion-webhook', ...certificates, '--port=9443']);
  const [v1, v2] = ['stable.example.com/v1', 'stable.example.com/v2'];
  const cases: [string, object[], object[] | string][] = [
    [v2, [{ apiVersion: v1, hostPort: 'a:80' }], [{ apiVersion: v2, host: 'a', port: '80' }]],
    [v1, [{ apiVersion: v2, host: 'a', port: '80', kept: 1 }], [{ apiVersion: v1, hostPort: 'a:80', kept: 1 }]],
    [v2, [{ apiVersion: v1, hostPort: 'a' }], 'invalid hostPort value `a`'],
    [v1, [{ apiVersion: v1 }], `conversion from a version to itself should not call the webhook: ${v1}`],
    ['other/v1', [{ apiVersion: v1 }], 'unexpected conversion version "other/v1"'],
  ];
  for (const [desiredAPIVersion, objects, expected] of cases) {
    const review = {
      kind: 'ConversionReview',
      apiVersion: 'apiextensions.k8s.io/v1',
      request: { uid: 'u', desiredAPIVersion, objects },
    };
    const [status, text] = await get('https', 9443, '/crdconvert', review);
    assert.equal(status, 200);
    const { response } = JSON.parse(text) as {
      response: { uid: string; convertedObjects: object[] | null; result: { status: string; message?: string } };
    };
    assert.equal(response.uid, 'u');
    assert.deepEqual(response.convertedObjects ?? response.result.message, expected);
    assert.equal(response.result.status, typeof expected === 'string' ? 'Failure' : 'Success');
  }
});

test('porter answers datagrams and messages of SCTP on the ports that its variables name', async (context) => {
  const env = { SERVE_UDP_PORT_81: 'foo', SERVE_SCTP_PORT_80: 'bar' };
  const { ports } = await start(context, ['porter'], { env });
  assert.equal(Buffer.from((await ports.datagram(80, Buffer.from('x'), '', 'SCTP')) ?? []).toString(), 'bar');
  await assert.rejects(ports.datagram(81, Buffer.from('x'), '', 'SCTP'), /connection refused/);
  assert.equal(Buffer.from((await ports.datagram(81, Buffer.from('x'), '')) ?? []).toString(), 'foo');
  assert.equal(await ports.datagram(80, Buffer.from('x'), ''), undefined);
});

test('porter says over HTTP and HTTPS what its variables say', async (context) => {
  const env = { SERVE_PORT_80: 'foo', SERVE_TLS_PORT_443: 'tls baz', OTHER: 'x' };
  const plain = await start(context, ['porter'], { env });
  assert.deepEqual(await plain.get('http', 80, '/'), [200, 'foo']);
  assert.deepEqual(await plain.get('https', 443, '/any'), [200, 'tls baz']);
  const json = await start(context, ['porter', '--json-response'], { env });
  assert.deepEqual(await json.get('http', 80, '/', {}), [200, '{"Method":"POST","Body":"foo"}']);
  await assert.rejects(plain.get('https', 80, '/'), /server gave HTTP response to HTTPS client/);
});

test('netexec speaks TLS with a certificate, and its own when that is asked for', async (context) => {
  const { get } = await start(context, ['netexec', '--http-port=8443', ...certificates]);
  assert.deepEqual(await get('https', 8443, '/hostname'), [200, 'hook']);
  const own = await start(context, [
    'netexec',
    '--http-port=8443',
    '--tls-cert-file=/localhost.crt',
    '--tls-private-key-file=localhost.key',
  ]);
  assert.deepEqual(await own.get('https', 8443, '/echo?msg=a&code=201'), [201, 'a']);
});

test('guestbook: what is set at the page is had from a replica', async (context) => {
  const network = new Map<string, PortServer>();
  const primary = await start(context, ['guestbook', '--http-port', '6379'], { network });
  assert.deepEqual(await primary.get('http', 6379, '/get'), [200, '{"data":{}}']);
  network.set('agnhost-primary', primary.ports);
  const replica = await start(context, ['guestbook', '--replicaof', 'agnhost-primary', '--http-port', '6379'], {
    network,
  });
  network.set('agnhost-replica', replica.ports);
  network.set('10.0.0.1', replica.ports);
  const page = await start(context, ['guestbook', '--backend-port', '6379'], { network });
  assert.deepEqual(await page.get('http', 80, '/guestbook?cmd=get'), [200, '{"data":{}}']);
  assert.deepEqual(await page.get('http', 80, '/guestbook?cmd=set&key=messages&value=hi'), [
    200,
    '{"message":"Updated"}',
  ]);
  assert.deepEqual(await page.get('http', 80, '/guestbook?cmd=get&key=messages'), [200, '{"data":"hi"}']);
  assert.deepEqual(await page.get('http', 80, '/guestbook?cmd=set'), [400, 'cannot set with empty key.\n']);
});

test('logs-generator writes its lines evenly over the time', async (context) => {
  const { clock, log } = await start(context, ['logs-generator', '--log-lines-total', '4', '--run-duration', '2s']);
  const lines = (): string[] => log().trimEnd().split('\n');
  assert.match(
    lines()[0] ?? '',
    /^I\d{4} [\d:]{8}\.\d{6} +1 logs_generator\.go:76\] 0 POST \/api\/v1\/namespaces\/default\/pods\/\w{4} 400$/,
  );
  for (let step = 0; step < 4; step++) {
    await clock.advance(500);
    await settle();
  }
  assert.equal(lines().length, 4);
});

test('netexec takes datagrams, and nc and its own /dial send them', async (context) => {
  const network = new Map<string, PortServer>();
  const server = await start(context, ['netexec', '--udp-port=8081'], { network });
  network.set('server', server.ports);
  const dial = (port: number, asked: string): Promise<[number, string]> =>
    server.get('http', 8080, `/dial?host=server&port=${port}&protocol=udp&request=${encodeURIComponent(asked)}`);
  assert.deepEqual(await dial(8081, 'hostname'), [200, '{"responses":["hook"]}']);
  assert.deepEqual(await dial(8081, 'echo Hi'), [200, '{"responses":["hi"]}']);
  assert.equal((await dial(1, 'hostname'))[0], 417);
  const shell = (script: string): Promise<[number, string]> =>
    server.get('http', 8080, `/shell?cmd=${encodeURIComponent(script)}`);
  assert.deepEqual(await shell('echo hostName | nc -w 1 -u server 8081'), [200, '{"output":"hook"}']);
  assert.deepEqual(await shell('echo hostName | nc -u -w 1 -up 12345 server 8081'), [200, '{"output":"hook"}']);
  assert.deepEqual(await shell('dig +short server A'), [200, '{"output":"10.9.0.0\\n"}']);
  assert.deepEqual(await shell('dig +noall +answer server CNAME'), [200, '{"output":""}']);
});

test('dig and nslookup tell what name servers answer', async (context) => {
  const network = new Map<string, PortServer>();
  const server = await start(context, ['netexec'], { network });
  network.set('server', server.ports);
  const shell = async (script: string): Promise<string> => {
    const [, text] = await server.get('http', 8080, `/shell?cmd=${encodeURIComponent(script)}`);
    const { output, error = '' } = JSON.parse(text) as { output: string; error?: string };
    return `${output}${error}`;
  };
  const cases: readonly (readonly [script: string, output: string])[] = [
    ['dig +noall +answer server', 'server.\t30\tIN\tA\t10.9.0.0\n'],
    [
      'dig +noall +question +stats none TXT | head -n 3',
      ';none.\t\tIN\tTXT\n;; Query time: 0 msec\n;; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)\n',
    ],
    [
      'dig +nostats +nocmd @10.96.0.10 none',
      ';; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 32768\n' +
        ';; flags: qr rd ra; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0\n\n' +
        ';; QUESTION SECTION:\n;none.\t\tIN\tA\n\n',
    ],
    ['dig +short @10.0.0.7 server', ';; connection timed out; no servers could be reached\nexit status 9'],
    [
      'nslookup server',
      'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nNon-authoritative answer:\nName:\tserver\nAddress: 10.9.0.0\n\n',
    ],
    [
      'nslookup none 10.96.0.10',
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n** server can't find none: NXDOMAIN\n\nexit status 1",
    ],
    [
      'nslookup 10.9.0.0',
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n** server can't find 0.0.9.10.in-addr.arpa: NXDOMAIN\n\nexit status 1",
    ],
    ['nslookup server 10.0.0.7', ';; connection timed out; no servers could be reached\n\nexit status 1'],
    ['getent hosts server', '10.9.0.0          server\n'],
  ];
  for (const [script, output] of cases) assert.equal(await shell(script), output, script);
});

test('netexec takes messages of SCTP where it is told to, connect and /dial send them', async (context) => {
  const network = new Map<string, PortServer>();
  const server = await start(context, ['netexec', '--udp-port=-1', '--sctp-port=8082'], { network });
  network.set('server', server.ports);
  const dial = (port: number, asked: string): Promise<[number, string]> =>
    server.get('http', 8080, `/dial?host=server&port=${port}&protocol=sctp&request=${encodeURIComponent(asked)}`);
  assert.deepEqual(await dial(8082, 'hostname'), [200, '{"responses":["hook"]}']);
  assert.deepEqual(await dial(8082, 'clientip'), [200, '{"responses":["10.0.0.1:8082"]}']);
  assert.deepEqual(await dial(8081, 'hostname'), [417, '{"errors":["sctp dial failed. err:connection refused"]}']);
  const connect = async (port: number): Promise<string> =>
    (await start(context, ['connect', `server:${port}`, '--protocol=sctp', '--timeout=1s'], { network })).log();
  assert.equal(await connect(8082), '');
  assert.equal(await connect(8081), 'OTHER: connection refused\n');
});

test('nettest keeps what others write to it', async (context) => {
  const { get, clock } = await start(context, ['nettest', '--peers=1', '--service=peers', '--namespace=ns']);
  assert.deepEqual(await get('http', 8080, '/write', { Source: 'prestop' }), [200, '{"Hostname":"hook"}\n']);
  await get('http', 8080, '/write', { Source: 'prestop' });
  await get('http', 8080, '/write', {});
  const [, text] = await get('http', 8080, '/read');
  const { Received, Sent, Errors, Log } = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual([Received, Sent, Errors], [{ prestop: 2 }, null, ['hook: Got request with no source']]);
  assert.match(JSON.stringify(Log), /Unable to read the endpoints for ns\/peers: unable to load in-cluster config/);
  assert.deepEqual(await get('http', 8080, '/status'), [200, 'running']);
  for (let step = 0; step < 80; step++) await clock.advance(5000);
  assert.deepEqual(await get('http', 8080, '/status'), [200, 'fail']);
});

test('inclusterclient asks the API server with its token, and believes nobody else', async (context) => {
  const network = new Map<string, PortServer>();
  const server = await start(context, ['netexec', '--http-port=443', ...certificates]);
  network.set('hook.ns.svc', server.ports);
  await server.get('https', 443, '/healthz');
  const env = { KUBERNETES_SERVICE_HOST: 'hook.ns.svc', KUBERNETES_SERVICE_PORT: '443' };
  const run = async (trusted: string): Promise<string> => {
    const { clock, log } = await start(context, ['inclusterclient', '--poll-interval=20'], { env, network, trusted });
    await clock.advance(20_000);
    for (let turn = 0; turn < 10_000 && !/GET|failed/.test(`${server.log()}${log()}`); turn++) await settle();
    await settle();
    return log();
  };
  const other = await createCertificateAuthority('other', 0);
  assert.match(await run(other.certificate), /authz_header=[\w-]{43}\n[^]*status=failed\n.*error checking \/healthz/);
  const seen = server.log().length;
  const trusted = await run(server.authority);
  assert.match(trusted, /calling \/healthz\n.*authz_header=[\w-]{43}\n/);
  assert.doesNotMatch(trusted, /failed/);
  assert.match(server.log().slice(seen), /GET \/healthz/);
});

test('a token is checked by what its issuer publishes', async (context) => {
  const network = new Map<string, PortServer>();
  const env = { KUBERNETES_SERVICE_HOST: 'hook.ns.svc', KUBERNETES_SERVICE_PORT: '443' };
  const [key, other] = [new TokenKey(generateRsaKeyPair().privateKey), new TokenKey(generateRsaKeyPair().privateKey)];
  const issuer = 'https://hook.ns.svc';
  // A server whose answers are what it is asked to echo stands for the API server.
  const api = await start(context, ['webhook', ...certificates]);
  const { certificate, privateKey } = api.identity;
  const published: Record<string, object> = {
    '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}:443/openid/v1/jwks` },
    '/openid/v1/jwks': { keys: [key.jsonWebKey()] },
  };
  const ports = new PortServer('kube/api', []);
  ports.listen(443, (request, response) => response.end(JSON.stringify(published[request.url ?? ''])), {
    certificate,
    privateKey,
  });
  network.set('hook.ns.svc', ports);
  const outcome = async (token: string, audience: string): Promise<string> => {
    const args = ['test-service-account-issuer-discovery', '--audience', audience];
    const place = '/var/run/secrets/kubernetes.io/serviceaccount/token';
    const run = await start(context, [...args, '--token-path', place], {
      env,
      network,
      token,
      trusted: api.authority,
    });
    for (let turn = 0; turn < 10_000 && !/valid claims|failed/.test(run.log()); turn++) await settle();
    return run.log().trimEnd().split('\n').at(-1) ?? '';
  };
  const claims = { iss: issuer, aud: ['oidc-discovery-test'], exp: 4_000_000_000 };
  assert.equal(await outcome(key.sign(claims), 'oidc-discovery-test'), 'OK: Got valid claims from token!');
  const failed = 'failed to validate with in-cluster discovery:';
  const refusals: [string, string, string][] = [
    [key.sign(claims), 'other', 'oidc: expected audience "other" got ["oidc-discovery-test"]'],
    [key.sign({ ...claims, exp: -1 }), 'oidc-discovery-test', 'oidc: token is expired'],
    [other.sign(claims), 'oidc-discovery-test', 'failed to verify signature: failed to verify id token signature'],
  ];
  for (const [token, audience, reason] of refusals) assert.equal(await outcome(token, audience), `${failed} ${reason}`);
});

test('port-forward-tester takes one connection, and says what became of it', async (context) => {
  const run = async (sent: string): Promise<[received: string, lines: string[]]> => {
    const env = { BIND_PORT: '80', EXPECTED_CLIENT_DATA: 'abc', CHUNKS: '3', CHUNK_SIZE: '2', CHUNK_INTERVAL: '100' };
    const { ports, clock, log } = await start(context, ['port-forward-tester'], { env });
    assert.deepEqual(ports.openPorts(), [80]);
    const connection = await connect(ports, 80);
    await assert.rejects(connect(ports, 80), /refused/);
    let received = '';
    connection.on('data', (chunk: Buffer) => (received += chunk.toString()));
    connection.write(sent);
    if (sent.length < 3) connection.end();
    for (let step = 0; step < 20; step++) {
      await clock.advance(100);
      await settle();
    }
    return [received, log().trimEnd().split('\n')];
  };
  const accepted = 'Accepted client connection';
  assert.deepEqual(await run('abc'), [
    'xxxxxx',
    [accepted, 'Received expected client data', 'Shutting down connection', 'Done'],
  ]);
  assert.deepEqual(await run('xyz'), ['', [accepted, 'Expect to read "abc", but got "xyz". err=<nil>']]);
  const short = 'Expected to read 3 bytes from client, but got 1 instead. err=EOF';
  assert.deepEqual(await run('a'), ['', [accepted, short]]);
  const { get } = await start(context, ['netexec']);
  const [, text] = await get('http', 8080, '/shell?cmd=netstat%20-na%20%7C%20grep%20LISTEN');
  assert.match(text, /tcp +0 +0 0\.0\.0\.0:8080 +0\.0\.0\.0:\* +LISTEN/);
});

test('serve-hostname over TCP and UDP, which cannot be beside HTTP', async (context) => {
  const network = new Map<string, PortServer>();
  const server = await start(context, ['serve-hostname', '--http=false', '--tcp', '--udp', '--port=9000'], { network });
  network.set('server', server.ports);
  const client = await start(context, ['netexec'], { network });
  const shell = (script: string): Promise<[number, string]> =>
    client.get('http', 8080, `/shell?cmd=${encodeURIComponent(script)}`);
  assert.deepEqual(await shell('nc server 9000 </dev/null'), [200, '{"output":"hook"}']);
  assert.deepEqual(await shell('echo any | nc -u -w 1 server 9000'), [200, '{"output":"hook"}']);
  const both = await start(context, ['serve-hostname', '--udp'], {});
  assert.match(both.log(), /Can't server TCP\/UDP mode and HTTP mode at the same time/);
});

test('connect says in a word why there is no connection', async (context) => {
  const network = new Map<string, PortServer>();
  const server = await start(context, ['netexec'], { network });
  network.set('server', server.ports);
  const cases: readonly (readonly [args: string, status: number, said: string])[] = [
    ['server:8080', 200, ''],
    ['server:81', 417, 'REFUSED'],
    ['nowhere:80', 417, 'DNS: lookup nowhere: no such host'],
    ['nowhere', 417, 'UNKNOWN: address nowhere: missing port in address'],
    ['--protocol=udp server:8081', 200, ''],
  ];
  for (const [args, status, said] of cases) {
    const script = encodeURIComponent(`/agnhost connect ${args} 2>&1`);
    const [code, body] = await server.get('http', 8080, `/shell?cmd=${script}`);
    const { output } = JSON.parse(body) as { output: string };
    assert.deepEqual([code, output.trim()], [status, said]);
  }
  const late = server.get(
    'http',
    8080,
    `/shell?cmd=${encodeURIComponent('/agnhost connect --timeout=3s --protocol=udp server:81 2>&1')}`,
  );
  await settle();
  await server.clock.advance(3000);
  assert.match((await late)[1], /TIMEOUT/);
});
