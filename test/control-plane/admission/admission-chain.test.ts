import assert from 'node:assert/strict';
import test from 'node:test';
import {
  admissionPluginNames,
  defaultAdmissionPluginNames,
  defaultAdmissionPlugins,
} from '../../../src/control-plane/admission/admission-chain.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { clusterOf } from './admission-harness.ts';

/** The order in kube-apiserver 1.36.2. */
const order = [
  'AlwaysAdmit',
  'NamespaceAutoProvision',
  'NamespaceLifecycle',
  'NamespaceExists',
  'LimitPodHardAntiAffinityTopology',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'AlwaysPullImages',
  'ImagePolicyWebhook',
  'PodSecurity',
  'PodNodeSelector',
  'Priority',
  'DefaultTolerationSeconds',
  'PodTolerationRestriction',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PodGroupProtection',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'DenyServiceExternalIPs',
  'PodTopologyLabels',
  'PodGroupWorkloadExists',
  'NodeDeclaredFeatureValidator',
  'JobValidation',
  'PodResizeValidator',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
  'AlwaysDeny',
];

/** What kube-apiserver 1.36.2 does not turn on by itself. */
const offByDefault = [
  'AlwaysAdmit',
  'AlwaysDeny',
  'AlwaysPullImages',
  'DenyServiceExternalIPs',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'ImagePolicyWebhook',
  'LimitPodHardAntiAffinityTopology',
  'NamespaceAutoProvision',
  'NamespaceExists',
  'NodeRestriction',
  'OwnerReferencesPermissionEnforcement',
  'PodNodeSelector',
  'PodTolerationRestriction',
];

test('the plugins come in the order of kube-apiserver', () => {
  assert.deepEqual(admissionPluginNames, order);
});

test('the plugins of kube-apiserver are on by default', () => {
  assert.deepEqual(
    defaultAdmissionPluginNames,
    order.filter((name) => !offByDefault.includes(name)),
  );
});

test('what runs is what is on, what was enabled, and not what was disabled', () => {
  const plugins = defaultAdmissionPlugins(clusterOf({}), seededRandom(1), {
    enable: ['AlwaysDeny', 'Priority'],
    disable: ['LimitRanger', 'Priority'],
  }).map(({ name }) => name);
  const chosen = plugins.filter((name) => order.includes(name));
  const expected = defaultAdmissionPluginNames.filter((name) => name !== 'LimitRanger');
  assert.deepEqual(chosen, [...expected, 'AlwaysDeny']);
});
