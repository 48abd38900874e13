import assert from 'node:assert/strict';
import test from 'node:test';
import { validatingAdmissionPolicyBindingResource } from '../../../src/api/admissionregistration/v1/validating-admission-policy-binding.ts';
import { validatingAdmissionPolicyResource } from '../../../src/api/admissionregistration/v1/validating-admission-policy.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { StatusError } from '../../../src/apimachinery/status.ts';
import { createInProcessTransport } from '../../../src/client/in-process-transport.ts';
import { createClient } from '../../../src/client/rest-client.ts';
import type { AdmissionContext } from '../../../src/control-plane/admission/admission-plugin.ts';
import { policyParameterAccess } from '../../../src/control-plane/admission/policies/parameter-access.ts';
import { validatingAdmissionPolicy } from '../../../src/control-plane/admission/validating-admission-policy.ts';
import { admitted, clusterOf, type Outcome } from './admission-harness.ts';

const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] };

interface Case {
  readonly policy: JsonObject;
  readonly binding?: JsonObject;
  readonly context?: Partial<AdmissionContext>;
  readonly what?: Parameters<typeof admitted>[3];
  readonly resource?: string;
}

function configMap(data: JsonObject = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'ns', labels: { a: 'b' } }, data };
}

/** What becomes of a ConfigMap under one policy with one binding. */
function underPolicy({ policy, binding = {}, context, what, resource = 'configmaps' }: Case): Promise<Outcome> {
  const policies = [
    { metadata: { name: 'pol' }, spec: { matchConstraints: { resourceRules: [rule] }, ...structuredClone(policy) } },
  ];
  const bindings = [
    {
      metadata: { name: 'bind' },
      spec: { policyName: 'pol', validationActions: ['Deny'], ...structuredClone(binding) },
    },
  ];
  for (const object of policies) validatingAdmissionPolicyResource.setDefaults?.(object as unknown as Unstructured);
  for (const object of bindings) {
    validatingAdmissionPolicyBindingResource.setDefaults?.(object as unknown as Unstructured);
  }
  const cluster = clusterOf(
    {
      validatingadmissionpolicies: policies,
      validatingadmissionpolicybindings: bindings,
      namespaces: [{ metadata: { name: 'ns', labels: { team: 'x' } } }],
    },
    context,
  );
  return admitted([validatingAdmissionPolicy(cluster)], resource, configMap({ k: 'v' }), what);
}

const denied = "configmaps \"c\" is forbidden: ValidatingAdmissionPolicy 'pol' with binding 'bind' denied request: ";
const no = { validations: [{ expression: 'false' }] };

function expecting(expression: string): JsonObject {
  return { validations: [{ expression }] };
}

test('a validation that does not hold denies, with its message and reason', async () => {
  const cases: readonly (readonly [JsonObject, string, number])[] = [
    [{ expression: "object.data.k == 'x'" }, "failed expression: object.data.k == 'x'", 422],
    [{ expression: 'false', message: ' no bad data ' }, 'no bad data', 422],
    [
      { expression: 'false', message: 'm', messageExpression: "'name ' + object.metadata.name", reason: 'Forbidden' },
      'name c',
      403,
    ],
    [{ expression: 'false', message: 'm', messageExpression: "'a\\nb'", reason: 'RequestEntityTooLarge' }, 'm', 413],
    [{ expression: 'false', message: 'm', messageExpression: 'object.zork' }, 'm', 422],
  ];
  for (const [validation, message, code] of cases) {
    const { refusal, error } = await underPolicy({ policy: { validations: [validation] } });
    assert.equal(refusal, denied + message);
    assert.equal(error?.status.code, code);
    assert.equal(error?.status.reason, validation['reason'] ?? 'Invalid');
    const inside = denied.slice(denied.indexOf('Validating')) + message;
    assert.deepEqual(error?.status.details, { name: 'c', kind: 'configmaps', causes: [{ message: inside }] });
  }
});

