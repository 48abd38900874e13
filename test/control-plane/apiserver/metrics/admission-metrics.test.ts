import assert from 'node:assert/strict';
import test from 'node:test';
import { builtInResources, builtInSchemas } from '../../../../src/api/registry.ts';
import type { JsonObject } from '../../../../src/apimachinery/json.ts';
import { forbidden } from '../../../../src/apimachinery/status.ts';
import { WebhookError } from '../../../../src/client/webhook-client.ts';
import { admissionChain } from '../../../../src/control-plane/admission/admission-chain.ts';
import type { AdmissionAudience } from '../../../../src/control-plane/admission/admission-observer.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../../../../src/control-plane/admission/admission-plugin.ts';
import { openPodSecurity } from '../../../../src/control-plane/admission/configuration/pod-security-configuration.ts';
import { mutatingAdmissionPolicy } from '../../../../src/control-plane/admission/mutating-admission-policy.ts';
import { podSecurity } from '../../../../src/control-plane/admission/pod-security.ts';
import { validatingAdmissionPolicy } from '../../../../src/control-plane/admission/validating-admission-policy.ts';
import { validatingAdmissionWebhook } from '../../../../src/control-plane/admission/validating-admission-webhook.ts';
import { admissionMetrics } from '../../../../src/control-plane/apiserver/metrics/admission-metrics.ts';
import { MetricRegistry } from '../../../../src/control-plane/apiserver/metrics/metric-registry.ts';
import { apiResource, ResourceRegistry } from '../../../../src/control-plane/apiserver/registry/api-resource.ts';
import { servedKinds } from '../../../../src/control-plane/apiserver/registry/served-kinds.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { admitted, clusterOf, podWith } from '../../admission/admission-harness.ts';

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'ns' }, data: { k: 'v' } };
const kinds = new ResourceRegistry();
for (const definition of builtInResources) kinds.add(apiResource(definition, builtInSchemas));
const kind = { group: '', version: 'v1', kind: 'ConfigMap' };

