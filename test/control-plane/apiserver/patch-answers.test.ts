import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer, type TestAnswer } from '../../support/test-api-server.ts';

const ns = '/api/v1/namespaces/default';
const json = 'application/json-patch+json';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const apply = 'application/apply-patch+yaml';

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } };
const headless = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: { clusterIP: 'None', ports: [{ port: 80 }] },
};
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i' }] },
};
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'v' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'n' },
  },
};

/** Patches one after the other, and what a real server (1.36.2) said to each: its status and its message, or a part of the object. */
const cases: readonly (readonly [
  string,
  string,
  unknown,
  number,
  string | ((body: Record<string, unknown>) => unknown),
  unknown?,
])[] = [
  [
    json,
    `${ns}/configmaps/c`,
    '[{"op":"add","path":[1],"path":"/data/b","value":"2"}]',
    400,
    'error decoding patch: json: cannot unmarshal array into Go struct field jsonPatchOp.path of type string',
  ],
  [
    strategic,
    `${ns}/configmaps/c`,
    '{"data":1000.0}',
    422,
    ' "" is invalid: patch: Invalid value: "map[data:1000]": cannot restore map from float64',
  ],
  [
    strategic,
    `${ns}/configmaps/c`,
    '{"data":1e6}',
    422,
    ' "" is invalid: patch: Invalid value: "map[data:1e+06]": cannot restore map from float64',
  ],
  [
    apply,
    `${ns}/configmaps/c?fieldManager=m`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'y' } },
    400,
    'the namespace of the provided object does not match the namespace sent on the request',
  ],
  [
    apply,
    `${ns}/configmaps/c?fieldManager=m`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: true } },
    500,
    'failed to create typed patch object (/; /v1, Kind=ConfigMap): .metadata.name: expected string, got &value.valueUnstructured{Value:true}',
  ],
  [
    json,
    `${ns}/configmaps/c`,
    Array.from({ length: 60 }, (_, index) => ({ op: 'copy', from: '/metadata', path: `/metadata/c${index}` })),
    422,
    'the server rejected our request due to an error in our request',
  ],
  // An operation without a value means null, which is the empty text here.
  [json, `${ns}/configmaps/c`, [{ op: 'add', path: '/data/c' }], 200, (body) => body['data'], { a: '1', c: '' }],
  [
    json,
    `${ns}/configmaps/c`,
    Array.from({ length: 10_001 }, () => ({ op: 'add', path: '/data/c', value: '' })),
    413,
    'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  ],
  [
    json,
    `${ns}/configmaps/c`,
    [{ op: 'replace', path: '', value: 1 }],
    422,
    'the server rejected our request due to an error in our request',
  ],
  [
    merge,
    `${ns}/services/s`,
    { spec: { clusterIP: '10.0.0.9' } },
    422,
    'Service "s" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.0.9"]: may not change once set',
  ],
  [
    strategic,
    '/apis/apps/v1/namespaces/default/deployments/d?fieldValidation=Strict',
    { spec: { zork: 1 }, bogus: 2 },
    422,
    ' "" is invalid: patch: Invalid value: "map[bogus:2 spec:map[zork:1]]": strict decoding error: unknown field "bogus", unknown field "spec.zork"',
  ],
  [
    apply,
    '/apis/apps/v1/namespaces/default/deployments/d?fieldManager=m&force=true',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { template: { spec: { containers: [{ name: 'c', resources: { limits: { cpu: 'x' } } }] } } },
    },
    500,
    'failed to convert new object (/d; apps/v1, Kind=Deployment) to proper version: unable to convert unstructured object to ' +
      "apps/v1, Kind=Deployment: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    apply,
    '/apis/apps/v1/namespaces/default/deployments/d?fieldManager=m&force=true',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { template: { spec: { terminationGracePeriodSeconds: 1.5 } } },
    },
    500,
    'failed to convert new object (/d; apps/v1, Kind=Deployment) to proper version: unable to convert unstructured object to ' +
      'apps/v1, Kind=Deployment: cannot convert float64 to int64',
  ],
  // Integers are cut to the bits of their type, where no JSON is read.
  [
    strategic,
    '/apis/apps/v1/namespaces/default/deployments/d',
    { spec: { revisionHistoryLimit: 2147483648 } },
    422,
    'Deployment.apps "d" is invalid: spec.revisionHistoryLimit: Invalid value: -2147483648: must be greater than or equal to 0',
  ],
  [
    strategic,
    '/apis/apps/v1/namespaces/default/deployments/d?dryRun=All',
    { spec: { replicas: 1e20 } },
    200,
    ({ spec }) => (spec as Record<string, unknown>)['replicas'],
    0,
  ],
  [
    strategic,
    `${ns}/configmaps/c`,
    { binaryData: { b: 'AAA' } },
    422,
    ' "" is invalid: patch: Invalid value: "map[binaryData:map[b:AAA]]": error decoding from json: illegal base64 data at input byte 0',
  ],
  [
    strategic,
    `${ns}/configmaps/c`,
    { metadata: { creationTimestamp: 1 } },
    422,
    ' "" is invalid: patch: Invalid value: "map[metadata:map[creationTimestamp:1]]": json: cannot unmarshal number into Go value of type string',
  ],
  [
    json,
    `${ns}/configmaps/c`,
    [{ op: 'replace', path: '/kind', value: { a: 1 } }],
    422,
    (body) => /json: .*$/s.exec(String(body['message']))?.[0],
    'json: cannot unmarshal object into Go struct field .kind of type string',
  ],
  [
    merge,
    '/apis/apps/v1/namespaces/default/deployments/d',
    { spec: { template: { spec: { containers: [{ name: 'c', image: 1, env: 'x' }] } } } },
    422,
    (body) => /json: .*$/s.exec(String(body['message']))?.[0],
    'json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.env of type []v1.EnvVar',
  ],
  [
    merge,
    `${ns}/pods/p/status`,
    { status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'y' }] } },
    422,
    (body) => (body['details'] as { causes: { message: string }[] }).causes.map(({ message }) => message),
    [
      'Invalid value: "y": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'Internal error: failed to check for dual stack with error:invalid IP[1]: y',
      'Invalid value: [{"IP":"10.0.0.1"},{"IP":"y"}]: may specify no more than one IP for each IP family',
    ],
  ],
  [
    merge,
    `${ns}/pods/p/resize`,
    { spec: { resources: { requests: { 'hugepages-2Mi': '2Mi', cpu: '1' }, limits: { 'hugepages-2Mi': '2Mi' } } } },
    422,
    (body) => (body['details'] as { causes: { message: string }[] }).causes.map(({ message }) => message),
    [
      'Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
      'Forbidden: only cpu and memory resources are mutable at pod-level',
    ],
  ],
  [
    merge,
    `${ns}/persistentvolumeclaims/v`,
    { spec: { dataSourceRef: { apiGroup: 'A_' }, dataSource: { apiGroup: 'A_' } } },
    422,
    (body) => (body['details'] as { causes: { field: string }[] }).causes.map(({ field }) => field),
    ['spec'],
  ],
  [
    merge,
    `${ns}/persistentvolumeclaims/v/status`,
    { status: { phase: 'Bound' } },
    200,
    (body) => (body['status'] as { phase: string }).phase,
    'Bound',
  ],
  [
    merge,
    `${ns}/persistentvolumeclaims/v`,
    { spec: { resources: null } },
    422,
    (body) => (body['details'] as { causes: { field: string }[] }).causes.map(({ field }) => field),
    ['spec.resources[storage]', 'spec', 'spec.resources.requests.storage'],
  ],
];