test('expressions see the request, the namespace, variables and the authorizer', async () => {
  const access = {
    authorize: (asked: { verb: string; user: { username: string }; name: string; resource: string }) =>
      Promise.resolve({
        allowed: asked.verb === 'get' || asked.user.username === 'system:serviceaccount:ns:sa',
        reason: `${asked.user.username} ${asked.verb} ${asked.resource} ${asked.name}`,
      }),
  };
  const holding = [
    "request.operation == 'CREATE' && request.kind.kind == 'configmaps' && request.resource.resource == 'configmaps'",
    "request.userInfo.username == 'ann' && 'system:authenticated' in request.userInfo.groups && !request.dryRun",
    "request.namespace == 'ns' && request.name == 'c' && !has(request.subResource)",
    "namespaceObject.metadata.labels['team'] == 'x' && namespaceObject.metadata.name == 'ns'",
    'oldObject == null && object.metadata.labels.a == "b"',
    // As with connections, which have none.
    'has(request.options) && request.options == null && !has(request.options.kind)',
    'authorizer.group("").resource("pods").namespace("ns").check("get").allowed()',
    '!authorizer.group("").resource("pods").check("delete").allowed()',
    'authorizer.serviceAccount("ns", "sa").group("").resource("pods").check("delete").allowed()',
    'authorizer.requestResource.check("delete").reason() == "ann delete configmaps c"',
    'authorizer.path("/healthz").check("get").allowed() && !authorizer.path("/x").check("get").errored()',
  ];
  for (const expression of holding) {
    const { refusal } = await underPolicy({ policy: expecting(expression), context: { access } });
    assert.equal(refusal, '');
  }
  const variables = [
    { name: 'data', expression: 'object.data' },
    { name: 'first', expression: 'variables.data.k' },
    { name: 'wrong', expression: 'object.zork' },
  ];
  const policy = { ...expecting("variables.first == 'v'"), variables };
  assert.equal((await underPolicy({ policy })).refusal, '');
  const broken = await underPolicy({ policy: { ...expecting('variables.wrong == 1'), variables } });
  assert.equal(
    broken.refusal,
    `${denied}expression 'variables.wrong == 1' resulted in error: composited variable "wrong" fails to evaluate: no such key: zork`,
  );
});

test('what cannot be evaluated denies, unless the failure policy is to ignore it', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['object.zork == 1', "expression 'object.zork == 1' resulted in error: no such key: zork"],
    ['object.data.k == 1', 'failed expression: object.data.k == 1'],
    [
      'zork',
      "compilation error: compilation failed: ERROR: <input>:1:1: undeclared reference to 'zork' (in container '')\n | zork\n | ^",
    ],
    [
      '[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, [1,2,3,4,5,6,7,8,9,10].all(f, true))))))',
      'operation cancelled: actual cost limit exceeded',
    ],
  ];
  for (const [expression, message] of cases) {
    const policy = expecting(expression);
    const { refusal } = await underPolicy({ policy });
    assert.ok(refusal.startsWith(denied) && refusal.endsWith(message), refusal);
    const ignored = await underPolicy({ policy: { ...policy, failurePolicy: 'Ignore' } });
    assert.equal(ignored.refusal, message.startsWith('failed expression') ? denied + message : '');
  }
});

test('the expressions of a policy share a budget', async () => {
  const heavy =
    '[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, true)))))';
  const validations = Array.from({ length: 40 }, () => ({ expression: heavy }));
  assert.equal(
    (await underPolicy({ policy: { validations } })).refusal,
    `${denied}validation failed due to running out of cost budget, no further validation rules will be run`,
  );
});

test('only requests that match are looked at', async () => {
  const constraints = (more: JsonObject): JsonObject => ({
    ...no,
    matchConstraints: { resourceRules: [rule], ...more },
  });
  const other = { ...rule, resources: ['secrets', 'configmaps/status'] };
  const passing: readonly Case[] = [
    { policy: constraints({ resourceRules: [other] }) },
    { policy: constraints({ resourceRules: [{ ...rule, operations: ['UPDATE'] }] }) },
    { policy: constraints({ resourceRules: [{ ...rule, scope: 'Cluster' }] }) },
    { policy: constraints({ resourceRules: [{ ...rule, resourceNames: ['d'] }] }) },
    { policy: constraints({ excludeResourceRules: [rule] }) },
    { policy: constraints({ namespaceSelector: { matchLabels: { team: 'y' } } }) },
    { policy: constraints({ objectSelector: { matchLabels: { a: 'c' } } }) },
    { policy: no, binding: { matchResources: { objectSelector: { matchLabels: { a: 'c' } } } } },
    { policy: no, binding: { policyName: 'other' } },
    { policy: { ...no, matchConditions: [{ name: 'x', expression: "request.operation == 'DELETE'" }] } },
    {
      policy: {
        ...no,
        matchConditions: [
          { name: 'x', expression: 'object.zork' },
          { name: 'y', expression: 'false' },
        ],
      },
    },
    { policy: { ...no, failurePolicy: 'Ignore', matchConditions: [{ name: 'x', expression: 'object.zork == 1' }] } },
  ];
  for (const one of passing) assert.equal((await underPolicy(one)).refusal, '', JSON.stringify(one));
  const matching: readonly Case[] = [
    { policy: constraints({ resourceRules: [{ ...rule, apiGroups: ['*'], resources: ['*'], scope: 'Namespaced' }] }) },
    { policy: constraints({ resourceRules: [{ ...rule, resources: ['configmaps/*'] }] }), what: { subresource: 'x' } },
    { policy: constraints({ namespaceSelector: { matchLabels: { team: 'x' } } }) },
    { policy: constraints({ objectSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }) },
    { policy: { ...no, matchConditions: [{ name: 'x', expression: "object.data.k == 'v'" }] } },
  ];
  for (const one of matching) {
    assert.equal((await underPolicy(one)).refusal, `${denied}failed expression: false`, JSON.stringify(one));
  }
  const policy = { ...no, matchConditions: [{ name: 'x', expression: 'object.zork == 1' }] };
  assert.equal(
    (await underPolicy({ policy })).refusal,
    `${denied}expression 'object.zork == 1' resulted in error: no such key: zork`,
  );
});

