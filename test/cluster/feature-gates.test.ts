import assert from 'node:assert/strict';
import test from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { describeFeatureGates, featureGatesOf } from '../../src/cluster/feature-gates.ts';
import { gatesOfOthers, knownGates } from '../../src/cluster/known-gates.ts';
import { MetricRegistry } from '../../src/control-plane/apiserver/metrics/metric-registry.ts';

const gatesOf = (text?: string) => featureGatesOf(new Map(text === undefined ? [] : [['feature-gates', text]]));

test('gates are as in 1.36 until they are named', () => {
  const asReleased = {
    AggregatedDiscoveryRemoveBetaType: true,
    ClusterTrustBundle: false,
    ClusterTrustBundleProjection: false,
    Initializers: false,
    PodCertificateRequest: false,
    ofOthers: new Map(),
  };
  assert.deepEqual(gatesOf(), asReleased);
  assert.deepEqual(gatesOf('Initializers=true'), { ...asReleased, Initializers: true });
  assert.deepEqual(gatesOf('Initializers=true,Initializers=f'), asReleased);
  assert.deepEqual(gatesOf('AggregatedDiscoveryRemoveBetaType=false'), {
    ...asReleased,
    AggregatedDiscoveryRemoveBetaType: false,
  });
});

test('gates of Kubernetes that are not moved here may be named as they are', async () => {
  assert.deepEqual(gatesOf('KMSv1=false,SidecarContainers=true,AllAlpha=false,WatchList=true'), gatesOf());
  const registry = new MetricRegistry();
  describeFeatureGates(registry, gatesOf());
  const text = await registry.show();
  // Those of kube-apiserver 1.36, and Initializers.
  assert.equal((text.match(/^kubernetes_feature_enabled\{/gm) ?? []).length, 243);
  for (const line of [
    'name="WatchList",stage="BETA"} 1',
    'name="SidecarContainers",stage=""} 1',
    'name="Initializers",stage="ALPHA"} 0',
  ]) {
    assert.ok(text.includes(`kubernetes_feature_enabled{${line}\n`), line);
  }
});

test('gates that guard something in other programs are taken, and told as they are set', async () => {
  const gates = gatesOf('SchedulerAsyncPreemption=false,kube:StorageCapacityScoring=true');
  assert.deepEqual(
    gates.ofOthers,
    new Map([
      ['SchedulerAsyncPreemption', false],
      ['StorageCapacityScoring', true],
    ]),
  );
  const registry = new MetricRegistry();
  describeFeatureGates(registry, gates);
  const text = await registry.show();
  for (const line of [
    'name="SchedulerAsyncPreemption",stage="BETA"} 0',
    'name="StorageCapacityScoring",stage="ALPHA"} 1',
  ]) {
    assert.ok(text.includes(`kubernetes_feature_enabled{${line}\n`), line);
  }
  for (const name of gatesOfOthers) assert.equal(knownGates.get(name)?.isLocked, false, name);
});

for (const [text, reason] of [
  ['SidecarContainers=false', 'cannot set feature gate SidecarContainers to false, feature is locked to true'],
  ['KMSv1=true', 'this server cannot set feature gate KMSv1 to true'],
  [
    'GracefulNodeShutdown=false,GracefulNodeShutdownBasedOnPodPriority=false',
    'WindowsGracefulNodeShutdown is enabled, but depends on features that are disabled: [GracefulNodeShutdown]',
  ],
  ['kubelet:MemoryQoS=true', 'component not registered: kubelet'],
  [
    'ClusterTrustBundleProjection=true',
    'ClusterTrustBundleProjection is enabled, but depends on features that are disabled: [ClusterTrustBundle]',
  ],
  ['Nope=true', 'unrecognized feature gate: Nope'],
  ['Initializers', 'missing bool value for Initializers'],
  ['Initializers=yes', 'invalid value of Initializers=yes, err: strconv.ParseBool: parsing "yes": invalid syntax'],
] as const) {
  test(`refused: ${reason}`, () => {
    assert.throws(
      () => gatesOf(text),
      (error) =>
        error instanceof ComponentArgumentError &&
        error.message === `invalid argument for "--feature-gates" flag: ${reason}`,
    );
  });
}
