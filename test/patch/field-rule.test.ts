import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeKeyOf, requireList } from '../../src/patch/strategic-merge/field-rule.ts';

void test('what is no map or list is told by its type in Go, null by none', () => {
  const message = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.equal(
    message(() => mergeKeyOf(null, 'name')),
    'expected a map[string]interface {}, but received a %!s(<nil>)',
  );
  assert.equal(
    message(() => mergeKeyOf('x', 'name')),
    'expected a map[string]interface {}, but received a string',
  );
  assert.equal(
    message(() => requireList(null)),
    'expected a []interface {}, but received a %!s(<nil>)',
  );
});
