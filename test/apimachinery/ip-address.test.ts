import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cidrWarnings,
  formatIp,
  ipWarnings,
  isCanonicalCidr,
  isCanonicalIp,
  isStrictSubset,
  isValidCidr,
  isValidIp,
  parseIp,
  parseIpBlock,
} from '../../src/apimachinery/ip-address.ts';

const notAnAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const notABlock = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

describe('addresses', () => {
  const canonical: readonly [text: string, expected: string | undefined][] = [
    ['10.9.8.7', '10.9.8.7'],
    ['010.09.8.7', '10.9.8.7'],
    ['256.1.1.1', undefined],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::', '::'],
    ['1::', '1::'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['fe80::1%eth0', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of canonical) {
    it(`reads ${text}`, () => {
      const address = parseIp(text);
      assert.equal(address === undefined ? undefined : formatIp(address), expected);
    });
  }

  it('are checked with leading zeros, wrapped addresses and other ways of writing', () => {
    assert.deepEqual(isValidIp('x'), [notAnAddress]);
    assert.deepEqual(isValidIp('010.1.1.1'), ['must not have leading 0s']);
    assert.deepEqual(isValidIp('::ffff:1.2.3.4'), ['must not be an IPv4-mapped IPv6 address']);
    assert.deepEqual(isValidIp('FE80::1'), []);
    assert.deepEqual(isCanonicalIp('FE80::1'), ['must be in canonical form ("fe80::1")']);
    assert.deepEqual(ipWarnings('spec.ip', 'FE80::1'), [
      'spec.ip: IPv6 address "FE80::1" should be in RFC 5952 canonical format ("fe80::1")',
    ]);
    assert.deepEqual(ipWarnings('spec.ip', '010.1.1.1'), [
      'spec.ip: non-standard IP address "010.1.1.1" is invalid: use "10.1.1.1"',
    ]);
  });
});

describe('blocks', () => {
  it('are checked', () => {
    assert.deepEqual(isValidCidr('x'), [notABlock]);
    assert.deepEqual(isValidCidr('10.1.0.0/33'), [notABlock]);
    assert.deepEqual(isValidCidr('10.1.0.0/016'), ['must not have leading 0s in IP or prefix length']);
    assert.deepEqual(isValidCidr('10.1.0.1/16'), ['must not have bits set beyond the prefix length']);
    assert.deepEqual(isValidCidr('::ffff:10.0.0.0/24'), ['must not have an IPv4-mapped IPv6 address']);
    assert.deepEqual(isValidCidr('2001:DB8::/64'), []);
    assert.deepEqual(isCanonicalCidr('2001:DB8::/64'), ['must be in canonical form ("2001:db8::/64")']);
    assert.deepEqual(cidrWarnings('at', '10.1.0.1/16'), [
      'at: CIDR value "10.1.0.1/16" is ambiguous in this context (should be "10.1.0.0/16" or "10.1.0.1/32"?)',
    ]);
  });

  it('lie within each other', () => {
    const within = (inner: string, outer: string): boolean => {
      const [small, large] = [parseIpBlock(inner), parseIpBlock(outer)];
      assert.ok(small !== undefined && large !== undefined);
      return isStrictSubset(small, large);
    };
    assert.equal(within('10.1.0.0/16', '10.0.0.0/8'), true);
    assert.equal(within('11.0.0.0/8', '10.0.0.0/8'), false);
    assert.equal(within('10.0.0.0/8', '10.0.0.0/8'), false);
    assert.equal(within('2001:db8:1::/48', '2001:db8::/32'), true);
    assert.equal(within('::/8', '10.0.0.0/4'), false);
  });
});
