import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { setPodTemplateDefaults } from '../../core/v1/pod-spec-defaults.ts';
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../types/apps-v1.ts';

/** RollingUpdate with a quarter more and a quarter fewer pods, ten old replica sets, ten minutes to make progress. */
export function setDeploymentDefaults(object: Unstructured): void {
  const { spec } = object as unknown as Deployment;
  if (spec === undefined) return;
  setPodTemplateDefaults(spec.template);
  spec.replicas ??= 1;
  spec.strategy ??= {};
  if ((spec.strategy.type ?? '') === '') spec.strategy.type = 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}

/** One replica. */
export function setReplicaSetDefaults(object: Unstructured): void {
  const { spec } = object as unknown as ReplicaSet;
  if (spec === undefined) return;
  setPodTemplateDefaults(spec.template);
  spec.replicas ??= 1;
}

/** One replica, one after the other, claims that stay. */
export function setStatefulSetDefaults(object: Unstructured): void {
  const { spec } = object as unknown as StatefulSet;
  if (spec === undefined) return;
  setPodTemplateDefaults(spec.template);
  if ((spec.podManagementPolicy ?? '') === '') spec.podManagementPolicy = 'OrderedReady';
  spec.updateStrategy ??= {};
  if ((spec.updateStrategy.type ?? '') === '') {
    spec.updateStrategy.type = 'RollingUpdate';
    spec.updateStrategy.rollingUpdate ??= {};
  }
  if (spec.updateStrategy.type === 'RollingUpdate' && spec.updateStrategy.rollingUpdate !== undefined) {
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  if ((spec.persistentVolumeClaimRetentionPolicy.whenDeleted ?? '') === '') {
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted = 'Retain';
  }
  if ((spec.persistentVolumeClaimRetentionPolicy.whenScaled ?? '') === '') {
    spec.persistentVolumeClaimRetentionPolicy.whenScaled = 'Retain';
  }
  for (const claim of spec.volumeClaimTemplates ?? []) {
    if (claim.spec !== undefined) claim.spec.volumeMode ??= 'Filesystem';
    claim.status = { ...claim.status, phase: claim.status?.phase ?? 'Pending' };
    claim.apiVersion = 'v1';
    claim.kind = 'PersistentVolumeClaim';
  }
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
}

/** The annotation that counts the templates that a daemon set had. */
export const templateGeneration = 'deprecated.daemonset.template.generation';

/** One pod after the other, at most one away. */
export function setDaemonSetDefaults(object: Unstructured): void {
  const { spec } = object as unknown as DaemonSet;
  if (spec === undefined) return;
  const { metadata } = object;
  // The real server keeps the number of a daemon set's template here since it has no field for it.
  metadata.annotations = { [templateGeneration]: '0', ...metadata.annotations };
  setPodTemplateDefaults(spec.template);
  spec.updateStrategy ??= {};
  if ((spec.updateStrategy.type ?? '') === '') spec.updateStrategy.type = 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  } else if (spec.updateStrategy.rollingUpdate !== undefined) {
    // The real server has no way to tell that these are not set.
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 0;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
}
