import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offerWebSocket } from '../../../../src/apimachinery/streaming/web-socket-handshake.ts';
import { WebSocketConnection } from '../../../../src/apimachinery/streaming/web-socket.ts';
import type { Client } from '../../../../src/client/client.ts';
import { UpgradeError } from '../../../../src/client/upgrade-error.ts';
import { createNodeCluster } from '../../../support/node-cluster.ts';

async function open(client: Client, path: string, protocols: readonly string[], origin?: string) {
  const offer = offerWebSocket(protocols);
  const headers = { ...offer.headers, ...(origin === undefined ? {} : { origin }) };
  const { connection } = await client.upgrade({ method: 'GET', path, headers });
  return new WebSocketConnection(connection, 'client');
}

async function messages(socket: WebSocketConnection, count = Infinity): Promise<string[]> {
  const received: string[] = [];
  for await (const { data, binary } of socket.messages()) {
    received.push(`${binary ? 'binary' : 'text'} ${data.toString('utf8')}`);
    if (received.length >= count) break;
  }
  return received;
}

test('a log over a WebSocket, as bytes and as base64', async (context) => {
  const { api, work } = await createNodeCluster(context);
  const containers = [{ name: 'main', image: 'busybox', command: ['echo', 'alive'] }];
  await api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { nodeName: 'node', containers },
  });
  await work();
  const path = '/api/v1/namespaces/default/pods/web/log';
  assert.deepEqual(await messages(await open(api.client, path, ['binary.k8s.io'])), ['binary alive\n']);
  assert.deepEqual(await messages(await open(api.client, path, ['base64.binary.k8s.io'])), ['text YWxpdmUK']);
  await assert.rejects(open(api.client, path, ['other']), /requested protocol\(s\) are not supported/);
});

test('a watch over a WebSocket, an event a message', async (context) => {
  const { api } = await createNodeCluster(context);
  await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' } });
  const path = '/api/v1/namespaces/default/configmaps?watch=true&fieldSelector=metadata.name%3Done';
  const [event = ''] = await messages(await open(api.client, path, ['any'], 'http://page'), 1);
  assert.match(event, /^text \{"type":"ADDED","object":\{.*"name":"one".*\}\n$/);
  for (const origin of [undefined, 'null', 'page', '://']) {
    await assert.rejects(open(api.client, path, ['any'], origin), UpgradeError, origin);
  }
});

test('handshakes of exec and port-forward that are none are refused before a kubelet is asked', async (context) => {
  const { api, createPod } = await createNodeCluster(context);
  await createPod('web', { containers: [{ name: 'main', image: 'busybox', command: ['sleep', '9'] }] });
  const pod = '/api/v1/namespaces/default/pods/web';
  const offer = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
  };
  const { 'sec-websocket-key': _key, ...withoutKey } = offer;
  const cases = [
    ['POST', `${pod}/exec?command=x`, offer, 405, 'bad method'],
    ['POST', `${pod}/attach`, offer, 405, 'bad method'],
    [
      'GET',
      `${pod}/exec?command=x`,
      { ...offer, 'sec-websocket-version': '8' },
      400,
      'missing or bad WebSocket Version',
    ],
    ['GET', `${pod}/exec?command=x`, withoutKey, 400, 'mismatch challenge/response'],
    [
      'POST',
      `${pod}/portforward?ports=80`,
      { ...offer, 'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io' },
      405,
      'Method Not Allowed\n',
    ],
  ] as const;
  for (const [method, path, headers, status, text] of cases) {
    const answer = await api.request(method, path, undefined, headers);
    assert.deepEqual([answer.status, answer.text], [status, text], `${method} ${path}`);
  }
  const plain = await api.request('GET', `${pod}/exec?command=x`);
  assert.deepEqual([plain.status, plain.body['message']], [400, 'Upgrade request required']);
});
