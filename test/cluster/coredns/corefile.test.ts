import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInZone, parseCorefile, wholeZone } from '../../../src/cluster/coredns/corefile.ts';

const place = { file: 'Corefile', env: new Map([['UPSTREAM', '10.0.0.9']]), port: 53 };

function shown(text: string): string[] {
  return parseCorefile(text, place).map(({ zones, directives }) => {
    const keys = zones.map(({ zone, port }) => `${zone}:${port}`).join(' ');
    const plugins = directives.map(({ name, args, lines }) =>
      [name, ...args, ...lines.map((words) => `(${words.join(' ')})`)].join(' '),
    );
    return `${keys} { ${plugins.join('; ')} }`;
  });
}

const cases: readonly (readonly [what: string, text: string, servers: readonly string[]])[] = [
  ['a server', '. {\n  log\n}\n', ['.:53 { log }']],
  ['a port, a comment', '.:1053 { # all\n  log # each\n}\n', ['.:1053 { log }']],
  ['several zones', 'a.org, B.org:54 {\n log\n}', ['a.org.:53 b.org.:54 { log }']],
  [
    'several servers',
    '. {\n}\n\n acme.local:53 {\n  forward . 1.2.3.4\n }',
    ['.:53 {  }', 'acme.local.:53 { forward . 1.2.3.4 }'],
  ],
  [
    'what is in braces',
    '. {\n hosts {\n  1.1.1.1 a b\n  fallthrough\n }\n log\n}',
    ['.:53 { hosts (1.1.1.1 a b) (fallthrough); log }'],
  ],
  ['quoted words', '. {\n forward "." "a b"\n}', ['.:53 { forward . a b }']],
  ['variables', '. {\n forward . {$UPSTREAM} {%UPSTREAM%}{$NONE}\n}', ['.:53 { forward . 10.0.0.9 10.0.0.9 }']],
  ['a scheme', 'dns://example.org:5353 {\n}', ['example.org.:5353 {  }']],
  ['no braces', 'example.org\nlog\nforward . 1.2.3.4\n', ['example.org.:53 { log; forward . 1.2.3.4 }']],
  ['a range of addresses', '10.1.0.0/16 {\n}', ['1.10.in-addr.arpa.:53 {  }']],
  ['nothing', '', []],
];

for (const [what, text, servers] of cases) {
  test(`Corefiles: ${what}`, () => assert.deepEqual(shown(text), servers));
}

const wrong: readonly (readonly [text: string, problem: string])[] = [
  ['. {\n log\n', 'Corefile:2 - Error during parsing: Unexpected EOF'],
  ['. {\n hosts {\n', 'Corefile:2 - Error during parsing: Unexpected EOF'],
  ['}\n', "Corefile:1 - Error during parsing: Unexpected '}' because no matching opening brace"],
  ['(snip) {\n}\n', 'Corefile:1 - Error during parsing: snippets and import are not there in this simulated CoreDNS'],
  [
    '\ntls://. {\n}',
    'Corefile:2 - Error during parsing: tls:// is not there in this simulated CoreDNS, which speaks plain DNS',
  ],
];

for (const [text, message] of wrong) {
  test(`Corefiles: ${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => parseCorefile(text, place), { message }));
}

test('names are in zones by whole labels', () => {
  const inZone = (name: string, zone: string): boolean => isInZone(name, wholeZone(zone));
  assert.deepEqual(
    [inZone('a.b.', 'b'), inZone('b.', 'B.'), inZone('ab.', 'b'), inZone('x.', '.'), inZone('b.', 'a.b')],
    [true, true, false, true, false],
  );
});
