import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sniffedType } from '../../../src/node/cri/simulation/images/sniffed-type.ts';

const cases: readonly (readonly [text: string, type: string])[] = [
  ['foo', 'text/plain'],
  ['', 'text/plain'],
  ['<a href="/x">test</a>', 'text/html'],
  ['\n  <!doctype html><p>', 'text/html'],
  ['<H1>Big</H1>', 'text/html'],
  ['<abbr>no</abbr>', 'text/plain'],
  ['text <p>', 'text/plain'],
  ['<?xml version="1.0"?>', 'text/xml'],
];

for (const [text, type] of cases) {
  void test(`the type of ${JSON.stringify(text)}`, () => {
    assert.equal(sniffedType(text), `${type}; charset=utf-8`);
  });
}