async function countsOf(registry: MetricRegistry): Promise<readonly string[]> {
  const lines = (await registry.show()).split('\n');
  return lines.filter((line) => /^[a-z_]+(_count|_total)\{/.test(line) && !line.endsWith(' 0'));
}

test('plugins are counted for the operations that they handle in the real server', async () => {
  const clock = new FakeClock();
  const registry = new MetricRegistry();
  const audience: AdmissionAudience = { clock };
  const slow: AdmissionPlugin = {
    name: 'LimitRanger',
    admit: () => new Promise<void>((resolve) => void clock.setTimer(resolve, 30)),
    validate: () => {
      throw forbidden({ group: '', resource: 'configmaps' }, 'c', 'no');
    },
  };
  const idle: AdmissionPlugin = { name: 'JobValidation' };
  const own: AdmissionPlugin = { name: 'Ours', admit: () => undefined };
  const chain = admissionChain([own, slow, idle], audience);
  audience.observer = admissionMetrics(registry);
  const attributes = { operation: 'UPDATE' } as AdmissionAttributes;
  const changing = chain.mutate(attributes);
  await settle();
  await clock.advance(30);
  await changing;
  await assert.rejects(chain.validate(attributes));
  await chain.validate({ operation: 'DELETE' } as AdmissionAttributes);
  const family = 'apiserver_admission_controller_admission_duration_seconds';
  assert.deepEqual(await countsOf(registry), [
    `${family}_count{name="LimitRanger",operation="UPDATE",rejected="false",type="admit"} 1`,
    `${family}_count{name="LimitRanger",operation="UPDATE",rejected="true",type="validate"} 1`,
  ]);
  const shown = await registry.show();
  assert.ok(shown.includes('operation="UPDATE",rejected="false",type="admit",le="0.025"} 0'));
  assert.ok(shown.includes('operation="UPDATE",rejected="false",type="admit",le="0.1"} 1'));
});

test('webhooks are counted by what comes of them', async () => {
  const registry = new MetricRegistry();
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] };
  const webhook = (name: string, more: object = {}): object => ({
    name,
    clientConfig: { url: `https://${name}/` },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    rules: [rule],
    ...more,
  });
  const condition = (expression: string): object => ({ matchConditions: [{ name: 'c', expression }] });
  const cluster = clusterOf(
    {
      validatingwebhookconfigurations: [
        {
          metadata: { name: 'w' },
          webhooks: [
            webhook('passes'),
            webhook('denies'),
            webhook('fails'),
            webhook('answers-404'),
            webhook('may-fail', { failurePolicy: 'Ignore' }),
            webhook('left-out', condition('false')),
            webhook('cannot-tell', { failurePolicy: 'Ignore', ...condition('object.zork == 1') }),
          ],
        },
      ],
      namespaces: [{ metadata: { name: 'ns' } }],
    },
    {
      callWebhook: ({ url = '' }, body) => {
        if (url.includes('404')) return Promise.reject(new WebhookError('not found', { code: 404 }));
        if (url.includes('fail')) return Promise.reject(new WebhookError('EOF'));
        const { uid = '' } = body['request'] as JsonObject;
        const status = { code: 700 };
        return Promise.resolve({ ...body, response: { uid, allowed: url.includes('passes'), status } });
      },
      audience: { clock: new FakeClock(), observer: admissionMetrics(registry) },
    },
  );
  await admitted([validatingAdmissionWebhook(cluster, seededRandom(1))], 'configmaps', configMap, { kind });
  const admission = 'apiserver_admission_';
  const request = (name: string, code: number, rejected: boolean): string =>
    `${admission}webhook_request_total{code="${code}",name="${name}",operation="CREATE",rejected="${rejected}",type="validating"} 1`;
  const rejection = (name: string, error: string, code: number): string =>
    `${admission}webhook_rejection_count{error_type="${error}",name="${name}",operation="CREATE",rejection_code="${code}",type="validating"} 1`;
  const excluded = (name: string): string => `kind="webhook",name="${name}",operation="CREATE",type="validating"} 1`;
  const shown = (await registry.show()).split('\n').filter((line) => line.startsWith(admission));
  assert.deepEqual(
    shown.filter((line) => /^\w+(_total|rejection_count|open_count|evaluation_seconds_count)\{/.test(line)),
    [
      `${admission}match_condition_evaluation_errors_total{${excluded('cannot-tell')}`,
      `${admission}match_condition_evaluation_seconds_count{${excluded('cannot-tell')}`,
      `${admission}match_condition_evaluation_seconds_count{${excluded('left-out')}`,
      `${admission}match_condition_exclusions_total{${excluded('cannot-tell')}`,
      `${admission}match_condition_exclusions_total{${excluded('left-out')}`,
      `${admission}webhook_fail_open_count{name="may-fail",type="validating"} 1`,
      rejection('answers-404', 'calling_webhook_error', 404),
      rejection('fails', 'calling_webhook_error', 503),
      rejection('denies', 'no_error', 600),
      request('passes', 200, false),
      request('answers-404', 404, true),
      request('fails', 503, true),
      request('may-fail', 503, false),
      request('denies', 600, true),
    ],
  );
});

test('policies are counted by what is done about them', async () => {
  const registry = new MetricRegistry();
  const match = {
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'], scope: '*' }],
  };
  const policy = (name: string, expression: string, failurePolicy = 'Fail'): object => ({
    metadata: { name },
    spec: { failurePolicy, matchConstraints: match, validations: [{ expression }] },
  });
  const binding = (policyName: string, validationActions: readonly string[]): object => ({
    metadata: { name: 'b' },
    spec: { policyName, validationActions },
  });
  const mutation = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
  const cluster = clusterOf(
    {
      validatingadmissionpolicies: [
        policy('passes', 'true'),
        policy('denies', 'false'),
        policy('fails', 'object.zork == 1', 'Ignore'),
      ],
      validatingadmissionpolicybindings: [
        binding('passes', ['Deny']),
        binding('denies', ['Warn', 'Audit']),
        binding('fails', ['Deny']),
      ],
      mutatingadmissionpolicies: [
        {
          metadata: { name: 'm' },
          spec: {
            failurePolicy: 'Ignore',
            reinvocationPolicy: 'Never',
            matchConstraints: match,
            mutations: [
              mutation('[JSONPatch{op: "add", path: "/data/x", value: "y"}]'),
              mutation('[JSONPatch{op: "remove", path: "/zork/x"}]'),
            ],
          },
        },
      ],
      mutatingadmissionpolicybindings: [{ metadata: { name: 'b' }, spec: { policyName: 'm' } }],
      namespaces: [{ metadata: { name: 'ns' } }],
    },
    { kinds: servedKinds(() => kinds), audience: { clock: new FakeClock(), observer: admissionMetrics(registry) } },
  );
  const plugins = [mutatingAdmissionPolicy(cluster), validatingAdmissionPolicy(cluster)];
  const { refusal } = await admitted(plugins, 'configmaps', configMap, { kind });
  assert.equal(refusal, '');
  const validating = (name: string, action: string): string =>
    `apiserver_validating_admission_policy_check_total{enforcement_action="${action}",error_type="invalid_error",policy="${name}",policy_binding="b"} 1`;
  const mutating = (error: string, count: number): string =>
    `apiserver_mutating_admission_policy_check_total{error_type="${error}",policy="m",policy_binding="b"} ${count}`;
  const shown = (await registry.show()).split('\n').filter((line) => line.includes('check_total{'));
  assert.deepEqual(shown, [
    mutating('invalid_error', 1),
    mutating('no_error', 1),
    validating('fails', 'allow'),
    validating('denies', 'audit'),
    validating('denies', 'warn'),
  ]);
});

