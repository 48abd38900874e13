import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { checkServiceFamily, serviceRangesOf } from '../../src/cluster/service-range.ts';

const rangesOf = (text?: string) =>
  serviceRangesOf(new Map(text === undefined ? [] : [['service-cluster-ip-range', text]]));

test('services have one range of addresses, or one of each family', () => {
  assert.deepEqual(rangesOf(), { ranges: ['10.96.0.0/16'], first: '10.96.0.1', tenth: '10.96.0.10' });
  assert.deepEqual(rangesOf('10.0.0.5/24'), { ranges: ['10.0.0.0/24'], first: '10.0.0.1', tenth: '10.0.0.10' });
  assert.deepEqual(rangesOf('10.0.0.0/29'), { ranges: ['10.0.0.0/29'], first: '10.0.0.1', tenth: '10.0.0.6' });
  assert.deepEqual(rangesOf('10.0.0.0/24,fd00::1:0/112'), {
    ranges: ['10.0.0.0/24', 'fd00::1:0/112'],
    first: '10.0.0.1',
    tenth: '10.0.0.10',
  });
  assert.deepEqual(rangesOf('fd00::/108,10.0.0.0/24'), {
    ranges: ['fd00::/108', '10.0.0.0/24'],
    first: 'fd00::1',
    tenth: 'fd00::a',
  });
});

for (const [text, reason] of [
  ['bad', 'service-cluster-ip-range[0] is not a valid cidr'],
  ['10.0.0.0/24,bad', 'service-cluster-ip-range[1] is not an ip net'],
  [
    '10.0.0.0/30',
    'error determining service IP ranges for primary service cidr: the service cluster IP range must be at least 8 IP addresses',
  ],
  [
    '10.0.0.0/24,10.1.0.0/24',
    '--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family',
  ],
  ['10.0.0.0/24,fd00::/112,fd01::/112', '--service-cluster-ip-range must not contain more than two entries'],
  ['10.0.0.0/24,fd00::/48', 'shortest allowed prefix length for service CIDR is 64, got 48'],
] as const) {
  test(`refused: ${text}`, () => {
    assert.throws(
      () => rangesOf(text),
      (error) => error instanceof ComponentArgumentError && error.message === reason,
    );
  });
}

test('the usual family is that of the server itself', () => {
  checkServiceFamily(rangesOf('10.0.0.0/24,fd00::/112'), '127.0.0.1');
  checkServiceFamily(rangesOf('fd00::/112'), '::1');
  assert.throws(
    () => checkServiceFamily(rangesOf('fd00::/112'), '127.0.0.1'),
    /^Error: service IP family "fd00::\/112" must match public address family "127\.0\.0\.1"$/,
  );
});
