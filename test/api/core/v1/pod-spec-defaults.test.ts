import assert from 'node:assert/strict';
import test from 'node:test';
import { setPodSpecDefaults } from '../../../../src/api/core/v1/pod-spec-defaults.ts';
import type { PodSpec } from '../../../../src/api/types/core-v1.ts';

test('the service account goes by both of its names', () => {
  const named = (given: Partial<PodSpec>): readonly (string | undefined)[] => {
    const spec: PodSpec = { containers: [], ...given };
    setPodSpecDefaults(spec);
    return [spec.serviceAccountName, spec.serviceAccount];
  };
  assert.deepEqual(named({}), [undefined, undefined]);
  assert.deepEqual(named({ serviceAccountName: 'new' }), ['new', 'new']);
  assert.deepEqual(named({ serviceAccount: 'old' }), ['old', 'old']);
  assert.deepEqual(named({ serviceAccountName: 'new', serviceAccount: 'old' }), ['new', 'new']);
});
