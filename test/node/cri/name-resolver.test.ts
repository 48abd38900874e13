import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsAnswer, DnsQuestion } from '../../../src/apimachinery/dns-message.ts';
import { testResolver } from '../../support/dns-client.ts';

/** A server that has addresses for some names. */
function having(names: Readonly<Record<string, string>>): (question: DnsQuestion) => DnsAnswer {
  return ({ name, type }) => {
    const data = type === 'A' ? names[name] : undefined;
    if (data === undefined) return { code: 'NXDOMAIN', records: [] };
    return { code: 'NOERROR', records: [{ name, type: 'A', data }] };
  };
}

const cluster = having({ 'web.default.svc.local.': '10.0.0.1', 'web.default.': '10.0.0.2', 'one.': '10.0.0.3' });
const refusing = (): DnsAnswer => ({ code: 'REFUSED', records: [] });
const servers = { '10.96.0.10': cluster, '10.0.0.9': having({ 'web.default.': '10.0.0.8' }), '10.0.0.7': refusing };

const cases: readonly (readonly [what: string, lines: readonly string[], name: string, found: string | undefined])[] = [
  [
    'the search list first',
    ['search svc.local', 'nameserver 10.96.0.10', 'options ndots:5'],
    'web.default',
    '10.0.0.1',
  ],
  [
    'domains end with a dot or not',
    ['search svc.local.', 'nameserver 10.96.0.10', 'options ndots:2'],
    'web.default',
    '10.0.0.1',
  ],
  ['enough dots', ['search svc.local', 'nameserver 10.96.0.10'], 'web.default', '10.0.0.2'],
  ['a whole name', ['search svc.local', 'nameserver 10.96.0.10', 'options ndots:5'], 'web.default.', '10.0.0.2'],
  [
    'the last search list counts',
    ['search svc.local', 'search x', 'nameserver 10.96.0.10', 'options ndots:5'],
    'web.default',
    '10.0.0.2',
  ],
  ['a name of one label', ['nameserver 10.96.0.10'], 'one', '10.0.0.3'],
  ['no server', [], 'one', undefined],
  ['nobody answers', ['nameserver 10.0.0.6'], 'one', undefined],
  ['the next one, when nobody answers', ['nameserver 10.0.0.6', 'nameserver 10.96.0.10'], 'one', '10.0.0.3'],
  ['the next one, when it is refused', ['nameserver 10.0.0.7', 'nameserver 10.96.0.10'], 'one', '10.0.0.3'],
  ['no other one, when there is no such name', ['nameserver 10.0.0.9', 'nameserver 10.96.0.10'], 'one', undefined],
  ['a name that cannot be asked for', ['nameserver 10.96.0.10'], 'a'.repeat(64), undefined],
];

for (const [what, lines, name, found] of cases) {
  test(`names of containers: ${what}`, async () => {
    const records = await testResolver(lines, servers)(name, 'A');
    assert.equal(records[0]?.data, found);
  });
}
