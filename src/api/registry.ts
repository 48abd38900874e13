import type { SchemaSource } from '../apimachinery/schema.ts';
import {
  mutatingAdmissionPolicyBindingResource,
  mutatingAdmissionPolicyBindingTypes,
} from './admissionregistration/v1/mutating-admission-policy-binding.ts';
import {
  mutatingAdmissionPolicyResource,
  mutatingAdmissionPolicyTypes,
} from './admissionregistration/v1/mutating-admission-policy.ts';
import {
  mutatingWebhookConfigurationResource,
  mutatingWebhookConfigurationTypes,
} from './admissionregistration/v1/mutating-webhook-configuration.ts';
import {
  validatingAdmissionPolicyBindingResource,
  validatingAdmissionPolicyBindingTypes,
} from './admissionregistration/v1/validating-admission-policy-binding.ts';
import {
  validatingAdmissionPolicyResource,
  validatingAdmissionPolicyTypes,
} from './admissionregistration/v1/validating-admission-policy.ts';
import {
  validatingWebhookConfigurationResource,
  validatingWebhookConfigurationTypes,
} from './admissionregistration/v1/validating-webhook-configuration.ts';
import {
  customResourceDefinitionResource,
  customResourceDefinitionTypes,
} from './apiextensions/v1/custom-resource-definition.ts';
import { apiServiceResource, apiServiceTypes } from './apiregistration/v1/api-service.ts';
import { controllerRevisionResource, controllerRevisionTypes } from './apps/v1/controller-revision.ts';
import { daemonSetResource, daemonSetTypes } from './apps/v1/daemon-set.ts';
import { deploymentResource, deploymentTypes } from './apps/v1/deployment.ts';
import { replicaSetResource, replicaSetTypes } from './apps/v1/replica-set.ts';
import { statefulSetResource, statefulSetTypes } from './apps/v1/stateful-set.ts';
import { selfSubjectReviewResource, selfSubjectReviewTypes } from './authentication/v1/self-subject-review.ts';
import { tokenRequestTypes } from './authentication/v1/token-request.ts';
import { tokenReviewResource, tokenReviewTypes } from './authentication/v1/token-review.ts';
import {
  localSubjectAccessReviewResource,
  localSubjectAccessReviewTypes,
} from './authorization/v1/local-subject-access-review.ts';
import {
  selfSubjectAccessReviewResource,
  selfSubjectAccessReviewTypes,
} from './authorization/v1/self-subject-access-review.ts';
import {
  selfSubjectRulesReviewResource,
  selfSubjectRulesReviewTypes,
} from './authorization/v1/self-subject-rules-review.ts';
import { subjectAccessReviewResource, subjectAccessReviewTypes } from './authorization/v1/subject-access-review.ts';
import {
  horizontalPodAutoscalerResource as autoscalingV1HorizontalPodAutoscalerResource,
  horizontalPodAutoscalerTypes as autoscalingV1HorizontalPodAutoscalerTypes,
} from './autoscaling/v1/horizontal-pod-autoscaler.ts';
import { scaleTypes } from './autoscaling/v1/scale.ts';
import {
  horizontalPodAutoscalerResource,
  horizontalPodAutoscalerTypes,
} from './autoscaling/v2/horizontal-pod-autoscaler.ts';
import { cronJobResource, cronJobTypes } from './batch/v1/cron-job.ts';
import { jobResource, jobTypes } from './batch/v1/job.ts';
import {
  certificateSigningRequestResource,
  certificateSigningRequestTypes,
} from './certificates/v1/certificate-signing-request.ts';
import { leaseResource, leaseTypes } from './coordination/v1/lease.ts';
import { bindingResource, bindingTypes } from './core/v1/binding.ts';
import { componentStatusResource, componentStatusTypes } from './core/v1/component-status.ts';
import { configMapResource, configMapTypes } from './core/v1/config-map.ts';
import { endpointsResource, endpointsTypes } from './core/v1/endpoints.ts';
import { eventResource, eventTypes } from './core/v1/event.ts';
import { limitRangeResource, limitRangeTypes } from './core/v1/limit-range.ts';
import { namespaceResource, namespaceTypes } from './core/v1/namespace.ts';
import { nodeResource, nodeTypes } from './core/v1/node.ts';
import { persistentVolumeClaimResource, persistentVolumeClaimTypes } from './core/v1/persistent-volume-claim.ts';
import { persistentVolumeResource, persistentVolumeTypes } from './core/v1/persistent-volume.ts';
import { podTemplateResource, podTemplateTypes } from './core/v1/pod-template.ts';
import { podResource, podTypes } from './core/v1/pod.ts';
import { replicationControllerResource, replicationControllerTypes } from './core/v1/replication-controller.ts';
import { resourceQuotaResource, resourceQuotaTypes } from './core/v1/resource-quota.ts';
import { secretResource, secretTypes } from './core/v1/secret.ts';
import { serviceAccountResource, serviceAccountTypes } from './core/v1/service-account.ts';
import { serviceResource, serviceTypes } from './core/v1/service.ts';
import { topologySelectorTypes } from './core/v1/topology-selector.ts';
import { endpointSliceResource, endpointSliceTypes } from './discovery/v1/endpoint-slice.ts';
import { eventResource as eventsV1EventResource, eventTypes as eventsV1EventTypes } from './events/v1/event.ts';
import { flowSchemaResource, flowSchemaTypes } from './flowcontrol/v1/flow-schema.ts';
import {
  priorityLevelConfigurationResource,
  priorityLevelConfigurationTypes,
} from './flowcontrol/v1/priority-level-configuration.ts';
import { resourceTypes, metaTypes, runtimeTypes, intstrTypes, versionTypes } from './meta/v1/meta-types.ts';
import { ingressClassResource, ingressClassTypes } from './networking/v1/ingress-class.ts';
import { ingressResource, ingressTypes } from './networking/v1/ingress.ts';
import { ipAddressResource, ipAddressTypes } from './networking/v1/ip-address.ts';
import { networkPolicyResource, networkPolicyTypes } from './networking/v1/network-policy.ts';
import { serviceCidrResource, serviceCidrTypes } from './networking/v1/service-cidr.ts';
import { runtimeClassResource, runtimeClassTypes } from './node/v1/runtime-class.ts';
import { evictionTypes } from './policy/v1/eviction.ts';
import { podDisruptionBudgetResource, podDisruptionBudgetTypes } from './policy/v1/pod-disruption-budget.ts';
import { clusterRoleBindingResource, clusterRoleBindingTypes } from './rbac/v1/cluster-role-binding.ts';
import { clusterRoleResource, clusterRoleTypes } from './rbac/v1/cluster-role.ts';
import { roleBindingResource, roleBindingTypes } from './rbac/v1/role-binding.ts';
import { roleResource, roleTypes } from './rbac/v1/role.ts';
import { deviceClassResource, deviceClassTypes } from './resource/v1/device-class.ts';
import { resourceClaimTemplateResource, resourceClaimTemplateTypes } from './resource/v1/resource-claim-template.ts';
import { resourceClaimResource, resourceClaimTypes } from './resource/v1/resource-claim.ts';
import { resourceSliceResource, resourceSliceTypes } from './resource/v1/resource-slice.ts';
import { priorityClassResource, priorityClassTypes } from './scheduling/v1/priority-class.ts';
import { csiDriverResource, csiDriverTypes } from './storage/v1/csi-driver.ts';
import { csiNodeResource, csiNodeTypes } from './storage/v1/csi-node.ts';
import { csiStorageCapacityResource, csiStorageCapacityTypes } from './storage/v1/csi-storage-capacity.ts';
import { storageClassResource, storageClassTypes } from './storage/v1/storage-class.ts';
import { volumeAttachmentResource, volumeAttachmentTypes } from './storage/v1/volume-attachment.ts';
import { volumeAttributesClassResource, volumeAttributesClassTypes } from './storage/v1/volume-attributes-class.ts';
import type { ResourceDefinition, TypeDefinition } from './resource-definition.ts';
import { parseTypes, type TypeSource } from './type-language.ts';

