import assert from 'node:assert/strict';
import test from 'node:test';
import { forbidden, unauthorized } from '../../../../src/apimachinery/status.ts';
import type { AdmissionChain } from '../../../../src/control-plane/apiserver/endpoints/admission.ts';
import { FlowControl } from '../../../../src/control-plane/apiserver/flow-control/flow-control.ts';
import { ClientMetrics } from '../../../../src/control-plane/apiserver/metrics/client-metrics.ts';
import { PodLogCounts } from '../../../../src/control-plane/apiserver/metrics/pod-log-counts.ts';
import { MetricRegistry } from '../../../../src/control-plane/apiserver/metrics/metric-registry.ts';
import { createMemoryStorage } from '../../../../src/control-plane/storage/memory-storage.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { createTestApiServer, testUser } from '../../../support/test-api-server.ts';

test('families are shown in the text format of Prometheus', async () => {
  const registry = new MetricRegistry();
  const requests = registry.counter({ name: 'b_total', help: 'B\nand \\', stability: 'STABLE', labels: ['z', 'a'] });
  requests.add(['1', 'say "a\\b"\n']);
  requests.add(['0', ''], 2);
  const sizes = registry.histogram({ name: 'c_bytes', help: 'C.', labels: ['k'], buckets: [0.00001, 1000, 1_000_000] });
  sizes.observe(['v'], 1000);
  sizes.observe(['v'], 1_234_567.5);
  const temperature = registry.gauge({ name: 'a', help: 'A.' });
  registry.onShow(() => temperature.set([], -0.25));
  registry.gauge({ name: 'none', help: 'Without values.' });
  assert.equal(
    await registry.show(),
    `# HELP a A.
# TYPE a gauge
a -0.25
# HELP b_total [STABLE] B\\nand \\\\
# TYPE b_total counter
b_total{a="",z="0"} 2
b_total{a="say \\"a\\\\b\\"\\n",z="1"} 1
# HELP c_bytes C.
# TYPE c_bytes histogram
c_bytes_bucket{k="v",le="1e-05"} 0
c_bytes_bucket{k="v",le="1000"} 1
c_bytes_bucket{k="v",le="1e+06"} 1
c_bytes_bucket{k="v",le="+Inf"} 2
c_bytes_sum{k="v"} 1.2355675e+06
c_bytes_count{k="v"} 2
`,
  );
  assert.throws(() => requests.add(['1']), { message: 'b_total has the labels z, a' });
  assert.throws(() => registry.gauge({ name: 'a', help: '' }), { message: 'there is a metric a already' });
});

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMapsResource = { group: '', resource: 'configmaps' };

test('requests are counted by what they are about', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({
    clock,
    authenticator: {
      authenticate: ({ headers }) =>
        headers['authorization'] === undefined ? Promise.resolve(testUser) : Promise.reject(unauthorized()),
    },
    processStats: () => ({ cpuSeconds: 2.5, residentBytes: 1024, openFiles: 7 }),
  });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const own = { 'user-agent': 'kube-apiserver/v1.36.2' };
  await api.request('POST', `${configMaps}?dryRun=All`, object);
  await api.request('POST', configMaps, object, own);
  await api.request('GET', `${configMaps}/none`);
  await api.request('GET', '/api/v1/configmaps');
  await api.request('GET', '/api/v1/zorks');
  await api.request('GET', '/livez');
  await api.request('GET', configMaps, undefined, { authorization: 'Bearer x' });
  const watch = await api.open(`${configMaps}?watch=true`);
  if (watch.body instanceof Uint8Array) assert.fail('a watch streams');
  const frames = watch.body[Symbol.asyncIterator]();
  assert.equal((await frames.next()).done, false);
  const during = await api.request('GET', '/metrics');
  assert.equal(during.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
  const watched =
    'component="apiserver",group="",resource="configmaps",scope="namespace",subresource="",verb="WATCH",version="v1"';
  assert.ok(during.text.includes(`\napiserver_longrunning_requests{${watched}} 1\n`));
  await frames.return?.();
  const { text } = await api.request('GET', '/metrics');
  const expected = [
    'apiserver_request_total{code="201",component="apiserver",dry_run="All",group="",resource="configmaps",' +
      'scope="resource",subresource="",system_client="",verb="POST",version="v1"} 1',
    'apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="configmaps",' +
      'scope="resource",subresource="",system_client="kube-apiserver",verb="POST",version="v1"} 1',
    'apiserver_request_total{code="404",component="apiserver",dry_run="",group="",resource="configmaps",' +
      'scope="resource",subresource="",system_client="",verb="GET",version="v1"} 1',
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",' +
      'scope="cluster",subresource="",system_client="",verb="LIST",version="v1"} 1',
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="",' +
      'scope="",subresource="/livez",system_client="",verb="GET",version=""} 1',
    'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",' +
      'scope="namespace",subresource="",system_client="",verb="WATCH",version="v1"} 1',
    'apiserver_selfrequest_total{group="",resource="configmaps",subresource="",verb="POST"} 1',
    `apiserver_longrunning_requests{${watched}} 0`,
    'apiserver_watch_events_total{group="",resource="configmaps",version="v1"} 1',
    'apiserver_resource_objects{group="",resource="configmaps"} 1',
    'apiserver_resource_objects{group="",resource="namespaces"} 2',
    'apiserver_resource_objects{group="apps",resource="deployments"} 0',
    'authentication_attempts{result="failure"} 1',
    'apiserver_current_inflight_requests{request_kind="mutating"} 1',
    'process_cpu_seconds_total 2.5',
    'process_open_fds 7',
    'process_resident_memory_bytes 1024',
  ];
  for (const line of expected) assert.ok(text.includes(`\n${line}\n`), `${line} is in\n${text}`);
  assert.match(text, /^kubernetes_build_info\{.*git_version="v1\.36\.2".*\} 1$/m);
  assert.doesNotMatch(text, /zorks/);
  assert.match(
    (await api.request('GET', '/metrics/slis')).text,
    /^kubernetes_healthcheck\{name="ping",type="livez"\} 1$/m,
  );
  await api.close();
});

