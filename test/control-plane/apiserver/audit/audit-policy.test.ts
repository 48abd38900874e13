import assert from 'node:assert/strict';
import test from 'node:test';
import { type AuditQuestion, parseAuditPolicy } from '../../../../src/control-plane/apiserver/audit/audit-policy.ts';

const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';

function question(
  facts: Partial<AuditQuestion> & { readonly username?: string; readonly groups?: string[] },
): AuditQuestion {
  const { username = 'ann', groups = ['dev'], ...rest } = facts;
  return {
    user: { username, uid: '', groups, extra: {} },
    verb: 'get',
    isResourceRequest: rest.path === undefined,
    apiGroup: '',
    apiVersion: 'v1',
    resource: rest.path === undefined ? 'pods' : '',
    subresource: '',
    namespace: 'default',
    name: '',
    path: '',
    fieldSelector: '',
    labelSelector: '',
    ...rest,
  };
}

test('the first rule that fits decides', () => {
  const policy = parseAuditPolicy(
    `${head}
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- {level: None, users: [system:kube-proxy], verbs: [watch]}
- {level: None, userGroups: [system:nodes]}
- {level: None, nonResourceURLs: ['/healthz*', /version]}
- {level: Metadata, resources: [{group: '', resources: [secrets, configmaps]}]}
- {level: Request, resources: [{group: '', resources: [pods/status, '*/scale'], resourceNames: [a]}], omitStages: [Panic]}
- {level: RequestResponse, resources: [{group: apps}], omitManagedFields: false}
- {level: Request, namespaces: ['']}
- {level: Metadata, resources: [{group: '*', resources: ['services/*']}]}
`,
    assert.fail,
  );
  const cases: readonly (readonly [facts: Parameters<typeof question>[0], level: string])[] = [
    [{ username: 'system:kube-proxy', verb: 'watch', resource: 'secrets' }, 'None'],
    [{ username: 'system:kube-proxy', resource: 'secrets' }, 'Metadata'],
    [{ groups: ['system:nodes'], resource: 'secrets' }, 'None'],
    [{ path: '/healthz/ping' }, 'None'],
    [{ path: '/version' }, 'None'],
    [{ resource: 'configmaps' }, 'Metadata'],
    [{ subresource: 'status', name: 'a' }, 'Request'],
    [{ subresource: 'status', name: 'b' }, 'None'],
    [{ resource: 'replicationcontrollers', subresource: 'scale', name: 'a' }, 'Request'],
    [{ apiGroup: 'apps', resource: 'deployments' }, 'RequestResponse'],
    [{ resource: 'nodes', namespace: '' }, 'Request'],
    [{ resource: 'services' }, 'Metadata'],
    [{ resource: 'services', subresource: 'proxy' }, 'Metadata'],
    [{}, 'None'],
    [{ path: '/metrics' }, 'None'],
  ];
  for (const [facts, level] of cases) {
    assert.equal(policy.decide(question(facts)).level, level, JSON.stringify(facts));
  }
  const status = policy.decide(question({ subresource: 'status', name: 'a' }));
  assert.deepEqual([[...status.omitStages], status.omitManagedFields], [['RequestReceived', 'Panic'], true]);
  assert.equal(policy.decide(question({ apiGroup: 'apps' })).omitManagedFields, false);
  // Whose authentication failed has no name to fit a rule by.
  const failed = parseAuditPolicy(`${head}rules: [{level: None, users: [ann]}, {level: Metadata}]`, assert.fail);
  assert.equal(failed.decide({ ...question({}), user: undefined }).level, 'Metadata');
});

test('policies that cannot be used are refused in the words of the real server', () => {
  const cases: readonly (readonly [text: string, message: string])[] = [
    ['', 'unknown group version field audit.k8s.io/__internal, Kind=Policy in policy'],
    ['kind: Policy', 'unknown group version field audit.k8s.io/__internal, Kind=Policy in policy'],
    ['apiVersion: audit.k8s.io/v1', 'loaded illegal policy with 0 rules'],
    [
      'apiVersion: audit.k8s.io/v1\nkind: Foo',
      'failed decoding: no kind "Foo" is registered for version "audit.k8s.io/v1" in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"',
    ],
    [
      `{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", }`,
      "failed decoding: couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string",
    ],
    [
      `${head}rules: 5`,
      'failed decoding: json: cannot unmarshal number into Go struct field Policy.rules of type []v1.PolicyRule',
    ],
    [`${head}rules: []`, 'loaded illegal policy with 0 rules'],
    [`${head}rules: [{}]`, 'rules[0].level: Required value'],
    [
      `${head}rules: [{level: All}]`,
      'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"',
    ],
    [
      `${head}omitStages: [x]\nrules: [{level: None, nonResourceURLs: [a, /*b], namespaces: [c]}]`,
      '[omitStages[0]: Invalid value: "x": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic, ' +
        'rules[0].nonResourceURLs[0]: Invalid value: "a": non-resource URL rules must begin with a \'/\' character, ' +
        'rules[0].nonResourceURLs[1]: Invalid value: "/*b": ' +
        "non-resource URL wildcards '*' must be the final character of the rule, " +
        'rules[0].nonResourceURLs: Invalid value: ["a","/*b"]: ' +
        'rules cannot apply to both regular resources and non-resource URLs]',
    ],
    [
      `${head}rules: [{level: None, resources: [{group: '', resourceNames: [a]}]}]`,
      'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource',
    ],
    [
      `${head}rules: [{level: None, users: 3}]`,
      'failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.users of type []string',
    ],
  ];
  for (const [text, message] of cases) assert.throws(() => parseAuditPolicy(text, assert.fail), { message });
});

test('fields that policies do not have are told of and passed over', () => {
  const warnings: string[] = [];
  parseAuditPolicy(`${head}rules: [{level: None, color: red}]`, (message) => warnings.push(message));
  assert.deepEqual(warnings, ['audit policy: unknown field "rules[0].color"']);
});
