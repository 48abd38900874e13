import {
  createCertificateApprovingController,
  createCertificateCleaner,
  createCertificateSigningController,
} from './certificate-signing-controllers.ts';
import { createEventRecorder } from '../../client/event-recorder.ts';
import { createClusterRoleAggregationController } from './cluster-role-aggregation-controller.ts';
import type { WorkqueueObserver } from '../../client/workqueue.ts';
import { ControllerChoice } from './controller-names.ts';
import type { Controller, ControllerConstructor, ControllerContext } from './controller.ts';
import { createCronJobController } from './cron-job-controller.ts';
import { createDaemonSetController } from './daemon-set-controller.ts';
import { createDeploymentController } from './deployment-controller.ts';
import { createDisruptionController } from './disruption-controller.ts';
import { createEndpointSliceController } from './endpoint-slice-controller.ts';
import { createBootstrapSigner, createTokenCleaner } from './bootstrap-token-controllers.ts';
import { createEndpointSliceMirroringController } from './endpoint-slice-mirroring-controller.ts';
import { createEndpointsController } from './endpoints-controller.ts';
import { createGarbageCollector } from './garbage-collector.ts';
import { createNamespaceController } from './namespace-controller.ts';
import { createEphemeralVolumeController } from './ephemeral-volume-controller.ts';
import { createHorizontalPodAutoscalerController } from './horizontal-pod-autoscaler-controller.ts';
import { createNodeIpamController } from './node-ipam-controller.ts';
import { createPersistentVolumeBinderController } from './persistent-volume-binder-controller.ts';
import { createPodGarbageCollector } from './pod-garbage-collector.ts';
import { createTtlController } from './ttl-controller.ts';
import {
  createAttributesProtectionController,
  createClaimProtectionController,
  createVolumeProtectionController,
} from './volume-protection-controllers.ts';
import { createNodeLifecycleController } from './node-lifecycle-controller.ts';
import { createResourceClaimController } from './resource-claim-controller.ts';
import { createResourceQuotaController } from './resource-quota-controller.ts';
import { createPodCertificateRequestCleaner } from './pod-certificate-request-cleaner.ts';
import { createRootCaPublisher } from './root-ca-publisher.ts';
import { createServingBundlePublisher } from './serving-bundle-publisher.ts';
import { createServiceCidrController } from './service-cidr-controller.ts';
import { createServiceAccountController } from './service-account-controller.ts';
import { createServiceAccountTokenController } from './service-account-token-controller.ts';
import { createJobController } from './job-controller.ts';
import { createStatefulSetController } from './stateful-set-controller.ts';
import { createTaintEvictionController } from './taint-eviction-controller.ts';
import { createTtlAfterFinishedController } from './ttl-after-finished-controller.ts';
import { createPolicyStatusController } from './policy-status-controller.ts';
import { createReplicaSetController, createReplicationController } from './replica-set-controller.ts';

export interface ControllerManagerOptions extends Omit<ControllerContext, 'events' | 'queueObserver'> {
  /** Makes what is told of a queue, by the queue's name. */
  readonly queueObserver?: (name: string) => WorkqueueObserver;
  /** What --controllers says. */
  readonly controllers: string;
  /** Whether nodes that have no range for their pods get one, as --allocate-node-cidrs; nodes of ours bring theirs. */
  readonly allocateNodeCidrs: boolean;
  /** Resources that are served beside those that every server has: controllers of others have nothing to do. */
  readonly optionalResources?: ReadonlySet<string>;
}

/** Every control loop, by its name. */
export interface ControllerManager {
  readonly names: readonly string[];
  start(): void;
  stop(): Promise<void>;
}

const constructors: Readonly<Record<string, ControllerConstructor>> = {
  'certificatesigningrequest-approving-controller': createCertificateApprovingController,
  'certificatesigningrequest-cleaner-controller': createCertificateCleaner,
  'certificatesigningrequest-signing-controller': createCertificateSigningController,
  'clusterrole-aggregation-controller': createClusterRoleAggregationController,
  'deployment-controller': createDeploymentController,
  'disruption-controller': createDisruptionController,
  'endpoints-controller': createEndpointsController,
  'bootstrap-signer-controller': createBootstrapSigner,
  'endpointslice-controller': createEndpointSliceController,
  'endpointslice-mirroring-controller': createEndpointSliceMirroringController,
  'token-cleaner-controller': createTokenCleaner,
  'garbage-collector-controller': createGarbageCollector,
  'namespace-controller': createNamespaceController,
  'ephemeral-volume-controller': createEphemeralVolumeController,
  'horizontal-pod-autoscaler-controller': createHorizontalPodAutoscalerController,
  'node-ipam-controller': createNodeIpamController,
  'node-lifecycle-controller': createNodeLifecycleController,
  'persistentvolume-binder-controller': createPersistentVolumeBinderController,
  'persistentvolume-protection-controller': createVolumeProtectionController,
  'persistentvolumeclaim-protection-controller': createClaimProtectionController,
  'validatingadmissionpolicy-status-controller': createPolicyStatusController,
  'volumeattributesclass-protection-controller': createAttributesProtectionController,
  'pod-garbage-collector-controller': createPodGarbageCollector,
  'ttl-controller': createTtlController,
  'taint-eviction-controller': createTaintEvictionController,
  'root-ca-certificate-publisher-controller': createRootCaPublisher,
  'service-cidr-controller': createServiceCidrController,
  'kube-apiserver-serving-clustertrustbundle-publisher-controller': createServingBundlePublisher,
  'podcertificaterequest-cleaner-controller': createPodCertificateRequestCleaner,
  'serviceaccount-controller': createServiceAccountController,
  'serviceaccount-token-controller': createServiceAccountTokenController,
  'job-controller': createJobController,
  'daemonset-controller': createDaemonSetController,
  'cronjob-controller': createCronJobController,
  'ttl-after-finished-controller': createTtlAfterFinishedController,
  'statefulset-controller': createStatefulSetController,
  'resourceclaim-controller': createResourceClaimController,
  'resourcequota-controller': createResourceQuotaController,
  'replicaset-controller': createReplicaSetController,
  'replicationcontroller-controller': createReplicationController,
};