/** Every resource a server has by itself, in the order of discovery. */
export const builtInResources: readonly ResourceDefinition[] = [
  bindingResource,
  componentStatusResource,
  configMapResource,
  endpointsResource,
  eventResource,
  limitRangeResource,
  namespaceResource,
  nodeResource,
  persistentVolumeClaimResource,
  persistentVolumeResource,
  podResource,
  podTemplateResource,
  replicationControllerResource,
  resourceQuotaResource,
  secretResource,
  serviceAccountResource,
  serviceResource,
  apiServiceResource,
  controllerRevisionResource,
  daemonSetResource,
  deploymentResource,
  replicaSetResource,
  statefulSetResource,
  eventsV1EventResource,
  selfSubjectReviewResource,
  tokenReviewResource,
  localSubjectAccessReviewResource,
  selfSubjectAccessReviewResource,
  selfSubjectRulesReviewResource,
  subjectAccessReviewResource,
  horizontalPodAutoscalerResource,
  autoscalingV1HorizontalPodAutoscalerResource,
  cronJobResource,
  jobResource,
  certificateSigningRequestResource,
  ingressClassResource,
  ingressResource,
  ipAddressResource,
  networkPolicyResource,
  serviceCidrResource,
  podDisruptionBudgetResource,
  clusterRoleBindingResource,
  clusterRoleResource,
  roleBindingResource,
  roleResource,
  csiDriverResource,
  csiNodeResource,
  csiStorageCapacityResource,
  storageClassResource,
  volumeAttachmentResource,
  volumeAttributesClassResource,
  mutatingAdmissionPolicyResource,
  mutatingAdmissionPolicyBindingResource,
  mutatingWebhookConfigurationResource,
  validatingAdmissionPolicyResource,
  validatingAdmissionPolicyBindingResource,
  validatingWebhookConfigurationResource,
  customResourceDefinitionResource,
  priorityClassResource,
  leaseResource,
  runtimeClassResource,
  endpointSliceResource,
  deviceClassResource,
  resourceClaimResource,
  resourceClaimTemplateResource,
  resourceSliceResource,
  flowSchemaResource,
  priorityLevelConfigurationResource,
];

