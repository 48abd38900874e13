import assert from 'node:assert/strict';
import test from 'node:test';
import type { CustomResourceDefinition } from '../../../../src/api/types/apiextensions-v1.ts';
import { acceptNames, mergeConditions } from '../../../../src/control-plane/apiserver/custom-resources/naming.ts';

function approved(annotation: string): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'wids.snapshot.storage.k8s.io',
      annotations: { 'api-approved.kubernetes.io': annotation },
    },
    spec: {
      group: 'snapshot.storage.k8s.io',
      names: { kind: 'Wid', plural: 'wids' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
}

test('what reviewers said is told of before the names, as the real server does', () => {
  const { conditions } = acceptNames(approved('https://example.com/pull/1'), []);
  const merged = mergeConditions([], conditions, '2026-01-01T00:00:00Z');
  assert.deepEqual(
    merged.map(({ type, status, reason, message }) => `${type}=${status} ${reason ?? ''}: ${message ?? ''}`),
    [
      'KubernetesAPIApprovalPolicyConformant=True ApprovedAnnotation: approved in https://example.com/pull/1',
      'NamesAccepted=True NoConflicts: no conflicts found',
      'Established=True InitialNamesAccepted: the initial names have been accepted',
    ],
  );
  const [first] = acceptNames(approved('unapproved, experimental'), []).conditions;
  assert.equal(first?.message, 'not approved: "unapproved, experimental"');
});
