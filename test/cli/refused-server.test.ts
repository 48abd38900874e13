import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingOf } from '../../src/cli/exit.ts';
import { asTransportError } from '../../src/client/transport-error.ts';
import { requestFailure } from '../../src/client/transport-reason.ts';

/** What Node says of a port that nobody listens on. */
function refused(address: string, port: number): Error {
  return Object.assign(new Error(`connect ECONNREFUSED ${address}:${port}`), { code: 'ECONNREFUSED', address, port });
}

const cases: readonly (readonly [server: string, tried: string, address: string, port: number, dialed: string])[] = [
  ['https://127.0.0.1', '127.0.0.1:443', '127.0.0.1', 443, '127.0.0.1:443'],
  ['http://localhost:1', 'localhost:1', '127.0.0.1', 1, '127.0.0.1:1'],
  ['http://[::1]', '[::1]:80', '::1', 80, '[::1]:80'],
];

void test('a server that refuses is named as it was written, and where it was looked for', () => {
  for (const [server, tried, address, port, dialed] of cases) {
    const error = asTransportError(refused(address, port), tried);
    error.request = `Get "${server}/api?timeout=32s"`;
    const host = server.replace(/^\w+:\/\//, '');
    assert.equal(
      endingOf(error, 'get').text,
      `The connection to the server ${host} was refused - did you specify the right host or port?\n`,
    );
    assert.equal(
      requestFailure(error),
      `Get "${server}/api?timeout=32s": dial tcp ${dialed}: connect: connection refused`,
    );
  }
});
