import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsRecord, DnsType } from '../../../src/apimachinery/dns-record.ts';
import { parseCorefile } from '../../../src/cluster/coredns/corefile.ts';
import { type RewriteRule, rewriteQuestion, rewriteRule } from '../../../src/cluster/coredns/rewrite-rules.ts';

function rules(lines: string): RewriteRule[] {
  const [block] = parseCorefile(`. {\n${lines}\n}`, { file: 'Corefile', env: new Map(), port: 53 });
  return (block?.directives ?? []).map((directive) => rewriteRule(directive, 'Corefile'));
}

interface Case {
  readonly what: string;
  readonly lines: string;
  readonly name: string;
  readonly type?: DnsType;
  /** What is asked, and what the record of the answer is turned into. */
  readonly asked: string;
  readonly told: string;
  /** The answer's record; of an address for what is asked when absent. */
  readonly record?: Omit<DnsRecord, 'name'>;
}

const cases: readonly Case[] = [
  { what: 'a name', lines: 'rewrite name a.org b.svc', name: 'a.org.', asked: 'b.svc. A', told: 'a.org. 1.2.3.4' },
  {
    what: 'another name',
    lines: 'rewrite name a.org b.svc',
    name: 'x.a.org.',
    asked: 'x.a.org. A',
    told: 'x.a.org. 1.2.3.4',
  },
  {
    what: 'an alias that is led back too',
    lines: 'rewrite stop name exact a.org b.svc',
    name: 'a.org.',
    record: { type: 'CNAME', data: 'x.b.svc.' },
    asked: 'b.svc. A',
    told: 'a.org. x.a.org.',
  },
  {
    what: 'a prefix',
    lines: 'rewrite name prefix dev. prod.',
    name: 'dev.a.',
    asked: 'prod.a. A',
    told: 'prod.a. 1.2.3.4',
  },
  {
    what: 'a suffix, and its answer',
    lines: 'rewrite name suffix .old.org .new.svc answer auto',
    name: 'a.old.org.',
    asked: 'a.new.svc. A',
    told: 'a.old.org. 1.2.3.4',
  },
  { what: 'a part', lines: 'rewrite name substring us eu', name: 'us.a.', asked: 'eu.a. A', told: 'eu.a. 1.2.3.4' },
  {
    what: 'a pattern, in braces',
    lines: String.raw`rewrite stop {
      name regex (.*)\.(east)\.org {1}.{2}.svc
      answer name (.*)\.(east)\.svc {1}.{2}.org
      answer value (.*)\.svc {1}.org
    }`,
    name: 'a.east.org.',
    record: { type: 'SRV', data: '0 100 80 t.svc.' },
    asked: 'a.east.svc. A',
    told: 'a.east.org. 0 100 80 t.org.',
  },
  {
    what: 'the first rule that fits is the last',
    lines: 'rewrite name a. b.\nrewrite name b. c.',
    name: 'a.',
    asked: 'b. A',
    told: 'a. 1.2.3.4',
  },
  {
    what: 'one after the other',
    lines: 'rewrite continue name a. b.\nrewrite name b. c.',
    name: 'a.',
    asked: 'c. A',
    told: 'a. 1.2.3.4',
  },
  { what: 'a type', lines: 'rewrite type AAAA A', name: 'a.', type: 'AAAA', asked: 'a. A', told: 'a. 1.2.3.4' },
];

for (const { what, lines, name, type = 'A', asked, told, record } of cases) {
  test(`rewrites: ${what}`, () => {
    const { question, restore } = rewriteQuestion(rules(lines), { name, type });
    assert.equal(`${question.name} ${question.type ?? ''}`, asked);
    const answer = restore({ name: question.name, type: 'A', data: '1.2.3.4', ...record });
    assert.equal(`${answer.name} ${answer.data}`, told);
  });
}

const wrong: readonly (readonly [line: string, problem: RegExp])[] = [
  ['rewrite ttl a. 30', /rewrites of names and types alone are in this simulated CoreDNS, not of ttl/],
  ['rewrite name a.', /few arguments for a name rule/],
  ['rewrite name regex ( b.', /invalid regex pattern in a name rule/],
  ['rewrite name a. b. answer name x', /few arguments for an answer rule/],
  ['rewrite name a. b. other', /unexpected "other"/],
  ['rewrite type A MX', /types are two of A, AAAA, SRV, PTR, CNAME/],
];

for (const [line, problem] of wrong)
  test(`rewrites: ${line} is refused`, () => assert.throws(() => rules(line), problem));
