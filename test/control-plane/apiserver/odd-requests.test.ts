import assert from 'node:assert/strict';
import test from 'node:test';
import type { KubeletConnections } from '../../../src/control-plane/apiserver/streaming/kubelet-connections.ts';
import { podLogHandler } from '../../../src/control-plane/apiserver/streaming/pod-log.ts';
import { createTestApiServer, inServer, watchEvents } from '../../support/test-api-server.ts';

// What a real 1.36 server answered to the same requests.
const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const served = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

test('a document of another kind is first read as of that kind, and a Status is one in every version', () =>
  inServer(async (api) => {
    const status = { apiVersion: 'v1', kind: 'Status', metadata: {} };
    const unknown = 'converting (v1.Status) to (core.ConfigMap): unknown conversion';
    const cases: readonly [object, string][] = [
      [
        { ...status, metadata: { resourceVersion: [] } },
        'Status in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array into Go struct field ' +
          'ListMeta.metadata.resourceVersion of type string',
      ],
      [status, `Status in version "v1" cannot be handled as a ConfigMap: ${unknown}`],
      [{ ...status, apiVersion: 'batch/v1' }, `Status in version "v1" cannot be handled as a ConfigMap: ${unknown}`],
      [
        { ...status, apiVersion: '1.2.3.4' },
        `Status in version "1.2.3.4" cannot be handled as a ConfigMap: ${unknown}`,
      ],
      [
        { apiVersion: 'apps/v1', kind: 'Deployment', metadata: 'a/b' },
        'Deployment in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct ' +
          'field Deployment.metadata of type v1.ObjectMeta',
      ],
    ];
    for (const [body, message] of cases) {
      const answer = await api.request('POST', configMaps, body);
      assert.deepEqual([answer.status, answer.body['message']], [400, message]);
    }
  }));

