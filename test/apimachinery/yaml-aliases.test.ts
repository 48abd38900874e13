import assert from 'node:assert/strict';
import test from 'node:test';
import { parseYaml, YamlError } from '../../src/apimachinery/yaml.ts';

/** A text, what sigs.k8s.io/yaml makes of it, and the keys that it tells are there twice. */
const read: readonly (readonly [text: string, value: unknown, duplicates: readonly string[]])[] = [
  ['x: &x {a: b}\nw: {<<: *x, c: d}\n', { x: { a: 'b' }, w: { a: 'b', c: 'd' } }, []],
  ['x: &x {a: b}\nw: {a: z, <<: *x}\n', { x: { a: 'b' }, w: { a: 'b' } }, ['line 1: key "a" already set in map']],
  ['x: &x {a: b}\nw: {<<: *x, a: z}\n', { x: { a: 'b' }, w: { a: 'z' } }, ['line 2: key "a" already set in map']],
  [
    'x: &x {a: b}\nw: &q {a: c, q: r}\nz: {<<: [*x, *q]}\n',
    { x: { a: 'b' }, w: { a: 'c', q: 'r' }, z: { a: 'b', q: 'r' } },
    ['line 1: key "a" already set in map'],
  ],
  ['x: {1: b, "1": c}\n', { x: { 1: 'c' } }, []],
  ['x: {true: b, yes: c}\n', { x: { true: 'c' } }, ['line 1: key true already set in map']],
];

test('what is merged stands where it is merged', () => {
  for (const [text, value, duplicates] of read) {
    const told: string[] = [];
    // Keys of a text are told by their lines in it.
    assert.deepEqual(parseYaml(text, { onDuplicateKey: (message) => told.push(message) }), value, text);
    assert.deepEqual(told, duplicates, text);
  }
});

const levels = ['a: &a ["x","x","x","x","x","x","x","x","x"]'];
for (const [index, letter] of 'b c d e f g h i'.split(' ').entries()) {
  const below = 'abcdefgh'[index] ?? '';
  levels.push(`${letter}: &${letter} [${Array.from({ length: 9 }, () => `*${below}`).join(', ')}]`);
}

const refused: readonly (readonly [text: string, message: string])[] = [
  [`${levels.join('\n')}\n`, 'yaml: document contains excessive aliasing'],
  [`${levels.slice(0, 5).join('\n')}\n`, 'yaml: document contains excessive aliasing'],
  ['a: "\\ud83d\\ude00"\n', 'yaml: found invalid Unicode character escape code'],
  ['b: c\na: "\\U00110000"\n', 'yaml: line 2: found invalid Unicode character escape code'],
  ['a: "\\/"\n', 'yaml: found unknown escape character'],
  ['b: c\na: "\u0007"\n', 'yaml: control characters are not allowed'],
];

test('what go-yaml refuses is refused', () => {
  for (const [text, message] of refused) {
    assert.throws(
      () => parseYaml(text),
      (error) => error instanceof YamlError && error.message === message,
      text.slice(0, 60),
    );
  }
});

test('escapes and aliases that are well are read', () => {
  assert.deepEqual(parseYaml('a: "\\U0001F600\\\\ud83d\\\\/"\n'), { a: '\u{1F600}\\ud83d\\/' });
  const many = `a: &x "${'q'.repeat(50)}"\n${Array.from({ length: 500 }, (_, index) => `k${index}: *x`).join('\n')}\n`;
  assert.equal(Object.keys(parseYaml(many) as object).length, 501);
});
