import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import { listen } from '../../../src/control-plane/apiserver/listen.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

/** Sends bytes as they are. @returns what comes until the connection ends */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

test('a path may be as long as the command to exec that is in it', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const listener = await listen({ handle: api.server.handle, clock, log: silentLogger });
  const query = `fieldSelector=metadata.name%3D${'a'.repeat(100_000)}`;
  const request = `GET /api/v1/namespaces/default/configmaps?${query} HTTP/1.1\r\nHost: localhost\r\n`;
  const answer = await exchange(listener.port, `${request}Connection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  await listener.close();
  await api.close();
});

test('methods that nobody knows are answered as any other, bytes that are no request with 400', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const listener = await listen({ handle: api.server.handle, clock, log: silentLogger });
  const head = 'HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\r\n';
  const refused = await exchange(listener.port, `ZORK /api/v1/namespaces/default/configmaps ${head}`);
  assert.match(refused, /^HTTP\/1\.1 405 \r\n/);
  assert.match(refused, /\r\ncontent-type: application\/json\r\n/);
  assert.deepEqual(JSON.parse(refused.split('\r\n\r\n')[1] ?? ''), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server does not allow this method on the requested resource',
    reason: 'MethodNotAllowed',
    details: {},
    code: 405,
  });
  for (const bytes of ['\0\0\0\r\n\r\n', 'ZORK nowhere\r\n\r\n', 'GET / HTTP/1.1\r\nbad header\r\n\r\n']) {
    assert.match(await exchange(listener.port, bytes), /^HTTP\/1\.1 400 Bad Request\r\n/);
  }
  await listener.close();
  await api.close();
});