/** Controllers of kinds that are not always served, with these. */
const resourceOf: Readonly<Record<string, string>> = {
  'kube-apiserver-serving-clustertrustbundle-publisher-controller': 'clustertrustbundles',
  'podcertificaterequest-cleaner-controller': 'podcertificaterequests',
};

/** The names of all controllers that there are. */
export const controllerNames: readonly string[] = Object.keys(constructors);

/** Whom events name as their source, where that is not the controller. */
const eventSources: Readonly<Record<string, string>> = {
  'disruption-controller': 'controllermanager',
  'endpoints-controller': 'endpoint-controller',
  'endpointslice-controller': 'endpoint-slice-controller',
  'endpointslice-mirroring-controller': 'endpoint-slice-mirroring-controller',
  'ephemeral-volume-controller': 'ephemeral_volume',
  'horizontal-pod-autoscaler-controller': 'horizontal-pod-autoscaler',
  'node-ipam-controller': 'cidrAllocator',
  'node-lifecycle-controller': 'node-controller',
  'persistentvolume-binder-controller': 'persistentvolume-controller',
  'replicationcontroller-controller': 'replication-controller',
  'resourceclaim-controller': 'resource_claim',
};

/** How queues are called, where that is not the controller's name without its end. */
const queueNames: Readonly<Record<string, string>> = {
  'bootstrap-signer-controller': 'bootstrap_signer_queue',
  'clusterrole-aggregation-controller': 'ClusterRoleAggregator',
  'endpoints-controller': 'endpoint',
  'endpointslice-controller': 'endpoint_slice',
  'endpointslice-mirroring-controller': 'endpoint_slice_mirroring',
  'ephemeral-volume-controller': 'ephemeral_volume',
  'garbage-collector-controller': 'garbage_collector_attempt_to_delete',
  'horizontal-pod-autoscaler-controller': 'horizontalpodautoscaler',
  'node-lifecycle-controller': 'node_lifecycle_controller_pods',
  'persistentvolume-binder-controller': 'claims',
  'persistentvolume-protection-controller': 'pvprotection',
  'persistentvolumeclaim-protection-controller': 'pvcprotection',
  'replicationcontroller-controller': 'replicationmanager',
  'resourceclaim-controller': 'resource_claim',
  'resourcequota-controller': 'resourcequota_primary',
  'root-ca-certificate-publisher-controller': 'root_ca_cert_publisher',
  'service-cidr-controller': 'ipaddresses',
  'serviceaccount-token-controller': 'serviceaccount_tokens_service',
  'token-cleaner-controller': 'token_cleaner',
  'ttl-after-finished-controller': 'ttl_jobs_to_delete',
  'ttl-controller': 'ttlcontroller',
  'validatingadmissionpolicy-status-controller': 'validatingadmissionpolicy-status',
  'volumeattributesclass-protection-controller': 'vacprotection',
};

/** Makes the control loops that `controllers` asks for; their informers are started by the caller before `start`. */
export function createControllerManager({ queueObserver, ...options }: ControllerManagerOptions): ControllerManager {
  const choice = new ControllerChoice(options.controllers);
  const isOn = (name: string): boolean => {
    const resource = resourceOf[name];
    if (resource !== undefined && options.optionalResources?.has(resource) !== true) return false;
    return choice.isOn(name) && (name !== 'node-ipam-controller' || options.allocateNodeCidrs);
  };
  const controllers: Controller[] = Object.entries(constructors)
    .filter(([name]) => isOn(name))
    .map(([name, construct]) =>
      construct({
        ...options,
        ...(queueObserver === undefined
          ? {}
          : { queueObserver: () => queueObserver(queueNames[name] ?? name.replace(/-controller$/, '')) }),
        events: createEventRecorder({
          client: options.client,
          component: eventSources[name] ?? name,
          clock: options.clock,
        }),
      }),
    );
  return {
    names: controllers.map((controller) => controller.name),
    start() {
      for (const controller of controllers) controller.start();
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