test('the kind of options is read before the rest of them', () =>
  inServer(async (api) => {
    await api.request('POST', configMaps, configMap);
    for (const [field, value, word] of [
      ['apiVersion', { a: 'b' }, 'object'],
      ['kind', 1, 'number'],
    ] as const) {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 1, [field]: value };
      const answer = await api.request('DELETE', `${configMaps}/c`, body);
      assert.equal(
        answer.body['message'],
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${word} into Go struct field .${field} of type string`,
      );
    }
  }));

test('a watch of whatever there is cannot continue; one from a version does not look at that', () =>
  inServer(async (api) => {
    const refusal =
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when ' +
      'continue is provided';
    const watch = `${configMaps}?watch=1&timeoutSeconds=1&continue=x`;
    for (const query of ['', '&resourceVersion=0', '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan']) {
      assert.equal((await api.request('GET', `${watch}${query}`)).body['message'], refusal, query);
    }
    const wrong = await api.request('GET', `${watch}&resourceVersion=abc`);
    assert.deepEqual(
      [wrong.status, wrong.body['message']],
      [500, 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'],
    );
    // What cannot be watched from is told before the form of the answer.
    const yaml = await api.request('GET', `${configMaps}?watch=1&resourceVersion=abc`, undefined, {
      accept: 'application/yaml',
    });
    assert.equal(yaml.status, 500);
  }));

test('when to come back is told of what is kept in memory alone', () =>
  inServer(async (api) => {
    const events = '/api/v1/namespaces/default/events';
    const named = 'fieldSelector=metadata.name%3Dc';
    const cases: readonly [string, number | undefined][] = [
      [`${configMaps}?resourceVersion=99999`, 1],
      [`${configMaps}?resourceVersion=99999&resourceVersionMatch=Exact`, 1],
      [`${configMaps}?${named}&resourceVersion=99999`, 1],
      [`${configMaps}?${named}&resourceVersion=99999&resourceVersionMatch=Exact`, undefined],
      [`${configMaps}?${named}&resourceVersion=99999&limit=1`, undefined],
      [`${events}?resourceVersion=99999`, undefined],
      [`${events}/x?resourceVersion=99999`, undefined],
    ];
    for (const [path, seconds] of cases) {
      const answer = await api.request('GET', path);
      const { retryAfterSeconds } = answer.body['details'] as { retryAfterSeconds?: number };
      assert.deepEqual([answer.status, retryAfterSeconds], [504, seconds], path);
    }
    const wrong = await api.request('GET', `${events}/x?resourceVersion=abc`);
    assert.deepEqual(
      [wrong.status, wrong.body['message']],
      [
        400,
        'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
      ],
    );
  }));

test('what goes at once is answered with the finalizers that it was stored with', () =>
  inServer(async (api) => {
    const classes = '/apis/storage.k8s.io/v1/csinodes';
    const spec = { drivers: [{ name: 'd.example.com', nodeID: 'n1' }] };
    await api.request('POST', classes, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name: 'n' },
      spec,
    });
    const options = { apiVersion: 'v1', kind: 'DeleteOptions' };
    await api.request('DELETE', `${classes}/n`, { ...options, propagationPolicy: 'Orphan' });
    const answer = await api.request('DELETE', `${classes}/n`, { ...options, propagationPolicy: 'Background' });
    assert.deepEqual(answer.body.metadata.finalizers, ['orphan']);
    assert.equal((await api.request('GET', `${classes}/n`)).status, 404);
  }));

test('forms of answers: logs, old watches, and warnings that only answers have', async () => {
  const kubelets: KubeletConnections = {
    connectionTo: () => Promise.reject(new Error('nobody is asked')),
    networkTo: () => assert.fail('nobody is asked'),
  };
  const specialEndpoints = new Map([['/pods/log', { get: podLogHandler(kubelets) }]]);
  const api = await createTestApiServer({ specialEndpoints });
  try {
    const only = `only the following media types are accepted: ${served}`;
    const available = '406: Not Acceptable\n\nAvailable representations: ';
    const streams = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';
    const log = '/api/v1/namespaces/default/pods/p/log';
    const cases: readonly [string, string, string][] = [
      [log, table, only],
      [log, 'text/plain', only],
      [log, 'application/xml', `${available}text/plain, ${served}`],
      ['/api/v1/watch/namespaces/default/pods/p', 'application/xml', `${available}${served}, ${streams}`],
      ['/api/v1/namespaces/default/pods/p', 'application/xml', `${available}${served}`],
    ];
    for (const [path, accept, message] of cases) {
      const answer = await api.request('GET', path, undefined, { accept });
      assert.deepEqual([answer.status, answer.body['message']], [406, message], `${path} ${accept}`);
    }
    const endpoints = '/api/v1/namespaces/default/endpoints';
    const refused = await api.request('GET', endpoints, undefined, { accept: 'application/xml' });
    assert.equal(refused.headers['warning'], undefined);
    assert.notEqual((await api.request('GET', endpoints)).headers['warning'], undefined);
  } finally {
    await api.close();
  }
});

test('a media type that is not read is told before options that do not fit', () =>
  inServer(async (api) => {
    const path = `${configMaps}?fieldManager=${'x'.repeat(129)}`;
    assert.equal((await api.request('POST', path, configMap, { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await api.request('POST', path, configMap)).status, 422);
    const headers = { 'content-type': 'application/json', accept: 'application/xml' };
    const patched = await api.request('PATCH', `${configMaps}/c`, {}, headers);
    assert.deepEqual([patched.status, patched.body['message']], [415, '415: Unsupported Media Type']);
  }));

test('a requirement of no field and no value asks for nothing', () =>
  inServer(async (api) => {
    for (const [selector, status] of [
      ['=', 200],
      ['!=', 200],
      ['=b', 400],
      ['a=', 400],
    ] as const) {
      const answer = await api.request('GET', `${configMaps}?fieldSelector=${encodeURIComponent(selector)}`);
      assert.equal(answer.status, status, selector);
    }
  }));

test('lists of bytes have the type of bytes, and converted documents are read field by field', () =>
  inServer(async (api) => {
    const bytes = await api.request('POST', configMaps, { ...configMap, binaryData: { b: ['x'] } });
    assert.equal(
      bytes.body['message'],
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct field ' +
        'ConfigMap.binaryData of type uint8',
    );
    const capacity = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIStorageCapacity',
      capacity: 'Bad_Value!',
      metadata: { name: 'c', creationTimestamp: 'yesterday' },
      storageClassName: 's',
    };
    const applied = await api.request(
      'PATCH',
      '/apis/storage.k8s.io/v1/namespaces/default/csistoragecapacities/c?fieldManager=m',
      capacity,
      { 'content-type': 'application/apply-patch+yaml' },
    );
    assert.match(String(applied.body['message']), /parsing time "yesterday"/);
  }));

test('leading zeros of an address are one mistake, not two', () =>
  inServer(async (api) => {
    const endpoints = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'e' },
      subsets: [{ addresses: [{ ip: '010.0.0.1' }], ports: [] }],
    };
    const answer = await api.request('POST', '/api/v1/namespaces/default/endpoints', endpoints);
    assert.equal(
      answer.body['message'],
      'Endpoints "e" is invalid: subsets[0].addresses[0].ip: Invalid value: "010.0.0.1": must not have leading 0s',
    );
  }));

test('a write that is only tried tells the key without the part that all have', () =>
  inServer(async (api) => {
    await api.request('POST', configMaps, configMap);
    const other = { ...configMap, metadata: { name: 'c', uid: 'x' } };
    for (const [query, key] of [
      ['', '/registry/configmaps/default/c'],
      ['?dryRun=All', '/configmaps/default/c'],
    ] as const) {
      const answer = await api.request('PUT', `${configMaps}/c${query}`, other);
      assert.match(String(answer.body['message']), new RegExp(`Code: 4, Key: ${key}, `));
    }
  }));

test('who takes over a list of raw documents owns it, although they say the same', () =>
  inServer(async (api) => {
    const path = '/apis/resource.k8s.io/v1/deviceclasses';
    const head = '{"apiVersion":"resource.k8s.io/v1","kind":"DeviceClass","metadata":{"name":"d"},';
    const made = `${head}"spec":{"config":[{"opaque":{"driver":"d.io","parameters":{"a": "b"}}}]}}`;
    await api.request('POST', `${path}?fieldManager=maker`, made);
    const finalizers = { metadata: { finalizers: ['e.com/f'] } };
    const patch = { 'content-type': 'application/merge-patch+json' };
    const { metadata } = (await api.request('PATCH', `${path}/d?fieldManager=m`, finalizers, patch)).body;
    assert.equal(metadata.generation, 2);
    const owners = (metadata.managedFields ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1]);
    assert.deepEqual(owners, [
      ['m', { 'f:metadata': { 'f:finalizers': { '.': {}, 'v:"e.com/f"': {} } }, 'f:spec': { 'f:config': {} } }],
    ]);
  }));

test('places that a type checker tells of are paths', () =>
  inServer(async (api) => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
    await api.request('POST', path, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'p' },
      spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'true' }] },
    });
    const status = { typeChecking: { expressionWarnings: [{ fieldRef: '../x', warning: 'w' }] } };
    const patch = { 'content-type': 'application/merge-patch+json' };
    const answer = await api.request('PATCH', `${path}/p/status`, { status }, patch);
    assert.equal(
      answer.body['message'],
      'ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: ' +
        `status.typeChecking.expressionWarnings[0].fieldRef: Invalid value: "../x": invalid JSONPath: unrecognized character in action: U+002F '/'`,
    );
  }));

test('a collection is deleted as it was at the version that is asked for', () =>
  inServer(async (api) => {
    const made = await api.request('POST', configMaps, configMap);
    const version = made.body.metadata.resourceVersion ?? '';
    await api.request('POST', configMaps, { ...configMap, metadata: { name: 'later' } });
    const answer = await api.request('DELETE', `${configMaps}?resourceVersion=${version}`);
    const items = answer.body['items'] as { metadata: { name: string } }[];
    assert.deepEqual(
      [(answer.body.metadata as { resourceVersion?: string }).resourceVersion, items.length],
      [version, 1],
    );
    const left = (await api.request('GET', configMaps)).body['items'] as { metadata: { name: string } }[];
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name),
      ['later'],
    );
  }));

test('bookmarks and deletes that are only tried show objects with nothing in them', () =>
  inServer(async (api) => {
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const watch = 'watch=1&timeoutSeconds=0&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const stream = await api.open(`${path}?${watch}&allowWatchBookmarks=true`);
    for await (const { object } of watchEvents(stream)) {
      assert.deepEqual(object['spec'], {
        replicas: 0,
        selector: null,
        strategy: {},
        template: { metadata: {}, spec: { containers: null } },
      });
      break;
    }
    const tried = { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'], propagationPolicy: 'Background' };
    const orphaned = { ...configMap, metadata: { name: 'c', finalizers: ['orphan'] } };
    await api.request('POST', configMaps, orphaned);
    assert.deepEqual((await api.request('DELETE', `${configMaps}/c`, tried)).body, {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {},
    });
    assert.equal((await api.request('GET', `${configMaps}/c`)).status, 200);
    // Nobody collects events, so what would keep them from going does not.
    const events = '/api/v1/namespaces/default/events';
    const involvedObject = { kind: 'Pod', name: 'p', namespace: 'default' };
    const metadata = { name: 'e', finalizers: ['foregroundDeletion'] };
    await api.request('POST', events, { apiVersion: 'v1', kind: 'Event', metadata, involvedObject, reason: 'R' });
    assert.equal((await api.request('DELETE', `${events}/e`)).body['kind'], 'Status');
  }));

test('owners that come twice in a patch are told of after admission', () =>
  inServer(async (api) => {
    await api.request('POST', configMaps, configMap);
    const owner = { apiVersion: 'v1', kind: 'P', name: 'n', uid: 'u' };
    const patch = { metadata: { ownerReferences: [owner, owner] } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patched = await api.request('PATCH', `${configMaps}/c`, patch, headers);
    assert.match(String(patched.headers['warning']), /duplicate entries after mutating admission happens; API server/);
    const twice = { ...configMap, metadata: { name: 'd', ...patch.metadata } };
    const created = await api.request('POST', configMaps, twice);
    assert.match(String(created.headers['warning']), /duplicate entries; API server/);
  }));

test('a watch by its path alone is held against the rules for lists, and is not told where its beginning ends', () =>
  inServer(async (api) => {
    const path = '/api/v1/watch/namespaces/default/configmaps';
    const refused = await api.request('GET', `${path}?resourceVersionMatch=NotOlderThan`);
    assert.match(
      String(refused.body['message']),
      /resourceVersionMatch is forbidden unless resourceVersion is provided/,
    );
    await api.request('POST', configMaps, configMap);
    const firstTwo = async (query: string, name: string): Promise<string[]> => {
      const stream = await api.open(
        `${path}?allowWatchBookmarks=true&fieldSelector=metadata.namespace%3Ddefault${query}`,
      );
      const types: string[] = [];
      for await (const { type } of watchEvents(stream)) {
        if (types.push(type) === 2) break;
        await api.request('POST', configMaps, { ...configMap, metadata: { name } });
      }
      return types;
    };
    assert.deepEqual(await firstTwo('&watch=1', 'd'), ['ADDED', 'BOOKMARK']);
    await api.request('DELETE', `${configMaps}/d`);
    assert.deepEqual(await firstTwo('', 'e'), ['ADDED', 'ADDED']);
  }));

test('all that does not fit an apply is told, metadata that are none besides', () =>
  inServer(async (api) => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', data: { k: 7 }, metadata: 'x', unknown: 1 };
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const answer = await api.request('PATCH', `${configMaps}/c?fieldManager=m`, body, headers);
    assert.equal(
      answer.body['message'],
      'failed to create typed patch object (/; /v1, Kind=ConfigMap): errors:\n  .data.k: expected string, got ' +
        '&value.valueUnstructured{Value:7}\n  .metadata: expected map, got &{x}\n  .unknown: field not declared in schema',
    );
  }));

test('images whose names are too long are none, so they are pulled when they are not there', () =>
  inServer(async (api) => {
    const policyOf = async (name: string, image: string): Promise<unknown> => {
      const spec = { containers: [{ name: 'c', image }] };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
      const answer = await api.request('POST', '/api/v1/namespaces/default/pods', pod);
      const made = answer.body['spec'] as { containers: { imagePullPolicy: string }[] };
      return made.containers[0]?.imagePullPolicy;
    };
    const longest = 'x'.repeat(255);
    assert.equal(await policyOf('a', `r.io/${longest}:latest`), 'Always');
    assert.equal(await policyOf('b', `r.io/${longest}x:latest`), 'IfNotPresent');
    assert.equal(await policyOf('c', longest), 'IfNotPresent');
  }));

test('options of another kind are refused as far as the real server knows that kind', () =>
  inServer(async (api) => {
    await api.request('POST', configMaps, configMap);
    const messageOf = async (body: object): Promise<unknown> =>
      (await api.request('DELETE', `${configMaps}/c`, body)).body['message'];
    const unconvertible = (kind: string): string => `converting (v1.${kind}) to (v1.DeleteOptions): unknown conversion`;
    assert.equal(await messageOf({ apiVersion: 'apps/v1', kind: 'Status' }), unconvertible('Status'));
    assert.equal(await messageOf({ kind: 'Table' }), unconvertible('Table'));
    assert.match(String(await messageOf({ apiVersion: 'v1', kind: 'Table' })), /^no kind "Table" is registered for/);
  }));

test('an object that is created by a PUT or an apply has a version that can be read, which a rehearsal shows again', () =>
  inServer(async (api) => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    const send = async (method: string, query: string, resourceVersion: string): Promise<unknown[]> => {
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'l', resourceVersion },
      };
      const headers = { 'content-type': method === 'PUT' ? 'application/json' : 'application/apply-patch+yaml' };
      const answer = await api.request(method, `${leases}/l?fieldManager=m${query}`, body, headers);
      return [answer.status, answer.body['message'] ?? answer.body.metadata.resourceVersion];
    };
    const tooLarge = '18446744073709551616';
    const problem = (text: string, reason: string): unknown[] => [
      500,
      `strconv.ParseUint: parsing "${text}": ${reason}`,
    ];
    for (const method of ['PUT', 'PATCH']) {
      assert.deepEqual(await send(method, '', 'abc'), problem('abc', 'invalid syntax'));
      assert.deepEqual(await send(method, '&dryRun=All', tooLarge), problem(tooLarge, 'value out of range'));
      assert.deepEqual(await send(method, '&dryRun=All', '5'), [201, '5']);
      assert.deepEqual(await send(method, '&dryRun=All', ''), [201, undefined]);
    }
    const [status, version] = await send('PUT', '', '5');
    assert.deepEqual([status, version === '5'], [201, false]);
  }));

test('a delete leaves the finalizers in their order when it asks for the same ones', () =>
  inServer(async (api) => {
    const finalizers = ['foregroundDeletion', 'a.b/c'];
    await api.request('POST', configMaps, { ...configMap, metadata: { name: 'c', finalizers } });
    const { body } = await api.request('DELETE', `${configMaps}/c`);
    assert.deepEqual(body.metadata.finalizers, finalizers);
  }));

test('a configuration that is applied may say nothing of who owns what, which a list that cannot be read does', () =>
  inServer(async (api) => {
    const apply = async (managedFields: unknown): Promise<unknown[]> => {
      const body = { ...configMap, metadata: { name: 'c', managedFields } };
      const headers = { 'content-type': 'application/apply-patch+yaml' };
      const answer = await api.request('PATCH', `${configMaps}/c?fieldManager=m`, body, headers);
      return [answer.status, answer.body['message']];
    };
    const refused = [400, 'metadata.managedFields must be nil'];
    for (const entries of [[], [{}], [{ manager: 'm', time: '2020-01-01T00:00:00Z' }]]) {
      assert.deepEqual(await apply(entries), refused);
    }
    const untyped = 'failed to create typed patch object (/c; /v1, Kind=ConfigMap): .metadata.managedFields: expected ';
    assert.deepEqual(await apply({}), [500, `${untyped}list, got &{map[]}`]);
    const timeless = { manager: 'm', time: 'x', fieldsV1: { 'f:a': {} } };
    const described = '/v1, Kind=ConfigMap';
    assert.deepEqual(await apply([timeless]), [
      500,
      `failed to convert new object (/c; ${described}) to proper version: unable to convert unstructured object to ` +
        `${described}: parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"`,
    ]);
    assert.deepEqual(await apply(null), [201, undefined]);
  }));

