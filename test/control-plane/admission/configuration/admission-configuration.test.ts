import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultAdmissionPlugins } from '../../../../src/control-plane/admission/admission-chain.ts';
import { readAdmissionConfiguration } from '../../../../src/control-plane/admission/configuration/admission-configuration.ts';
import { ConfigurationError } from '../../../../src/apimachinery/decoding/configuration-file.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { clusterOf } from '../admission-harness.ts';

const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n';

test('plugins are configured here or in files of their own', () => {
  const text = `${head}plugins:
- name: PodSecurity
  configuration: {a: 1}
  path: ignored.yaml
- name: EventRateLimit
  path: limits.yaml
- name: ResourceQuota
  path: /etc/quota.yaml
- name: Priority
`;
  assert.deepEqual(readAdmissionConfiguration(text, '/etc/k8s/admission.yaml'), [
    { name: 'PodSecurity', text: '{"a":1}' },
    { name: 'EventRateLimit', path: '/etc/k8s/limits.yaml' },
    { name: 'ResourceQuota', path: '/etc/quota.yaml' },
    { name: 'Priority' },
  ]);
});

test('files from before there was this kind are those of two plugins', () => {
  for (const text of ['imagePolicy:\n  allowTTL: 1\n', '{"podNodeSelectorPluginConfig": {}}']) {
    assert.deepEqual(readAdmissionConfiguration(text, '/x.yaml'), [
      { name: 'ImagePolicyWebhook', path: '/x.yaml' },
      { name: 'PodNodeSelector', path: '/x.yaml' },
    ]);
  }
});

const noObject =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

const refusals: readonly (readonly [string, string])[] = [
  [`${head}plugin: []\n`, 'strict decoding error: unknown field "plugin"'],
  [`${head}plugins:\n- name: A\n  file: x\n`, 'strict decoding error: unknown field "plugins[0].file"'],
  [
    `${head}plugins:\n- name: A\n  name: B\n`,
    'strict decoding error: yaml: unmarshal errors:\n  line 5: key "name" already set in map',
  ],
  [
    `${head}plugins: x\n`,
    'json: cannot unmarshal string into Go struct field AdmissionConfiguration.plugins of type []v1.AdmissionPluginConfiguration',
  ],
  [
    `${head}plugins:\n- name: 5\n`,
    'json: cannot unmarshal number into Go struct field AdmissionPluginConfiguration.plugins.name of type string',
  ],
  ['', "Object 'Kind' is missing in ''"],
  [
    '{{{',
    "couldn't get version/kind; json parse error: invalid character '{' looking for beginning of object key string",
  ],
  ['hello', `couldn't get version/kind; json parse error: json: cannot unmarshal string into ${noObject}`],
  ['[1]', `couldn't get version/kind; json parse error: json: cannot unmarshal array into ${noObject}`],
  ['a: b\n', "Object 'Kind' is missing in 'a: b\n'"],
  ['kind: AdmissionConfiguration\n', "Object 'apiVersion' is missing in 'kind: AdmissionConfiguration\n'"],
  [
    'apiVersion: v1\nkind: Pod\n',
    'no kind "Pod" is registered for version "v1" in scheme "pkg/server/options/admission.go:51"',
  ],
];

for (const [text, message] of refusals) {
  test(`refused: ${message.slice(0, 70)}`, () => {
    assert.throws(
      () => readAdmissionConfiguration(text, '/x.yaml'),
      (error) => error instanceof ConfigurationError && error.message === message,
    );
  });
}

const security = 'apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n';
const rates = 'apiVersion: eventratelimit.admission.k8s.io/v1alpha1\nkind: Configuration\n';
const quota = 'apiVersion: apiserver.config.k8s.io/v1\nkind: ResourceQuotaConfiguration\n';
const webhooks = 'apiVersion: apiserver.config.k8s.io/v1\nkind: WebhookAdmissionConfiguration\n';
const tolerations = 'apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1\nkind: Configuration\n';

