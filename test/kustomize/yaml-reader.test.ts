import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../src/apimachinery/json.ts';
import { readYamlNode } from '../../src/kustomize/yaml-reader.ts';
import { nodeText } from '../../src/kustomize/yaml-text.ts';

const values: readonly (readonly [text: string, value: JsonValue])[] = [
  ['a: |\n  x\n', { a: 'x\n' }],
  // go-yaml adds no line break where the stream ends without one.
  ['a: |\n  x', { a: 'x' }],
  ['a: |+\n  x', { a: 'x' }],
  ['a: >\n  x\n  y', { a: 'x y' }],
  ['a: yes', { a: 'yes' }],
  ['a: True', { a: true }],
  ['a: 0777', { a: 511 }],
  ['a: 0o17', { a: 15 }],
  ['a: 18446744073709551615', { a: 18446744073709551615n }],
  ['a: 9007199254740993', { a: 9007199254740993n }],
  ['a: .5', { a: 0.5 }],
  ['a: 2001-12-14t21:59:43.10-05:00', { a: '2001-12-14T21:59:43.1-05:00' }],
  ['a: !!str 1', { a: '1' }],
  ['a: !!int "3"', { a: 3 }],
  ['a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
  ['a: {<<: [{b: 1}, {b: 2, c: 3}], d: 4}', { a: { b: 1, c: 3, d: 4 } }],
  ['1: a\n2020-01-01: b', { '1': 'a', '2020-01-01T00:00:00Z': 'b' }],
];

for (const [text, value] of values) {
  test(`kustomize reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readYamlNode(text)?.toJson(), value);
  });
}

const problems: readonly (readonly [text: string, message: RegExp])[] = [
  ['a: .inf', /json: unsupported value: \+Inf/],
  ['a: !!int x', /yaml: cannot decode !!str `x` as a !!int/],
  ['a: 1\na: 2', /line 2: mapping key "a" already defined at line 1/],
  ['a: *x', /unknown anchor 'x' referenced/],
  ['a: {<<: x}', /map merge requires map or sequence of maps as the value/],
];

for (const [text, message] of problems) {
  test(`kustomize refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => readYamlNode(text)?.toJson(), message);
  });
}

/** What kubectl kustomize of 1.36 says. */
const syntaxErrors: readonly (readonly [text: string, message: string])[] = [
  ['a: b\nc: d\nmetadata:\n  name: a\n labels: x\n', 'yaml: line 4: did not find expected key'],
  ['a: b\nc: d\nmetadata:\n  name: a\n   labels: x\n', 'yaml: line 5: mapping values are not allowed in this context'],
  ['a: b\nc: d\nmetadata:\n\tname: a\n', 'yaml: line 4: found character that cannot start any token'],
  ['a: b\nc: d\nmetadata:\n  name: a: b\n', 'yaml: line 4: mapping values are not allowed in this context'],
  ['a: b\nc: d\nmetadata:\n  name: [a, b\n  x: y\n', "yaml: line 3: did not find expected ',' or ']'"],
  ['a: b\nc: d\nmetadata:\n  name: {a: b\nx: y\n', "yaml: line 3: did not find expected ',' or '}'"],
  ["a: b\nc: d\nmetadata:\n  name: 'a\n  x: y\n", 'yaml: line 4: found unexpected end of stream'],
  ['a: b\nc: d\nmetadata:\n  name: "a\n  x: y\n', 'yaml: line 4: found unexpected end of stream'],
  ['a: b\nc: d\nmetadata:\n- name\n x: y\n', 'yaml: line 5: mapping values are not allowed in this context'],
  ['a: b\nc: d\nmetadata:\n  name\n  x: y\n', 'yaml: line 5: mapping values are not allowed in this context'],
  ['a: b\nc: d\nmetadata: *foo\n', "yaml: unknown anchor 'foo' referenced"],
  ['a: b\nc: d\nmetadata: @x\n', 'yaml: line 3: found character that cannot start any token'],
  ['a: b\nc: d\nmetadata: "\\q"\n', 'yaml: line 3: found unknown escape character'],
  ['a: b\nc: d\nmetadata:\n  - a\n  b: c\n', "yaml: line 3: did not find expected '-' indicator"],
  ['a: b\nc: d\nmetadata:\n  a: b\n  - c\n', 'yaml: line 3: did not find expected key'],
  ['a: b\nc: d\nmetadata: }\n', 'yaml: line 2: did not find expected node content'],
  ['a: b\nc: d\nname: |\n\ttab\n', 'yaml: line 3: found a tab character where an indentation space is expected'],
  ['a: b\nc: d\n  name: a\n', 'yaml: line 3: mapping values are not allowed in this context'],
  ['apiVersion: v1\n  kind: b\n', 'yaml: line 2: mapping values are not allowed in this context'],
];

test('syntax errors are told as the real kustomize tells them', () => {
  for (const [text, message] of syntaxErrors) {
    assert.throws(() => readYamlNode(text), { message }, JSON.stringify(text));
  }
});

test('a node is written in the order, the quotes and the brackets in which it was read', () => {
  const text = [
    'z: "double"',
    "y: 'single''s'",
    'x: [1, {a: b}, "c"]',
    'w: {}',
    'list:',
    '- a: 1',
    '  b: yes',
    '- - nested',
    '- plain text',
    'block: |-',
    '  one',
    '',
    '  two',
    '',
  ].join('\n');
  assert.equal(nodeText(readYamlNode(text) ?? assert.fail('no node')), text);
});
