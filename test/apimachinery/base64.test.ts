import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeRawBase64Url, wrongBase64Byte } from '../../src/apimachinery/base64.ts';

test('base64 for URLs is read without padding, whatever lines it is broken into', () => {
  for (const [text, expected] of [
    ['', ''],
    ['YQ', 'a'],
    ['_-8', '\xff\xef'],
    ['Y\nW\r\nI', 'ab'],
  ] as const) {
    assert.equal(decodeRawBase64Url(text).toString('latin1'), expected, text);
  }
});

test('what is no base64 is told with the byte that Go tells', () => {
  for (const [text, at] of [
    ['e30=', 3],
    ['a+b', 1],
    ['YWJjZ', 4],
    ['Y\n', 1],
    ['a ', 1],
  ] as const) {
    assert.throws(() => decodeRawBase64Url(text), { message: `illegal base64 data at input byte ${at}` });
  }
  for (const [text, at] of [
    ['YWI=', undefined],
    ['YQ==', undefined],
    ['YQ=', 3],
    ['YQ', 0],
    ['é', 0],
    ['YWI=YWI=', 4],
  ] as const) {
    assert.equal(wrongBase64Byte(text), at, text);
  }
});
