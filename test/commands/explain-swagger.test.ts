import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { explainSwagger } from '../../src/describe/explain-swagger.ts';
import { wrapLines } from '../../src/printers/line-wrap.ts';
import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('explain-swagger');

void test('texts are told from the outside to the inside, wrapped', () => {
  const gvk = { group: 'example.com', version: 'v1', kind: 'Gadget' };
  const document: JsonObject = {
    definitions: {
      'com.example.Gadget': {
        type: 'object',
        description: 'A gadget.',
        properties: {
          parts: {
            type: 'array',
            description: 'The parts of it, which are many and of which each one has a name and perhaps some size.',
            items: { description: 'One of them.', $ref: '#/definitions/com.example.Part' },
          },
        },
        'x-kubernetes-group-version-kind': [gvk],
      },
      'com.example.Part': {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string', description: 'What it is called.' },
          parts: { type: 'array', items: { $ref: '#/definitions/com.example.Part' } },
          rest: { type: 'object' },
        },
      },
    },
  };
  assert.equal(
    explainSwagger({ document, gvk, fields: ['parts'], recursive: false }),
    `KIND:     Gadget
VERSION:  example.com/v1

RESOURCE: parts <[]Object>

DESCRIPTION:
     The parts of it, which are many and of which each one has a name and
     perhaps some size.

     One of them.

FIELDS:
   name\t<string> -required-
     What it is called.

   parts\t<[]Object>

   rest\t<map[string]>

`,
  );
  const all = explainSwagger({ document, gvk, fields: [], recursive: true }) ?? '';
  assert.equal(
    all.slice(all.indexOf('FIELDS:')),
    'FIELDS:\n   parts\t<[]Object>\n      name\t<string>\n      parts\t<[]Object>\n      rest\t<map[string]>\n',
  );
  assert.equal(explainSwagger({ document, gvk: { ...gvk, version: 'v2' }, fields: [], recursive: true }), undefined);
});

const wrapped: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['one two three', ['one two', 'three']],
  ['one\ntwo three', ['one two', 'three']],
  ['averyveryverylongword x', ['averyveryverylongword', 'x']],
  ['list:\nitem', ['list:', 'item']],
  ['a\n- b\n- c d', ['a', '- b', '- c d']],
  ['a\n1. b', ['a', '1. b']],
  ['a\n\n\nb', ['a', '', 'b']],
  ['\na', ['a']],
  ['a\n    code  code code\nb', ['a', '    code  code code', 'b']],
];

for (const [text, lines] of wrapped) {
  void test(`wrapped lines of ${JSON.stringify(text)}`, () => assert.deepEqual(wrapLines(text, 10), lines));
}