const typeSources: readonly TypeSource[] = [
  resourceTypes,
  metaTypes,
  runtimeTypes,
  intstrTypes,
  versionTypes,
  bindingTypes,
  componentStatusTypes,
  configMapTypes,
  endpointsTypes,
  eventTypes,
  limitRangeTypes,
  namespaceTypes,
  nodeTypes,
  persistentVolumeClaimTypes,
  persistentVolumeTypes,
  podTypes,
  podTemplateTypes,
  replicationControllerTypes,
  resourceQuotaTypes,
  secretTypes,
  serviceAccountTypes,
  serviceTypes,
  apiServiceTypes,
  controllerRevisionTypes,
  daemonSetTypes,
  deploymentTypes,
  replicaSetTypes,
  statefulSetTypes,
  eventsV1EventTypes,
  selfSubjectReviewTypes,
  tokenReviewTypes,
  localSubjectAccessReviewTypes,
  selfSubjectAccessReviewTypes,
  selfSubjectRulesReviewTypes,
  subjectAccessReviewTypes,
  horizontalPodAutoscalerTypes,
  autoscalingV1HorizontalPodAutoscalerTypes,
  cronJobTypes,
  jobTypes,
  certificateSigningRequestTypes,
  ingressClassTypes,
  ingressTypes,
  ipAddressTypes,
  networkPolicyTypes,
  serviceCidrTypes,
  podDisruptionBudgetTypes,
  clusterRoleBindingTypes,
  clusterRoleTypes,
  roleBindingTypes,
  roleTypes,
  csiDriverTypes,
  csiNodeTypes,
  csiStorageCapacityTypes,
  storageClassTypes,
  volumeAttachmentTypes,
  volumeAttributesClassTypes,
  mutatingAdmissionPolicyTypes,
  mutatingAdmissionPolicyBindingTypes,
  mutatingWebhookConfigurationTypes,
  validatingAdmissionPolicyTypes,
  validatingAdmissionPolicyBindingTypes,
  validatingWebhookConfigurationTypes,
  customResourceDefinitionTypes,
  priorityClassTypes,
  leaseTypes,
  runtimeClassTypes,
  endpointSliceTypes,
  deviceClassTypes,
  resourceClaimTypes,
  resourceClaimTemplateTypes,
  resourceSliceTypes,
  flowSchemaTypes,
  priorityLevelConfigurationTypes,
  tokenRequestTypes,
  scaleTypes,
  topologySelectorTypes,
  evictionTypes,
];

/** The type of lists of a type. @param gvk of one item */
export function listType(itemType: string, gvk: TypeDefinition['gvks'][number]): TypeDefinition {
  return {
    name: `${itemType}List`,
    schema: {
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        items: { type: 'array', items: { ref: itemType } },
        kind: { type: 'string' },
        metadata: { ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta', default: {} },
      },
    },
    gvks: [{ ...gvk, kind: `${gvk.kind}List` }],
  };
}

let parsed: ReadonlyMap<string, TypeDefinition> | undefined;

/** All built-in types by full name, lists of the resources included; read on first use. */
export function builtInTypes(): ReadonlyMap<string, TypeDefinition> {
  if (parsed !== undefined) return parsed;
  const types = new Map<string, TypeDefinition>();
  for (const source of typeSources) for (const type of parseTypes(source)) types.set(type.name, type);
  for (const resource of builtInResources) {
    const { group, version, kind } = resource;
    const type = types.get(resource.type);
    if (type === undefined) throw new Error(`resource ${resource.resource}: no type ${resource.type}`);
    types.set(type.name, { ...type, gvks: [{ group, version, kind }] });
    if (!resource.verbs.includes('list')) continue;
    const list = listType(resource.type, { group, version, kind });
    types.set(list.name, list);
  }
  for (const [name, gvk] of subresourceKinds) {
    const type = types.get(name);
    if (type !== undefined) types.set(name, { ...type, gvks: [gvk] });
  }
  parsed = types;
  return types;
}

/** Kinds that only subresources speak. */
const subresourceKinds: readonly (readonly [string, TypeDefinition['gvks'][number]])[] = [
  ['io.k8s.api.autoscaling.v1.Scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' }],
  ['io.k8s.api.policy.v1.Eviction', { group: 'policy', version: 'v1', kind: 'Eviction' }],
  [
    'io.k8s.api.authentication.v1.TokenRequest',
    { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  ],
];

/** Looks built-in types up by their full names. */
export const builtInSchemas: SchemaSource = { lookup: (name) => builtInTypes().get(name)?.schema };