void test('patches are answered as the real server does', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  for (const [path, object] of [
    [`${ns}/configmaps`, configMap],
    [`${ns}/services`, headless],
    ['/apis/apps/v1/namespaces/default/deployments', deployment],
    [`${ns}/pods`, pod],
    [`${ns}/persistentvolumeclaims`, claim],
  ] as const) {
    assert.equal((await api.request('POST', path, object)).status, 201);
  }
  for (const [type, path, patch, status, told, part] of cases) {
    const body = typeof patch === 'string' ? patch : JSON.stringify(patch);
    const answer = await api.request('PATCH', path, Buffer.from(body), { 'content-type': type });
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    if (typeof told === 'string') assert.equal(answer.body['message'], told);
    else assert.deepEqual(told(answer.body), part);
  }
});

void test('a refused JSON patch shows what it went through sorted, and the rest as it was', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const created = await api.request('POST', `${ns}/configmaps`, configMap);
  const { uid, resourceVersion, managedFields } = created.body['metadata'] as Record<string, unknown>;
  const patch = [{ op: 'replace', path: '/metadata/creationTimestamp', value: 'x' }];
  const answer = await api.request('PATCH', `${ns}/configmaps/c`, Buffer.from(JSON.stringify(patch)), {
    'content-type': json,
  });
  assert.equal(answer.status, 422);
  const metadata =
    `"creationTimestamp":"x","managedFields":${JSON.stringify(managedFields)},"name":"c","namespace":"default",` +
    `"resourceVersion":"${String(resourceVersion)}","uid":"${String(uid)}"`;
  const shown = `{"apiVersion":"v1","data":{"a":"1"},"kind":"ConfigMap","metadata":{${metadata}}}`;
  assert.equal(
    answer.body['message'],
    ` "" is invalid: patch: Invalid value: ${JSON.stringify(shown)}: parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"`,
  );
});

