import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeHealthRequest,
  decodeHealthResponse,
  encodeHealthRequest,
  encodeHealthResponse,
  healthStatuses,
} from '../../src/apimachinery/grpc-health.ts';

test('messages of health checks are those of the protocol', () => {
  assert.equal(encodeHealthRequest('').toString('hex'), '0000000000');
  assert.equal(encodeHealthRequest('ab').toString('hex'), '00000000040a026162');
  assert.equal(encodeHealthResponse('NOT_SERVING').toString('hex'), '00000000020802');
  for (const service of ['', 'a', 'ü'.repeat(200)]) {
    assert.equal(decodeHealthRequest(encodeHealthRequest(service)), service);
  }
  for (const status of healthStatuses) assert.equal(decodeHealthResponse(encodeHealthResponse(status)), status);
  assert.equal(decodeHealthResponse(Buffer.alloc(5)), 'UNKNOWN');
  assert.equal(decodeHealthResponse(Buffer.from('00000000020863', 'hex')), 'UNKNOWN');
});
