import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts';

type Case = readonly [fields: Readonly<Record<string, unknown>>, warnings: readonly string[]];

const one = { name: 'c', image: 'img' };
const pods: readonly Case[] = [
  [{ spec: { containers: [one] } }, []],
  [
    { spec: { containers: [{ ...one, resources: { limits: { memory: '100m' } } }] } },
    [
      'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
      'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
    ],
  ],
  [
    { spec: { containers: [one], imagePullSecrets: [{ name: '' }] } },
    ['spec.imagePullSecrets[0].name: invalid empty name ""'],
  ],
  [
    {
      metadata: { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' } },
      spec: { containers: [one] },
    },
    [
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ],
  ],
];

const services: readonly Case[] = [
  [
    { spec: { ports: [{ port: 80 }], trafficDistribution: 'PreferClose' } },
    ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
  ],
  [
    { spec: { ports: [{ port: 80 }], loadBalancerIP: '::0', type: 'LoadBalancer' } },
    ['spec.loadBalancerIP: IPv6 address "::0" should be in RFC 5952 canonical format ("::")'],
  ],
];

const claims: readonly Case[] = [
  [
    {
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '0.5' } },
        storageClassName: 'none',
      },
    },
    ['spec.resources.requests[storage]: fractional byte value "500m" is invalid, must be an integer'],
  ],
];

const pem = (type: string, text: string): string => `-----BEGIN ${type}-----\n${text}\n-----END ${type}-----\n`;
const tls = (certificate: string, key: string): Readonly<Record<string, unknown>> => ({
  type: 'kubernetes.io/tls',
  stringData: { 'tls.crt': certificate, 'tls.key': key },
});

const secrets: readonly Case[] = [
  [tls('x', 'x'), ['tls: failed to find any PEM data in certificate input']],
  [
    tls(pem('PRIVATE KEY', 'AAAA'), 'x'),
    [
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
  ],
  [tls(pem('CERTIFICATE', 'AAAA'), 'x'), ['tls: failed to find any PEM data in key input']],
  [tls(pem('CERTIFICATE', 'AAAA'), pem('PRIVATE KEY', 'AAAA')), ['x509: malformed certificate']],
  // What is no base64 between the marks of a block makes it none, as in examples that say what to put there.
  [tls(pem('CERTIFICATE', '<yours>'), 'x'), ['tls: failed to find any PEM data in certificate input']],
  [tls(pem('CERTIFICATE', 'AAAA'), pem('PRIVATE KEY', '<x>')), ['tls: failed to find any PEM data in key input']],
  [tls(pem('CERTIFICATE', 'A: b\n\nAAAA'), 'x'), ['tls: failed to find any PEM data in key input']],
];

/** The texts of the headers, which are quoted. */
function warningsOf(header: string | readonly string[] | undefined): unknown[] {
  const headers = typeof header === 'string' ? [header] : (header ?? []);
  return headers.map((text): unknown => JSON.parse(text.replace(/^299 - /, '')));
}

describe('warnings about what is let pass', () => {
  let server: TestApiServer;
  before(async () => {
    server = await createTestApiServer();
  });
  after(() => server.close());

  for (const [kind, resource, cases] of [
    ['Pod', 'pods', pods],
    ['Service', 'services', services],
    ['PersistentVolumeClaim', 'persistentvolumeclaims', claims],
    ['Secret', 'secrets', secrets],
  ] as const) {
    for (const [fields, expected] of cases) {
      it(`${kind}: ${expected[0]?.split(':')[0] ?? 'nothing'}`, async () => {
        const metadata = { name: 'x', ...(fields['metadata'] as object | undefined) };
        const object = { apiVersion: 'v1', kind, ...fields, metadata };
        const answer = await server.request('POST', `/api/v1/namespaces/default/${resource}?dryRun=All`, object);
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
        assert.deepEqual(warningsOf(answer.headers['warning']), expected);
      });
    }
  }
});