test('a namespace that ends already is not changed by who deletes it again', () =>
  inServer(async (api) => {
    const namespaces = '/api/v1/namespaces';
    await api.request('POST', namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
    const first = await api.request('DELETE', `${namespaces}/n?propagationPolicy=Foreground`);
    const second = await api.request('DELETE', `${namespaces}/n?propagationPolicy=Orphan`);
    assert.deepEqual(first.body.metadata.finalizers, ['foregroundDeletion']);
    assert.deepEqual(second.body, first.body);
  }));

test('a limit range without a name gets a UUID for one', () =>
  inServer(async (api) => {
    const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: {}, spec: { limits: [] } };
    const { status, body } = await api.request('POST', '/api/v1/namespaces/default/limitranges', range);
    assert.equal(status, 201);
    assert.match(body.metadata.name ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.notEqual(body.metadata.name, body.metadata.uid);
  }));

test('an event tells how often it happened, and what its source was, as the real server does', () =>
  inServer(async (api) => {
    const events = '/apis/events.k8s.io/v1/namespaces/default/events';
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e' },
      regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
      reason: 'R',
      action: 'a',
      type: 'Normal',
      eventTime: '2020-01-01T00:00:00.000000Z',
      reportingController: 'a.b/c',
      reportingInstance: 'i',
    };
    assert.equal((await api.request('POST', events, event)).status, 201);
    const countOf = async (): Promise<unknown> => {
      const { body } = await api.request('GET', `/api/v1/namespaces/default/events/e`, undefined, { accept: table });
      return (body['rows'] as { cells: unknown[] }[])[0]?.cells.at(-2);
    };
    const headers = { 'content-type': 'application/merge-patch+json' };
    assert.equal(await countOf(), 1);
    const changed = await api.request('PATCH', `${events}/e`, { deprecatedSource: { component: 'x' } }, headers);
    assert.match(
      String(changed.body['message']),
      /source: Invalid value: \{"Component":"x","Host":""\}: field is immut/,
    );
    // The older version of an event does not look at its series.
    const older = `/api/v1/namespaces/default/events/e`;
    assert.equal((await api.request('PATCH', older, { series: { count: 0 } }, headers)).status, 200);
    assert.equal(await countOf(), 0);
  }));

test('an eviction is rehearsed in one way only', () =>
  inServer(async (api) => {
    const eviction = (dryRun: string[]): object => ({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'nope' },
      deleteOptions: { dryRun },
    });
    const path = '/api/v1/namespaces/default/pods/nope/eviction?dryRun=All';
    const refused = await api.request('POST', path, eviction(['x']));
    assert.deepEqual(
      [refused.status, refused.body['message']],
      [500, 'Non-matching dry-run options in request and content: [All] and [x]'],
    );
    assert.equal((await api.request('POST', path, eviction(['All']))).status, 404);
  }));
