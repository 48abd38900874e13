import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revisionData } from '../../../src/control-plane/controller-manager/controller-history.ts';

test('the template of a revision is written with its keys in order', () => {
  const template = { spec: { containers: [{ name: 'main', image: 'a' }] }, metadata: { labels: { b: '1', a: '2' } } };
  assert.equal(
    JSON.stringify(revisionData(template)),
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","b":"1"}},"spec":{"containers":[{"image":"a","name":"main"}]}}}}',
  );
});
