import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagedFieldsEntry } from '../../src/apimachinery/object-meta.ts';
import { ownersAfterView, ownersInView, type ViewedField } from '../../src/patch/viewed-ownership.ts';

const field: ViewedField = {
  apiVersion: 'apps/v1',
  path: ['spec', 'replicas'],
  viewApiVersion: 'autoscaling/v1',
  viewPath: ['spec', 'replicas'],
};
const time = '2026-11-23T04:15:18Z';
const replicas = { 'f:spec': { 'f:replicas': {} } };

function entry(
  operation: 'Apply' | 'Update',
  fieldsV1: Record<string, unknown>,
  more: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry {
  return { manager: 'm', operation, apiVersion: 'apps/v1', time, fieldsType: 'FieldsV1', fieldsV1, ...more };
}

/** What kube-apiserver 1.36 leaves of the owners of a deployment after a write of its scale that changes nothing. */
const cases: readonly (readonly [string, readonly ManagedFieldsEntry[], readonly ManagedFieldsEntry[]])[] = [
  [
    'an update of the object owns the rest, and the field in an entry of its own without a time',
    [entry('Update', { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } })],
    [
      { ...entry('Update', replicas), time: undefined as unknown as string },
      entry('Update', { 'f:spec': { 'f:paused': {} } }),
    ],
  ],
  ['an apply keeps what it has', [entry('Apply', replicas)], [entry('Apply', replicas)]],
  [
    'others are left alone',
    [entry('Update', { 'f:spec': { 'f:paused': {} } })],
    [entry('Update', { 'f:spec': { 'f:paused': {} } })],
  ],
];

for (const [name, entries, expected] of cases) {
  test(name, () => {
    const after = ownersAfterView(entries, ownersInView(entries, field), field);
    assert.deepEqual(
      after.map((owner) => ({ ...owner, time: owner.time })),
      expected,
    );
  });
}

test('whom the view names no more has lost the field', () => {
  const entries = [entry('Update', replicas), entry('Apply', replicas, { manager: 'a' })];
  const taken = entry('Update', replicas, { manager: 'n', apiVersion: 'autoscaling/v1', subresource: 'scale' });
  const [owner, ...others] = ownersAfterView(entries, [taken], field);
  assert.deepEqual(others, []);
  const { time: _none, ...expected } = { ...taken, apiVersion: 'apps/v1' };
  assert.deepEqual(owner, expected);
});
