import assert from 'node:assert/strict';
import test from 'node:test';
import { mutatingAdmissionPolicyResource } from '../../../src/api/admissionregistration/v1/mutating-admission-policy.ts';
import { builtInResources, builtInSchemas } from '../../../src/api/registry.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { StatusError } from '../../../src/apimachinery/status.ts';
import type { AdmissionContext } from '../../../src/control-plane/admission/admission-plugin.ts';
import { mutatingAdmissionPolicy } from '../../../src/control-plane/admission/mutating-admission-policy.ts';
import { apiResource, ResourceRegistry } from '../../../src/control-plane/apiserver/registry/api-resource.ts';
import { servedKinds } from '../../../src/control-plane/apiserver/registry/served-kinds.ts';
import { admitted, clusterOf, type Outcome } from './admission-harness.ts';

const registry = new ResourceRegistry();
for (const definition of builtInResources) registry.add(apiResource(definition, builtInSchemas));
const kinds = servedKinds(() => registry);

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'ns', labels: { a: 'b' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i', args: ['x'] }] } },
  },
};

interface Mutation {
  readonly apply?: string;
  readonly patch?: string;
  /** Fields of the policy. */
  readonly more?: JsonObject;
}

/** A Deployment that policies with these mutations have changed; each policy has one binding. */
function mutated(
  policies: readonly Mutation[],
  object: object = deployment,
  served: AdmissionContext['kinds'] = kinds,
  { group, resource } = { group: 'apps', resource: 'deployments' },
): Promise<Outcome> {
  const rule = { apiGroups: [group], apiVersions: ['v1'], operations: ['*'], resources: [resource] };
  const made = policies.map(({ apply, patch, more = {} }, index) => ({
    metadata: { name: `p${index}` },
    spec: {
      matchConstraints: { resourceRules: [rule] },
      reinvocationPolicy: 'Never',
      mutations: [
        patch === undefined
          ? { patchType: 'ApplyConfiguration', applyConfiguration: { expression: apply ?? '' } }
          : { patchType: 'JSONPatch', jsonPatch: { expression: patch } },
      ],
      ...more,
    },
  }));
  for (const policy of made) mutatingAdmissionPolicyResource.setDefaults?.(policy as unknown as Unstructured);
  const cluster = clusterOf(
    {
      mutatingadmissionpolicies: made,
      mutatingadmissionpolicybindings: made.map(({ metadata: { name } }) => ({
        metadata: { name: `b-${name}` },
        spec: { policyName: name },
      })),
      namespaces: [{ metadata: { name: 'ns' } }],
    },
    { kinds: served },
  );
  return admitted([mutatingAdmissionPolicy(cluster)], resource, object, { group });
}

function specOf({ object, refusal }: Outcome): Record<string, unknown> & { template: typeof deployment.spec.template } {
  assert.equal(refusal, '');
  return (object as unknown as { spec: ReturnType<typeof specOf> }).spec;
}

test('apply configurations are merged into the object', async () => {
  const labels = await mutated([{ apply: 'Object{metadata: Object.metadata{labels: {"x": object.metadata.name}}}' }]);
  assert.deepEqual(labels.object.metadata.labels, { a: 'b', x: 'd' });
  assert.equal(
    specOf(await mutated([{ apply: 'Object{spec: Object.spec{replicas: object.spec.replicas + 2}}' }]))['replicas'],
    3,
  );
  const { template } = specOf(
    await mutated([
      {
        apply: `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
          containers: [Object.spec.template.spec.containers{name: "c", image: "j"},
            Object.spec.template.spec.containers{name: "d", image: "k"}]}}}}`,
      },
    ]),
  );
  const [first, second] = template.spec.containers;
  assert.deepEqual([first?.name, first?.image, first?.args], ['c', 'j', ['x']]);
  assert.deepEqual([second?.name, second?.image], ['d', 'k']);
  // What is added gets its defaults.
  assert.equal((second as { terminationMessagePath?: string }).terminationMessagePath, '/dev/termination-log');
});

