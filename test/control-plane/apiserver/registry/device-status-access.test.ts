import assert from 'node:assert/strict';
import test from 'node:test';
import { formatFieldError } from '../../../../src/apimachinery/field-error.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import type { AuthorizationAttributes } from '../../../../src/control-plane/authorization/authorizer.ts';
import { deviceStatusProblems } from '../../../../src/control-plane/apiserver/registry/device-status-access.ts';

const driverUser = (node: string): AuthorizationAttributes['user'] => ({
  username: 'system:serviceaccount:ns:driver',
  uid: '',
  groups: [],
  extra: { 'authentication.kubernetes.io/node-name': [node] },
});
const asked = (user: AuthorizationAttributes['user']): AuthorizationAttributes => ({
  user,
  verb: 'update',
  isResourceRequest: true,
  apiGroup: 'resource.k8s.io',
  apiVersion: 'v1',
  resource: 'resourceclaims',
  subresource: 'status',
  namespace: 'ns',
  name: 'claim',
  path: '',
  fieldSelector: '',
  labelSelector: '',
});
const claim = (status: object): Unstructured => ({ apiVersion: 'v1', kind: 'ResourceClaim', metadata: {}, status });
const onNode = {
  nodeSelector: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
  },
};
const device = (driver: string, data?: object) => ({
  driver,
  pool: 'p',
  device: 'd',
  ...(data === undefined ? {} : { data }),
});
const allocated = { allocation: onNode };
const who = 'User "system:serviceaccount:ns:driver" cannot';
const forBinding = `status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: resourceclaims.resource.k8s.io is forbidden: ${who} update resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope`;
const forDriver = (driver: string, verbs: string, verb: string): string =>
  `status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[${verbs}]" permission: resourceclaims.resource.k8s.io "${driver}" is forbidden: ${who} ${verb} resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "ns"`;
const both = 'associated-node:update arbitrary-node:update';

/** What changes, on which node the writer runs, what it may do as `subresource verb name`, and what is wrong. */
const cases: readonly (readonly [string, object, object, string, readonly string[], readonly string[]])[] = [
  ['nothing', allocated, allocated, 'n1', [], []],
  ['an empty list', allocated, { ...allocated, reservedFor: [], devices: [] }, 'n1', [], []],
  ['the allocation', {}, allocated, 'n1', [], [forBinding]],
  ['the allocation', {}, allocated, 'n1', ['binding update '], []],
  [
    'who uses it',
    allocated,
    { ...allocated, reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] },
    'n1',
    [],
    [forBinding],
  ],
  [
    'a device',
    allocated,
    { ...allocated, devices: [device('a.io')] },
    'n1',
    ['driver associated-node:update a.io'],
    [],
  ],
  ['a device', allocated, { ...allocated, devices: [device('a.io')] }, 'n1', ['driver arbitrary-node:update a.io'], []],
  [
    'a device',
    allocated,
    { ...allocated, devices: [device('a.io')] },
    'n1',
    ['driver associated-node:update b.io'],
    [forDriver('a.io', both, 'associated-node:update')],
  ],
  [
    'a device on another node',
    allocated,
    { ...allocated, devices: [device('a.io')] },
    'n2',
    ['driver associated-node:update a.io'],
    [forDriver('a.io', 'arbitrary-node:update', 'arbitrary-node:update')],
  ],
  [
    'devices of two drivers, and one taken away',
    { ...allocated, devices: [device('c.io'), device('b.io', { x: 1 }), device('a.io')] },
    { ...allocated, devices: [device('b.io', { x: 2 }), device('a.io')] },
    'n1',
    [],
    [forDriver('b.io', both, 'associated-node:update'), forDriver('c.io', both, 'associated-node:update')],
  ],
  ['a claim that is let go', { ...allocated, devices: [device('a.io')] }, {}, 'n1', ['binding update '], []],
];

for (const [title, old, next, node, allowed, problems] of cases) {
  test(`the status of a claim: ${title}, from ${node} with ${allowed.join()}`, async () => {
    const authorizer = {
      authorize: ({ subresource, verb, name }: AuthorizationAttributes) =>
        Promise.resolve({ allowed: allowed.includes(`${subresource} ${verb} ${name}`), reason: '' }),
    };
    const errors = await deviceStatusProblems(authorizer, asked(driverUser(node)), claim(next), claim(old));
    assert.deepEqual(errors.map(formatFieldError), problems);
  });
}
