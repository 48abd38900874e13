import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { decodeDnsAnswer, type DnsAnswer, encodeDnsQuery } from '../../../src/apimachinery/dns-message.ts';
import type { DnsType } from '../../../src/apimachinery/dns-record.ts';
import { coreDns } from '../../../src/cluster/coredns/core-dns.ts';
import { connectionPair } from '../../../src/node/cri/connection-pair.ts';
import { ContainerProcess } from '../../../src/node/cri/simulation/container-process.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { PortServer } from '../../../src/node/cri/simulation/port-server.ts';
import { createDialedTransport } from '../../../src/client/dialed-transport.ts';
import { readBody } from '../../../src/apimachinery/http.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { containerConfig } from '../../support/container-config.ts';

interface Running {
  readonly end: () => void;
  readonly clock: FakeClock;
  readonly ports: PortServer;
  readonly log: () => string;
  readonly exitCode: () => number | undefined;
  readonly ask: (name: string, type?: DnsType, port?: number) => Promise<DnsAnswer | undefined>;
  /** Gives it another configuration. */
  readonly configure: (corefile: string) => void;
}

/** Runs a name server in a pod; others are at their addresses. */
async function start(
  context: TestContext,
  corefile: string,
  network: ReadonlyMap<string, PortServer> = new Map(),
): Promise<Running> {
  const clock = new FakeClock();
  const nodeFiles = new MemoryFiles(() => clock.now());
  nodeFiles.makeFolder('/config');
  const configure = (text: string): void => nodeFiles.writeFile('/config/Corefile', Buffer.from(text));
  configure(corefile);
  const ports = new PortServer('kube-system/coredns', []);
  const process = new ContainerProcess(
    containerConfig({
      image: 'registry.k8s.io/coredns/coredns:v1.14.2',
      args: ['-conf', '/etc/coredns/Corefile'],
      mounts: [{ containerPath: '/etc/coredns', hostPath: '/config', readonly: true }],
    }),
    {
      clock,
      hostname: 'coredns',
      sysctls: {},
      dnsConfig: { servers: ['127.0.0.1'], searches: [], options: [] },
      podIp: '10.0.0.1',
      random: () => 0.5,
      nodeFiles,
      ports,
      programs: { '/coredns': coreDns({ random: seededRandom(1), log: silentLogger }) },
      dial: () => Promise.reject(new Error('connection refused')),
      sendDatagram: async (address, port, payload) => network.get(address)?.datagram(port, payload, '10.0.0.1'),
    },
  );
  let log = '';
  let exitCode: number | undefined;
  const keep = { write: (chunk: Uint8Array) => Promise.resolve(void (log += Buffer.from(chunk).toString())) };
  void process.attach({ stdout: keep, stderr: keep }, new AbortController().signal);
  assert.equal(
    process.start((code) => void (exitCode = code)),
    true,
  );
  context.after(() => process.end());
  await settle();
  return {
    end: () => process.end(),
    clock,
    ports,
    log: () => log,
    exitCode: () => exitCode,
    configure,
    async ask(name, type = 'A', port = 53) {
      const answer = await ports.datagram(port, encodeDnsQuery(9, { name, type }), '10.0.0.2');
      return answer === undefined ? undefined : decodeDnsAnswer(answer, 9);
    },
  };
}

/** The records of an answer, or why there are none. */
function told(answer: DnsAnswer | undefined): string {
  if (answer === undefined) return 'nothing';
  return answer.records.length === 0 ? answer.code : answer.records.map(({ data }) => data).join(' ');
}

test('names of the plugin hosts, and where they lead back', async (context) => {
  const dns = await start(
    context,
    `.:53 {
      log
      hosts {
        1.1.1.1 one.test also.test
        fd00::1 one.test
        2.2.2.2 two.test
      }
    }`,
  );
  assert.equal(dns.log(), '.:53\nCoreDNS-1.14.2\nlinux/amd64, simulated\n');
  const asked: readonly (readonly [name: string, type: DnsType, answer: string])[] = [
    ['one.test.', 'A', '1.1.1.1'],
    ['ONE.test.', 'A', '1.1.1.1'],
    ['one.test.', 'AAAA', 'fd00::1'],
    ['two.test.', 'AAAA', 'NOERROR'],
    ['three.test.', 'A', 'SERVFAIL'],
    ['coredns.', 'A', '10.0.0.1'],
    ['1.1.1.1.in-addr.arpa.', 'PTR', 'one.test. also.test.'],
    ['3.3.3.3.in-addr.arpa.', 'PTR', 'REFUSED'],
  ];
  for (const [name, type, answer] of asked) assert.equal(told(await dns.ask(name, type)), answer, `${name} ${type}`);
  assert.match(dns.log(), /\[INFO\] 10\.0\.0\.2:0 - 9 "A IN one\.test\. udp 26 false 512" NOERROR qr,aa,rd /);
  assert.equal(await dns.ports.datagram(53, Buffer.from('no query'), '10.0.0.2'), undefined);
});