test('resources in other versions match when equivalents count', async () => {
  const resource = { group: 'old', version: 'v0', resource: 'configs' };
  const kind = { group: 'old', version: 'v0', kind: 'Config' };
  const kinds: AdmissionContext['kinds'] = {
    find: () => undefined,
    equivalents: () => [{ resource, kind }],
    convert: (object, _from, to) =>
      Promise.resolve({ ...object, apiVersion: `${to.group}/${to.version}`, kind: to.kind }),
  };
  const resourceRules = [{ ...rule, apiGroups: ['old'], apiVersions: ['v0'], resources: ['configs'] }];
  const expression =
    "object.kind == 'Config' && request.resource.group == 'old' && request.requestResource.group == '' && false";
  const policy = { matchConstraints: { resourceRules }, validations: [{ expression }] };
  const { refusal } = await underPolicy({ policy, context: { kinds } });
  assert.equal(refusal, `${denied}failed expression: ${expression}`);
  const exact = { ...policy, matchConstraints: { resourceRules, matchPolicy: 'Exact' } };
  assert.equal((await underPolicy({ policy: exact, context: { kinds } })).refusal, '');
});

test('warnings and notes for the audit log instead of denials', async () => {
  const notes: string[] = [];
  const annotate = (key: string, text: string): number => notes.push(`${key}: ${text}`);
  const policy = {
    ...no,
    auditAnnotations: [
      { key: 'who', valueExpression: 'request.userInfo.username' },
      { key: 'none', valueExpression: 'null' },
    ],
  };
  const { refusal, warnings } = await underPolicy({
    policy,
    binding: { validationActions: ['Warn', 'Audit'] },
    what: { annotate },
  });
  assert.equal(refusal, '');
  assert.deepEqual(warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'pol' with binding 'bind': failed expression: false",
  ]);
  assert.deepEqual(notes, [
    'validation.policy.admission.k8s.io/validation_failure: [{"message":"failed expression: false","policy":"pol","binding":"bind","expressionIndex":0,"validationActions":["Warn","Audit"]}]',
    'pol/who: ann',
  ]);
});

/** A client for which there are these objects, by path. */
function clientWith(objects: Readonly<Record<string, object>>): AdmissionContext['client'] {
  const transport = createInProcessTransport(({ path }) => {
    const found = objects[path.split('?')[0] ?? ''];
    const gone = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'NotFound',
      message: 'gone',
      code: 404,
    };
    return Promise.resolve({
      status: found === undefined ? 404 : 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(found ?? gone)),
    });
  });
  return createClient({ transport, userAgent: 'test/1.0' });
}

