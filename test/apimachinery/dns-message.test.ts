import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeDnsAnswer,
  decodeDnsQuery,
  type DnsAnswer,
  encodeDnsAnswer,
  encodeDnsQuery,
} from '../../src/apimachinery/dns-message.ts';
import type { DnsRecord } from '../../src/apimachinery/dns-record.ts';
import { reverseName } from '../../src/apimachinery/reverse-name.ts';

test('a query has the bytes of RFC 1035', () => {
  const query = encodeDnsQuery(0x12_34, { name: 'a.bc.', type: 'AAAA' });
  assert.equal(Buffer.from(query).toString('hex'), '123401000001000000000000016102626300001c0001');
  assert.deepEqual((({ id, name, type }) => ({ id, name, type }))(decodeDnsQuery(query) ?? assert.fail()), {
    id: 0x12_34,
    name: 'a.bc.',
    type: 'AAAA',
  });
});

const records: readonly DnsRecord[] = [
  { name: 'web.ns.svc.cluster.local.', type: 'A', data: '10.96.0.10', seconds: 5 },
  { name: 'six.', type: 'AAAA', data: '2001:db8::1', seconds: 0 },
  { name: 'six.', type: 'AAAA', data: '1::2:0:0:3', seconds: 0 },
  { name: 'mapped.', type: 'AAAA', data: '::ffff:102:304', seconds: 0 },
  { name: '_http._tcp.web.', type: 'SRV', data: '0 100 80 web.ns.', seconds: 30 },
  { name: '10.0.96.10.in-addr.arpa.', type: 'PTR', data: 'web.ns.', seconds: 30 },
  { name: 'alias.', type: 'CNAME', data: 'example.org.', seconds: 30 },
];

test('answers are read as they were written', () => {
  const query = decodeDnsQuery(encodeDnsQuery(7, { name: 'x.', type: 'A' })) ?? assert.fail();
  const answers: readonly DnsAnswer[] = [
    { code: 'NOERROR', records, isAuthoritative: true },
    { code: 'NXDOMAIN', records: [], isAuthoritative: false },
    { code: 'REFUSED', records: [], isAuthoritative: false },
  ];
  for (const answer of answers) assert.deepEqual(decodeDnsAnswer(encodeDnsAnswer(query, answer), 7), answer);
  const bytes = encodeDnsAnswer(query, { code: 'NOERROR', records: records.slice(0, 1) });
  assert.equal(decodeDnsAnswer(bytes, 8), undefined, 'the answer to another query');
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(decodeDnsAnswer(bytes.subarray(0, length), 7), undefined, `cut off after ${length} bytes`);
  }
});

test('names that go on elsewhere are followed, but not in circles', () => {
  const head = '000781800000000100000000';
  const read = (hex: string) => decodeDnsAnswer(Buffer.from(hex, 'hex'), 7);
  const record = (name: string, data: string): string =>
    `${name}00050001000000010${(data.length / 2).toString(16).padStart(3, '0')}${data}`;
  assert.deepEqual(read(head + record('0161016200', '0163c00e'))?.records, [
    { name: 'a.b.', type: 'CNAME', data: 'c.b.', seconds: 1 },
  ]);
  assert.equal(read(head + record('c00c', '00')), undefined);
});

test('what is no query is none', () => {
  assert.equal(decodeDnsQuery(Buffer.from('abc')), undefined);
  assert.equal(decodeDnsQuery(Buffer.alloc(12)), undefined);
  const query = encodeDnsQuery(1, { name: 'a.b.', type: 'A' });
  assert.equal(decodeDnsQuery(query.subarray(0, query.length - 1)), undefined);
  assert.throws(() => encodeDnsQuery(1, { name: `${'a'.repeat(64)}.`, type: 'A' }), /longer than 63 bytes/);
});

test('addresses lead back to names', () => {
  assert.equal(reverseName('10.96.0.1'), '1.0.96.10.in-addr.arpa.');
  const zeros = '0.'.repeat(20);
  assert.equal(reverseName('2001:db8::1'), `1.0.0.0.${zeros}8.b.d.0.1.0.0.2.ip6.arpa.`);
  assert.equal(reverseName('name'), undefined);
});