test('JSON patches are applied, or nothing of them when a test does not hold', async () => {
  const replicas = async (patch: string): Promise<unknown> => specOf(await mutated([{ patch }]))['replicas'];
  assert.equal(await replicas('[JSONPatch{op: "replace", path: "/spec/replicas", value: 3}]'), 3);
  const test = (value: number): string =>
    `[JSONPatch{op: "test", path: "/spec/replicas", value: ${value}}, JSONPatch{op: "replace", path: "/spec/replicas", value: 3}]`;
  assert.equal(await replicas(test(1)), 3);
  assert.equal(await replicas(test(100)), 1);
  const { object } = await mutated([
    {
      patch: `[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("e.com/x"), value: string(size(object.spec.template.spec.containers))},
        JSONPatch{op: "move", from: "/metadata/labels/a", path: "/metadata/labels/z"}]`,
    },
  ]);
  assert.deepEqual(object.metadata.labels, { 'e.com/x': '1', z: 'b' });
  const typed = await mutated([
    { patch: '[JSONPatch{op: "add", path: "/spec/selector", value: Object.spec.selector{matchLabels: {"q": "r"}}}]' },
  ]);
  assert.deepEqual(specOf(typed)['selector'], { matchLabels: { q: 'r' } });
});

test('what cannot be changed refuses the request, unless the failure policy is to ignore it', async () => {
  const cases: readonly (readonly [Mutation, string])[] = [
    [
      {
        apply: `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
          containers: [Object.spec.template.spec.containers{name: "c", args: ["y"]}]}}}}`,
      },
      'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.template.spec.containers[0].args',
    ],
    [
      { apply: 'Object{spec: Object.spec{zork: 1}}' },
      'error applying patch: failed to convert patch object to typed object: .spec.zork: field not declared in schema',
    ],
    [
      { apply: 'Object{spec: Object.wrong{replicas: 1}}' },
      'type mismatch: unexpected type name "Object.wrong", expected "Object.spec", which matches field name path from root Object type',
    ],
    [
      { apply: 'Object{spec: Object.spec{replicas: object.zork}}' },
      "expression 'Object{spec: Object.spec{replicas: object.zork}}' resulted in error: no such key: zork",
    ],
    [
      { patch: '[JSONPatch{op: "remove", path: "/spec/zork"}]' },
      "JSON Patch: error in remove for path: '/spec/zork': Unable to remove nonexistent key: zork: missing value",
    ],
    [
      { apply: 'Object{metadata: Object.metadata{annotations: {"x": b"abc"}}}' },
      'error applying patch: failed to convert patch object to typed object: .metadata.annotations.x: expected string, got &value.valueUnstructured{Value:[]uint8{0x61, 0x62, 0x63}}',
    ],
    [
      { apply: 'Object{metadata: Object.metadata{annotations: {"x": duration("1h")}}}' },
      'error applying patch: failed to convert patch object to typed object: .metadata.annotations.x: expected string, got &value.valueUnstructured{Value:3600000000000}',
    ],
    [
      { apply: 'Object{metadata: Object.metadata{creationTimestamp: timestamp("2024-05-05T01:02:03.5+05:30")}}' },
      'error applying patch: failed to convert patch object to typed object: .metadata.creationTimestamp: expected any scalar, got &{2024-05-05 01:02:03.5 +0530 +0530}',
    ],
    [
      { apply: 'Object{spec: Object.spec{replicas: dyn(1.5)}}' },
      'unable to convert unstructured object to apps/v1, Kind=Deployment: cannot convert float64 to int32',
    ],
    [{ apply: '1' }, 'must evaluate to Object but got int'],
    [
      { apply: 'Object{}', more: { matchConditions: [{ name: 'x', expression: 'object.zork == 1' }] } },
      "expression 'object.zork == 1' resulted in error: no such key: zork",
    ],
  ];
  for (const [mutation, message] of cases) {
    const { error, object } = await mutated([mutation]);
    const full = `policy 'p0' with binding 'b-p0' denied request: ${message}`;
    assert.equal(error?.message, full);
    assert.deepEqual([error.status.code, error.status.reason], [403, 'Invalid']);
    assert.deepEqual(error.status.details, {
      group: 'apps',
      kind: 'deployments',
      name: 'd',
      causes: [{ message: full }],
    });
    assert.deepEqual(object, deployment);
    const ignored = await mutated([{ ...mutation, more: { ...mutation.more, failurePolicy: 'Ignore' } }]);
    assert.equal(ignored.refusal, '');
  }
  const unknown = await mutated([{ patch: '[JSONPatch{op: "add", path: "/spec/zork", value: 1}]' }]);
  assert.equal(unknown.refusal, 'Internal error occurred: strict decoding error: unknown field "spec.zork"');
});

