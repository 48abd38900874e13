import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { SpdyConnection, type SpdyStream } from '../../../src/apimachinery/streaming/spdy-connection.ts';
import { SpdyHeaderReader, SpdyHeaderWriter } from '../../../src/apimachinery/streaming/spdy-headers.ts';
import { openTunnel } from '../../../src/apimachinery/streaming/socket-tunnel.ts';
import { WebSocketConnection } from '../../../src/apimachinery/streaming/web-socket.ts';

async function readAll(stream: SpdyStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function answer(stream: SpdyStream): Promise<void> {
  const text = await readAll(stream);
  if (stream.headers['type'] === 'reset') stream.destroy();
  else stream.end(`${stream.headers['type'] ?? ''} ${text}`);
}

void test('headers: what is written is read, and what Go wrote', async () => {
  const [writer, reader] = [new SpdyHeaderWriter(), new SpdyHeaderReader()];
  for (const headers of [{ streamtype: 'error', requestid: '0' }, { port: '80' }, {}]) {
    assert.deepEqual(await reader.read(writer.write(headers)), headers);
  }
  reader.close();
  // Two streams that kubectl 1.27 opened one after the other: one zlib stream with its dictionary.
  const recorded = new SpdyHeaderReader();
  const blocks = ['78f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff', 'c22ac5565c92925f5a02000000ffff'];
  const read = [];
  for (const block of blocks) read.push(await recorded.read(Buffer.from(block, 'hex')));
  assert.deepEqual(read, [{ streamtype: 'error' }, { streamtype: 'stdout' }]);
  recorded.close();
  await assert.rejects(new SpdyHeaderReader().read(Buffer.from('no header block')));
});

void test('streams of one connection carry both ways, half closed, refused and reset', async () => {
  const [near, far] = duplexPair();
  const reset: string[] = [];
  const server = new SpdyConnection(far, {
    role: 'server',
    onStream(stream) {
      if (stream.headers['type'] === 'refused') return false;
      void answer(stream);
      stream.once('close', () => reset.push(stream.headers['type'] ?? ''));
      return true;
    },
  });
  const client = new SpdyConnection(near, { role: 'client' });
  let frames = 0;
  const running = Promise.all([server.run(), client.run(() => frames++)]);
  const [one, two] = [await client.open({ type: 'one' }), await client.open({ type: 'two' })];
  assert.deepEqual([one.id, two.id], [1, 3]);
  one.write('hel');
  two.end('x'.repeat(100_000));
  one.end('lo');
  const [first, second] = await Promise.all([readAll(one), readAll(two)]);
  assert.deepEqual([first, second.length], ['one hello', 100_004]);
  await assert.rejects(client.open({ type: 'refused' }), /the stream was refused/);
  const third = await client.open({ type: 'reset' });
  third.end();
  assert.equal(await readAll(third), '');
  const before = frames;
  await client.ping();
  const last = await client.open({ type: 'last' });
  assert.ok(frames > before + 1, 'the ping was not answered');
  await client.close();
  await server.close();
  await running;
  assert.equal(await readAll(last), '');
  assert.deepEqual(reset.slice(0, 3), ['one', 'two', 'reset']);
});

void test('a connection that breaks off ends its streams with an error', async () => {
  const [near, far] = duplexPair();
  const client = new SpdyConnection(near, { role: 'client' });
  const running = client.run();
  const opening = client.open({});
  far.write(Buffer.from([0x80, 9, 0, 1, 0, 0, 0, 0]));
  await assert.rejects(running, /another version than 3/);
  await assert.rejects(opening);
});

void test('a connection inside a WebSocket', async () => {
  const [near, far] = duplexPair();
  const inner = openTunnel(new WebSocketConnection(near, 'client'));
  const outer = openTunnel(new WebSocketConnection(far, 'server'));
  const server = new SpdyConnection(outer, {
    role: 'server',
    onStream(stream) {
      stream.pipe(stream);
      return true;
    },
  });
  const client = new SpdyConnection(inner, { role: 'client' });
  void Promise.allSettled([server.run(), client.run()]);
  const stream = await client.open({ streamtype: 'data' });
  stream.end('through both');
  assert.equal(await readAll(stream), 'through both');
  await client.close();
});
