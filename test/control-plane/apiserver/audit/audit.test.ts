import assert from 'node:assert/strict';
import test from 'node:test';
import { type HttpHeaders, readBody } from '../../../../src/apimachinery/http.ts';
import { unauthorized } from '../../../../src/apimachinery/status.ts';
import type { AuditEvent } from '../../../../src/control-plane/apiserver/audit/audit-event.ts';
import { auditLog } from '../../../../src/control-plane/apiserver/audit/audit-log.ts';
import { AuditTrail } from '../../../../src/control-plane/apiserver/audit/audit-trail.ts';
import { parseAuditPolicy } from '../../../../src/control-plane/apiserver/audit/audit-policy.ts';
import type { RequestAuthorizer } from '../../../../src/control-plane/apiserver/filters/authorization.ts';
import { withImpersonation } from '../../../../src/control-plane/apiserver/filters/impersonation.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { createTestApiServer, type TestApiServer, testUser } from '../../../support/test-api-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: '<v>' } };

interface AuditedServer {
  readonly api: TestApiServer;
  readonly events: AuditEvent[];
}

const authorizer: RequestAuthorizer = {
  authorize: ({ verb }) =>
    Promise.resolve(verb === 'delete' ? { allowed: false, reason: 'never' } : { allowed: true, reason: 'RBAC: yes' }),
};

