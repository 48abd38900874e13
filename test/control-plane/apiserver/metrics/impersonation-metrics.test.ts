import assert from 'node:assert/strict';
import test from 'node:test';
import { withImpersonation } from '../../../../src/control-plane/apiserver/filters/impersonation.ts';
import { ImpersonationMetrics } from '../../../../src/control-plane/apiserver/metrics/impersonation-metrics.ts';
import { MetricRegistry } from '../../../../src/control-plane/apiserver/metrics/metric-registry.ts';
import type { AuthorizationAttributes } from '../../../../src/control-plane/authorization/authorizer.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

/** The verbs that are allowed, who is asked for, and what is counted: decision, way, how often. */
const cases: readonly (readonly [string, readonly string[], string, readonly string[]])[] = [
  [
    'refused in every way',
    [],
    'bob',
    ['attempts denied  1', 'authorization_attempts denied legacy 1', 'authorization_attempts denied user-info 1'],
  ],
  [
    'allowed in the constrained way',
    ['impersonate-on:user-info:list', 'impersonate:user-info'],
    'bob',
    ['attempts allowed user-info 1', 'authorization_attempts allowed user-info 2'],
  ],
  [
    'allowed in the old way',
    ['impersonate'],
    'system:node:n1',
    [
      'attempts allowed legacy 1',
      'authorization_attempts allowed legacy 1',
      'authorization_attempts denied arbitrary-node 1',
    ],
  ],
];

for (const [title, verbs, name, expected] of cases) {
  test(`a request to go on as somebody else that is ${title} is counted`, async () => {
    const registry = new MetricRegistry();
    const metrics = new ImpersonationMetrics();
    metrics.bind(registry);
    const access = {
      authorize: ({ verb, user }: AuthorizationAttributes) =>
        Promise.resolve({ allowed: verbs.includes(verb) || user.username === name, reason: '' }),
    };
    const server = await createTestApiServer({ impersonation: withImpersonation(access, new FakeClock(), metrics) });
    try {
      await server.request('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-user': name });
      const text = await registry.show();
      const line = /^apiserver_impersonation_(\w+)_total\{decision="(.*)",mode="(.*)"\} (\d+)$/gm;
      assert.deepEqual([...text.matchAll(line)].map((found) => found.slice(1).join(' ')).toSorted(), expected);
      assert.match(text, /^apiserver_impersonation_attempts_duration_seconds_bucket\{.*le="16.384"\} 1$/m);
    } finally {
      await server.close();
    }
  });
}