void test('a refused strategic patch shows what is left of it once its directives are followed', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  await api.request('POST', `${ns}/pods`, { ...pod, metadata: { name: 'p', labels: { a: 'b' } } });
  const refused = async (patch: unknown): Promise<unknown> => {
    const body = Buffer.from(JSON.stringify(patch));
    const answer = await api.request('PATCH', `${ns}/pods/p`, body, { 'content-type': strategic });
    return /"(map\[.*)": /.exec(String(answer.body['message']))?.[1];
  };
  const containers = [{ name: 'c', image: {} }];
  const order = { '$setElementOrder/containers': [{ name: 'c' }] };
  assert.equal(await refused({ spec: { ...order, containers } }), 'map[spec:map[]]');
  assert.equal(
    await refused({ spec: { $retainKeys: ['containers'], containers } }),
    'map[spec:map[containers:[map[image:map[] name:c]]]]',
  );
  assert.equal(
    await refused({ metadata: { labels: { $patch: 'replace', x: 1 } } }),
    'map[metadata:map[labels:map[x:1]]]',
  );
  // What is not there yet is not merged, and keeps them.
  assert.equal(
    await refused({ spec: { nodeSelector: { $retainKeys: ['a'], a: 1 } } }),
    'map[spec:map[nodeSelector:map[$retainKeys:[a] a:1]]]',
  );
});

test('a key that is no scalar is shown by its parts', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ port: { a: 'b' } }] },
  };
  const body = Buffer.from(JSON.stringify(service));
  const answer = await api.request('PATCH', `${ns}/services/s?fieldManager=m`, body, { 'content-type': apply });
  assert.equal(
    answer.body['message'],
    'failed to create typed patch object (/s; /v1, Kind=Service): .spec.ports[port=a="b",protocol="TCP"].port: ' +
      'expected numeric (int or float), got map[string]interface {}',
  );
});