/** A server whose events are kept; those of its own beginning are left out. */
async function audited(rules: string): Promise<AuditedServer> {
  const events: AuditEvent[] = [];
  const policy = parseAuditPolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}`, assert.fail);
  const api = await createTestApiServer({
    audit: { policy, sink: { write: (event) => events.push(structuredClone(event)) > 0 } },
    authorizer,
    impersonation: withImpersonation(authorizer, new FakeClock()),
    authenticator: {
      authenticate({ headers }) {
        return headers['authorization'] === undefined ? Promise.resolve(testUser) : Promise.reject(unauthorized());
      },
    },
  });
  events.length = 0;
  return { api, events };
}

const time = '2026-01-01T00:00:00.000000Z';
const user = { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] };
const annotations = { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'RBAC: yes' };

test('a create is told of when it comes and when it is answered, with both objects', async () => {
  const { api, events } = await audited('rules: [{level: RequestResponse, omitManagedFields: true}]');
  const headers: HttpHeaders = { 'audit-id': 'one', 'x-forwarded-for': '10.0.0.1, nonsense' };
  const created = await api.request('POST', `${configMaps}?fieldManager=m`, configMap, headers);
  const { managedFields: _left, ...metadata } = created.body.metadata;
  const base = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: 'one',
    requestURI: `${configMaps}?fieldManager=m`,
    verb: 'create',
    user,
    sourceIPs: ['10.0.0.1'],
    userAgent: 'test/1.0',
    requestReceivedTimestamp: time,
    stageTimestamp: time,
  };
  const objectRef = { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' };
  assert.deepEqual(events, [
    { ...base, stage: 'RequestReceived', objectRef },
    {
      ...base,
      stage: 'ResponseComplete',
      objectRef: { ...objectRef, name: 'a' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: configMap,
      responseObject: { ...created.body, metadata },
      annotations,
    },
  ]);
  await api.close();
});

test('what is kept follows the level', async () => {
  const { api, events } = await audited(
    'omitStages: [RequestReceived]\nrules: [{level: Metadata, resources: [{resources: [configmaps]}]}, ' +
      '{level: Request, resources: [{resources: [secrets]}]}, {level: None, nonResourceURLs: [/version]}, {level: Metadata}]',
  );
  await api.request('POST', configMaps, configMap);
  await api.request(
    'PATCH',
    `${configMaps}/a`,
    { data: { x: 'y' } },
    { 'content-type': 'application/merge-patch+json' },
  );
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
  await api.request('POST', '/api/v1/namespaces/default/secrets', secret);
  const patch = { data: { x: 'eQ==' } };
  const patchHeaders = { 'content-type': 'application/merge-patch+json' };
  await api.request('PATCH', '/api/v1/namespaces/default/secrets/s', patch, patchHeaders);
  await api.request('GET', '/version');
  await api.request('GET', '/nothing');
  assert.deepEqual(
    events.map(({ level, verb, objectRef, requestObject, responseObject, responseStatus }) => [
      level,
      verb,
      objectRef?.name,
      requestObject,
      responseObject,
      responseStatus?.code,
    ]),
    [
      ['Metadata', 'create', 'a', undefined, undefined, 201],
      ['Metadata', 'patch', 'a', undefined, undefined, 200],
      ['Request', 'create', 's', { ...secret, type: 'Opaque' }, undefined, 201],
      ['Request', 'patch', 's', patch, undefined, 200],
      ['Metadata', 'get', undefined, undefined, undefined, 404],
    ],
  );
  await api.close();
});

test('refusals are told of with their status', async () => {
  const { api, events } = await audited('omitStages: [RequestReceived]\nrules: [{level: RequestResponse}]');
  const missing = await api.request('GET', `${configMaps}/none`);
  await api.request('DELETE', `${configMaps}/a`);
  await api.request('GET', configMaps, undefined, { authorization: 'Bearer x' });
  await api.request('GET', `${configMaps}/none`, undefined, { 'impersonate-user': 'bob' });
  const [notFound, forbidden, unknown, impersonated] = events;
  const { kind: _kind, apiVersion: _version, ...status } = missing.body;
  assert.deepEqual(notFound?.responseStatus, status);
  assert.deepEqual(notFound?.responseObject, missing.body);
  assert.equal(forbidden?.responseStatus?.code, 403);
  assert.deepEqual(forbidden.annotations, {
    'authorization.k8s.io/decision': 'forbid',
    'authorization.k8s.io/reason': 'never',
  });
  assert.equal(unknown?.stage, 'ResponseStarted');
  assert.deepEqual(unknown.user, {});
  assert.deepEqual(unknown.responseStatus, {
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  });
  assert.deepEqual(unknown.responseObject, { kind: 'Status', apiVersion: 'v1', ...unknown.responseStatus });
  assert.deepEqual(impersonated?.user, user);
  assert.deepEqual(impersonated.impersonatedUser, { username: 'bob', groups: ['system:authenticated'] });
  assert.deepEqual(impersonated.authenticationMetadata, { impersonationConstraint: 'impersonate:user-info' });
  await api.close();
});

test('deprecated kinds are told of', async () => {
  const { api, events } = await audited('omitStages: [RequestReceived]\nrules: [{level: Metadata}]');
  await api.request('GET', '/api/v1/namespaces/default/endpoints');
  assert.deepEqual(events.at(-1)?.annotations, { ...annotations, 'k8s.io/deprecated': 'true' });
  await api.close();
});

/** The trail of a request that says next to nothing, whose events are kept. */
function trailOf(
  level: 'Metadata' | 'Request' | 'RequestResponse',
  clock: FakeClock,
  written: AuditEvent[],
): AuditTrail {
  return new AuditTrail(
    {
      auditId: 'id',
      requestURI: '/',
      verb: 'get',
      user: undefined,
      sourceIPs: [],
      userAgent: '',
      objectRef: undefined,
      receivedAt: clock.now(),
    },
    { level, omitStages: new Set<string>(), omitManagedFields: false },
    { write: (event) => written.push(event) > 0 },
    clock,
  );
}

test('where the time of slow requests went is told', async () => {
  const clock = new FakeClock();
  const written: AuditEvent[] = [];
  for (const millis of [500, 501]) {
    const trail = trailOf('Metadata', clock, written);
    trail.spent('authorization', 2);
    trail.spent('mutating-webhook', 1200);
    trail.spent('mutating-webhook', 34);
    await clock.advance(millis);
    await trail.reach('ResponseComplete');
  }
  assert.deepEqual(
    written.map((event) => event.annotations),
    [
      undefined,
      {
        'apiserver.latency.k8s.io/authorization': '2ms',
        'apiserver.latency.k8s.io/mutating-webhook': '1.234s',
        'apiserver.latency.k8s.io/total': '501ms',
      },
    ],
  );
});

test('a watch is told of when it starts and when it ends', async () => {
  const { api, events } = await audited('omitStages: [RequestReceived]\nrules: [{level: Metadata}]');
  await api.request('POST', configMaps, configMap);
  events.length = 0;
  const response = await api.open(`${configMaps}?watch=true`);
  assert.deepEqual(
    events.map(({ stage, verb }) => [stage, verb]),
    [['ResponseStarted', 'watch']],
  );
  if (response.body instanceof Uint8Array) assert.fail('a watch streams');
  for await (const frame of response.body) {
    assert.ok(frame.byteLength > 0);
    break;
  }
  assert.deepEqual(
    events.map(({ stage }) => stage),
    ['ResponseStarted', 'ResponseComplete'],
  );
  await api.close();
});

test('lost events are counted by the part that lost them', async () => {
  const listeners: ((plugin: string, count: number) => void)[] = [];
  const policy = parseAuditPolicy('apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]', assert.fail);
  const api = await createTestApiServer({
    audit: { policy, sink: { write: () => true }, onLosses: (listener) => void listeners.push(listener) },
  });
  const full = (): never => {
    throw new Error('the disk is full');
  };
  const lost = (plugin: string, count: number): void => listeners.forEach((listener) => listener(plugin, count));
  const event = { auditID: 'id', stage: 'ResponseComplete' } as AuditEvent;
  const log = auditLog(full, 'json', { error: () => undefined, lost });
  assert.equal(log.process([event, event]), false);
  const { body } = await api.open('/metrics');
  assert.match(Buffer.from(await readBody(body)).toString(), /^apiserver_audit_error_total\{plugin="log"\} 2$/m);
  await api.close();
});

test('events are a line each, in the form that is asked for', async () => {
  const event: AuditEvent = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'id',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/pods?a=1&b=2',
    verb: 'list',
    user: { username: 'ann', groups: ['dev', 'ops'] },
    sourceIPs: ['127.0.0.1'],
    userAgent: 'test',
    responseStatus: { metadata: {}, code: 200 },
    requestReceivedTimestamp: '2026-01-01T00:00:00.120000Z',
    stageTimestamp: time,
    annotations: { z: '1', a: '2' },
  };
  const lines: string[] = [];
  auditLog((line) => lines.push(line), 'json', silentLogger).process([event]);
  auditLog((line) => lines.push(line), 'legacy', silentLogger).process([event]);
  const { annotations: _left, responseStatus: _status, ...bare } = event;
  auditLog((line) => lines.push(line), 'legacy', silentLogger).process([{ ...bare, user: {} }]);
  assert.deepEqual(lines, [
    '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id","stage":"ResponseComplete",' +
      '"requestURI":"/api/v1/pods?a=1\\u0026b=2","verb":"list","user":{"username":"ann","groups":["dev","ops"]},' +
      '"sourceIPs":["127.0.0.1"],"userAgent":"test","responseStatus":{"metadata":{},"code":200},' +
      `"requestReceivedTimestamp":"2026-01-01T00:00:00.120000Z","stageTimestamp":"${time}",` +
      '"annotations":{"a":"2","z":"1"}}\n',
    '2026-01-01T00:00:00.12Z AUDIT: id="id" stage="ResponseComplete" ip="127.0.0.1" method="list" user="ann" ' +
      'groups="\\"dev\\",\\"ops\\"" as="<self>" asgroups="<lookup>" user-agent="test" namespace="<none>" ' +
      'uri="/api/v1/pods?a=1&b=2" response="200"\n',
    '2026-01-01T00:00:00.12Z AUDIT: id="id" stage="ResponseComplete" ip="127.0.0.1" method="list" user="<none>" ' +
      'groups="<none>" as="<self>" asgroups="<lookup>" user-agent="test" namespace="<none>" ' +
      'uri="/api/v1/pods?a=1&b=2" response="<deferred>"\n',
  ]);
});

test('a request whose coming cannot be told of is refused where that is wanted', async () => {
  const policy = parseAuditPolicy('apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]', assert.fail);
  let isKept = true;
  const stages: string[] = [];
  const api = await createTestApiServer({
    audit: {
      policy,
      sink: {
        write(event) {
          stages.push(event.stage);
          return Promise.resolve(isKept);
        },
      },
    },
  });
  stages.length = 0;
  isKept = false;
  const refused = await api.request('POST', `${configMaps}?a=b`, configMap);
  assert.equal(refused.status, 500);
  assert.equal(refused.text, `Internal Server Error: "${configMaps}?a=b": failed to store audit event\n`);
  assert.deepEqual(stages, ['RequestReceived']);
  isKept = true;
  assert.equal((await api.request('GET', `${configMaps}/a`)).status, 404);
  const metrics = (await api.request('GET', '/metrics')).text;
  assert.match(metrics, /^apiserver_audit_requests_rejected_total 1$/m);
  assert.match(metrics, /^apiserver_audit_level_total\{level="Metadata"\} [1-9]\d*$/m);
  await api.close();
});

test('what quotes objects is left out below the level that keeps them', async () => {
  const clock = new FakeClock();
  for (const [level, kept] of [
    ['Metadata', { a: '1' }],
    ['Request', { a: '1', b: '2' }],
    ['RequestResponse', { a: '1', b: '2' }],
  ] as const) {
    const written: AuditEvent[] = [];
    const trail = trailOf(level, clock, written);
    trail.annotate('a', '1');
    trail.annotate('b', '2', 'Request');
    await trail.reach('ResponseComplete');
    assert.deepEqual(written[0]?.annotations, kept);
  }
});