test('servers by zone, those that others are asked by, and what is left over', async (context) => {
  const upstream = await start(context, '. {\n hosts {\n 3.3.3.3 abc.acme.test www.example.org\n }\n}');
  const dns = await start(
    context,
    `example.org {
      forward . 10.0.0.7 10.0.0.9 {
        except no.example.org
      }
    }
    acme.test:1053 {
      forward . 10.0.0.9:53
    }
    self.test {
      forward . /etc/resolv.conf
    }
    old.test {
      rewrite name www.old.test www.example.org
      forward . 10.0.0.9
    }`,
    new Map([['10.0.0.9', upstream.ports]]),
  );
  const asked: readonly (readonly [name: string, port: number, answer: string])[] = [
    ['www.example.org.', 53, '3.3.3.3'],
    ['none.example.org.', 53, 'SERVFAIL'],
    ['no.example.org.', 53, 'REFUSED'],
    ['abc.acme.test.', 53, 'REFUSED'],
    ['abc.acme.test.', 1053, '3.3.3.3'],
    ['a.self.test.', 53, 'SERVFAIL'],
    ['www.old.test.', 53, '3.3.3.3'],
    ['elsewhere.', 53, 'REFUSED'],
    ['elsewhere.', 54, 'nothing'],
  ];
  for (const [name, port, answer] of asked) assert.equal(told(await dns.ask(name, 'A', port)), answer, name);
});

test('over TCP, several questions on one connection, as long as the process runs', async (context) => {
  const dns = await start(context, '. {\n hosts {\n 1.1.1.1 one.test\n }\n}');
  const [near, far] = connectionPair('10.0.0.2');
  void dns.ports.serve(53, far);
  const framed = [1, 2].map((id) => {
    const query = encodeDnsQuery(id, { name: 'one.test.', type: 'A' });
    return Buffer.concat([Uint8Array.of(0, query.length), query]);
  });
  near.write(Buffer.concat(framed));
  let bytes = Buffer.alloc(0);
  near.on('data', (chunk: Uint8Array) => void (bytes = Buffer.concat([bytes, chunk])));
  await settle();
  const first = bytes.readUInt16BE(0);
  const answers = [bytes.subarray(2, 2 + first), bytes.subarray(4 + first)];
  assert.deepEqual(
    answers.map((answer, index) => told(decodeDnsAnswer(answer, index + 1))),
    ['1.1.1.1', '1.1.1.1'],
  );
  assert.equal(near.destroyed, false);
  dns.end();
  await settle();
  assert.equal(near.readableEnded || near.destroyed, true, 'the connection ends with the process');
});

test('a configuration that has changed is taken up where that is wanted, one that is wrong is not', async (context) => {
  const corefile = (address: string): string => `. {\n reload\n hosts {\n ${address} one.test\n }\n}`;
  const dns = await start(context, corefile('1.1.1.1'));
  const later = async (text: string): Promise<string> => {
    dns.configure(text);
    await dns.clock.advance(30_000);
    await settle();
    return told(await dns.ask('one.test.'));
  };
  assert.equal(await later(corefile('2.2.2.2')), '2.2.2.2');
  assert.match(dns.log(), /\[INFO\] Reloading\n\[INFO\] Reloading complete\n$/);
  assert.equal(await later('. {\n nonsense\n}'), '2.2.2.2');
  assert.match(
    dns.log(),
    /\[ERROR\] Restart failed: .*Corefile:2 - Error during parsing: Unknown directive 'nonsense'\n$/,
  );
});

test('health, readiness and metrics', async (context) => {
  const dns = await start(context, '. {\n health\n ready :8282\n prometheus :9153\n whoami\n}');
  await dns.ask('one.test.');
  const get = async (port: number, path: string): Promise<[number, string]> => {
    const [near, far] = connectionPair('10.0.0.2');
    void dns.ports.serve(port, far);
    const request = { method: 'GET', path, headers: { connection: 'close' } };
    const answer = await createDialedTransport(() => Promise.resolve(near)).send(request);
    return [answer.status, Buffer.from(await readBody(answer.body)).toString()];
  };
  assert.deepEqual(await get(8080, '/health'), [200, 'OK']);
  assert.deepEqual(await get(8282, '/ready'), [200, 'OK']);
  assert.equal((await get(8080, '/other'))[0], 404);
  assert.match(
    (await get(9153, '/metrics'))[1],
    /^coredns_dns_requests_total\{server="dns:\/\/:53",zone="\.",proto="udp",type="A"\} 1$/m,
  );
});

test('many who ask the same at the same time do not keep others from their answers', async (context) => {
  const upstream = await start(context, '. {\n hosts {\n 3.3.3.3 www.example.org\n }\n}');
  const network = new Map([['10.0.0.9', upstream.ports]]);
  const dns = await start(context, '. {\n forward . 10.0.0.9\n}', network);
  for (let round = 0; round < 120; round++) {
    const answers = await Promise.all([dns.ask('www.example.org.'), dns.ask('www.example.org.')]);
    assert.deepEqual(answers.map(told), ['3.3.3.3', '3.3.3.3'], `round ${round}`);
  }
});

const wrong: readonly (readonly [corefile: string, said: string])[] = [
  ['. {\n log\n template IN A\n}', 'Corefile:3 - Error during parsing: this simulated CoreDNS has no plugin template'],
  ['. {\n forward .\n}', 'plugin/forward: Wrong argument count or unexpected line ending'],
  ['. {\n forward . name\n}', 'plugin/forward: not an IP address or file: "name"'],
  ['. {\n hosts {\n ttl no\n }\n}', 'plugin/hosts: ttl provided is invalid'],
  ['. {\n kubernetes other.domain\n}', 'the domain of this cluster is cluster.local, not other.domain.'],
  ['. {\n kubernetes cluster.local\n}', 'unable to load in-cluster configuration'],
  ['. {\n}\n. {\n}', 'cannot serve dns://.:53 - it is already defined'],
];

for (const [corefile, said] of wrong) {
  test(`it ends with an error: ${said}`, async (context) => {
    const dns = await start(context, corefile);
    assert.equal(dns.exitCode(), 1);
    assert.ok(dns.log().includes(said), dns.log());
  });
}
