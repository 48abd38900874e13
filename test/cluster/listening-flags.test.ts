import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { listeningOptions } from '../../src/cluster/listening-flags.ts';
import { seededRandom } from '../../src/system/random.ts';

test('the flags of HTTP/2 are read and checked as by kube-apiserver', () => {
  const random = seededRandom(1);
  const usual = { hasHttp2: true, tlsLimits: {} };
  assert.deepEqual(listeningOptions(new Map(), random), usual);
  assert.deepEqual(listeningOptions(new Map([['http2-max-streams-per-connection', '-1']]), random), usual);
  assert.equal(listeningOptions(new Map([['disable-http2-serving', 'true']]), random).hasHttp2, false);
  assert.deepEqual(listeningOptions(new Map([['http2-max-streams-per-connection', '7']]), random), {
    ...usual,
    maxStreamsPerConnection: 7,
  });
  const { mustReconnect } = listeningOptions(new Map([['goaway-chance', '0.02']]), random);
  const ended = Array.from({ length: 10_000 }, () => mustReconnect?.() === true).filter(Boolean).length;
  assert.ok(ended > 100 && ended < 300, String(ended));
  const cases = [['goaway-chance', '0.03', '--goaway-chance can not be less than 0 or greater than 0.02']] as const;
  for (const [flag, value, message] of cases) {
    assert.throws(
      () => listeningOptions(new Map([[flag, value]]), random),
      (error) => {
        assert.ok(error instanceof ComponentArgumentError);
        assert.equal(error.message, message);
        return true;
      },
    );
  }
});
