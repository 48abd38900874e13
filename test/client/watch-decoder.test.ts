import assert from 'node:assert/strict';
import test from 'node:test';
import { JsonSyntaxError } from '../../src/apimachinery/json-codec.ts';
import { decodeWatch, LineBuffer } from '../../src/client/watch-decoder.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const events = [
  { type: 'ADDED', object: { metadata: { name: 'grüße-日本-🎉' } } },
  { type: 'MODIFIED', object: { spec: { big: 9_007_199_254_740_993n } } },
  { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } },
];
const stream = Buffer.from(
  '{"type":"ADDED","object":{"metadata":{"name":"grüße-日本-🎉"}}}\n' +
    '{"type":"MODIFIED","object":{"spec":{"big":9007199254740993}}}\r\n\n' +
    '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}',
);

void test('events come out whole wherever the stream is split', async () => {
  for (let size = 1; size <= stream.length; size++) {
    assert.deepEqual(await collect(decodeWatch(chunksOf(stream, size))), events, `in pieces of ${size}`);
  }
  assert.deepEqual(await collect(decodeWatch(stream)), events);
});

void test('a stream that ends within an event is an error', async () => {
  const cut = stream.subarray(0, stream.length - 3);
  await assert.rejects(collect(decodeWatch(chunksOf(cut, 10))), JsonSyntaxError);
});

void test('a long line in many pieces is put together once', () => {
  const lines = new LineBuffer();
  for (let count = 0; count < 20_000; count++) assert.deepEqual(lines.take(Buffer.alloc(64, 'x')), []);
  assert.deepEqual(
    lines.take(Buffer.from('\n')).map((line) => line.length),
    [1_280_000],
  );
  assert.equal(lines.rest(), undefined);
});

void test('watches that share get one object of one frame, others their own', async () => {
  const frame = Buffer.from('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
  const read = async (shares: boolean) =>
    (await collect(decodeWatch<object>(chunksOf(frame, frame.length), { shares })))[0];
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield frame;
  };
  const readWhole = async (shares: boolean) => (await collect(decodeWatch<object>(whole(), { shares })))[0]?.object;
  const first = await readWhole(true);
  assert.equal(await readWhole(true), first);
  assert.notEqual(await readWhole(false), first);
  assert.deepEqual((await read(true))?.object, first);
});