test('a mutation that makes no object of the kind is counted, too', async () => {
  const registry = new MetricRegistry();
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'], scope: '*' };
  const selectors = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} };
  const cluster = clusterOf(
    {
      mutatingadmissionpolicies: [
        {
          metadata: { name: 'm' },
          spec: {
            failurePolicy: 'Fail',
            reinvocationPolicy: 'Never',
            matchConstraints: { ...selectors, resourceRules: [rule] },
            mutations: [
              { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "add", path: "/zork", value: 1}]' } },
            ],
          },
        },
      ],
      mutatingadmissionpolicybindings: [{ metadata: { name: 'b' }, spec: { policyName: 'm' } }],
      namespaces: [{ metadata: { name: 'ns' } }],
    },
    {
      kinds: servedKinds(() => kinds),
      audience: { clock: new FakeClock(), observer: admissionMetrics(registry) },
    },
  );
  const { error } = await admitted([mutatingAdmissionPolicy(cluster)], 'configmaps', configMap, { kind });
  assert.equal(error?.code, 500);
  const shown = (await registry.show()).split('\n').filter((line) => line.includes('check_total{'));
  assert.deepEqual(shown, [
    'apiserver_mutating_admission_policy_check_total{error_type="invalid_error",policy="m",policy_binding="b"} 1',
  ]);
});

test('pods are counted by what pod security makes of them', async () => {
  const registry = new MetricRegistry();
  const audience: AdmissionAudience = { clock: new FakeClock(), observer: admissionMetrics(registry) };
  const prefix = 'pod-security.kubernetes.io/';
  const labels = {
    [`${prefix}enforce`]: 'baseline',
    [`${prefix}enforce-version`]: 'v1.30',
    [`${prefix}warn`]: 'restricted',
    [`${prefix}warn-version`]: 'v1.99',
    [`${prefix}audit`]: 'nothing',
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns', labels } };
  const configuration = { ...openPodSecurity, exemptions: { ...openPodSecurity.exemptions, namespaces: ['free'] } };
  const plugins = [podSecurity(clusterOf({ namespaces: [namespace] }, { audience }), configuration)];
  await admitted(plugins, 'pods', podWith());
  await admitted(plugins, 'pods', podWith({ hostPID: true }));
  await admitted(plugins, 'pods', podWith(), { namespace: 'free' });
  const errors = 'pod_security_errors_total{fatal="false",request_operation="create",resource="pod",subresource=""} 2';
  const evaluation = (decision: string, mode: string, level: string, version: string): string =>
    `pod_security_evaluations_total{decision="${decision}",mode="${mode}",policy_level="${level}",` +
    `policy_version="${version}",request_operation="create",resource="pod",subresource=""} 1`;
  assert.deepEqual(await countsOf(registry), [
    // A level that cannot be read asks for nothing.
    errors,
    evaluation('allow', 'enforce', 'baseline', 'v1.30'),
    evaluation('deny', 'enforce', 'baseline', 'v1.30'),
    evaluation('deny', 'warn', 'restricted', 'future'),
    'pod_security_exemptions_total{request_operation="create",resource="pod",subresource=""} 1',
  ]);
});
