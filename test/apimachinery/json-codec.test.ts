import assert from 'node:assert/strict';
import test from 'node:test';
import {
  findDuplicateKeys,
  JsonSyntaxError,
  parseJson,
  stringifyJson,
  textPosition,
} from '../../src/apimachinery/json-codec.ts';

void test('integers beyond 2^53 stay exact up to 64 bits', () => {
  const text = '{"a":9007199254740993,"b":-9223372036854775808,"c":1}';
  assert.deepEqual(parseJson(text), { a: 9007199254740993n, b: -(2n ** 63n), c: 1 });
  assert.equal(stringifyJson(parseJson(text)), text);
  assert.deepEqual(parseJson('[9223372036854775808, 1e3, -0]'), [9223372036854775808, 1000, 0]);
});

void test('__proto__ is a key like any other', () => {
  const value = parseJson('{"__proto__":{"x":1}}');
  assert.deepEqual(Object.keys(value as object), ['__proto__']);
  assert.equal(stringifyJson(value), '{"__proto__":{"x":1}}');
});

const errors: readonly (readonly [string, string])[] = [
  ['', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"a"', 'unexpected end of JSON input'],
  ['tru', "invalid character ' ' in literal true (expecting 'e')"],
  ['[-', "invalid character ' ' in numeric literal"],
  ['x', "invalid character 'x' looking for beginning of value"],
  ['{x', "invalid character 'x' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 2}', "invalid character '2' after object key:value pair"],
  ['[1 2]', "invalid character '2' after array element"],
  ['1 2', "invalid character '2' after top-level value"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['trux', "invalid character 'x' in literal true (expecting 'e')"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ['"\\q"', "invalid character 'q' in string escape code"],
  ['"\\u12x4"', "invalid character 'x' in \\u hexadecimal character escape"],
  ['"a\nb"', String.raw`invalid character '\n' in string literal`],
];

for (const [text, message] of errors) {
  void test(`error of ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseJson(text),
      (error: unknown) => error instanceof JsonSyntaxError && error.message === message,
    );
  });
}

void test('keys that stand twice are found', () => {
  assert.deepEqual(findDuplicateKeys('{"a":1,"b":[{"c":1,"c":2}],"a":3}'), [['b', 0, 'c'], ['a']]);
  assert.deepEqual(findDuplicateKeys('{"a":1}'), []);
});

void test('positions are lines and columns from 1', () => {
  assert.deepEqual(textPosition('ab\ncd', 4), { line: 2, column: 2 });
  assert.deepEqual(textPosition('ab', 0), { line: 1, column: 1 });
});
