import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inServer, type TestAnswer } from '../../support/test-api-server.ts';

// What a real 1.36 server answered to the same bodies.
const configMaps = '/api/v1/namespaces/default/configmaps?dryRun=All';
const pods = '/api/v1/namespaces/default/pods?dryRun=All';
const deployments = '/apis/apps/v1/namespaces/default/deployments?dryRun=All';

function deployment(replicas: string): string {
  const spec = `{"replicas":${replicas},"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}`;
  return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":${spec}}`;
}

function podWithCpu(cpu: string): string {
  return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":${cpu}}}}]}}`;
}

function configMap(fields: string): string {
  return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}${fields === '' ? '' : `,${fields}`}}`;
}

const yaml = { 'content-type': 'application/yaml' };

function field(answer: TestAnswer, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Record<string | number, unknown> | undefined)?.[step],
    answer.body,
  );
}

test('an integer is digits: a point or an exponent is refused in JSON as it was written, and read in YAML', () =>
  inServer(async (api) => {
    for (const literal of ['1.0', '1e3', '1E2', '-0.0', '1e-1', '9223372036854775808', '3000000000']) {
      const answer = await api.request('POST', deployments, deployment(literal));
      assert.equal(
        field(answer, 'message'),
        `Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number ${literal} into Go struct field DeploymentSpec.spec.replicas of type int32`,
      );
    }
    for (const [literal, replicas] of [
      ['1e3', 1000],
      ['1.0', 1],
    ] as const) {
      const answer = await api.request('POST', deployments, deployment(literal), yaml);
      assert.equal(field(answer, 'spec', 'replicas'), replicas);
    }
  }));

test('a quantity keeps its exponent, and no list or truth is one', () =>
  inServer(async (api) => {
    for (const [cpu, stored] of [
      ['1e3', '1e3'],
      ['1e-1', '100e-3'],
      ['2.50', '2500m'],
      ['"1k"', '1k'],
    ] as const) {
      const answer = await api.request('POST', pods, podWithCpu(cpu));
      assert.equal(field(answer, 'spec', 'containers', 0, 'resources', 'requests', 'cpu'), stored);
    }
    for (const cpu of ['true', '[]', '{}']) {
      const answer = await api.request('POST', pods, podWithCpu(cpu));
      assert.match(String(field(answer, 'message')), /cannot be handled as a Pod: quantities must match/);
    }
  }));

test('a pod without anything in its spec is told what it needs', () =>
  inServer(async (api) => {
    for (const spec of ['null', '{}', '{"containers":null}']) {
      const body = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":${spec}}`;
      const answer = await api.request('POST', pods, body);
      assert.equal(field(answer, 'message'), 'Pod "x" is invalid: spec.containers: Required value');
    }
  }));

test('what stands twice is read into the same field, and what is unknown is told of once', () =>
  inServer(async (api) => {
    const twice = await api.request('POST', configMaps, configMap('"data":{"a":"b","c":"d"},"data":{"c":"e"}'));
    assert.deepEqual(field(twice, 'data'), { a: 'b', c: 'e' });
    assert.deepEqual(twice.headers['warning'], ['299 - "duplicate field \\"data\\""']);
    const unknown = await api.request('POST', configMaps, configMap('"foo":{"a":1,"a":2},"foo":2'));
    assert.deepEqual(unknown.headers['warning'], ['299 - "unknown field \\"foo\\""']);
    const many = Array.from({ length: 120 }, (_, index) => `"f${index}":1`).join(',');
    const strict = await api.request('POST', `${configMaps}&fieldValidation=Strict`, configMap(many));
    assert.match(String(field(strict, 'message')), /unknown field "f98", unknown field "f99"$/);
  }));

test('JSON that is sent as YAML is complained about as YAML', () =>
  inServer(async (api) => {
    const twice = await api.request('POST', configMaps, configMap('"data":{"a":"b","a":"c"}'), yaml);
    assert.deepEqual(twice.headers['warning'], ['299 - "line 1: key \\"a\\" already set in map"']);
    const two = await api.request('POST', configMaps, configMap('"data":{"a":"b",\n"a":"c",\n"a":"d"}'), yaml);
    assert.deepEqual(two.headers['warning'], [
      '299 - "line 2: key \\"a\\" already set in map"',
      '299 - "line 3: key \\"a\\" already set in map"',
    ]);
    const unknown = await api.request('POST', configMaps, configMap('"z":1,"b":2'), yaml);
    assert.deepEqual(unknown.headers['warning'], ['299 - "unknown field \\"b\\""', '299 - "unknown field \\"z\\""']);
  }));

