import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { connectionPair } from '../../../src/node/cri/connection-pair.ts';

async function textOf(connection: Duplex): Promise<string> {
  let text = '';
  connection.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(connection, 'end');
  return text;
}

void test('what is written at one end is read at the other', async () => {
  const [near, far] = connectionPair();
  near.end('there');
  far.end('and back');
  assert.deepEqual(await Promise.all([textOf(far), textOf(near)]), ['there', 'and back']);
});

void test('an end that is destroyed is the end for the other, after what was written', async () => {
  const [near, far] = connectionPair();
  const read = textOf(near);
  far.write('last words');
  far.destroy(new Error('broken'));
  assert.equal(await read, 'last words');
});

void test('a request that is none gets an answer, and the connection ends', async () => {
  const [near, far] = connectionPair();
  createServer().emit('connection', far);
  near.write('GET nowhere HTTP/1.1\r\n\r\n');
  assert.match(await textOf(near), /^HTTP\/1\.1 400 Bad Request\r\n/);
});
