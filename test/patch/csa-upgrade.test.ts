import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ManagedFieldsEntry, Unstructured } from '../../src/apimachinery/object-meta.ts';
import { clientSideApplyManagers, csaUpgradePatch } from '../../src/patch/csa-upgrade.ts';

const annotation = {
  'f:metadata': { 'f:annotations': { 'f:kubectl.kubernetes.io/last-applied-configuration': {} } },
};

function entry(manager: string, operation: 'Apply' | 'Update', fieldsV1: Record<string, unknown>): ManagedFieldsEntry {
  return { manager, operation, apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
}

function objectWith(...managedFields: ManagedFieldsEntry[]): Unstructured {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', resourceVersion: '7', managedFields } };
}

void describe('the move from client-side to server-side apply', () => {
  void it('turns the client-side entry into an applied one', () => {
    const object = objectWith(
      entry('kubectl-client-side-apply', 'Update', { ...annotation, 'f:data': { 'f:a': {} } }),
      entry('controller', 'Update', { 'f:data': { 'f:b': {} } }),
    );
    const managers = clientSideApplyManagers(object);
    assert.deepEqual([...managers], ['kubectl-client-side-apply']);
    assert.deepEqual(csaUpgradePatch(object, managers, 'kubectl'), [
      {
        op: 'replace',
        path: '/metadata/managedFields',
        value: [
          entry('kubectl', 'Apply', { 'f:data': { 'f:a': {} }, ...annotation }),
          entry('controller', 'Update', { 'f:data': { 'f:b': {} } }),
        ],
      },
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
    ]);
  });

  void it('merges it into the applied entry that is there, and drops the others of that name', () => {
    const object = objectWith(
      entry('kubectl', 'Apply', { 'f:data': { 'f:z': {} } }),
      entry('kubectl-client-side-apply', 'Update', { ...annotation, 'f:data': { 'f:a': {} } }),
      { ...entry('kubectl-client-side-apply', 'Update', { 'f:data': { 'f:old': {} } }), apiVersion: 'v0' },
    );
    const [replace] = csaUpgradePatch(object, clientSideApplyManagers(object), 'kubectl') ?? [];
    assert.deepEqual(replace?.value, [
      entry('kubectl', 'Apply', { 'f:data': { 'f:a': {}, 'f:z': {} }, ...annotation }),
    ]);
  });

  void it('has nothing to do without a client-side manager', () => {
    const object = objectWith(entry('kubectl', 'Apply', { 'f:data': { 'f:a': {} } }));
    assert.equal(clientSideApplyManagers(object).size, 0);
    assert.equal(csaUpgradePatch(object, new Set<string>(), 'kubectl'), undefined);
  });
});