/** Plugin, its configuration, and what is wrong with that. */
const unusable: readonly (readonly [string, string | undefined, string])[] = [
  ['PodSecurity', `${security}default: {}\n`, 'strict decoding error: unknown field "default"'],
  [
    'PodSecurity',
    `${security}defaults: {enforce: strict, warn-version: "1.2"}\n`,
    'PodSecurity configuration error: [enforce: must be one of privileged, baseline, restricted, warn-version: must be "latest" or "v1.x"]',
  ],
  [
    'PodSecurity',
    `${security}exemptions: {namespaces: [a, a], usernames: [""]}\n`,
    'PodSecurity invalid: [exemptions.namespaces[1]: Duplicate value: "a", exemptions.usernames[0]: Invalid value: "": username must not be empty]',
  ],
  ['EventRateLimit', undefined, 'limits: Invalid value: null: must not be empty'],
  ['EventRateLimit', `${rates}limits: []\n`, 'limits: Invalid value: []: must not be empty'],
  [
    'EventRateLimit',
    `${rates}limits:\n- {type: Pod, qps: 0, burst: 5, cacheSize: -1}\n`,
    '[limits[0].type: Unsupported value: "Pod": supported values: "Namespace", "Server", "SourceAndObject", "User", limits[0].qps: Invalid value: 0: must be positive, limits[0].cacheSize: Invalid value: -1: must not be negative]',
  ],
  [
    'EventRateLimit',
    `${rates}limits:\n- {type: Server, qps: many, burst: 5}\n`,
    'json: cannot unmarshal string into Go struct field Limit.limits.qps of type int32',
  ],
  ['ValidatingAdmissionWebhook', `${webhooks}file: /x\n`, 'strict decoding error: unknown field "file"'],
  [
    'MutatingAdmissionWebhook',
    `${webhooks}kubeConfigFile: x\n`,
    'kubeConfigFile: Invalid value: "x": must be an absolute file path',
  ],
  [
    'MutatingAdmissionWebhook',
    `${webhooks}staticManifestsDir: /x\n`,
    'staticManifestsDir is not supported by this server yet',
  ],
  [
    'ValidatingAdmissionWebhook',
    'apiVersion: apiserver.config.k8s.io/v1alpha1\nkind: WebhookAdmission\n',
    'no kind "WebhookAdmission" is registered for version "apiserver.config.k8s.io/v1alpha1" in scheme "pkg/admission/plugin/webhook/config/kubeconfig.go:34"',
  ],
  [
    'PodSecurity',
    'apiVersion: a/v1\nkind: B\n',
    'no kind "B" is registered for version "a/v1" in scheme "k8s.io/pod-security-admission/admission/api/scheme/scheme.go:31"',
  ],
  [
    'EventRateLimit',
    `${rates}limits:\n- {type: Server, qps: 3000000000, burst: 5}\n`,
    'json: cannot unmarshal number 3000000000 into Go struct field Limit.limits.qps of type int32',
  ],
  [
    'ResourceQuota',
    `${quota}limitedResources: x\n`,
    'json: cannot unmarshal string into Go struct field Configuration.limitedResources of type []v1.LimitedResource',
  ],
  ['ResourceQuota', `${quota}limited: []\n`, 'strict decoding error: unknown field "limited"'],
  ['ResourceQuota', `${quota}limitedResources:\n- apiGroup: apps\n`, 'limitedResources[0].resource: Required value'],
  [
    'PodTolerationRestriction',
    `${tolerations}default:\n- {key: a, operator: Sometimes}\n`,
    'invalid config: [podtolerationrestriction.default[0].operator: Unsupported value: "Sometimes": supported values: "Equal", "Exists"]',
  ],
];

for (const [plugin, text, message] of unusable) {
  test(`${plugin} cannot use: ${message.slice(0, 60)}`, () => {
    const configurations = new Map(text === undefined ? [] : [[plugin, text]]);
    assert.throws(
      () => defaultAdmissionPlugins(clusterOf({}), seededRandom(1), { enable: [plugin], configurations }),
      (error) => {
        assert.ok(error instanceof ConfigurationError);
        const failed = message.startsWith('PodSecurity ') ? 'failed to initialize' : "couldn't init";
        assert.equal(error.message, `${failed} admission plugin "${plugin}": ${message}`);
        return true;
      },
    );
  });
}
