import assert from 'node:assert/strict';
import test from 'node:test';
import { admissionPluginNames, defaultAdmissionPlugins } from '../../../src/control-plane/admission/admission-chain.ts';
import type { AdmissionContext, AdmissionPlugin } from '../../../src/control-plane/admission/admission-plugin.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { admitted, clusterOf, podWith } from './admission-harness.ts';

/** One plugin with a configuration. */
function configured(context: AdmissionContext, name: string, configuration: string): readonly AdmissionPlugin[] {
  return defaultAdmissionPlugins(context, seededRandom(1), {
    enable: [name],
    disable: admissionPluginNames.filter((other) => other !== name),
    configurations: new Map([[name, configuration]]),
  });
}

const namespace = (metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'ns', ...metadata },
});

const security = `apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: baseline, audit: restricted, warn: restricted, warn-version: v1.20}
exemptions: {namespaces: [kube-system], usernames: [root], runtimeClasses: [gvisor]}
`;
const privileged = podWith({ hostPID: true });
const user = (username: string) => ({ username, uid: '', groups: [], extra: {} });

test('PodSecurity: namespaces without labels are held to the defaults', async () => {
  const plugins = configured(clusterOf({ namespaces: [namespace()] }), 'PodSecurity', security);
  const { refusal } = await admitted(plugins, 'pods', privileged);
  assert.equal(
    refusal,
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
  );
  const notes: Record<string, string> = {};
  const annotate = (key: string, text: string): void => void (notes[key] = text);
  const outcome = await admitted(plugins, 'pods', podWith(), { annotate });
  assert.equal(outcome.refusal, '');
  assert.match(
    outcome.warnings[0] ?? '',
    /^would violate PodSecurity "restricted:v1.20": allowPrivilegeEscalation != false/,
  );
  assert.equal(notes['pod-security.kubernetes.io/enforce-policy'], 'baseline:latest');
  assert.match(
    notes['pod-security.kubernetes.io/audit-violations'] ?? '',
    /^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation/,
  );
});

test('PodSecurity: a label wins over the default, and what it enforces is warned of', async () => {
  const open = namespace({ labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } });
  const plugins = configured(clusterOf({ namespaces: [open] }), 'PodSecurity', security);
  assert.equal((await admitted(plugins, 'pods', privileged)).refusal, '');
  const strict = namespace({ labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
  const alone = configured(
    clusterOf({ namespaces: [strict] }),
    'PodSecurity',
    security.replace('warn: restricted, ', ''),
  );
  const deployment = { metadata: { name: 'd' }, spec: { template: { spec: { containers: [{ name: 'c' }] } } } };
  const { warnings } = await admitted(alone, 'deployments', deployment, { group: 'apps' });
  assert.match(warnings[0] ?? '', /^would violate PodSecurity "restricted:latest"/);
});

test('PodSecurity: namespaces, users and runtime classes are exempt', async () => {
  const plugins = configured(clusterOf({ namespaces: [namespace()] }), 'PodSecurity', security);
  const reasons: string[] = [];
  const annotate = (key: string, text: string): void => {
    if (key === 'pod-security.kubernetes.io/exempt') reasons.push(text);
  };
  assert.equal((await admitted(plugins, 'pods', privileged, { namespace: 'kube-system', annotate })).refusal, '');
  assert.equal((await admitted(plugins, 'pods', privileged, { user: user('root'), annotate })).refusal, '');
  const sandboxed = podWith({ hostPID: true, runtimeClassName: 'gvisor' });
  assert.equal((await admitted(plugins, 'pods', sandboxed, { annotate })).refusal, '');
  assert.deepEqual(reasons, ['namespace', 'user', 'runtimeClass']);
  const labelled = {
    metadata: { name: 'kube-system', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
  const what = { namespace: 'kube-system' };
  assert.deepEqual((await admitted(plugins, 'namespaces', labelled, what)).warnings, [
    'namespace "kube-system" is exempt from Pod Security, and the policy (enforce=restricted:latest) will be ignored',
  ]);
});

const selectors = 'podNodeSelectorPluginConfig:\n  clusterDefaultNodeSelector: a=b\n  ns: a=b,c=d\n';
const selectorCases: readonly (readonly [string, object, object, string | Readonly<Record<string, string>>])[] = [
  ['the default', {}, {}, { a: 'b' }],
  ['what the namespace may', {}, { c: 'd' }, { a: 'b', c: 'd' }],
  ['what it may not', {}, { e: 'f' }, 'pod node label selector labels conflict with its namespace whitelist'],
  [
    'another value than the default',
    {},
    { a: 'x' },
    'pod node label selector conflicts with its namespace node label selector',
  ],
  ['an annotation', { 'scheduler.alpha.kubernetes.io/node-selector': 'c=d' }, {}, { c: 'd' }],
  ['no selector', { 'scheduler.alpha.kubernetes.io/node-selector': 'c' }, {}, 'invalid selector: [c]'],
];

for (const [title, annotations, nodeSelector, expected] of selectorCases) {
  test(`PodNodeSelector: ${title}`, async () => {
    const context = clusterOf({ namespaces: [namespace({ annotations })] });
    const outcome = await admitted(
      configured(context, 'PodNodeSelector', selectors),
      'pods',
      podWith({ nodeSelector }),
    );
    if (typeof expected === 'string') assert.ok(outcome.refusal.endsWith(expected), outcome.refusal);
    else {
      assert.equal(outcome.refusal, '');
      assert.deepEqual((outcome.object['spec'] as { nodeSelector: object }).nodeSelector, expected);
    }
  });
}

const tolerations = `apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1
kind: Configuration
default: [{key: a, operator: Exists}]
whitelist: [{key: a, operator: Exists}, {key: b, operator: Exists}]
`;

test('PodTolerationRestriction: the configuration speaks for namespaces that do not', async () => {
  const plugins = configured(clusterOf({ namespaces: [namespace()] }), 'PodTolerationRestriction', tolerations);
  const fine = await admitted(plugins, 'pods', podWith({ tolerations: [{ key: 'b', operator: 'Exists' }] }));
  assert.equal(fine.refusal, '');
  assert.deepEqual((fine.object['spec'] as { tolerations: object[] }).tolerations, [
    { key: 'b', operator: 'Exists' },
    { key: 'a', operator: 'Exists' },
  ]);
  const { refusal } = await admitted(plugins, 'pods', podWith({ tolerations: [{ key: 'c', operator: 'Exists' }] }));
  assert.equal(
    refusal,
    'pod tolerations (possibly merged with namespace default tolerations) conflict with its cluster whitelist',
  );
});

const limited = `apiVersion: apiserver.config.k8s.io/v1
kind: ResourceQuotaConfiguration
limitedResources:
- resource: persistentvolumeclaims
  matchContains: [.storageclass.storage.k8s.io/requests.storage]
- resource: pods
  matchScopes: [{scopeName: PriorityClass, operator: In, values: [high]}]
`;
const claim = {
  metadata: { name: 'c' },
  spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } },
};
const quotaOf = (hard: object, spec: object = {}) => {
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
  return { metadata: { name: 'q', namespace: 'ns' }, spec: { hard, ...spec }, status: { hard, used } };
};

test('ResourceQuota: what is limited takes a quota that covers it', async () => {
  const admit = async (quotas: readonly object[], resource: string, object: object): Promise<string> => {
    const plugins = configured(clusterOf({ resourcequotas: quotas }), 'ResourceQuota', limited);
    return (await admitted(plugins, resource, object, { dryRun: true })).refusal;
  };
  const name = 'gold.storageclass.storage.k8s.io/requests.storage';
  const refusal = `persistentvolumeclaims "c" is forbidden: insufficient quota to consume: ${name}`;
  assert.equal(await admit([], 'persistentvolumeclaims', claim), refusal);
  assert.equal(await admit([quotaOf({ persistentvolumeclaims: '5' })], 'persistentvolumeclaims', claim), refusal);
  assert.equal(await admit([quotaOf({ [name]: '5Gi' })], 'persistentvolumeclaims', claim), '');
  const important = podWith({ priorityClassName: 'high' });
  const uncovered = 'insufficient quota to match these scopes: [{PriorityClass In [high]}]';
  assert.equal(await admit([], 'pods', important), uncovered);
  assert.equal(await admit([], 'pods', podWith({ priorityClassName: 'low' })), '');
  const scopeSelector = { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] };
  assert.equal(await admit([quotaOf({ pods: '1' }, { scopeSelector })], 'pods', important), '');
});