test('characters: no byte order mark, no half of a pair, warnings in UTF-8, bytes as numbers', () =>
  inServer(async (api) => {
    const marked = await api.request('POST', configMaps, `\ufeff${configMap('')}`);
    assert.match(String(field(marked, 'message')), /invalid character 'ï' looking for beginning of value/);
    const half = await api.request('POST', configMaps, configMap('"data":{"a":"\\ud800","b":"\\ud83d\\ude00"}'));
    assert.deepEqual(field(half, 'data'), { a: '\ufffd', b: '\u{1f600}' });
    const accents = await api.request('POST', configMaps, configMap('"\u00e9":1'));
    const octets = Buffer.from('299 - "unknown field \\"é\\""', 'utf8').toString('latin1');
    assert.deepEqual(accents.headers['warning'], [octets]);
    const bytes = await api.request('POST', configMaps, configMap('"binaryData":{"a":[],"b":[104,105]}'));
    assert.deepEqual(field(bytes, 'binaryData'), { a: '', b: 'aGk=' });
  }));

test('YAML that go-yaml refuses', () =>
  inServer(async (api) => {
    const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n';
    for (const [body, problem] of [
      [`%YAML 1.2\n---\n${head}`, 'yaml: found incompatible YAML document'],
      [`%FOO\n---\n${head}`, 'yaml: found unknown directive name'],
      ['a: &a [*a]\n', "yaml: anchor 'a' value contains itself"],
      [`${head}data: {a: "\0"}\n`, 'yaml: control characters are not allowed'],
      [`${head}data: {a: @x}\n`, 'yaml: line 4: found character that cannot start any token'],
      [Buffer.from(`${head}data: {a: "\u00ff"}\n`, 'latin1'), 'yaml: invalid leading UTF-8 octet'],
    ] as const) {
      const answer = await api.request('POST', configMaps, body, yaml);
      const message = String(field(answer, 'message'));
      assert.ok(message.includes(`(must be of type ConfigMap): ${problem} (`), message);
    }
    const plain = await api.request('POST', configMaps, `%YAML 1.1\n---\n${head}`, yaml);
    assert.equal(plain.status, 201);
  }));

test('protobuf that is none, ends early or is of another kind', () =>
  inServer(async (api) => {
    const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    const message = (version: string, kind: string, raw: readonly number[]): Buffer => {
      const about = Buffer.concat([
        Buffer.from([0x0a, version.length]),
        Buffer.from(version),
        Buffer.from([0x12, kind.length]),
        Buffer.from(kind),
      ]);
      return Buffer.concat([
        Buffer.from('k8s\0'),
        Buffer.from([0x0a, about.length]),
        about,
        Buffer.from([0x12, raw.length, ...raw]),
      ]);
    };
    const unregistered = 'is registered for version';
    for (const [body, problem] of [
      ['', 'the object provided is unrecognized (must be of type ConfigMap): empty data (<empty>)'],
      ['{"kind":"ConfigMap"}', 'expected prefix [107 56 115 0] ({"kind":"ConfigMap"})'],
      [
        message('v1', 'ConfigMap', [0x0a, 0x03]),
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF',
      ],
      [
        message('v1', 'ConfigMap', [0x08, 0x01]),
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: proto: wrong wireType = 0 for field ObjectMeta',
      ],
      [message('v9', 'ConfigMap', []), `cannot be handled as a ConfigMap: no kind "ConfigMap" ${unregistered} "v9" in`],
      [
        message('v1', 'Foo', []),
        `Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" ${unregistered} "v1" in`,
      ],
    ] as const) {
      const answer = await api.request('POST', configMaps, body, protobuf);
      const text = String(field(answer, 'message'));
      assert.ok(text.includes(problem), text);
    }
  }));

test('a Content-Type whose parameters cannot be read is unknown', () =>
  inServer(async (api) => {
    const post = (contentType: string): Promise<TestAnswer> =>
      api.request('POST', configMaps, configMap(''), { 'content-type': contentType });
    for (const contentType of ['application/json;', 'application/json; charset=utf-8', 'application/json;a="b;c"']) {
      assert.equal((await post(contentType)).status, 201, contentType);
    }
    assert.equal((await post('application/json;a')).status, 415);
  }));

test('times with any offset that Go takes, and wrong ones told of in the order of their parts', () =>
  inServer(async (api) => {
    const created = (time: string): string =>
      `{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"x"},"spec":{"renewTime":"${time}"}}`;
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases?dryRun=All';
    const moved = await api.request('POST', leases, created('2020-01-02T00:00:00.000000+24:00'));
    assert.equal(field(moved, 'spec', 'renewTime'), '2020-01-01T00:00:00.000000Z');
    for (const [time, problem] of [
      ['2020-13-01T00:00:00Z', 'month out of range'],
      ['2020-01-01T00:00:60Z', 'second out of range'],
    ] as const) {
      const answer = await api.request('POST', leases, created(time));
      assert.ok(String(field(answer, 'message')).endsWith(`parsing time "${time}": ${problem}`));
    }
  }));

