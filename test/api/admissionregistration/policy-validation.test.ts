import assert from 'node:assert/strict';
import test from 'node:test';
import { mutatingAdmissionPolicyResource } from '../../../src/api/admissionregistration/v1/mutating-admission-policy.ts';
import { validatingAdmissionPolicyBindingResource } from '../../../src/api/admissionregistration/v1/validating-admission-policy-binding.ts';
import { validatingAdmissionPolicyResource } from '../../../src/api/admissionregistration/v1/validating-admission-policy.ts';
import type { ResourceDefinition } from '../../../src/api/resource-definition.ts';
import { formatFieldError } from '../../../src/apimachinery/field-error.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';

const context = { now: 0, subresource: '', user: { username: 'admin', uid: '', groups: [] } };

function defaulted(resource: ResourceDefinition, spec: JsonObject): Unstructured {
  const object = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: resource.kind,
    metadata: { name: 'p' },
    spec: structuredClone(spec),
  } as unknown as Unstructured;
  resource.setDefaults?.(object);
  return object;
}

function problems(resource: ResourceDefinition, spec: JsonObject): string[] {
  return (resource.strategy?.validateCreate?.(defaulted(resource, spec), context) ?? []).map(formatFieldError);
}

const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
const match = { matchConstraints: { resourceRules: [rule] } };
const holds = { validations: [{ expression: 'true' }] };
const none = 'validations or auditAnnotations must contain at least one item';

/** What the real server said of these (1.36.2). */
const validating: readonly (readonly [JsonObject, ...string[]])[] = [
  [{ ...match, ...holds }],
  [
    { ...match, validations: [] },
    `spec.validations: Required value: ${none}`,
    `spec.auditAnnotations: Required value: ${none}`,
  ],
  [{ ...holds }, 'spec.matchConstraints: Required value'],
  [{ matchConstraints: { resourceRules: [] }, ...holds }, 'spec.matchConstraints.resourceRules: Required value'],
  [
    { ...match, ...holds, failurePolicy: 'Zork' },
    'spec.failurePolicy: Unsupported value: "Zork": supported values: "Fail", "Ignore"',
  ],
  [
    { ...match, validations: [{ expression: 'zork.x' }] },
    `spec.validations[0].expression: Invalid value: "zork.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'zork' (in container '')\n | zork.x\n | ^`,
  ],
  [
    { ...match, validations: [{ expression: 'true', messageExpression: '1 + 1' }] },
    'spec.validations[0].messageExpression: Invalid value: "1 + 1": must evaluate to string but got int',
  ],
  [
    { ...match, ...holds, variables: [{ name: 'a b', expression: '1' }] },
    'spec.variables[0].name: Invalid value: "a b": must be a valid CEL identifier',
  ],
  [
    { ...match, ...holds, variables: [{ name: 'a', expression: 'variables.b' }] },
    `spec.variables[0].expression: Invalid value: "variables.b": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^`,
  ],
  [
    { ...match, ...holds, matchConditions: [{ name: 'x', expression: 'params.a' }] },
    `spec.matchConditions[0].expression: Invalid value: "params.a": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.a\n | ^`,
  ],
  [{ ...match, validations: [{ expression: 'authorizer.group("").resource("pods").check("get").allowed()' }] }],
  [{ ...match, validations: [{ expression: 'authorizer.requestResource.check("get").allowed()' }] }],
];