test('a kind of the core group is named with the slash that follows every group', async () => {
  const metadata = { name: 'p', namespace: 'ns' };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const apply = 'Object{spec: Object.spec{terminationGracePeriodSeconds: dyn(1.5)}}';
  const { error } = await mutated([{ apply }], pod, kinds, { group: '', resource: 'pods' });
  assert.match(error?.message ?? '', /: unable to convert unstructured object to \/v1, Kind=Pod: cannot convert /);
});

// The converter of the real server makes a number of an odd type of null, which fits nothing.
test('null is no value of any field of an apply configuration', async () => {
  const said = async (expression: string): Promise<string | undefined> => {
    const { error } = await mutated([{ apply: `Object{spec: Object.spec{${expression}}}` }]);
    return error?.message.replace(/^.* typed object: /, '');
  };
  const numeric = 'expected numeric (int or float), got structpb.NullValue';
  assert.equal(await said('replicas: null'), `.spec.replicas: ${numeric}`);
  assert.equal(await said('paused: null'), '.spec.paused: expected boolean, got &{NULL_VALUE}');
  assert.equal(await said('strategy: null'), '.spec.strategy: expected map, got &{NULL_VALUE}');
  const containers = 'template: Object.spec.template{spec: Object.spec.template.spec{containers: null}}';
  assert.equal(await said(containers), '.spec.template.spec.containers: expected list, got &{NULL_VALUE}');
  const update = 'Object.spec.strategy.rollingUpdate{maxSurge: null}';
  assert.equal(
    await said(`strategy: Object.spec.strategy{type: null, rollingUpdate: ${update}}`),
    [
      'errors:',
      '  .spec.strategy.type: expected string, got &value.valueUnstructured{Value:0}',
      '  .spec.strategy.rollingUpdate.maxSurge: expected map, got &{NULL_VALUE}',
    ].join('\n'),
  );
});

test('a span of time is no text, nor what has a form of its own', async () => {
  const said = async (expression: string): Promise<string | undefined> => {
    const { error } = await mutated([{ apply: `Object{metadata: Object.metadata{${expression}}}` }]);
    return error?.message.replace(/^.* typed object: /, '');
  };
  assert.equal(
    await said('creationTimestamp: duration("90s")'),
    '.metadata.creationTimestamp: expected any scalar, got &{1m30s}',
  );
  assert.equal(
    await said('generateName: duration("90s")'),
    '.metadata.generateName: expected string, got &value.valueUnstructured{Value:90000000000}',
  );
});

test('policies see what those before them changed, and see later changes when they want to', async () => {
  const count = (more: JsonObject): Mutation => ({
    more,
    apply: `Object{metadata: Object.metadata{labels: {"seen": has(object.metadata.labels.later) ? "later" : "nothing"}}}`,
  });
  const later: Mutation = {
    apply: 'Object{metadata: Object.metadata{labels: {"later": object.metadata.labels.seen}}}',
  };
  const once = await mutated([count({}), later]);
  assert.deepEqual(once.object.metadata.labels, { a: 'b', seen: 'nothing', later: 'nothing' });
  const again = await mutated([count({ reinvocationPolicy: 'IfNeeded' }), later]);
  assert.deepEqual(again.object.metadata.labels, { a: 'b', seen: 'later', later: 'nothing' });
});

test('match conditions that do not hold leave the object alone', async () => {
  const { object, refusal } = await mutated([
    {
      apply: 'Object{spec: Object.spec{replicas: 5}}',
      more: { matchConditions: [{ name: 'x', expression: 'object.spec.replicas > 1' }] },
    },
  ]);
  assert.equal(refusal, '');
  assert.deepEqual(object, deployment);
});

test('an object that cannot be had in the wanted version is a fault of the configuration', async () => {
  const served: AdmissionContext['kinds'] = {
    ...kinds,
    convert: () => Promise.reject(new StatusError({ message: 'conversion webhook for x failed: no', code: 500 })),
  };
  const apply = 'Object{metadata: Object.metadata{labels: {"x": "y"}}}';
  const { refusal } = await mutated([{ apply }], deployment, served);
  assert.match(refusal, /failed to configure policy: conversion webhook for x failed: no$/);
  const ignored = await mutated([{ apply, more: { failurePolicy: 'Ignore' } }], deployment, served);
  assert.deepEqual([ignored.refusal, ignored.object.metadata.labels], ['', { a: 'b' }]);
});