test('of numbers or texts an apply does not tell the type, its conversion does', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const send = async (targetPort: unknown): Promise<unknown> => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { ports: [{ port: 1, targetPort }] },
    };
    const body = Buffer.from(JSON.stringify(service));
    const answer = await api.request('PATCH', `${ns}/services/s?fieldManager=m&dryRun=All`, body, {
      'content-type': apply,
    });
    return answer.status === 201 ? 201 : String(answer.body['message']).replace(/^.*v1, Kind=Service: /, '');
  };
  assert.equal(await send(1), 201);
  assert.equal(await send('http'), 201);
  assert.equal(await send({ a: 'b' }), 'json: cannot unmarshal object into Go value of type int32');
  assert.equal(await send([1]), 'json: cannot unmarshal array into Go value of type int32');
});

test('a watch from what is forgotten is told so, of events in the words of the storage', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  await api.request('POST', `${ns}/configmaps`, configMap);
  const newest = api.storage.currentRevision();
  await api.storage.compact(newest);
  const told = async (path: string): Promise<unknown> => {
    const answer = await api.request('GET', `${path}?watch=1&resourceVersion=1&timeoutSeconds=1`);
    return (JSON.parse(answer.text) as { object: Record<string, unknown> }).object['message'];
  };
  assert.equal(await told(`${ns}/configmaps`), `too old resource version: 1 (${newest})`);
  for (const path of [`${ns}/events`, '/apis/events.k8s.io/v1/events']) {
    assert.equal(await told(path), 'The resourceVersion for the provided watch is too old.');
  }
});

void test('warnings and tables of statuses are those of the real server', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'p', annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const balancer = { ...headless, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  await api.request('POST', `${ns}/persistentvolumeclaims`, claim);
  await api.request('POST', `${ns}/services`, balancer);
  await api.request('POST', `${ns}/pods`, pod);
  const warningsOf = async (path: string, status: unknown): Promise<unknown> => {
    const body = Buffer.from(JSON.stringify({ status }));
    const answer = await api.request('PATCH', `${path}/status`, body, { 'content-type': merge });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.headers['warning'];
  };
  assert.equal(await warningsOf(`${ns}/persistentvolumeclaims/p`, { phase: 'Bound' }), undefined);
  const standard = (path: string): string[] => [
    `299 - "${path}: IPv6 address \\"::0\\" should be in RFC 5952 canonical format (\\"::\\")"`,
  ];
  const ingress = await warningsOf(`${ns}/services/s`, { loadBalancer: { ingress: [{ ip: '::0' }] } });
  assert.deepEqual([ingress].flat(), standard('status.loadBalancer.ingress[0]'));
  const restarted = {
    name: 'c',
    image: 'i',
    imageID: 'x',
    ready: true,
    restartCount: 2,
    state: { running: { startedAt: null } },
    lastState: { terminated: { exitCode: 1 } },
  };
  const ips = await warningsOf(`${ns}/pods/p`, { podIPs: [{ ip: '::0' }], containerStatuses: [restarted] });
  assert.deepEqual([ips].flat(), standard('status.podIPs[0].ip'));
  const table = await api.request('GET', `${ns}/pods/p`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const [row] = table.body['rows'] as { cells: unknown[] }[];
  assert.equal(row?.cells[3], '2');
});

void test('restarts of init containers count up to the one that the pod waits for', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  assert.equal((await api.request('POST', `${ns}/pods`, pod)).status, 201);
  const status = (name: string, restartCount: number): unknown => ({ name, image: 'i', restartCount, state: {} });
  const statuses = {
    initContainerStatuses: [status('i0', 1), status('i1', 7)],
    containerStatuses: [status('c', 4)],
  };
  const body = Buffer.from(JSON.stringify({ status: statuses }));
  assert.equal((await api.request('PATCH', `${ns}/pods/p/status`, body, { 'content-type': merge })).status, 200);
  const table = await api.request('GET', `${ns}/pods/p`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const [row] = table.body['rows'] as { cells: unknown[] }[];
  assert.deepEqual(row?.cells.slice(1, 4), ['0/1', 'Init:0/0', '1']);
});

void test('what changed in a selector is shown in the order of its type', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const selector = { matchExpressions: [{ values: ['x'], operator: 'In', key: 'a' }], matchLabels: { a: 'b' } };
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, selector };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'p' }, spec };
  assert.equal((await api.request('POST', `${ns}/persistentvolumeclaims`, claim)).status, 201);
  const changed = { ...claim, spec: { ...spec, selector: { ...selector, matchLabels: { a: '' } } } };
  const answer = await api.request('PUT', `${ns}/persistentvolumeclaims/p`, changed);
  assert.equal(answer.status, 422);
  assert.match(
    String(answer.body['message']),
    / {2}"Selector": \{\n {3}"matchLabels": \{\n- {3}"a": "b"\n\+ {3}"a": ""\n {3}\},\n {3}"matchExpressions": \[\n/,
  );
});

