import assert from 'node:assert/strict';
import test from 'node:test';
import { pemBlocks } from '../../src/apimachinery/pem-blocks.ts';

const block = (type: string, inner: string): string => `-----BEGIN ${type}-----\n${inner}-----END ${type}-----\n`;

/** What Go's encoding/pem finds: type, whether there are headers, the bytes. */
const cases: readonly (readonly [
  name: string,
  text: string,
  found: readonly (readonly [string, boolean, string])[],
])[] = [
  ['nothing', 'AAEC\n', []],
  ['one', block('X', 'AAEC\n'), [['X', false, '000102']]],
  [
    'several, with other text between them',
    `a: b\n${block('X', 'AAEC\n')}c\n${block('Y Z', 'AA==\n')}`,
    [
      ['X', false, '000102'],
      ['Y Z', false, '00'],
    ],
  ],
  [
    'lines that end as on other systems',
    block('X', 'AA\r\nEC\r\n').replaceAll('-\n', '-\r\n'),
    [['X', false, '000102']],
  ],
  ['no line end behind the last', block('X', 'AAEC\n').trimEnd(), [['X', false, '000102']]],
  ['headers', block('X', 'A: b\nC: d\n\nAAEC\n'), [['X', true, '000102']]],
  ['no base64, which is passed over', block('X', '<yours>\n') + block('Y', 'AAEC\n'), [['Y', false, '000102']]],
  ['base64 that is cut off', block('X', 'AAE\n'), []],
  ['a mark within a line', `see ${block('X', 'AAEC\n')}`, []],
  ['another end', '-----BEGIN X-----\nAAEC\n-----END Y-----\n', []],
];

for (const [name, text, found] of cases) {
  test(`blocks of PEM: ${name}`, () => {
    const blocks = pemBlocks(text);
    assert.deepEqual(
      blocks.map(({ type, hasHeaders, bytes }) => [type, hasHeaders, Buffer.from(bytes).toString('hex')]),
      found,
    );
    for (const each of blocks) assert.deepEqual(pemBlocks(each.text), [each]);
  });
}
