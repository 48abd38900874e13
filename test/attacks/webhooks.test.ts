import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { type Answer, type AssembledCluster, assembled } from '../support/assembled-server.ts';

type Behaviour = (review: JsonObject, response: ServerResponse, request: IncomingMessage) => void;

const answer =
  (change: (request: JsonObject) => JsonObject): Behaviour =>
  (review, response) => {
    const request = review['request'] as JsonObject;
    response.end(JSON.stringify({ ...review, request: undefined, response: change(request) }));
  };
const patched = (uid: unknown, patch: unknown): JsonObject => ({
  uid: uid as string,
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
});
const block = Buffer.alloc(1024 * 1024, 0x20);
/** A client that did not stop reading would be sent this much. */
const endlessBytes = 400 * 1024 * 1024;

/** What hostile webhooks do, and what their callers are told. */
const behaviours: Readonly<Record<string, readonly [behave: Behaviour, told: RegExp]>> = {
  garbage: [
    (_, response) => response.end('\u0000\u0001<html>'),
    /failed calling webhook .*control characters are not allowed/,
  ],
  nothing: [(_, response) => response.end(), /0-length response with status code: 200/],
  list: [(_, response) => response.end('[]'), /cannot unmarshal array into Go value/],
  deep: [(_, response) => response.end('['.repeat(200_000)), /yaml: exceeded max depth of 10000/],
  'no-response': [(review, response) => response.end(JSON.stringify(review)), /webhook response was absent/],
  stranger: [answer(() => ({ uid: 'mine', allowed: true })), /expected response.uid=/],
  torn: [(_review, _response, request) => request.socket.destroy(), /failed to call webhook: Post .*: EOF/],
  circle: [(_, response) => response.writeHead(307, { location: '/circle' }).end(), /stopped after 10 redirects/],
  'no-patch': [answer(({ uid }) => patched(uid, { op: 'add' })), /received undecodable patch in webhook response/],
  'other-kind': [
    answer(({ uid }) => patched(uid, [{ op: 'replace', path: '/kind', value: 'Secret' }])),
    /unknown conversion/,
  ],
};

class HostileServer {
  /** Bytes that were handed to sockets of floods. */
  flooded = 0;
  /** Callers that were left without an answer. */
  waiting = 0;

  readonly #behave: Readonly<Record<string, Behaviour>> = {
    ...Object.fromEntries(Object.entries(behaviours).map(([name, [behave]]) => [name, behave])),
    hang: () => {
      this.waiting += 1;
    },
    trickle: (_, response) => {
      this.waiting += 1;
      response.write('{');
    },
    flood: (_, response) => {
      const pour = (): void => {
        while (!response.destroyed && this.flooded < endlessBytes) {
          this.flooded += block.length;
          if (!response.write(block)) {
            response.once('drain', pour);
            return;
          }
        }
      };
      pour();
    },
  };

  handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = new URL(request.url ?? '', 'https://host').pathname.slice(1);
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as JsonObject;
      this.#behave[name]?.(review, response, request);
    });
  }
}

async function surrounded(context: TestContext): Promise<AssembledCluster & { readonly hostile: HostileServer }> {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('hooks', now);
  const { certificate, privateKey } = await issueCertificate(authority, {
    subject: { commonName: 'hook' },
    usage: 'server',
    ipAddresses: ['127.0.0.1'],
    now,
  });
  const hostile = new HostileServer();
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) =>
    hostile.handle(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const cluster = await assembled(context);
  const webhooks = [...Object.keys(behaviours), 'hang', 'trickle', 'flood'].map((name) => ({
    name: `${name}.example.com`,
    clientConfig: {
      url: `https://127.0.0.1:${port}/${name}`,
      caBundle: Buffer.from(authority.certificate).toString('base64'),
    },
    objectSelector: { matchLabels: { attack: name } },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 5,
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  }));
  const made = await cluster.as(
    'admin-token',
    'POST',
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'hostile' },
      webhooks,
    },
  );
  assert.equal(made.status, 201, made.text);
  return { ...cluster, hostile };
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const create = ({ as }: AssembledCluster, name: string, attack?: string): Promise<Answer> =>
  as('admin-token', 'POST', configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(attack === undefined ? {} : { labels: { attack } }) },
  });

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('what webhooks answer that is no answer is told to whoever asked, and nothing is stored', async (context) => {
  const cluster = await surrounded(context);
  for (const [name, [, told]] of Object.entries(behaviours)) {
    const refused = await create(cluster, name, name);
    assert.ok(refused.status >= 400, `${name}: ${refused.text}`);
    assert.match(String(refused.body['message']), told, name);
    assert.equal((await cluster.as('admin-token', 'GET', `${configMaps}/${name}`)).status, 404, name);
  }
  assert.equal((await create(cluster, 'peaceful')).status, 201);
});

test('webhooks that never answer hold up nobody else, and their callers only as long as they may', async (context) => {
  const cluster = await surrounded(context);
  const held = ['hang', 'trickle', 'hang'].map((attack, index) => create(cluster, `held-${index}`, attack));
  await until(() => cluster.hostile.waiting === held.length);
  assert.equal((await create(cluster, 'peaceful')).status, 201);
  assert.equal((await cluster.as('admin-token', 'GET', configMaps)).status, 200);
  await cluster.clock.advance(5_000);
  for (const { status, text } of await Promise.all(held)) {
    assert.equal(status, 500, text);
    assert.match(text, /context deadline exceeded/);
  }
});

test('a webhook that answers without end is cut off before it fills the memory', async (context) => {
  const cluster = await surrounded(context);
  const flood = create(cluster, 'flooded', 'flood');
  await until(() => cluster.hostile.flooded > 0);
  assert.equal((await create(cluster, 'peaceful')).status, 201);
  const refused = await flood;
  assert.equal(refused.status, 500, refused.text);
  assert.match(String(refused.body['message']), /failed calling webhook "flood.example.com"/);
  // What one answer may have, and what was on its way.
  assert.ok(cluster.hostile.flooded < 150 * 1024 * 1024, String(cluster.hostile.flooded));
});
