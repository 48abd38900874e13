import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  booleanArgument,
  checkStorageMediaType,
  ComponentArgumentError,
  parseComponentArguments,
} from '../../src/cluster/component-arguments.ts';

test('pairs, keys alone, leading dashes, the last one wins', () => {
  const flags = parseComponentArguments('kube-x', ['a=1', '--b', 'a=2=3'], ['a', 'b']);
  assert.deepEqual(
    [...flags],
    [
      ['a', '2=3'],
      ['b', 'true'],
    ],
  );
  assert.throws(
    () => parseComponentArguments('kube-x', ['zork=1'], ['b', 'a']),
    new ComponentArgumentError('kube-x has no flag "zork" here; it knows: a, b'),
  );
});

test('flags that are on or off', () => {
  const read = (text: string): boolean => booleanArgument(new Map([['on', text]]), 'on', false);
  assert.deepEqual(['1', 't', 'TRUE', 'True', 'true'].map(read), [true, true, true, true, true]);
  assert.deepEqual(['0', 'f', 'FALSE', 'False', 'false'].map(read), [false, false, false, false, false]);
  assert.equal(booleanArgument(new Map(), 'on', true), true);
  assert.throws(
    () => read('yes'),
    new ComponentArgumentError(
      'invalid argument "yes" for "--on" flag: strconv.ParseBool: parsing "yes": invalid syntax',
    ),
  );
});

test('only JSON is stored', () => {
  const media = (type: string): void => checkStorageMediaType(new Map([['storage-media-type', type]]));
  media('');
  media('application/json');
  assert.throws(() => media('application/yaml'), /stores application\/json only, not "application\/yaml"/);
});