test('a binding brings its parameters', async () => {
  const param = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p' }, data: { limit: '3' } };
  const client = clientWith({
    '/api/v1/namespaces/ns/configmaps/p': param,
    '/api/v1/namespaces/ns/configmaps': {
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: {},
      items: [param, param],
    },
  });
  const resource = { group: '', version: 'v1', resource: 'configmaps' };
  const context = { client, resourceOf: () => ({ resource, namespaced: true }) };
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const policy = { paramKind, ...expecting("params.data.limit == '4'") };
  const failed = `${denied}failed expression: params.data.limit == '4'`;
  const cases: readonly (readonly [JsonObject, string])[] = [
    [{ name: 'p', parameterNotFoundAction: 'Deny' }, failed],
    [{ selector: {}, parameterNotFoundAction: 'Deny' }, failed],
    [{ name: 'q', parameterNotFoundAction: 'Allow' }, ''],
    [
      { name: 'q', parameterNotFoundAction: 'Deny' },
      `${denied}failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    ],
  ];
  for (const [paramRef, expected] of cases) {
    assert.equal((await underPolicy({ policy, binding: { paramRef }, context })).refusal, expected);
  }
  const withoutReference = await underPolicy({ policy: { paramKind, ...expecting('params != null') }, context });
  assert.equal(withoutReference.refusal, `${denied}failed expression: params != null`);
  const unknown = await underPolicy({ policy: { ...policy, paramKind: { apiVersion: 'a.b/v1', kind: 'Zork' } } });
  assert.equal(
    unknown.refusal,
    `configmaps "c" is forbidden: ValidatingAdmissionPolicy 'pol' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'a.b/v1, Kind=Zork'`,
  );
});

test('policies have no say in policies', async () => {
  const policy = { ...no, matchConstraints: { resourceRules: [{ ...rule, apiGroups: ['*'], resources: ['*'] }] } };
  const resource = 'validatingadmissionpolicies';
  const exempt = { group: 'admissionregistration.k8s.io', namespace: '' };
  assert.equal((await underPolicy({ policy, resource, what: exempt })).refusal, '');
  const other = { group: 'rbac.authorization.k8s.io', namespace: '' };
  assert.notEqual((await underPolicy({ policy, resource: 'clusterroles', what: other })).refusal, '');
});

test('who writes policies must be allowed to read their parameters', async () => {
  const asked: string[] = [];
  let allowed = false;
  const cluster = clusterOf(
    {
      validatingadmissionpolicies: [
        { metadata: { name: 'pol' }, spec: { paramKind: { apiVersion: 'v1', kind: 'Secret' } } },
      ],
    },
    {
      resourceOf: () => ({ resource: { group: '', version: 'v1', resource: 'secrets' }, namespaced: true }),
      access: {
        authorize: ({ verb, resource, namespace, name }) => {
          asked.push([verb, resource, namespace, name].join(' '));
          return Promise.resolve({ allowed, reason: '' });
        },
      },
    },
  );
  const group = 'admissionregistration.k8s.io';
  const write = (resource: string, spec: object, more: object = {}): Promise<Outcome> =>
    admitted([policyParameterAccess(cluster)], resource, { metadata: { name: 'x' }, spec }, { group, ...more });
  const user = '&{ann  [system:authenticated] map[]}';
  const paramKind = { apiVersion: 'v1', kind: 'Secret' };
  const policy = await write('validatingadmissionpolicies', { paramKind });
  const invalid = (resource: string): string => `${resource}.${group} "x" is invalid: `;
  assert.equal(
    policy.refusal,
    `${invalid('validatingadmissionpolicies')}spec.paramKind: Forbidden: user ${user} must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)`,
  );
  const bindings = 'validatingadmissionpolicybindings';
  const binding = await write(bindings, { policyName: 'pol', paramRef: { selector: {} } });
  assert.equal(
    binding.refusal,
    `${invalid(bindings)}spec.paramRef: Forbidden: user ${user} does not have "list" permission on the object referenced by paramRef`,
  );
  const orphan = await write(bindings, { policyName: 'none', paramRef: { name: 'a', namespace: 'b' } });
  assert.equal(
    orphan.refusal,
    `${invalid(bindings)}spec.paramRef: Forbidden: unable to get policy none to determine minimum required permissions and user ${user} does not have "get" permission for all groups, versions and resources`,
  );
  assert.deepEqual(asked, ['get secrets * *', 'list secrets  ', 'get * b a']);
  const unchanged = await write(
    'validatingadmissionpolicies',
    { paramKind },
    { old: { metadata: {}, spec: { paramKind } } },
  );
  assert.equal(unchanged.refusal, '');
  allowed = true;
  assert.equal((await write('validatingadmissionpolicies', { paramKind })).refusal, '');
});

test('an object that cannot be had in the wanted version is a fault of the configuration', async () => {
  const { kinds } = clusterOf({});
  const convert = (): Promise<Unstructured> =>
    Promise.reject(new StatusError({ message: 'conversion webhook for x failed: no', code: 500 }));
  const context = { kinds: { ...kinds, convert } };
  const { refusal } = await underPolicy({ policy: expecting('true'), context });
  assert.match(
    refusal,
    /denied request: failed to configure binding: failed to convert object version: conversion webhook for x failed: no$/,
  );
  const ignoring = { ...expecting('true'), failurePolicy: 'Ignore' };
  assert.equal((await underPolicy({ policy: ignoring, context })).refusal, '');
});