const limits = (...lines: readonly string[]) =>
  `apiVersion: eventratelimit.admission.k8s.io/v1alpha1\nkind: Configuration\nlimits:\n${lines.join('\n')}\n`;
const event = (name: string, involved = 'p') => ({
  metadata: { name },
  source: { component: 'kubelet', host: 'n1' },
  involvedObject: { kind: 'Pod', namespace: 'ns', name: involved, uid: 'u', apiVersion: 'v1' },
});

test('EventRateLimit: events come no faster than the limit', async () => {
  const clock = new FakeClock();
  const plugins = configured(clusterOf({}, { clock }), 'EventRateLimit', limits('- {type: Server, qps: 1, burst: 2}'));
  const send = async (what: object = {}, resource = 'events'): Promise<number> => {
    const kind = { group: '', version: 'v1', kind: resource === 'events' ? 'Event' : 'Pod' };
    return (await admitted(plugins, resource, event('e'), { kind, ...what })).error?.code ?? 200;
  };
  assert.deepEqual([await send(), await send(), await send()], [200, 200, 429]);
  assert.equal(await send({ dryRun: true }), 200);
  assert.equal(await send({}, 'pods'), 200);
  await clock.advance(1000);
  assert.deepEqual([await send(), await send()], [200, 429]);
});

test('EventRateLimit: namespaces, users and sources have buckets of their own', async () => {
  const kind = { group: '', version: 'v1', kind: 'Event' };
  const send = async (plugins: readonly AdmissionPlugin[], object: object, what: object = {}): Promise<string> =>
    (await admitted(plugins, 'events', object, { kind, ...what })).refusal;
  const make = (...lines: readonly string[]) => configured(clusterOf({}), 'EventRateLimit', limits(...lines));

  const byNamespace = make('- {type: Namespace, qps: 1, burst: 1}');
  assert.equal(await send(byNamespace, event('a')), '');
  assert.equal(await send(byNamespace, event('b')), 'Too many requests: limit reached on type Namespace for key ns');
  assert.equal(await send(byNamespace, event('c'), { namespace: 'other' }), '');

  const bySource = make(
    '- {type: SourceAndObject, qps: 1, burst: 1, cacheSize: 1}',
    '- {type: User, qps: 1, burst: 3}',
  );
  assert.equal(await send(bySource, event('a')), '');
  assert.equal(
    await send(bySource, event('b')),
    'Too many requests: limit reached on type SourceAndObject for key kubeletn1Podnspuv1',
  );
  // The bucket of the other object takes the place of the first one's, which then starts anew.
  assert.equal(await send(bySource, event('c', 'q')), '');
  assert.equal(await send(bySource, event('d')), 'Too many requests: limit reached on type User for key ann');
  assert.equal(
    await send(bySource, event('e')),
    'Too many requests: [limit reached on type SourceAndObject for key kubeletn1Podnspuv1, limit reached on type User for key ann]',
  );
});