test('what requests go through before their endpoint is measured, and what is given up is counted', async () => {
  const clock = new FakeClock();
  const refusing: AdmissionChain = {
    mutate: () => Promise.resolve(),
    validate: ({ name }) =>
      name === 'bad' ? Promise.reject(forbidden(configMapsResource, 'bad', 'no')) : Promise.resolve(),
  };
  const flowControl = new FlowControl(clock);
  const api = await createTestApiServer({ clock, admission: refusing, flowControl });
  const object = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  await api.request('POST', configMaps, object('good'), { 'content-length': '100' });
  await api.request('POST', configMaps, object('bad'));
  const text = (await api.request('GET', '/metrics')).text;
  for (const line of [
    'apiserver_admission_step_admission_duration_seconds_count{operation="CREATE",rejected="true",type="validate"} 1',
    'apiserver_audit_event_total 0',
    'apiserver_flowcontrol_request_execution_seconds_count{flow_schema="exempt",priority_level="exempt",type="regular"} 4',
    'apiserver_flowcontrol_request_wait_duration_seconds_count{execute="true",flow_schema="exempt",priority_level="exempt"} 5',
    'apiserver_request_body_size_bytes_bucket{group="",resource="configmaps",verb="create",le="3.05e+06"} 1',
    'apiserver_storage_objects{resource="configmaps"} 1',
    'apiserver_current_inqueue_requests{request_kind="readOnly"} 1',
    'apiserver_flowcontrol_lower_limit_seats{priority_level="catch-all"} 600',
    'apiserver_flowcontrol_work_estimated_seats_count{flow_schema="exempt",priority_level="exempt"} 5',
    'apiserver_storage_events_received_total{group="",resource="configmaps"} 1',
    'etcd_request_duration_seconds_count{group="",operation="create",resource="configmaps"} 1',
    'etcd_requests_total{group="",operation="create",resource="configmaps"} 1',
    'field_validation_request_duration_seconds_count{field_validation=""} 4',
    'apiserver_tls_handshake_errors_total 0',
    'authentication_duration_seconds_count{result="success"} 5',
    'authorization_duration_seconds_bucket{result="allowed",le="16.384"} 5',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
  const reset = await api.request('DELETE', '/metrics');
  assert.equal(reset.text, 'metrics reset\n');
  assert.doesNotMatch((await api.request('GET', '/metrics')).text, /apiserver_request_body_size_bytes/);
  await api.close();
});

test('a request that takes too long is counted as given up', async () => {
  const clock = new FakeClock();
  const stuck = createMemoryStorage();
  const api = await createTestApiServer({
    clock,
    storage: stuck,
    admission: {
      mutate: ({ name }) => (name === 'stuck' ? new Promise(() => undefined) : Promise.resolve()),
      validate: () => Promise.resolve(),
    },
  });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stuck' } };
  const answer = api.request('POST', `${configMaps}?timeout=1s`, object);
  await clock.advance(1000);
  assert.equal((await answer).status, 504);
  assert.match(
    (await api.request('GET', '/metrics')).text,
    /^apiserver_request_terminations_total\{code="504",component="apiserver",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"\} 1$/m,
  );
  await api.close();
});

test('quantiles are of the last hours, sums of all time', async () => {
  const clock = new FakeClock();
  const registry = new MetricRegistry();
  const times = registry.summary({ name: 's', help: 'S.', labels: ['k'], maxAgeSeconds: 10, clock });
  for (let value = 1; value <= 100; value++) times.observe(['v'], value);
  const shown = (await registry.show()).split('\n').slice(1, -1);
  assert.deepEqual(shown, [
    '# TYPE s summary',
    's{k="v",quantile="0.5"} 50',
    's{k="v",quantile="0.9"} 90',
    's{k="v",quantile="0.99"} 99',
    's_sum{k="v"} 5050',
    's_count{k="v"} 100',
  ]);
  await clock.advance(9999);
  assert.match(await registry.show(), /quantile="0.5"} 50\n/);
  await clock.advance(1);
  assert.match(await registry.show(), /quantile="0.5"} NaN\n[^]*s_count{k="v"} 100\n/);
});

test('a histogram that is bound to labels counts anew after a reset', async () => {
  const registry = new MetricRegistry();
  const observe = registry.histogram({ name: 'h', help: 'H.', labels: ['k'], buckets: [1] }).bind(['v']);
  assert.equal(await registry.show(), '', 'what was never observed is not shown');
  observe(1);
  registry.reset();
  assert.equal(await registry.show(), '');
  observe(2);
  assert.match(await registry.show(), /h_bucket{k="v",le="1"} 0\n.*\nh_sum{k="v"} 2\nh_count{k="v"} 1\n/);
});

test('lists are counted by what they read and show', async () => {
  const api = await createTestApiServer();
  for (const name of ['a', 'b', 'c']) {
    const metadata = { name, labels: { app: name } };
    await api.request('POST', configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  }
  await api.request('GET', `${configMaps}?labelSelector=app%3Da`);
  await api.request('GET', `${configMaps}?fieldSelector=metadata.name%3Db`);
  const text = (await api.request('GET', '/metrics')).text.split('\n');
  for (const [name, count] of [
    ['list_total', 2],
    ['list_fetched_objects_total', 4],
    ['list_evaluated_objects_total', 4],
    ['list_returned_objects_total', 2],
  ] as const) {
    const line = `apiserver_storage_${name}{group="",resource="configmaps"} ${count}`;
    assert.ok(text.includes(line), line);
  }
  await api.close();
});

test('what the server asks of itself is counted once there is a registry', async () => {
  const metrics = new ClientMetrics(new FakeClock(), () => '127.0.0.1:6443');
  const transport = metrics.measured({
    send: ({ path }) =>
      path === '/bad'
        ? Promise.reject(new Error('gone'))
        : Promise.resolve({ status: 200, headers: {}, body: new Uint8Array() }),
    close: () => Promise.resolve(),
  });
  const send = (path: string): Promise<unknown> => transport.send({ method: 'GET', path, headers: {} });
  await send('/early');
  const registry = new MetricRegistry();
  metrics.bind(registry);
  await send('/good');
  await assert.rejects(send('/bad'), /gone/);
  const text = await registry.show();
  assert.match(text, /^rest_client_requests_total\{code="200",host="127.0.0.1:6443",method="GET"\} 1$/m);
  assert.match(text, /^rest_client_requests_total\{code="<error>",host="127.0.0.1:6443",method="GET"\} 1$/m);
  assert.match(text, /^rest_client_request_duration_seconds_count\{host="127.0.0.1:6443",verb="GET"\} 2$/m);
});

test('what has no labels counts on from nought after a reset; what is switched off is not shown, but counted', async () => {
  const registry = new MetricRegistry();
  registry.countFamilies();
  const bare = registry.counter({ name: 'bare_total', help: 'Bare.' });
  const labelled = registry.counter({ name: 'labelled_total', help: 'Labelled.', labels: ['a'] });
  bare.add([], 2);
  labelled.add(['b'], 2);
  registry.reset();
  const values = async (): Promise<readonly string[]> =>
    (await registry.show()).split('\n').filter((line) => !/^(#|registered|$)/.test(line));
  assert.deepEqual(await values(), ['bare_total 0', 'disabled_metrics_total 0']);
  registry.hide(['bare_total', 'none']);
  assert.deepEqual(await values(), ['disabled_metrics_total 1']);
});

test('logs are counted by whether the kubelet proves who it is', async () => {
  const counts = new PodLogCounts();
  counts.asked(true);
  const registry = new MetricRegistry();
  counts.bind(registry);
  counts.asked(true);
  counts.asked(false);
  counts.failed(Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }));
  counts.failed(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  const text = await registry.show();
  assert.match(text, /\nkube_apiserver_pod_logs_insecure_backend_total\{usage="enforce_tls"\} 1\n/);
  assert.match(text, /\nkube_apiserver_pod_logs_insecure_backend_total\{usage="skip_tls_allowed"\} 1\n/);
  assert.match(text, /\nkube_apiserver_pod_logs_backend_tls_failure_total 1\n/);
});
