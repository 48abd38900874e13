import assert from 'node:assert/strict';
import test from 'node:test';
import { AuthenticationMetrics } from '../../src/cluster/authentication-metrics.ts';
import { AuthorizationMetrics } from '../../src/cluster/authorization-metrics.ts';
import { MetricRegistry } from '../../src/control-plane/apiserver/metrics/metric-registry.ts';
import { webhookAuthorizer } from '../../src/control-plane/authorization/webhook-authorizer.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';

/** The samples of a family, without buckets. */
async function samples(registry: MetricRegistry, family: string): Promise<string[]> {
  const lines = (await registry.show()).split('\n');
  return lines.filter((line) => line.startsWith(family) && !line.includes('_bucket'));
}

test('what authorizers do before the metrics are there is counted then', async () => {
  const registry = new MetricRegistry();
  const metrics = new AuthorizationMetrics();
  const clock = new FakeClock();
  metrics.decided('RBAC', 'rbac', 'allowed');
  metrics.loaded('first', false);
  metrics.bind(registry, 'apiserver-1', clock);
  metrics.decided('RBAC', 'rbac', 'allowed');
  assert.deepEqual(await samples(registry, 'apiserver_authorization_decisions_total'), [
    'apiserver_authorization_decisions_total{decision="allowed",name="rbac",type="RBAC"} 2',
  ]);
  const file = 'apiserver_authorization_config_controller_';
  const [info] = await samples(registry, `${file}last_config_info`);
  assert.match(info ?? '', /\{apiserver_id_hash="sha256:[0-9a-f]{64}",hash="sha256:[0-9a-f]{64}"\} 1$/);
  assert.deepEqual(await samples(registry, `${file}automatic_reloads_total`), []);
  metrics.loaded('second', true);
  metrics.loaded(undefined, true);
  const [changed, ...others] = await samples(registry, `${file}last_config_info`);
  assert.notEqual(changed, info);
  assert.deepEqual(others, [], 'one file is in force');
  const reloads = await samples(registry, `${file}automatic_reloads_total`);
  assert.deepEqual(
    reloads.map((line) => /status="(\w+)".* (\d+)$/.exec(line)?.slice(1)),
    [
      ['failure', '1'],
      ['success', '1'],
    ],
  );
});

test('how webhooks do is counted by their names', async () => {
  const registry = new MetricRegistry();
  const metrics = new AuthorizationMetrics();
  const clock = new FakeClock();
  metrics.bind(registry, 'apiserver-1', clock);
  const authorizer = webhookAuthorizer({
    webhook: {
      ask: (review, onAttempt) => {
        const { user } = review['spec'] as { user: string };
        const error = user === 'bob' ? new Error('broken') : undefined;
        onAttempt?.(error, 250);
        return error === undefined ? Promise.resolve({ status: { allowed: true } }) : Promise.reject(error);
      },
    },
    version: 'v1',
    authorizedMillis: 0,
    unauthorizedMillis: 0,
    onFailure: 'noOpinion',
    conditions: {
      match: ({ user }) => {
        if (user === 'dan') throw new Error('cannot tell');
        return user !== 'cat';
      },
    },
    clock,
    observer: metrics.webhook('first'),
  });
  const ask = (username: string) =>
    authorizer.authorize({
      user: { username, uid: '', groups: [], extra: {} },
      verb: 'get',
      isResourceRequest: false,
      apiGroup: '',
      apiVersion: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
      path: '/',
      fieldSelector: '',
      labelSelector: '',
    });
  for (const name of ['ann', 'bob', 'cat', 'dan']) await ask(name);
  const prefix = 'apiserver_authorization_';
  assert.deepEqual(await samples(registry, `${prefix}webhook`), [
    `${prefix}webhook_duration_seconds_sum{name="first",result="error"} 0.25`,
    `${prefix}webhook_duration_seconds_count{name="first",result="error"} 1`,
    `${prefix}webhook_duration_seconds_sum{name="first",result="success"} 0.25`,
    `${prefix}webhook_duration_seconds_count{name="first",result="success"} 1`,
    `${prefix}webhook_evaluations_fail_open_total{name="first",result="error"} 1`,
    `${prefix}webhook_evaluations_total{name="first",result="error"} 1`,
    `${prefix}webhook_evaluations_total{name="first",result="success"} 1`,
  ]);
  assert.deepEqual(await samples(registry, `${prefix}match_condition`), [
    `${prefix}match_condition_evaluation_errors_total{name="first",type="Webhook"} 1`,
    `${prefix}match_condition_evaluation_seconds_sum{name="first",type="Webhook"} 0`,
    `${prefix}match_condition_evaluation_seconds_count{name="first",type="Webhook"} 4`,
    `${prefix}match_condition_exclusions_total{name="first",type="Webhook"} 1`,
  ]);
});

test('what becomes of tokens and certificates is counted', async () => {
  const registry = new MetricRegistry();
  const metrics = new AuthenticationMetrics();
  metrics.asked(true, 0);
  metrics.bind(registry, { identity: 'apiserver-x', clock: new FakeClock() });
  metrics.asked(false, 0.5);
  metrics.fetched(true);
  metrics.waiting(1);
  metrics.waiting(-1);
  metrics.certificateUsed(7200);
  metrics.used('stale');
  assert.deepEqual(await samples(registry, 'authentication_token_cache_request_total'), [
    'authentication_token_cache_request_total{status="miss"} 1',
  ]);
  assert.deepEqual(await samples(registry, 'authentication_token_cache_active_fetch_count'), [
    'authentication_token_cache_active_fetch_count{status="blocked"} 0',
  ]);
  assert.deepEqual(await samples(registry, 'apiserver_client_certificate_expiration_seconds'), [
    'apiserver_client_certificate_expiration_seconds_sum 7200',
    'apiserver_client_certificate_expiration_seconds_count 1',
  ]);
  assert.deepEqual(await samples(registry, 'serviceaccount_'), [
    'serviceaccount_invalid_legacy_auto_token_uses_total 0',
    'serviceaccount_legacy_auto_token_uses_total 0',
    'serviceaccount_legacy_manual_token_uses_total 0',
    'serviceaccount_legacy_tokens_total 0',
    'serviceaccount_stale_tokens_total 1',
    'serviceaccount_valid_tokens_total 0',
  ]);
});
