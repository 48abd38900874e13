import assert from 'node:assert/strict';
import test from 'node:test';
import { TransportError } from '../../src/client/transport-error.ts';
import { transportReason } from '../../src/client/transport-reason.ts';

test('names that are not found are told of with the server that was asked, as by the resolver of Go', () => {
  const cases = [
    { address: 'nowhere:443', code: 'ENOTFOUND', reason: /^dial tcp: lookup nowhere( on \S+:\d+)?: no such host$/ },
    { address: 'nowhere:443', code: 'EAI_AGAIN', reason: /^dial tcp: lookup nowhere on \S+:\d+: server misbehaving$/ },
    // Nobody is asked about what is no name.
    { address: '2:80', code: 'ENOTFOUND', reason: /^dial tcp: lookup 2: no such host$/ },
  ];
  for (const { address, code, reason } of cases) {
    assert.match(transportReason(new TransportError('dns', address, code, 'not found')), reason);
  }
});

test('a key of another certificate is told of as by crypto/tls', () => {
  const error = new TransportError('tls', 'host:443', 'ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'key values mismatch');
  assert.equal(transportReason(error), 'tls: private key does not match public key');
});