/** From the rules of the real server's validation. */
const derived: readonly (readonly [JsonObject, ...string[]])[] = [
  [
    { ...match, validations: [{ expression: 'true', messageExpression: 'authorizer.reason()' }] },
    `spec.validations[0].messageExpression: Invalid value: "authorizer.reason()": compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer.reason()\n | ^`,
  ],
  [
    { ...match, validations: [{ expression: '', message: ' ', reason: 'Zork' }] },
    'spec.validations[0].expression: Required value: expression is not specified',
    'spec.validations[0].message: Invalid value: " ": must be non-empty if specified',
    'spec.validations[0].reason: Unsupported value: "Zork": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
  ],
  [
    { ...match, auditAnnotations: [{ key: 'a', valueExpression: '1' }] },
    'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
  ],
  [
    {
      ...match,
      auditAnnotations: [
        { key: 'a', valueExpression: 'null' },
        { key: 'a', valueExpression: '"x"' },
      ],
    },
    'spec.auditAnnotations[1].key: Duplicate value: "a"',
  ],
  [
    { ...match, validations: [{ expression: 'object.a' }] },
    'spec.validations[0].expression: Invalid value: "object.a": must evaluate to bool but got dyn',
  ],
  [
    { ...match, ...holds, paramKind: { apiVersion: 'a/b/c', kind: '' } },
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    'spec.paramKind.kind: Required value',
  ],
  [
    { matchConstraints: { resourceRules: [{ ...rule, operations: ['*', 'CREATE'], scope: 'Zork' }] }, ...holds },
    `spec.matchConstraints.resourceRules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
    'spec.matchConstraints.resourceRules[0].scope: Unsupported value: "Zork": supported values: "*", "Cluster", "Namespaced"',
  ],
  [
    { matchConstraints: { resourceRules: [{ ...rule, resources: ['a/*', 'a/b', '*/*'] }] }, ...holds },
    `spec.matchConstraints.resourceRules[0].resources[1]: Invalid value: "a/b": if 'a/*' is present, must not specify a/b`,
    `spec.matchConstraints.resourceRules[0].resources: Invalid value: ["a/*","a/b","*/*"]: if '*/*' is present, must not specify other resources`,
  ],
  [
    {
      ...match,
      variables: [
        { name: 'a', expression: '1' },
        { name: 'b', expression: 'variables.a + 1' },
      ],
      validations: [{ expression: 'variables.b > "x"' }],
    },
    `spec.validations[0].expression: Invalid value: "variables.b > \\"x\\"": compilation failed: ERROR: <input>:1:13: found no matching overload for '_>_' applied to '(int, string)'\n | variables.b > "x"\n | ............^`,
  ],
];

test('ValidatingAdmissionPolicies are checked with their expressions', () => {
  for (const [spec, ...expected] of [...validating, ...derived]) {
    assert.deepEqual(problems(validatingAdmissionPolicyResource, spec), expected);
  }
});

test('bindings of ValidatingAdmissionPolicies are checked', () => {
  const cases: readonly (readonly [JsonObject, ...string[]])[] = [
    [{ policyName: '', validationActions: ['Audit'] }, 'spec.policyName: Required value'],
    [
      { policyName: 'p', validationActions: ['Zork'] },
      'spec.validationActions[0]: Unsupported value: "Zork": supported values: "Audit", "Deny", "Warn"',
    ],
    [{ policyName: 'p', validationActions: ['Deny', 'Deny'] }, 'spec.validationActions[1]: Duplicate value: "Deny"'],
    [
      { policyName: 'p', validationActions: ['Audit'], paramRef: {} },
      'spec.paramRef: Required value: one of name or selector must be specified',
      'spec.paramRef.parameterNotFoundAction: Required value',
    ],
    [
      { policyName: 'p', validationActions: ['Audit'], paramRef: { name: 'x', parameterNotFoundAction: 'Zork' } },
      'spec.paramRef.parameterNotFoundAction: Unsupported value: "Zork": supported values: "Deny", "Allow"',
    ],
  ];
  for (const [spec, ...expected] of cases) {
    assert.deepEqual(problems(validatingAdmissionPolicyBindingResource, spec), expected);
  }
});

test('MutatingAdmissionPolicies are checked with their mutations', () => {
  const spec = { ...match, reinvocationPolicy: 'Never' };
  const apply = (expression: string): JsonObject => ({
    ...spec,
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
  });
  const patch = (expression: string): JsonObject => ({
    ...spec,
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
  });
  const at = 'spec.mutations[0]';
  const cases: readonly (readonly [JsonObject, ...string[]])[] = [
    [apply('Object{metadata: Object.metadata{labels: {"a": "b"}}}')],
    [patch('[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: 1}]')],
    [{ ...spec, mutations: [] }, 'spec.mutations: Required value: mutations must contain at least one item'],
    [
      { ...spec, mutations: [{ patchType: 'ApplyConfiguration' }] },
      `${at}.applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration`,
    ],
    [apply('1'), `${at}.applyConfiguration.expression: Invalid value: "1": must evaluate to Object but got int`],
    [
      patch('"x"'),
      `${at}.jsonPatch.expression: Invalid value: "\\"x\\"": must evaluate to list(JSONPatch) but got string`,
    ],
    [
      { ...apply('Object{}'), reinvocationPolicy: 'Zork' },
      'spec.reinvocationPolicy: Unsupported value: "Zork": supported values: "IfNeeded", "Never"',
    ],
    [
      { ...apply('Object{}'), matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] } },
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    ],
  ];
  for (const [value, ...expected] of cases) {
    assert.deepEqual(problems(mutatingAdmissionPolicyResource, value), expected);
  }
});

test('what policies leave out is filled in', () => {
  const { spec } = defaulted(validatingAdmissionPolicyResource, match) as unknown as { spec: JsonObject };
  assert.deepEqual(spec, {
    failurePolicy: 'Fail',
    matchConstraints: {
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      resourceRules: [{ ...rule, scope: '*' }],
    },
  });
});

test('match conditions that did not change are not checked again', () => {
  const spec = { ...match, ...holds, matchConditions: [{ name: 'x', expression: 'zork' }] };
  const object = defaulted(validatingAdmissionPolicyResource, spec);
  const { strategy } = validatingAdmissionPolicyResource;
  assert.deepEqual(strategy?.validateUpdate?.(object, structuredClone(object), context), []);
  const before = defaulted(validatingAdmissionPolicyResource, { ...spec, matchConditions: [] });
  assert.equal(strategy?.validateUpdate?.(object, before, context).length, 1);
});
