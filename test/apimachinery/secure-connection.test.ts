import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { secureConnection } from '../../src/apimachinery/streaming/secure-connection.ts';

test('a connection that ends before it is secure is an error', async () => {
  const [near, far] = duplexPair();
  far.resume();
  setImmediate(() => near.destroy());
  await assert.rejects(secureConnection(near), /EOF|disconnected/);
});

test('a server that speaks without TLS is told by its words', async () => {
  const [near, far] = duplexPair();
  far.on('data', () => far.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await assert.rejects(secureConnection(near), /^Error: http: server gave HTTP response to HTTPS client$/);
});