test('a merge patch keeps numbers as they are written, and what is written with a point is no integer', () =>
  inServer(async (api) => {
    await api.request('POST', deployments.replace('?dryRun=All', ''), deployment('1'));
    const path = '/apis/apps/v1/namespaces/default/deployments/x?dryRun=All';
    for (const fieldValidation of ['Warn', 'Ignore']) {
      const patch = (replicas: string, type = 'merge-patch'): Promise<TestAnswer> =>
        api.request('PATCH', `${path}&fieldValidation=${fieldValidation}`, `{"spec":{"replicas":${replicas}}}`, {
          'content-type': `application/${type}+json`,
        });
      for (const literal of ['2.0', '2e0', '2.5']) {
        const answer = await patch(literal);
        assert.equal(answer.status, 422, literal);
        const told = `json: cannot unmarshal number ${literal} into Go struct field DeploymentSpec.spec.replicas of type int32`;
        assert.ok(String(field(answer, 'message')).endsWith(told), answer.text);
      }
      assert.equal(field(await patch('2'), 'spec', 'replicas'), 2);
      assert.equal((await patch('2.0', 'strategic-merge-patch')).status, 200);
    }
  }));

test('what stands behind braces in YAML is not looked at; what cannot be read is shown as text when it begins with one', () =>
  inServer(async (api) => {
    const flow = '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: "}", b: \'}\'}}';
    for (const rest of [' trailing', ' }', '\n- x', '']) {
      const answer = await api.request('POST', configMaps, `${flow}${rest}`, yaml);
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(field(answer, 'data'), { a: '}', b: '}' });
    }
    const broken = await api.request('POST', configMaps, '{"a"', yaml);
    assert.equal(
      field(broken, 'message'),
      "the object provided is unrecognized (must be of type ConfigMap): yaml: line 1: did not find expected ',' or '}' ({\"a\")",
    );
  }));

test('what stands twice is read twice, so that the earlier one has to fit, too', () =>
  inServer(async (api) => {
    const cases: readonly (readonly [string, string])[] = [
      [
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":7,"name":"x"}}',
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
      ],
      [
        '{"data":"v1","metadata":{"name":"x"},"data":{"a":"b"}}',
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string',
      ],
      [
        '{"apiVersion":{},"apiVersion":"v1","kind":"ConfigMap"}',
        'the object provided is unrecognized (must be of type ConfigMap): couldn\'t get version/kind; json parse error: json: cannot unmarshal object into Go struct field .apiVersion of type string ({"apiVersion":{},"apiVersion": ...)',
      ],
      [
        '{"Kind":"Zork","metadata":{"name":"x"}}',
        'Zork in version "v1" cannot be handled as a ConfigMap: no kind "Zork" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
      ],
    ];
    for (const [body, message] of cases) {
      const answer = await api.request('POST', configMaps, body);
      assert.equal(field(answer, 'message'), message);
    }
  }));

