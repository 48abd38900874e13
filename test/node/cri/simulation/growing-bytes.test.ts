import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grownBytes } from '../../../../src/node/cri/simulation/growing-bytes.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

test('what grows keeps its buffer while there is room, and what was there stays', () => {
  const first = grownBytes(Buffer.from('ab'), Buffer.from('c'));
  const second = grownBytes(first, Buffer.from('de'));
  assert.equal(second.buffer, first.buffer);
  assert.deepEqual([text(first), text(second)], ['abc', 'abcde']);
});

test('two ends of the same beginning do not write over each other', () => {
  const start = grownBytes(new Uint8Array(), Buffer.from('ab'));
  const left = grownBytes(start, Buffer.from('cd'));
  const right = grownBytes(start, Buffer.from('xy'));
  const longer = grownBytes(left, Buffer.from('e'));
  assert.deepEqual([start, left, right, longer].map(text), ['ab', 'abcd', 'abxy', 'abcde']);
});

test('a part of the content is not the end of it', () => {
  const whole = grownBytes(new Uint8Array(), Buffer.from('abcd'));
  const part = grownBytes(whole.subarray(0, 2), Buffer.from('x'));
  assert.deepEqual([text(whole), text(part)], ['abcd', 'abx']);
});

test('many pieces take few buffers', () => {
  const piece = new Uint8Array(1000).fill(7);
  const buffers = new Set<ArrayBufferLike>();
  let content: Uint8Array = new Uint8Array();
  for (let at = 0; at < 1000; at++) {
    content = grownBytes(content, piece);
    buffers.add(content.buffer);
  }
  assert.equal(content.byteLength, 1_000_000);
  assert.ok(buffers.size <= 10, `${buffers.size} buffers`);
  assert.ok(content.every((byte) => byte === 7));
});