void test('raw JSON stays as it was written: revisions that came with spaces cannot be patched', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const path = '/apis/apps/v1/namespaces/default/controllerrevisions';
  const revision = (name: string): object => ({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name },
    data: { a: { b: 1 } },
    revision: 1,
  });
  const spaced = Buffer.from(JSON.stringify(revision('spaced'), undefined, 1));
  assert.equal((await api.request('POST', path, spaced)).status, 201);
  assert.equal((await api.request('POST', path, revision('compact'))).status, 201);
  const patch = Buffer.from(JSON.stringify({ metadata: { labels: { x: 'y' } } }));
  const headers = { 'content-type': merge };
  assert.equal((await api.request('PATCH', `${path}/compact`, patch, headers)).status, 200);
  const refused = await api.request('PATCH', `${path}/spaced`, patch, headers);
  assert.equal(
    refused.body['message'],
    'ControllerRevision.apps "spaced" is invalid: data: Invalid value: {"a":{"b":1}}: field is immutable',
  );
  assert.equal((await api.request('PUT', `${path}/spaced`, spaced)).status, 200);
  assert.equal((await api.request('PUT', `${path}/spaced`, revision('spaced'))).status, 422);
  const applied = Buffer.from(JSON.stringify(revision('spaced')));
  const unchanged = await api.request('PATCH', `${path}/spaced?fieldManager=m`, applied, { 'content-type': apply });
  assert.equal(unchanged.status, 200, JSON.stringify(unchanged.body));
});

test('an apply that changes anything writes raw JSON anew, which a claim that came with spaces does not allow', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const path = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims';
  const claimOf = (exactly: object): object => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name: 'a' },
    spec: {
      devices: {
        requests: [{ name: 'r', exactly: { deviceClassName: 'dc', ...exactly } }],
        config: [{ opaque: { driver: 'd.io', parameters: { a: 'b' } } }],
      },
    },
  });
  assert.equal((await api.request('POST', path, Buffer.from(JSON.stringify(claimOf({}), undefined, 1)))).status, 201);
  const applied = async (exactly: object): Promise<number> => {
    const body = Buffer.from(JSON.stringify(claimOf(exactly)));
    const headers = { 'content-type': apply };
    return (await api.request('PATCH', `${path}/a?fieldManager=m&force=true`, body, headers)).status;
  };
  // Without its defaults the list of requests is another one, until they are filled in again.
  assert.deepEqual([await applied({}), await applied({ allocationMode: 'ExactCount', count: 1 })], [422, 200]);
});

void test('nobody owns fields of an object with an item that cannot be told from others', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } };
  const create = async (secrets: unknown): Promise<unknown> => {
    const answer = await api.request('POST', `${ns}/serviceaccounts?dryRun=All`, { ...account, secrets });
    assert.equal(answer.status, 201);
    return answer.body.metadata.managedFields?.length;
  };
  assert.equal(await create([{ name: 's' }]), 1);
  assert.equal(await create([{}]), undefined);
});

