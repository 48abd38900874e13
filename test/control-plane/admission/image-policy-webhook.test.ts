import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import { readImagePolicyConfiguration } from '../../../src/control-plane/admission/configuration/image-policy-configuration.ts';
import { ConfigurationError } from '../../../src/apimachinery/decoding/configuration-file.ts';
import { imagePolicyWebhook } from '../../../src/control-plane/admission/image-policy-webhook.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { admitted, clusterOf, podWith } from './admission-harness.ts';

/** The plugin before a backend, and the questions that came there. */
function started(answer: () => JsonObject, text = 'imagePolicy: {allowTTL: 10, denyTTL: 5}') {
  const clock = new FakeClock();
  const asked: unknown[] = [];
  const ask = (review: JsonObject): Promise<JsonObject> => {
    asked.push(review['spec']);
    return Promise.resolve({ ...review, status: answer() });
  };
  const plugin = imagePolicyWebhook(clusterOf({}, { clock }), readImagePolicyConfiguration(text), { ask });
  return { plugins: [plugin], asked, clock };
}

test('a backend is asked about the images of a pod, and its answers are remembered for a while', async () => {
  const { plugins, asked, clock } = started(() => ({
    allowed: true,
    auditAnnotations: { seen: 'yes', 'no key': 'x' },
  }));
  const pod = podWith(
    { initContainers: [{ name: 'i', image: 'j' }] },
    {},
    {
      annotations: { 'a.image-policy.k8s.io/ticket': '1', other: '2' },
    },
  );
  const notes: string[] = [];
  const annotate = (key: string, value: string): void => void notes.push(`${key}=${value}`);
  assert.equal((await admitted(plugins, 'pods', pod, { annotate })).refusal, '');
  assert.deepEqual(asked, [
    {
      containers: [{ image: 'i' }, { image: 'j' }],
      annotations: { 'a.image-policy.k8s.io/ticket': '1' },
      namespace: 'ns',
    },
  ]);
  assert.deepEqual(notes, ['imagepolicywebhook.image-policy.k8s.io/seen=yes']);
  await admitted(plugins, 'pods', pod);
  assert.equal(asked.length, 1);
  await clock.advance(10_000);
  await admitted(plugins, 'pods', pod);
  assert.equal(asked.length, 2);
  await admitted(plugins, 'services', pod);
  await admitted(plugins, 'pods', pod, { subresource: 'status' });
  assert.equal(asked.length, 2);
});

test('images that the backend does not want are refused', async () => {
  const { plugins } = started(() => ({ allowed: false, reason: 'unsigned' }));
  assert.equal(
    (await admitted(plugins, 'pods', podWith())).refusal,
    'pods "p" is forbidden: image policy webhook backend denied one or more images: unsigned',
  );
  const silent = started(() => ({}));
  assert.equal(
    (await admitted(silent.plugins, 'pods', podWith())).refusal,
    'pods "p" is forbidden: one or more images rejected by webhook backend',
  );
});

test('without an answer the configuration decides', async () => {
  const fail = (): never => {
    throw new Error('connection refused');
  };
  const closed = started(fail);
  assert.equal(
    (await admitted(closed.plugins, 'pods', podWith())).refusal,
    'pods "p" is forbidden: connection refused',
  );
  const open = started(fail, 'imagePolicy: {defaultAllow: true}');
  const { refusal, object } = await admitted(open.plugins, 'pods', podWith());
  assert.equal(refusal, '');
  assert.deepEqual(object.metadata.annotations, { 'alpha.image-policy.k8s.io/failed-open': 'true' });
});

test('times have limits', () => {
  assert.deepEqual(readImagePolicyConfiguration('imagePolicy: {kubeConfigFile: /k, allowTTL: -1, retryBackoff: 20}'), {
    kubeConfigFile: '/k',
    allowMillis: 0,
    denyMillis: 30_000,
    retryMillis: 20,
    defaultAllow: false,
  });
  for (const [text, message] of [
    [undefined, 'no config specified'],
    ['imagePolicy: {allowTTL: 1801}', 'valid value is between 1s and 30m0s, got 30m1s'],
    ['imagePolicy: {retryBackoff: 300001}', 'valid value is between 1ns and 5m0s, got 5m0.001s'],
  ] as const) {
    assert.throws(
      () => readImagePolicyConfiguration(text),
      (error) => error instanceof ConfigurationError && error.message === message,
    );
  }
});
