import { gvkOf } from '../apimachinery/gvk.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { describeIpAddress, describeServiceCidr } from './addresses.ts';
import { describeCertificateSigningRequest } from './certificate-signing-request.ts';
import { describeConfigMap } from './config-map.ts';
import { describeCronJob } from './cron-job.ts';
import { describeDaemonSet } from './daemon-set.ts';
import { describeDeployment } from './deployment.ts';
import { DescribeText } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { describeEndpoints, describeEndpointSlice } from './endpoints.ts';
import { describeGeneric } from './generic.ts';
import { describeHorizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { describeIngress, describeIngressClass } from './ingress.ts';
import { describeJob } from './job.ts';
import { describeNamespace } from './namespace.ts';
import { describeNetworkPolicy } from './network-policy.ts';
import { describeNode } from './node.ts';
import { describePersistentVolumeClaim } from './persistent-volume-claim.ts';
import { describePersistentVolume } from './persistent-volume.ts';
import { describePodDisruptionBudget } from './pod-disruption-budget.ts';
import { describePod } from './pod.ts';
import { describePriorityClass } from './priority-class.ts';
import { describeReplicaSet } from './replica-set.ts';
import { describeReplicationController } from './replication-controller.ts';
import { describeLimitRange, describeResourceQuota } from './resource-quota.ts';
import { describeRole, describeRoleBinding } from './roles.ts';
import { describeSecret } from './secret.ts';
import { describeServiceAccount } from './service-account.ts';
import { describeService } from './service.ts';
import { describeStatefulSet } from './stateful-set.ts';
import { describeCsiNode, describeStorageClass, describeVolumeAttributesClass } from './storage-class.ts';

/** By group and kind. */
const describers: Readonly<Record<string, Describer>> = {
  '/ConfigMap': describeConfigMap,
  '/Endpoints': describeEndpoints,
  '/LimitRange': describeLimitRange,
  '/Namespace': describeNamespace,
  '/Node': describeNode,
  '/PersistentVolume': describePersistentVolume,
  '/PersistentVolumeClaim': describePersistentVolumeClaim,
  '/Pod': describePod,
  '/ReplicationController': describeReplicationController,
  '/ResourceQuota': describeResourceQuota,
  '/Secret': describeSecret,
  '/Service': describeService,
  '/ServiceAccount': describeServiceAccount,
  'apps/DaemonSet': describeDaemonSet,
  'apps/Deployment': describeDeployment,
  'apps/ReplicaSet': describeReplicaSet,
  'apps/StatefulSet': describeStatefulSet,
  'autoscaling/HorizontalPodAutoscaler': describeHorizontalPodAutoscaler,
  'batch/CronJob': describeCronJob,
  'batch/Job': describeJob,
  'certificates.k8s.io/CertificateSigningRequest': describeCertificateSigningRequest,
  'discovery.k8s.io/EndpointSlice': describeEndpointSlice,
  'networking.k8s.io/IPAddress': describeIpAddress,
  'networking.k8s.io/Ingress': describeIngress,
  'networking.k8s.io/IngressClass': describeIngressClass,
  'networking.k8s.io/NetworkPolicy': describeNetworkPolicy,
  'networking.k8s.io/ServiceCIDR': describeServiceCidr,
  'policy/PodDisruptionBudget': describePodDisruptionBudget,
  'rbac.authorization.k8s.io/ClusterRole': describeRole,
  'rbac.authorization.k8s.io/ClusterRoleBinding': describeRoleBinding,
  'rbac.authorization.k8s.io/Role': describeRole,
  'rbac.authorization.k8s.io/RoleBinding': describeRoleBinding,
  'scheduling.k8s.io/PriorityClass': describePriorityClass,
  'storage.k8s.io/CSINode': describeCsiNode,
  'storage.k8s.io/StorageClass': describeStorageClass,
  'storage.k8s.io/VolumeAttributesClass': describeVolumeAttributesClass,
};

/** What `kubectl describe` prints of an object: in the form of its kind, or as a tree of its fields. */
export async function describeObject(object: Unstructured, context: DescribeContext): Promise<string> {
  const { group, kind } = gvkOf(object);
  const text = new DescribeText();
  await (describers[`${group}/${kind}`] ?? describeGeneric)(object, text, context);
  return text.toString();
}