test('a number that no double holds matters to who reads it', () =>
  inServer(async (api) => {
    const refused = await api.request('POST', deployments, deployment('1e400'));
    assert.equal(
      field(refused, 'message'),
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number 1e400 into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
    const unknown = await api.request('POST', configMaps, configMap('"foo":1e400'));
    assert.equal(unknown.status, 201);
    const least = deployment('1').replace(
      '"containers"',
      '"terminationGracePeriodSeconds":-9223372036854775809,"containers"',
    );
    assert.match(
      String(field(await api.request('POST', deployments, least), 'message')),
      /number -9223372036854775809 into/,
    );
  }));

test('YAML: integers of 64 bits without a sign, the first of many documents, the line that a value begins on', () =>
  inServer(async (api) => {
    const large = await api.request('POST', deployments, deployment('9223372036854775808'), yaml);
    assert.match(String(field(large, 'message')), /cannot unmarshal number 9223372036854775808 into/);
    const first = await api.request('POST', configMaps, 'metadata:\t{name: aa}\n---\n{{{\n', yaml);
    assert.equal(field(first, 'metadata', 'name'), 'aa');
    const twice = 'metadata:\n  name: aa\nmetadata:\n  name: bb\n';
    const strict = await api.request('POST', `${configMaps}&fieldValidation=Strict`, twice, yaml);
    assert.match(String(field(strict, 'message')), /line 4: key "metadata" already set in map$/);
    const tab = await api.request('POST', configMaps, 'metadata: {name: aa}\n\t\n', yaml);
    assert.match(String(field(tab, 'message')), /yaml: line 2: found character that cannot start any token/);
    for (const [text, line] of [
      ['metadata: {name: "aa', ''],
      ['metadata:\n  name: "aa', 'line 2: '],
      ['metadata:\n  name: "aa\n', 'line 3: '],
    ] as const) {
      const unended = await api.request('POST', configMaps, text, yaml);
      assert.match(String(field(unended, 'message')), new RegExp(`: yaml: ${line}found unexpected end of stream \\(`));
    }
  }));

test('bytes that stand as a list are read one by one', () =>
  inServer(async (api) => {
    const secrets = '/api/v1/namespaces/default/secrets?dryRun=All';
    const secret = (bytes: string): string =>
      `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"data":{"k":${bytes}}}`;
    assert.equal(field(await api.request('POST', secrets, secret('[1,null]')), 'data', 'k'), 'AQA=');
    for (const [bytes, shown] of [
      ['[1,"x"]', 'string'],
      ['[300]', 'number 300'],
      ['[-1]', 'number -1'],
      ['[1.5]', 'number 1.5'],
      ['[true]', 'bool'],
    ] as const) {
      assert.equal(
        field(await api.request('POST', secrets, secret(bytes)), 'message'),
        `Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal ${shown} into Go struct field Secret.data of type uint8`,
      );
    }
  }));

test('a block at the end of a body that no line feed ends has none either', () =>
  inServer(async (api) => {
    const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n';
    for (const [text, stored] of [
      ['  a: |\n    one\n    two', 'one\ntwo'],
      ['  a: |\n    one\n    two\n', 'one\ntwo\n'],
      ['  a: |\n    one\n  ', 'one\n'],
      ['  a: |\n    one\n  # a comment', 'one\n'],
      ['  a: |+\n    one\n\n   ', 'one\n\n'],
      ['  a: |+\n   ', ''],
      ['  a: >\n    one\n      two', 'one\n  two'],
      ['  a: |\r\n    one\r\n    two', 'one\ntwo'],
      ['  a: |\n    one\x85    two', 'one\ntwo'],
    ] as const) {
      const answer = await api.request('POST', configMaps, head + text, yaml);
      assert.equal(field(answer, 'data', 'a'), stored, JSON.stringify(text));
    }
  }));

test('empty parts: shown without them in selectors, as they came in lists, and no change of a claim', () =>
  inServer(async (api) => {
    const ns = '/api/v1/namespaces/default';
    const quota = { metadata: { name: 'q' }, spec: { hard: { pods: '1' }, scopes: ['BestEffort'] } };
    await api.request('POST', `${ns}/resourcequotas`, quota);
    const scopes = await api.request('PUT', `${ns}/resourcequotas/q`, {
      ...quota,
      spec: { hard: { pods: '1' }, scopes: [] },
    });
    assert.equal(
      field(scopes, 'message'),
      'ResourceQuota "q" is invalid: spec.scopes: Invalid value: []: field is immutable',
    );
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const claim = { metadata: { name: 'v' }, spec };
    await api.request('POST', `${ns}/persistentvolumeclaims`, claim);
    const limits = { ...spec, resources: { ...spec.resources, limits: {} } };
    const same = await api.request('PUT', `${ns}/persistentvolumeclaims/v`, { ...claim, spec: limits });
    assert.equal(same.status, 200);
    await api.request('POST', '/api/v1/nodes', { metadata: { name: 'n' } });
    const status = { runtimeHandlers: [{ features: { userNamespaces: true } }] };
    const node = await api.request('PUT', '/api/v1/nodes/n/status', { metadata: { name: 'n' }, status });
    assert.equal(field(node, 'status', 'runtimeHandlers', 0, 'name'), '');
  }));

test('a list in which something is empty belongs to who writes it', () =>
  inServer(async (api) => {
    const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
    const policy = (selector: object): object => ({
      metadata: { name: 'p' },
      spec: { podSelector: {}, ingress: [{ from: [{ podSelector: { ...selector, matchLabels: { a: 'b' } } }] }] },
    });
    await api.request('POST', `${path}?fieldManager=first`, policy({}));
    const answer = await api.request('PUT', `${path}/p?fieldManager=second`, policy({ matchExpressions: [] }));
    const owners = field(answer, 'metadata', 'managedFields') as {
      manager: string;
      fieldsV1: Record<string, object>;
    }[];
    const owner = owners.find(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('f:ingress'));
    assert.equal(owner?.manager, 'second');
  }));
