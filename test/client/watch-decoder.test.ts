import assert from 'node:assert/strict';
import test from 'node:test';
import { JsonSyntaxError } from '../../src/apimachinery/json-codec.ts';
import { decodeWatch, splitLines } from '../../src/client/watch-decoder.ts';

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

void test('a long line in many pieces is put together once', async () => {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 20_000; count++) yield Buffer.alloc(64, 'x');
    yield Buffer.from('\n');
  };
  const lines = await collect(splitLines(pieces()));
  assert.deepEqual(
    lines.map((line) => line.length),
    [1_280_000],
  );
});
