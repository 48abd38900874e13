import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { restoreBinding, restoreRole } from '../../../../src/control-plane/apiserver/bootstrap/restore-policy.ts';

const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
const off = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
const metadata = { name: 'x', labels, annotations };
const object = (fields: object): Unstructured => ({ apiVersion: 'v1', kind: 'X', metadata, ...fields });
const rule = (resource: string, ...verbs: string[]) => ({ apiGroups: [''], resources: [resource], verbs });
const selector = (name: string) => ({ matchLabels: { [name]: 'true' } });
const gathers = (...names: string[]) => ({ aggregationRule: { clusterRoleSelectors: names.map(selector) } });
const role = object({ rules: [rule('pods', 'get', 'list')] });

/** A role as it is, as the default policy has it, and what becomes of it. */
const roles: readonly (readonly [string, Unstructured, Unstructured, object | undefined])[] = [
  ['as it is wanted', role, role, undefined],
  ['with more rules', object({ rules: [rule('pods', '*'), rule('nodes', 'get')] }), role, undefined],
  [
    'that lacks a verb',
    object({ rules: [rule('pods', 'get')] }),
    role,
    object({ rules: [rule('pods', 'get'), rule('pods', 'list')] }),
  ],
  ['that lacks everything but is left alone', object({ metadata: { name: 'x', annotations: off } }), role, undefined],
  [
    'without its labels',
    { ...role, metadata: { name: 'x', labels: { mine: '1' }, annotations: { other: '2' } } },
    role,
    {
      ...role,
      metadata: { name: 'x', labels: { ...labels, mine: '1' }, annotations: { ...annotations, other: '2' } },
    },
  ],
  ['that gathers something else', object(gathers('a')), object(gathers('b')), object(gathers('a', 'b'))],
  ['that does not gather any more', object({}), object(gathers('b')), object(gathers('b'))],
  ['that is not to gather', { ...role, ...gathers('a') }, role, role],
];

for (const [title, current, wanted, expected] of roles) {
  test(`a default role ${title}`, () => assert.deepEqual(restoreRole(current, wanted), expected));
}

const user = (name: string) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name });
const to = (name: string, ...subjects: string[]) => {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  return object({ roleRef, subjects: subjects.map(user) });
};

const bindings: readonly (readonly [string, Unstructured, Unstructured, object | string | undefined])[] = [
  ['as it is wanted', to('r', 'a'), to('r', 'a'), undefined],
  ['with another subject', to('r', 'b'), to('r', 'a'), to('r', 'b', 'a')],
  ['to another role', to('q', 'a'), to('r', 'a'), 'recreate'],
  ['to another role that is left alone', { ...to('q'), metadata: { name: 'x', annotations: off } }, to('r'), undefined],
  ['without its labels', { ...to('r', 'a'), metadata: { name: 'x' } }, to('r', 'a'), to('r', 'a')],
];

for (const [title, current, wanted, expected] of bindings) {
  test(`a default binding ${title}`, () => assert.deepEqual(restoreBinding(current, wanted), expected));
}