void test('a patched object without a version has no name; an apply of a known uid means an object that is there', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  await api.request('POST', `${ns}/configmaps`, configMap);
  const patch = async (type: string, path: string, body: unknown): Promise<unknown[]> => {
    const answer = await api.request('PATCH', path, Buffer.from(JSON.stringify(body)), { 'content-type': type });
    return [answer.status, answer.body['message']];
  };
  const undeterminable = 'the name of the object (c based on URL) was undeterminable: name must be provided';
  assert.deepEqual(await patch(merge, `${ns}/configmaps/c`, { apiVersion: null, kind: null }), [400, undeterminable]);
  const warned = await api.request('PATCH', `${ns}/configmaps/c`, Buffer.from('{"apiVersion":null}'), {
    'content-type': merge,
  });
  const unknown = (field: string): string => `299 - "unknown field \\"${field}\\""`;
  assert.deepEqual([warned.headers['warning']].flat(), [unknown('data'), unknown('metadata')]);
  assert.deepEqual(await patch(json, `${ns}/configmaps/c`, [{ op: 'remove', path: '/apiVersion' }]), [
    400,
    undeterminable,
  ]);
  assert.equal((await patch(json, `${ns}/configmaps/c`, [{ op: 'remove', path: '/kind' }]))[0], 200);
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'absent', uid: 'u' } };
  assert.deepEqual(await patch(apply, `${ns}/services/absent?fieldManager=m`, service), [
    409,
    'Operation cannot be fulfilled on services "absent": uid mismatch: the provided object specified uid u, and no existing object was found',
  ]);
});

void test('subresources without columns are no tables, and watches of nothing but lists end at once', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  await api.request('POST', `${ns}/pods`, pod);
  const as = (kind: string): { accept: string } => ({
    accept: `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`,
  });
  const kindOf = async (path: string): Promise<unknown> =>
    (await api.request('GET', path, undefined, as('Table'))).body['kind'];
  assert.equal(await kindOf(`${ns}/pods/p/status`), 'Table');
  assert.equal(await kindOf(`${ns}/pods/p/resize`), 'Pod');
  assert.equal(await kindOf(`${ns}/pods/p/ephemeralcontainers`), 'Pod');
  const watched = await api.request(
    'GET',
    `${ns}/pods?watch=1&timeoutSeconds=60`,
    undefined,
    as('PartialObjectMetadataList'),
  );
  assert.deepEqual([watched.status, watched.text], [200, '']);
});

void test('a table of no pods begins with an empty one, where watches tell what there is', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const stop = new AbortController();
  context.after(() => stop.abort());
  const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const answer = await api.open(`${ns}/pods?${query}`, accept, stop.signal);
  assert.equal(answer.status, 200);
  assert.ok(typeof answer.body === 'object' && Symbol.asyncIterator in answer.body);
  const { value } = await answer.body[Symbol.asyncIterator]().next();
  const { type, object } = JSON.parse(Buffer.from(value as Uint8Array).toString()) as {
    type: string;
    object: { rows: { cells: unknown[] }[] };
  };
  assert.equal(type, 'BOOKMARK');
  assert.deepEqual(object.rows[0]?.cells.slice(0, 4), ['', '0/0', '', '0']);
});

