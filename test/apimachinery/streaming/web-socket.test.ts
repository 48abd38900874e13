import assert from 'node:assert/strict';
import { streamPair } from '../../../src/apimachinery/streaming/stream-pair.ts';
import { test } from 'node:test';
import { channelFormat, ChannelSocket } from '../../../src/apimachinery/streaming/channel-socket.ts';
import { acceptWebSocket, offerWebSocket } from '../../../src/apimachinery/streaming/web-socket-handshake.ts';
import { WebSocketConnection, WebSocketError } from '../../../src/apimachinery/streaming/web-socket.ts';

function pair(): { client: WebSocketConnection; server: WebSocketConnection } {
  const [near, far] = streamPair();
  return { client: new WebSocketConnection(near, 'client'), server: new WebSocketConnection(far, 'server') };
}

async function collect(socket: WebSocketConnection): Promise<string[]> {
  const texts: string[] = [];
  for await (const { data } of socket.messages()) texts.push(data.toString('latin1'));
  return texts;
}

void test('messages of every size arrive whole, in order, and the close after them', async () => {
  const { client, server } = pair();
  const received = collect(server);
  const answered = collect(client);
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 300_000];
  for (const size of sizes) await client.send(Buffer.alloc(size, 'x'));
  await client.ping();
  await client.close(1000, 'done');
  assert.deepEqual(
    (await received).map(({ length }) => length),
    sizes,
  );
  assert.equal(server.closeCode, 1000);
  assert.deepEqual(await answered, []);
});

void test('fragments are put together, pings between them answered', async () => {
  const [near, far] = streamPair();
  const server = new WebSocketConnection(far, 'server');
  const received = collect(server);
  const masked = (first: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
  near.write(masked(0x02, 'he'));
  near.write(masked(0x89, 'p'));
  near.write(masked(0x80, 'llo'));
  near.write(masked(0x88, ''));
  assert.deepEqual(await received, ['hello']);
  assert.equal(server.closeCode, 1005);
  const [pong] = (await near.iterator({ destroyOnReturn: false }).next()).value as Buffer;
  assert.equal(pong, 0x8a);
});

void test('what breaks the protocol is told and ends it', async () => {
  const cases: readonly (readonly [bytes: number[], code: number])[] = [
    [[0x82, 0x01, 0x41], 1002],
    [[0xc2, 0x80, 0, 0, 0, 0], 1002],
    [[0x80, 0x80, 0, 0, 0, 0], 1002],
    [[0x89, 0xfe, 0, 200, 0, 0, 0, 0], 1002],
    [[0x83, 0x80, 0, 0, 0, 0], 1002],
    [[0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 1009],
  ];
  for (const [bytes, code] of cases) {
    const [near, far] = streamPair();
    near.write(Buffer.from(bytes));
    await assert.rejects(collect(new WebSocketConnection(far, 'server')), (error) => {
      assert.ok(error instanceof WebSocketError);
      assert.equal(error.code, code, bytes.join(' '));
      return true;
    });
    const answer = (await near.iterator().next()).value as Buffer;
    assert.deepEqual([answer[0], answer.readUInt16BE(2)], [0x88, code]);
  }
});

void test('the handshake: keys, versions and the first subprotocol that both speak', () => {
  const offer = offerWebSocket(['v5.channel.k8s.io', 'v4.channel.k8s.io']);
  const accepted = acceptWebSocket(offer.headers, ['v4.channel.k8s.io']);
  assert.ok(typeof accepted !== 'string');
  assert.equal(accepted.protocol, 'v4.channel.k8s.io');
  assert.equal(offer.check(accepted.headers), undefined);
  assert.equal(
    offer.check({ ...accepted.headers, 'sec-websocket-protocol': 'x' }),
    'invalid protocol, expected one of ["v5.channel.k8s.io" "v4.channel.k8s.io"], got "x"',
  );
  assert.equal(offer.check({ ...accepted.headers, 'sec-websocket-accept': 'x' }), 'websocket: bad handshake');
  assert.equal(
    acceptWebSocket(offer.headers, ['SPDY/3.1+portforward.k8s.io']),
    'requested protocol(s) are not supported: [v5.channel.k8s.io v4.channel.k8s.io]; supports [SPDY/3.1+portforward.k8s.io]',
  );
  // RFC 6455, 1.3.
  const sample = { 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  const answer = acceptWebSocket(sample, []);
  assert.ok(typeof answer !== 'string');
  assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

void test('channels: bytes or base64, and in v5 the end of one', async () => {
  for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', '']) {
    const { client, server } = pair();
    const near = new ChannelSocket(client, channelFormat(protocol), 3, 'client');
    const far = new ChannelSocket(server, channelFormat(protocol), 3, 'server');
    const running = Promise.all([near.run(), far.run()]);
    const heard: string[] = [];
    far.channel(0).on('data', (chunk: Buffer) => heard.push(chunk.toString()));
    const ended = new Promise((resolve) => far.channel(0).once('end', resolve));
    far.channel(1).resume();
    far.channel(2).resume();
    for (const index of [0, 1, 2]) near.channel(index).resume();
    near.channel(0).write('häl');
    await new Promise<void>((resolve) => near.channel(0).end('lo', () => resolve()));
    if (protocol === 'v5.channel.k8s.io') await ended;
    await far.announce(1);
    await client.close();
    await running;
    assert.equal(heard.join(''), 'hällo', protocol);
  }
});

void test('a receiver that does not read holds the sender up', async () => {
  const { client, server } = pair();
  const near = new ChannelSocket(client, channelFormat('v4.channel.k8s.io'), 1, 'client');
  const far = new ChannelSocket(server, channelFormat('v4.channel.k8s.io'), 1, 'server');
  // The test cuts the connection in the end, which later versions of Node tell the other side of a pair.
  far.run().catch(() => undefined);
  let sent = 0;
  const piece = Buffer.alloc(16_384);
  const sender = (async () => {
    for (let round = 0; round < 64; round++) {
      await new Promise<void>((resolve) => near.channel(0).write(piece, () => resolve()));
      sent++;
    }
  })();
  for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(sent < 20, `${sent} pieces went through to nobody`);
  let received = 0;
  far.channel(0).on('data', (chunk: Buffer) => (received += chunk.length));
  await sender;
  for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(received, 64 * piece.length);
  client.destroy();
});
