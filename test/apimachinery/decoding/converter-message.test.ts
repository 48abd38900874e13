import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converterMessage } from '../../../src/apimachinery/decoding/converter-message.ts';

/** Recorded from kube-apiserver 1.36: what a value of a kind does in a field of a type. */
const cases: readonly (readonly [found: string, type: string, message: string])[] = [
  ['string', 'map[string]string', 'cannot restore map from string'],
  ['number', 'map[string]string', 'cannot restore map from int64'],
  ['array', 'map[string]string', 'cannot restore map from slice'],
  ['string', '[]v1.Container', 'cannot restore slice from string'],
  ['string', 'v1.PodSpec', 'cannot restore struct from: string'],
  ['number', 'v1.Affinity', 'cannot restore struct from: int64'],
  ['array', 'v1.Affinity', 'cannot restore struct from: slice'],
  ['bool', 'v1.Affinity', 'cannot restore struct from: bool'],
  ['object', 'string', 'unrecognized type: string'],
  ['object', 'v1.RestartPolicy', 'unrecognized type: string'],
  ['array', 'v1.RestartPolicy', 'unrecognized type: string'],
  ['number', 'v1.RestartPolicy', 'cannot convert int64 to v1.RestartPolicy'],
  ['number', 'string', 'cannot convert int64 to string'],
  ['bool', 'string', 'unrecognized type: string'],
  ['string', 'int32', 'unrecognized type: int32'],
  ['number 1.5', 'int32', 'cannot convert float64 to int32'],
  ['number 1.5', 'int64', 'cannot convert float64 to int64'],
  ['string', 'bool', 'unrecognized type: bool'],
  ['number', 'bool', 'unrecognized type: bool'],
];

for (const [found, type, message] of cases) {
  test(`${found} for ${type}`, () => {
    const told = `json: cannot unmarshal ${found} into Go struct field Some.path.field of type ${type}`;
    assert.equal(converterMessage(told), message);
  });
}

test('other messages stay', () => {
  assert.equal(converterMessage('illegal base64 data at input byte 3'), 'illegal base64 data at input byte 3');
});