void test('changed objects are checked as new ones, too, before or after what is changed', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const fieldsOf = async (path: string, patch: unknown): Promise<string[]> => {
    const answer = await api.request('PATCH', path, Buffer.from(JSON.stringify(patch)), { 'content-type': merge });
    const { causes = [] } = (answer.body['details'] ?? {}) as { causes?: { field: string }[] };
    return causes.map(({ field }) => field);
  };
  const finalizers = ['Bad_'];
  await api.request('POST', '/apis/node.k8s.io/v1/runtimeclasses', {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'r' },
    handler: 'h',
  });
  const overhead = { podFixed: { cpu: '-1' } };
  assert.deepEqual(await fieldsOf('/apis/node.k8s.io/v1/runtimeclasses/r', { metadata: { finalizers }, overhead }), [
    'metadata.finalizers',
    'metadata.finalizers',
    'overhead.limits[cpu]',
  ]);
  await api.request('POST', `${ns}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } });
  assert.deepEqual(await fieldsOf(`${ns}/secrets/s`, { metadata: { labels: { 'a b': '' } }, type: 'x' }), [
    'metadata.labels',
    'metadata.labels',
    'metadata.labels',
    'type',
    'metadata.labels',
  ]);
});

void test('what is not there: rows of plain tables, device classes to apply, versions that deletes insist on', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const rowsOf = async (path: string): Promise<unknown> =>
    (await api.request('GET', path, undefined, accept)).body['rows'];
  assert.equal(await rowsOf('/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles'), null);
  assert.equal(await rowsOf(`${ns}/limitranges`), null);
  assert.deepEqual(await rowsOf(`${ns}/podtemplates`), []);
  const deviceClass = { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'd' } };
  const applied = await api.request(
    'PATCH',
    '/apis/resource.k8s.io/v1/deviceclasses/d?fieldManager=m',
    Buffer.from(JSON.stringify(deviceClass)),
    { 'content-type': apply },
  );
  assert.equal(applied.status, 201, JSON.stringify(applied.body));
  const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { resourceVersion: '1000000' } };
  const { resourceVersion } = (await api.request('GET', '/api/v1/namespaces/default')).body.metadata;
  const refused = await api.request('DELETE', '/api/v1/namespaces/default', options);
  assert.equal(
    refused.body['message'],
    `Operation cannot be fulfilled on namespaces "default": Precondition failed: ResourceVersion in precondition: 1000000, ResourceVersion in object meta: ${resourceVersion ?? ''}`,
  );
});

void test('numbers with a point are no integers in JSON patches, which keep them as they are written', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const path = '/apis/apps/v1/namespaces/default/deployments';
  assert.equal((await api.request('POST', path, deployment)).status, 201);
  const patch = async (value: string): Promise<TestAnswer> =>
    api.request('PATCH', `${path}/d`, Buffer.from(`[{"op":"replace","path":"/spec/replicas","value":${value}}]`), {
      'content-type': json,
    });
  for (const value of ['2.0', '2e0']) {
    const answer = await patch(value);
    assert.equal(answer.status, 422, value);
    assert.match(
      String(answer.body['message']),
      new RegExp(
        `cannot unmarshal number ${value} into Go struct field DeploymentSpec\\.spec\\.replicas of type int32`,
      ),
    );
  }
  assert.equal((await patch('2')).status, 200);
});

test('an empty list counts for the generation where the real server compares exactly', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'n' } };
  const generations: unknown[] = [];
  for (const [method, spec] of [
    ['POST', { podSelector: {} }],
    ['PUT', { podSelector: {}, ingress: [] }],
    ['PUT', { podSelector: {} }],
    ['PUT', { podSelector: {}, ingress: [] }],
  ] as const) {
    const answer = await api.request(method, method === 'POST' ? policies : `${policies}/n`, { ...policy, spec });
    generations.push((answer.body['metadata'] as { generation?: number }).generation);
  }
  assert.deepEqual(generations, [1, 2, 2, 3]);
});

test('a document that a patch made is told of as Go writes JSON', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  await api.create(configMap);
  const { body } = await api.request(
    'PATCH',
    `${ns}/configmaps/c`,
    { data: 5, metadata: null, x: '<a> & \u2028' },
    { 'content-type': merge },
  );
  assert.equal(
    body['message'],
    String.raw` "" is invalid: patch: Invalid value: "{\"apiVersion\":\"v1\",\"data\":5,\"kind\":\"ConfigMap\",\"x\":\"\\u003ca\\u003e \\u0026 \\u2028\"}": json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string`,
  );
});
